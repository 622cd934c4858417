/**
 * The program behind `mounted.ts`: mounts in a name space of its own, and measures for every line
 * that it hears. What it says are numbers, a line each: nanoseconds of a call.
 *
 * Every call reaches the server: nothing is kept in the kernel, neither data nor attributes.
 *
 * @module
 */

import type { MountServer, MountWork } from "./mounted.ts";
import { type Calls, openCalls } from "./system_calls.ts";

interface Order {
  readonly directory: string;
  readonly server: MountServer;
  readonly work: MountWork;
}

/** Bytes of the file that is read and written. */
const FILE_BYTES = 64 * 1024 * 1024;

/** A sample takes so long. */
const SAMPLE_MS = 400;

/** Between two looks at the clock. */
const CALLS_PER_LOOK = 16;

/** Where Debian's `libfuse3-dev` has its examples. */
const EXAMPLES = "/usr/share/doc/libfuse3-dev/examples";

const HAKO = new URL("../hako.ts", import.meta.resolve("@hako/tools/bench")).pathname;

const [text = "", where] = Deno.args;
const { directory, server, work }: Order = JSON.parse(text);
if (where === undefined) Deno.exit(await inOwnNameSpace());
const place = `${directory}/mount`;
Deno.mkdirSync(place);
const child = { hako: mountHako, passthrough_ll: mountPassthrough, fuse2fs: mountFuse2fs }
  [server]();
await mounted();
const calls = openCalls();
const file = calls.open(`${place}/file`, { create: true });
const call = prepare(calls, file);
console.log(0);
for await (const _ of Deno.stdin.readable) console.log(sample());
calls.close(file); // What is open cannot be unmounted.
await run("fusermount3", "-u", place);
await child.status;

/** Runs this program again, where its mounts go with it. */
async function inOwnNameSpace(): Promise<number> {
  const again = [Deno.execPath(), "run", "--quiet", "--allow-all", import.meta.url, text, "inside"];
  const { code } = await new Deno.Command("unshare", {
    args: ["--mount", "--propagation", "private", ...again],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  return code;
}

/** The command that runs `hako` on a directory of ours. */
function hako(...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-all", HAKO, ...args],
    env: { TMPDIR: directory, INIT_CWD: directory },
    ...{ stdin: "null", stdout: "null" },
  });
}

/** An image: of the same making for all that serve one. */
function makeImage(): string {
  const image = `${directory}/disk.img`;
  if (!hako("mkfs", image, "--size", "256M").outputSync().success) {
    throw new Error("hako mkfs failed");
  }
  return image;
}

function mountHako(): Deno.ChildProcess {
  const args = ["mount", makeImage(), place, "--foreground", "--direct-io"];
  return hako(...args, "--attr-timeout", "0", "--entry-timeout", "0").spawn();
}

function mountFuse2fs(): Deno.ChildProcess {
  const options = "direct_io,big_writes,attr_timeout=0,entry_timeout=0,negative_timeout=0";
  const args = [makeImage(), place, "-f", "-o", options];
  try {
    const said = { stdin: "null", stdout: "null", stderr: "null" } as const; // Of journals, each time.
    return new Deno.Command("fuse2fs", { args, ...said }).spawn();
  } catch (cause) {
    throw new Error("Cannot run fuse2fs: is Debian's package of that name there?", { cause });
  }
}

function mountPassthrough(): Deno.ChildProcess {
  const source = `${directory}/source`;
  Deno.mkdirSync(source);
  const program = `${directory}/passthrough_ll`;
  Deno.writeTextFileSync(`${directory}/config.h`, "");
  const script = `gcc -O2 -DFUSE_USE_VERSION=34 -I'${directory}' ${EXAMPLES}/passthrough_ll.c \
    $(pkg-config fuse3 --cflags --libs) -o '${program}'`;
  const { success, stderr } = new Deno.Command("sh", { args: ["-c", script] }).outputSync();
  if (!success) throw new Error(`passthrough_ll: ${new TextDecoder().decode(stderr)}`);
  const options = `source=${source},cache=never`;
  return new Deno.Command(program, { args: ["-f", "-o", options, place], stdin: "null" }).spawn();
}

/** Returns when something is mounted there: its device is another. */
async function mounted(): Promise<void> {
  const { dev } = await Deno.stat(directory);
  for (let look = 0; look < 500; look++) {
    if ((await Deno.stat(place)).dev !== dev) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${server} does not mount`);
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
}

function prepare(calls: Calls, file: number): () => void {
  const path = `${place}/file`;
  const big = new Uint8Array(1024 * 1024).fill(7);
  for (let offset = 0; offset < FILE_BYTES; offset += big.byteLength) {
    calls.write(file, big, offset);
  }
  const small = new Uint8Array(4096);
  let offset = 0;
  let name = 0;
  const next = (byteLength: number) => offset = (offset + byteLength) % FILE_BYTES;
  return {
    getattr: () => calls.stat(path),
    "read-1m": () => calls.read(file, big, next(big.byteLength)),
    "write-1m": () => calls.write(file, big, next(big.byteLength)),
    "read-4k": () => calls.read(file, small, next(4096 * 7919)),
    "create-unlink": () => {
      const made = `${place}/${name++}`;
      calls.close(calls.open(made, { create: true }));
      calls.unlink(made);
    },
  }[work];
}

function sample(): number {
  const startMs = performance.now();
  for (let count = CALLS_PER_LOOK;; count += CALLS_PER_LOOK) {
    for (let index = 0; index < CALLS_PER_LOOK; index++) call();
    const tookMs = performance.now() - startMs;
    if (tookMs >= SAMPLE_MS) return tookMs * 1e6 / count;
  }
}
