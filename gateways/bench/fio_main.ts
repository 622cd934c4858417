/**
 * The program behind `fio.ts`: starts servers, and runs `fio` on each for every line that it hears.
 * What it says are numbers, a line each: nanoseconds of a request.
 *
 * @module
 */

import type { FioWork, Server } from "./fio.ts";

interface Order {
  readonly directory: string;
  readonly servers: readonly Server[];
  readonly work: FioWork;
}

/** Bytes of each image, as `fio` writes them, */
const SIZE = "64M";

/** and as a number. */
const SIZE_BYTES = 64 * 1024 * 1024;

/** Each run of `fio` takes so long. */
const RUNTIME = "400ms";

/** Between two looks whether a server listens. */
const LOOK_MS = 20;

/** No server takes so many looks to listen. */
const LOOKS_MAX = 500;

const HAKO = new URL("../hako.ts", import.meta.resolve("@hako/tools/bench")).pathname;

const { directory, servers, work }: Order = JSON.parse(Deno.args[0]!);
const children = servers.map(start);
for (const server of servers) {
  await listening(server);
  await fio(server, ["--rw=write", "--bs=1M", "--iodepth=4"]); // Nothing that is read is a hole.
}
console.log(0);
for await (const _ of Deno.stdin.readable) {
  let best = Infinity;
  for (const server of servers) best = Math.min(best, await sample(server));
  console.log(best);
}
for (const child of children) child.kill("SIGINT");
await Promise.all(children.map(({ status }) => status));

function start(server: Server): Deno.ChildProcess {
  const image = `${directory}/${server}.img`;
  if (server === "hako") {
    return spawn(Deno.execPath(), [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-env=INIT_CWD,TMPDIR,NO_COLOR",
      `--allow-run=${Deno.execPath()}`,
      HAKO,
      ...["serve", "nbd", image, "--create", SIZE, "--listen", `unix:${socketOf(server)}`],
    ]);
  }
  if (server === "least") {
    const socket = socketOf(server);
    return spawn(Deno.execPath(), [
      "run",
      "--quiet",
      "--no-prompt",
      `--allow-read=${directory}`,
      `--allow-write=${directory}`,
      `--allow-net=unix:${socket}`,
      new URL("./least_nbd.ts", import.meta.url).href,
      ...[socket, `${SIZE_BYTES}`],
    ]);
  }
  Deno.writeFileSync(image, new Uint8Array(0));
  Deno.truncateSync(image, SIZE_BYTES);
  if (server === "nbdkit") {
    return spawn("nbdkit", ["--foreground", "--unix", socketOf(server), "file", image]);
  }
  const format = ["--format=raw", "--export-name=hako", "--shared=8", "--persistent"];
  return spawn("qemu-nbd", [...format, `--socket=${socketOf(server)}`, image]);
}

function spawn(program: string, args: string[]): Deno.ChildProcess {
  const env = { TMPDIR: directory, INIT_CWD: directory };
  return new Deno.Command(program, { args, env, stdin: "null", stdout: "null" }).spawn();
}

async function listening(server: Server): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    try {
      if (Deno.lstatSync(socketOf(server)).isSocket) return;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`${server} does not listen`);
}

async function sample(server: Server): Promise<number> {
  const { rw, blockSize, depth } = work;
  const shape = [`--rw=${rw}`, `--bs=${blockSize}`, `--iodepth=${depth}`];
  const job = await fio(server, [...shape, "--time_based", `--runtime=${RUNTIME}`]);
  return 1e9 / (rw === "randwrite" ? job.write.iops : job.read.iops);
}

async function fio(server: Server, args: readonly string[]) {
  const uri = `nbd+unix:///hako?socket=${socketOf(server)}`;
  const { stdout, stderr, success } = await new Deno.Command("fio", {
    args: ["--name=x", "--ioengine=nbd", `--uri=${uri}`, `--size=${SIZE}`, "--output-format=json"]
      .concat(args),
    cwd: directory,
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`fio: ${decoder.decode(stderr)}`);
  const text = decoder.decode(stdout);
  return JSON.parse(text.slice(text.indexOf("{"))).jobs[0];
}

function socketOf(server: Server): string {
  return `${directory}/${server}.sock`;
}
