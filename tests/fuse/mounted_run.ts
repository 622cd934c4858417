/**
 * Starts the host of a mount, hears what it says, and makes sure that nothing is stuck afterwards.
 *
 * @module
 */

import { permissionFlags } from "../../tools/command_line/launch.ts";
import { denoProgram } from "../../tools/command_line/deno_program.ts";
import { LIBC, VICTIMS } from "./mounted_system.ts";
import type { HostLine, HostOrder, WorkEnd } from "./protocol.ts";
import { HARNESS_TOOLS, missing, presentWorks } from "./works.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Seconds beyond its own limit that a host has before it is ended. */
const GRACE_S = 10;

/** What is not said otherwise. */
const ORDER = {
  createBytes: 256 * 1024 * 1024,
  cache: "writeback",
  directIo: false,
  works: presentWorks(),
  scale: 1,
  lanes: 4,
  deathsMin: 0,
  seed: 1,
  killEveryMs: 0,
  victims: VICTIMS,
  gatewayFaults: 0,
  limitMs: 90_000,
} as const;

/** What came of an order. */
export interface RunResult {
  /** How each script ended, in the order of their ends. */
  readonly ends: readonly WorkEnd[];
  /** Deaths by domain. */
  readonly deaths: ReadonlyMap<string, number>;
  /** Deaths by reason. */
  readonly reasons: ReadonlyMap<string, number>;
  /** What was not as it should be, beside the ends of scripts; empty if nothing was. */
  readonly faults: readonly string[];
}

/** What a mount needs and is not there; nothing if one can be made. */
export function missingForMounts(): string[] {
  return [...missing(HARNESS_TOOLS), ...(canMount() ? [] : ["right to mount"])];
}

/** Whether a mount namespace can be made here, and `/dev/fuse` be opened. */
function canMount(): boolean {
  try {
    const args = ["-m", "--propagation", "private", "sh", "-c", ": <>/dev/fuse"];
    return new Deno.Command("unshare", { args, stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Carries out an order; on an image and in directories that are removed again. */
export async function playOnMount(
  order: Partial<HostOrder>,
  onLine?: (line: HostLine) => void,
  signal?: AbortSignal,
): Promise<RunResult> {
  const root = Deno.makeTempDirSync({ prefix: "hako-mount-" });
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }) };
  const [directory, scratch] = [`${root}/mount`, `${root}/scratch`];
  Deno.mkdirSync(directory);
  Deno.mkdirSync(scratch);
  const given = { image: `${root}/disk.img`, directory, scratch };
  return await carryOut({ ...ORDER, ...given, ...order }, onLine, signal);
}

/** Carries out an order, and hears of every line that the host says. */
export async function carryOut(
  order: HostOrder,
  onLine: (line: HostLine) => void = () => {},
  signal?: AbortSignal,
): Promise<RunResult> {
  const heard = new Heard(onLine);
  const seconds = String(Math.ceil(order.limitMs / 1_000) + GRACE_S);
  const unshare = ["unshare", "-m", "--propagation", "private"];
  const child = new Deno.Command("timeout", {
    args: ["-k", "5", seconds, ...unshare, denoProgram(), ...hostArguments(order)],
    cwd: "/",
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const onAbort = () => child.kill("SIGTERM");
  signal?.addEventListener("abort", onAbort, { once: true });
  const complaints = new Response(child.stderr).text();
  await heard.read(child.stdout);
  const { code } = await child.status;
  signal?.removeEventListener("abort", onAbort);
  if (code !== 0) await abort(heard.connection);
  return heard.result(code, await complaints);
}

/** Whoever still waits for an answer that will not come gets an error. */
async function abort(connection: string): Promise<void> {
  if (connection === "") return;
  const script = new URL("./works/abort.sh", import.meta.url).pathname;
  const args = ["-m", "--propagation", "private", "sh", script, connection];
  await new Deno.Command("unshare", { args, stdout: "null", stderr: "null" }).output();
}

function hostArguments(order: HostOrder): string[] {
  const { image, scratch, directory } = order;
  const images = image === undefined ? [] : [image];
  const permissions = { read: [ROOT, ...images], write: [...images, scratch], run: ["sh"] };
  return [
    "run",
    "--quiet",
    "--frozen",
    "--no-prompt",
    `--config=${ROOT}deno.json`,
    "--unstable-worker-options",
    `--allow-ffi=${LIBC}`,
    ...permissionFlags(permissions, directory),
    `${ROOT}tests/fuse/host.ts`,
    JSON.stringify(order),
  ];
}

/** Reasons of deaths that were ordered. */
const ORDERED = /^(?:terminated|restarted on request|self\.close\(\)|injected \w+|it hangs)/;

/** What a host has said. */
class Heard {
  connection = "";
  readonly #onLine: (line: HostLine) => void;
  readonly #ends: WorkEnd[] = [];
  readonly #deaths: Map<string, number> = new Map();
  readonly #reasons: Map<string, number> = new Map();
  readonly #faults: string[] = [];

  constructor(onLine: (line: HostLine) => void) {
    this.#onLine = onLine;
  }

  async read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#hear(JSON.parse(line) as HostLine);
    }
  }

  result(code: number, complaints: string): RunResult {
    const unordered = [...this.#reasons.keys()].filter((why) => !ORDERED.test(why));
    const faults = [
      ...this.#faults,
      ...unordered.map((why) => `a life ended by: ${why}`),
      ...(code === 0 ? [] : [`the host ended with ${code}: ${complaints}`]),
    ];
    return { ends: this.#ends, deaths: this.#deaths, reasons: this.#reasons, faults };
  }

  #hear(line: HostLine): void {
    this.#onLine(line);
    if ("connection" in line) this.connection = line.connection;
    if ("work" in line) this.#ends.push(line);
    if ("died" in line) {
      count(this.#deaths, line.died);
      count(this.#reasons, reasonOf(line.why));
    }
    if ("gaveUp" in line) this.#faults.push(`${line.gaveUp} was given up: ${line.why}`);
    if ("late" in line) this.#faults.push(`too late: ${line.late.join(", ") || "nothing runs"}`);
    if ("judged" in line && line.judged !== 0) this.#faults.push(`the image: ${line.said}`);
  }
}

/** The beginning of what the kernel was told, up to the name of a point. */
function reasonOf(why: string): string {
  return why.split("\n")[0]!.replace(/^(?:Uncaught )?(?:\(in promise\) )?(?:Error: )?/, "")
    .replace(/ at [\w.-]+$/, "");
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
