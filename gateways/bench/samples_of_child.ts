/**
 * One side of a row that is measured by a program of its own: for every line that it hears it says a
 * number, the cost of one operation in nanoseconds.
 *
 * @module
 */

import type { SelfMeasuring } from "@hako/tools/bench";

/** The program that measures. */
export interface MeasuringProgram {
  /** Its module. */
  readonly main: URL;
  /** What it is told besides its `directory`, as JSON. */
  readonly order: Readonly<Record<string, unknown>>;
  /** What it may do. */
  readonly permissions: (directory: string) => readonly string[];
}

/** Samples of each measurement. */
const SAMPLE_COUNT = 3;

/** Starts a program in a directory of its own; the directory goes when the program has ended. */
export async function samplesOfChild(
  { main, order, permissions }: MeasuringProgram,
): Promise<SelfMeasuring> {
  const directory = `${Deno.cwd()}/bench-${crypto.randomUUID()}`;
  Deno.mkdirSync(directory);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", ...permissions(directory)],
      ...[main.href, JSON.stringify({ directory, ...order })],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const ask = async () => {
    const { value } = await lines.read(); // One line at a time is asked for, and one comes.
    if (value === undefined) throw new Error(`Cannot go on: ${main.pathname} has failed`);
    return Number(value);
  };
  await ask(); // All is ready.
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
