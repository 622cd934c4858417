/**
 * The program of `deno task bench`: plain benchmarks as `deno bench` runs them, then the paired rows.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { denoProgram } from "../command_line/deno_program.ts";
import { UsageError } from "../command_line/command.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { terminalProgress } from "../terminal/progress.ts";
import { makeStyle, wantsColour } from "../terminal/style.ts";
import { type FiledRow, readBenchFiles, readRows } from "./bench_files.ts";
import { benchCommand, STORED_PATH } from "./command.ts";
import { compareRatios, type StoredRatios, storedRatios } from "./guard.ts";
import { measureQuietly } from "./measurement.ts";
import { type Bench, measureInProcess } from "./one_side/measuring_process.ts";
import type { Side } from "./paired_row.ts";
import { type BenchRun, renderRun, ROUND_COUNT_MIN } from "./report.ts";
import { type RowResult, runRow } from "./row_result.ts";

/** One row of each room that is quick to measure and steady: the guard takes a quarter of a minute. */
const GUARD_ROWS: readonly string[] = [
  "ipc/null/floor",
  "ipc/null/postmessage",
  "ipc/bulk/by-reference",
  "kernel/null/standalone",
  "kernel/exactly-once/nothing-kept",
];

const GUARD_ROUNDS = 2;

await runMain("hako bench", main);

async function main(): Promise<number> {
  const { flags } = parseCommand(benchCommand, Deno.args);
  const { filter = "", quiet, guard: isGuard } = flags;
  const rounds = flags.rounds ?? (isGuard ? GUARD_ROUNDS : ROUND_COUNT_MIN);
  if (rounds === 0) throw new UsageError("Cannot run bench with --rounds 0: nothing is measured");
  const { sourceRoot, directory, temporaryDirectory } = placeOf(
    resolve(import.meta.dirname!, "../.."),
    Deno.env,
  );
  const began = new Date();
  const [load = 0] = Deno.loadavg(); // Before we load the machine ourselves.
  const files = await readBenchFiles(sourceRoot, filter);
  const chosen = (await readRows(sourceRoot, files.paired)).filter(({ row }) => {
    return row.name.includes(filter) && (!isGuard || GUARD_ROWS.includes(row.name));
  });
  if (files.plain.length + chosen.length === 0) {
    throw new UsageError(
      `Cannot run bench with --filter ${filter}: no benchmark has it in its name`,
    );
  }
  const plainCode = isGuard || files.plain.length === 0
    ? 0
    : await runPlain(files.plain, filter, sourceRoot);
  if (chosen.length === 0) return plainCode;
  Deno.mkdirSync(temporaryDirectory);
  using _removal = {
    [Symbol.dispose]: () => Deno.removeSync(temporaryDirectory, { recursive: true }),
  };
  const bench = { deno: denoProgram(), sourceRoot, temporaryDirectory };
  const rows = await runRows(chosen, { bench, rounds, quiet });
  const storedPath = join(sourceRoot, STORED_PATH);
  if (isGuard) {
    const stored = JSON.parse(Deno.readTextFileSync(storedPath)) as StoredRatios;
    console.log(compareRatios(rows, stored).join("\n"));
    return 0;
  }
  if (flags.store) {
    Deno.writeTextFileSync(storedPath, JSON.stringify(storedRatios(rows, began), null, 2) + "\n");
  }
  const run: BenchRun = { version: 1, cores: navigator.hardwareConcurrency, load, rows };
  console.log(renderRun(run, makeStyle({ coloured: wantsColour(Deno.stdout) })));
  if (flags.json !== undefined) {
    Deno.writeTextFileSync(resolve(directory, flags.json), JSON.stringify(run, null, 2) + "\n");
  }
  if (flags.html !== undefined) {
    const { renderBenchPage } = await import("./html_page.ts"); // It loads a library.
    Deno.writeTextFileSync(resolve(directory, flags.html), renderBenchPage(run, began));
  }
  return rows.some((row) => "failure" in row) ? 1 : plainCode;
}

/** Runs what calls `Deno.bench`, and answers the exit code. */
async function runPlain(
  paths: readonly string[],
  filter: string,
  sourceRoot: string,
): Promise<number> {
  const wanted = filter === "" ? [] : [`--filter=${filter}`];
  const { code } = await new Deno.Command(denoProgram(), {
    args: ["bench", "--quiet", "-P", "--frozen", "--no-check", ...wanted, ...paths],
    cwd: sourceRoot,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  return code;
}

/** What {@linkcode runRows} depends on. */
interface RunOptions {
  readonly bench: Bench;
  readonly rounds: number;
  readonly quiet: boolean;
}

async function runRows(
  chosen: readonly FiledRow[],
  { bench, rounds, quiet }: RunOptions,
): Promise<RowResult[]> {
  using progress = terminalProgress({ quiet });
  const total = chosen.length * rounds * 2;
  let done = 0;
  const results: RowResult[] = [];
  for (const filed of chosen) {
    const measureSide = async (_row: unknown, side: Side) => {
      progress.update(filed.row.name, done++, total);
      return await measureQuietly(() => measureInProcess(filed, side, bench));
    };
    results.push(await runRow(filed.row, rounds, measureSide));
    done = results.length * rounds * 2; // A row that failed is over early.
  }
  return results;
}
