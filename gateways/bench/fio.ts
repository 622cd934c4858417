/**
 * One side of an NBD row: a program of its own serves an image and lets `fio` measure it.
 *
 * @module
 */

import type { SelfMeasuring } from "@hako/tools/bench";

/** What `fio` does. */
export interface FioWork {
  /** Reads or writes, as `fio` names them. */
  readonly rw: "randread" | "randwrite" | "read";
  /** Bytes of a request, as `fio` writes them. */
  readonly blockSize: string;
  /** Requests under way. */
  readonly depth: number;
}

/** Who serves: each is measured with every sample, and the fastest counts. */
export type Server = "hako" | "qemu-nbd" | "nbdkit";

/** Samples of each measurement. */
const SAMPLE_COUNT = 3;

/** Opens servers; each sample is the cost of a request, in nanoseconds, of the fastest. */
export async function measuringFio(
  servers: readonly Server[],
  work: FioWork,
): Promise<SelfMeasuring> {
  const directory = `${Deno.cwd()}/nbd-${crypto.randomUUID()}`;
  Deno.mkdirSync(directory);
  const programs = ["fio", "qemu-nbd", "nbdkit", Deno.execPath()];
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-read",
      `--allow-write=${directory}`,
      `--allow-run=${programs.join(",")}`,
      new URL("./fio_main.ts", import.meta.url).href,
      JSON.stringify({ directory, servers, work }),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const ask = async () => {
    const { value } = await lines.read(); // One line at a time is asked for, and one comes.
    if (value === undefined) throw new Error("Cannot go on: fio or a server of it has failed");
    return Number(value);
  };
  await ask(); // All serve, and hold what will be read.
  return {
    sampleCount: SAMPLE_COUNT,
    startsProcesses: true,
    async sample() {
      await writer.write(new TextEncoder().encode("\n"));
      return await ask();
    },
    async close() {
      await writer.close();
      await child.status;
      Deno.removeSync(directory, { recursive: true });
    },
  };
}
