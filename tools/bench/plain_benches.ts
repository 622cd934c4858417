/**
 * Runs the benchmarks that have no peer: what calls `Deno.bench`.
 *
 * @module
 */

import { plainFilter } from "./bench_files.ts";

/** What {@linkcode runPlainBenches} depends on. */
export interface PlainOptions {
  /** The running `deno`. */
  readonly deno: string;
  /** The root of the source. */
  readonly sourceRoot: string;
  /** Of their names each must have one of these; any if there are none. */
  readonly filters: readonly string[];
  /** Aborted if the user wants no more. */
  readonly interruption: AbortSignal;
}

/** All of them take a quarter of a minute; what takes longer hangs. */
const PLAIN_MS_MAX = 120_000;

/** Runs the files, on the user's terminal, and answers whether all went well. */
export async function runPlainBenches(
  paths: readonly string[],
  { deno, sourceRoot, filters, interruption }: PlainOptions,
): Promise<boolean> {
  if (interruption.aborted) return false;
  const chosen = filters.length === 0 ? [] : [`--filter=${plainFilter(filters)}`];
  const child = new Deno.Command(deno, {
    args: ["bench", "--quiet", "-P", "--frozen", "--no-check", ...chosen, ...paths],
    cwd: sourceRoot,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
    detached: true, // Ctrl-C is for us, and ends it at once.
  }).spawn();
  let why = "";
  const end = (reason: string) => {
    why = reason;
    child.kill("SIGKILL");
  };
  const stop = () => end("");
  interruption.addEventListener("abort", stop);
  const limit = setTimeout(() => {
    end(`bench: the benchmarks without a peer took more than ${PLAIN_MS_MAX / 1e3} s: ended`);
  }, PLAIN_MS_MAX);
  const { success } = await child.status;
  clearTimeout(limit);
  interruption.removeEventListener("abort", stop);
  if (why !== "") console.error(why);
  return success;
}
