/**
 * An image served to programs of the host, for the tests with real NBD clients.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { denoProgram } from "../../tools/command_line/deno_program.ts";
import { permissionFlags } from "../../tools/command_line/launch.ts";
import { nbdUri } from "../../tools/serve_nbd/listen_address.ts";
import { listenPermissions } from "../../tools/serve_nbd/nbd_on_image.ts";
import { findTool } from "../host_tool.ts";
import type { HostLine, HostOrder } from "./host.ts";

/** The export's name. */
export const EXPORT = "hako";

/** How often servers are killed. */
export const KILL_EVERY_MS = 200;

/** Deaths of each victim that a test of a client waits for. */
const DEATHS_MIN = 3;

/** No client takes longer. */
const CLIENT_MS_MAX = 50_000;

const ROOT = new URL("../..", import.meta.url).pathname;

/** Over what clients come. */
export type Transport = "unix" | "tcp";

/** How to serve. */
export interface ServeOptions {
  /** Bytes of the volume; of one that is made. */
  readonly createBytes?: number;
  /** Over what. */
  readonly transport?: Transport;
  /** Milliseconds between kills; none die if left out. */
  readonly killEveryMs?: number;
  /** Who is killed: the storage server and the driver if left out. */
  readonly victims?: readonly string[];
  /** What the host runs below, as `["strace", ...]`. */
  readonly below?: readonly string[];
}

/** How a client ended. */
export interface Ended {
  /** Its exit code. */
  readonly code: number;
  /** What it said. */
  readonly stdout: string;
  /** What it complained of. */
  readonly stderr: string;
}

/** A test with a directory of its own, which needs these programs. */
export function clientTest(
  name: string,
  tools: readonly string[],
  body: (directory: string) => Promise<void>,
): void {
  const missing = tools.filter((tool) => findTool(tool) === undefined);
  const skipped = missing.length === 0 ? "" : ` (skipped: no ${missing.join(", ")})`;
  Deno.test({
    name: `${name}${skipped}`,
    ignore: missing.length > 0,
    async fn() {
      const directory = Deno.makeTempDirSync();
      try {
        await body(directory);
      } finally {
        Deno.removeSync(directory, { recursive: true });
      }
    },
  });
}

/** Runs a program to its end, which it must find in time. */
export async function run(tool: string, args: readonly string[], cwd?: string): Promise<Ended> {
  const child = new Deno.Command(tool, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(CLIENT_MS_MAX),
    ...(cwd === undefined ? {} : { cwd }),
  });
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs a program that must find nothing wrong; answers what it said. */
export async function succeed(tool: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(tool, args);
  assertEquals(code, 0, `${tool} ${args.join(" ")}\n${stdout}\n${stderr}`);
  return stdout;
}

/** What is served, and who dies of it. */
interface Place {
  readonly path: string;
  readonly victims: readonly string[];
  readonly address: string;
}

/** An image that is served. */
export class ServedImage implements AsyncDisposable {
  /** How clients name the export. */
  readonly uri: string;
  /** Where it listens. */
  readonly address: string;
  /** The image. */
  readonly path: string;
  readonly #victims: readonly string[];
  readonly #child: Deno.ChildProcess;
  readonly #heard: Heard;

  private constructor(child: Deno.ChildProcess, heard: Heard, { path, victims, address }: Place) {
    this.#child = child;
    this.#heard = heard;
    this.#victims = victims;
    this.path = path;
    this.address = address;
    this.uri = nbdUri(address, EXPORT);
  }

  /** Starts the host and waits until clients can come. */
  static async start(directory: string, options: ServeOptions = {}): Promise<ServedImage> {
    const { createBytes, transport = "unix", killEveryMs = 0, below = [] } = options;
    const { victims = ["storage", "disk"] } = options;
    const path = `${directory}/disk.img`;
    const order: HostOrder = {
      path,
      exportName: EXPORT,
      killEveryMs,
      victims,
      listen: transport === "unix"
        ? { path: `${directory}/nbd.sock` }
        : { hostname: "127.0.0.1", port: 0 },
      ...(createBytes === undefined ? {} : { createBytes }),
    };
    const [program, ...args] = [...below, denoProgram(), ...hostArguments(order, directory)];
    const child = new Deno.Command(program!, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const heard = new Heard(child.stdout);
    return new ServedImage(child, heard, { path, victims, address: await heard.listening });
  }

  /** Deaths so far, of the victim that died least. */
  get deaths(): number {
    return Math.min(...this.#victims.map((victim) => this.#heard.deathsOf(victim)));
  }

  /** Runs a client again and again until every victim has died often enough. */
  async whileKilled(client: (round: number) => Promise<void>): Promise<void> {
    for (let round = 0; this.deaths < DEATHS_MIN; round++) await client(round);
  }

  /** Resolves when the host has ended without being asked. */
  get ended(): Promise<void> {
    return this.#child.status.then(() => {});
  }

  /** Halts in order, unless the host has ended already. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
    await this.#heard.over;
    assertEquals(this.#heard.gaveUp, []);
    assert(
      this.#heard.reasons.every((why) => why.startsWith("terminated")),
      `deaths that nobody ordered: ${this.#heard.reasons.join("; ")}`,
    );
  }
}

function hostArguments(order: HostOrder, directory: string): string[] {
  const { read = [], write = [], net = [] } = listenPermissions(order.listen);
  const permissions = {
    read: [ROOT, order.path, ...read],
    write: [order.path, ...write],
    net: [...net],
  };
  return [
    "run",
    "--quiet",
    "--frozen",
    "--no-prompt",
    `--config=${ROOT}deno.json`,
    "--unstable-worker-options",
    ...permissionFlags(permissions, directory),
    `${ROOT}tests/nbd/host.ts`,
    JSON.stringify(order),
  ];
}

/** What a host has said. */
class Heard {
  readonly listening: Promise<string>;
  readonly over: Promise<void>;
  readonly gaveUp: string[] = [];
  readonly reasons: string[] = [];
  readonly #deaths: Map<string, number> = new Map();

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.listening = promise;
    this.over = this.#read(stream, resolve).then(() => {
      reject(new Error("the host ended before it listened"));
    });
  }

  deathsOf(name: string): number {
    return this.#deaths.get(name) ?? 0;
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    onListening: (address: string) => void,
  ): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines.map((each) => JSON.parse(each) as HostLine)) {
        if ("listening" in line) onListening(line.listening);
        else if ("gaveUp" in line) this.gaveUp.push(line.gaveUp);
        else {
          this.#deaths.set(line.died, this.deathsOf(line.died) + 1);
          this.reasons.push(line.why);
        }
      }
    }
  }
}
