/**
 * The program of `hako dash`: starts the host with what its manifest comes to, and serves a page on
 * which it is seen and its buttons are pressed. It hosts nothing itself.
 *
 * ```text
 *   browser ──token──▶ this program ──lines of JSON──▶ host: the system
 *                      net: one port of 127.0.0.1      what the manifest grants
 * ```
 *
 * @module
 */

import { join, resolve } from "node:path";
import type { HostPermissions, SystemManifest } from "@hako/kernel";
import { hostPath } from "../../kernel/manifest/module_url.ts";
import { processPermissions } from "../../kernel/permissions.ts";
import { readManifest } from "../check_manifest/read_manifest.ts";
import { type Place, UsageError } from "../command_line/command.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import { denoArguments } from "../command_line/launch.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { Audience } from "./audience.ts";
import { DASH_HOSTNAME, dashCommand, portOf } from "./command.ts";
import { Gate, newToken } from "./gate.ts";
import { type EndLine, History, type PageLine } from "./history.ts";
import { HostLink } from "./host_link.ts";
import type { DashOrder } from "./order.ts";
import { renderPage } from "./page/page.ts";
import { PressRate } from "./press_rate.ts";
import { READY_MADE_ROOMS, readyMade } from "./ready_made.ts";
import { Site } from "./site.ts";

/** The program that hosts the system, and the one that cleans up after one that could not. */
const HOST = "tools/dash/host/main.ts";
const REMOVER = "tools/dash/host/remove.ts";

/** How long pages have to read the last lines. */
const LAST_WORDS_MS = 1_000;

/** The exit codes of a host that has cleaned up after itself. */
const IN_ORDER: ReadonlySet<number> = new Set([0, 1]);

/** Seeds are unsigned 32-bit numbers. */
const SEED_MAX = 0xffff_ffff;

await runMain("hako dash", async () => {
  const { arguments: [path], flags } = parseCommand(dashCommand, Deno.args);
  const { duration, chaos: isChaos } = flags;
  const port = portOf(flags);
  const { seed = crypto.getRandomValues(new Uint32Array(1))[0]! } = flags;
  if (seed > SEED_MAX) {
    throw new UsageError(`Cannot run dash with --seed ${seed}: seeds are up to ${SEED_MAX}`);
  }
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const hosted = path === undefined ? ownSystem(place, seed) : await usersSystem(path, place);
  const order: DashOrder = {
    ...(path === undefined ? {} : { manifest: hosted.manifest }),
    ...{ directory: place.temporaryDirectory, mark: `${crypto.randomUUID()} `, seed, isChaos },
    ...(duration === undefined ? {} : { durationMs: duration }),
  };
  try {
    return await serve(hosted, order, { port, place });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    console.error(`hako dash: Cannot serve at port ${port}: it is in use`);
    return 1;
  }
});

/** What is to be hosted. */
interface Hosted {
  readonly manifest: SystemManifest;
  readonly permissions: HostPermissions;
  /** Where relative paths in options begin. */
  readonly directory: string;
}

/** The ready-made system: its process may write the directory in which its image is, and no other. */
function ownSystem({ sourceRoot, temporaryDirectory: directory }: Place, seed: number): Hosted {
  const manifest = readyMade({ directory, seed, stop: new SharedArrayBuffer(4) });
  const rooms = READY_MADE_ROOMS.map((room) => join(sourceRoot, room));
  const { read = [], write = [] } = processPermissions(manifest, rooms);
  const permissions = { read: [...read, directory], write: [...write, directory] };
  return { manifest, permissions, directory: "/" };
}

async function usersSystem(path: string, place: Place): Promise<Hosted> {
  const read = await readManifest(resolve(place.directory, path), place);
  const { base } = read.manifest;
  return { ...read, directory: base.startsWith("file:") ? hostPath(".", base) : place.directory };
}

interface Serving {
  readonly port: number;
  readonly place: Place;
}

/** Serves until the host ends, and answers its exit code. */
async function serve(hosted: Hosted, order: DashOrder, { port, place }: Serving): Promise<number> {
  const token = newToken();
  const history = new History();
  const audience = new Audience();
  const server = Deno.serve({
    hostname: DASH_HOSTNAME,
    port,
    onListen: () => {},
    handler: (request) => site.answer(request), // Asked in a later turn, when there is a site.
  });
  const address = `${DASH_HOSTNAME}:${server.addr.port}`;
  const tell = (line: PageLine): void => {
    history.add(line);
    audience.tell(line);
    if (line.type === "begin") tellAddress(`http://${address}/?token=${token}`);
  };
  const args = denoArguments(HOST, hosted.permissions, place);
  const host = new HostLink({ args, directory: hosted.directory, order, onLine: tell });
  const site: Site = new Site({
    gate: new Gate(address, token),
    ...{ history, audience },
    rate: new PressRate(() => performance.now()),
    press: (press) => host.press(press),
    page: (nonce) => renderPage(history.begin!, nonce),
  });
  const code = await host.ended;
  const last = endLine(code);
  tell(last);
  audience.close();
  if (!IN_ORDER.has(code)) console.error(`hako dash: ${last.text}`);
  await Promise.race([server.shutdown(), lastWords()]);
  if (order.manifest === undefined && !IN_ORDER.has(code)) await cleanUp(order.directory, place);
  return code;
}

function tellAddress(url: string): void {
  console.log(url);
  console.error(
    "hako dash: open that address in a browser of this machine; Ctrl-C halts the system",
  );
}

function endLine(code: number): EndLine {
  const text = code === 0
    ? "the system was halted in order"
    : `the process of the system ended with exit code ${code}`;
  return { type: "end", text };
}

function lastWords(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
}

/** In a process that may write there, which this one may not. */
async function cleanUp(directory: string, place: Place): Promise<void> {
  const args = denoArguments(REMOVER, { write: [directory] }, place);
  await new Deno.Command(denoProgram(), { args: [...args, directory], stdin: "null" }).output();
}
