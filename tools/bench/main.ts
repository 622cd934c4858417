/**
 * The program of `deno task bench`: plain benchmarks as `deno bench` runs them, then the paired rows.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { type FlagValues, type Place, UsageError } from "../command_line/command.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { machineRecord } from "../scenarios/machine_record.ts";
import { makeStyle, wantsColour } from "../terminal/style.ts";
import { type BenchFiles, type FiledRow, isChosen } from "./bench_files.ts";
import { readBenchFiles, readRows } from "./bench_files.ts";
import { type BenchRun, renderJson } from "./bench_run.ts";
import { benchCommand, type benchFlags, STORED_PATH } from "./command.ts";
import { GUARD_ROUNDS, mergeStored, runGuard, type StoredRatios, storedRatios } from "./guard.ts";
import { runPlainBenches } from "./plain_benches.ts";
import { ROUND_COUNT_MIN } from "./report.ts";
import { renderList } from "./row_list.ts";
import { RowRunner } from "./run_rows.ts";
import { runWhole } from "./whole_run.ts";

/** Rows of each room that are quick to measure and steady, and need no more than Deno. */
const GUARD_ROWS: readonly string[] = [
  "ipc/null/floor",
  "ipc/bulk/by-reference",
  "kernel/null/standalone",
  "storage/direct/seq-128k-read",
  "fs/stat",
  "fs/rand-read-4k",
];

/** The exit code after Ctrl-C, as sh has it. */
const EXIT_INTERRUPTED = 130;

/** What is run, and how. */
interface Plan {
  readonly flags: FlagValues<typeof benchFlags>;
  readonly filters: readonly string[];
  readonly place: Place;
  readonly files: BenchFiles;
  readonly chosen: readonly FiledRow[];
}

await runMain("hako bench", main);

async function main(): Promise<number> {
  const { flags } = parseCommand(benchCommand, Deno.args);
  const filters = flags.filter.flatMap((texts) => texts.split(",")).filter((text) => text !== "");
  if (flags.rounds === 0) {
    throw new UsageError("Cannot run bench with --rounds 0: nothing is measured");
  }
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const files = await readBenchFiles(place.sourceRoot, filters);
  const chosen = (await readRows(place.sourceRoot, files.paired)).filter(({ row }) => {
    return isChosen(row.name, filters) && (!flags.guard || GUARD_ROWS.includes(row.name));
  });
  if (files.plain.length + chosen.length === 0) {
    const said = `--filter ${filters.join(",")}`;
    throw new UsageError(`Cannot run bench with ${said}: no benchmark has it in its name`);
  }
  if (flags.list) {
    console.log(renderList(chosen.map(({ row }) => row)));
    return 0;
  }
  return await measureAll({ flags, filters, place, files, chosen });
}

async function measureAll({ flags, filters, place, files, chosen }: Plan): Promise<number> {
  const began = new Date();
  const [load = 0] = Deno.loadavg(); // Before we load the machine ourselves.
  const { sourceRoot, temporaryDirectory } = place;
  const interruption = interruptedBySignals();
  Deno.mkdirSync(temporaryDirectory);
  using _removal = {
    [Symbol.dispose]: () => Deno.removeSync(temporaryDirectory, { recursive: true }),
  };
  const deno = denoProgram();
  const rounds = flags.rounds ?? (flags.guard ? GUARD_ROUNDS : ROUND_COUNT_MIN);
  const stored = readStored(join(sourceRoot, STORED_PATH));
  using runner = new RowRunner(chosen, {
    bench: { deno, sourceRoot, temporaryDirectory, interruption },
    rounds,
    quiet: flags.quiet,
    storedSeconds: (name) => stored?.rows[name]?.seconds,
  });
  if (flags.guard) {
    await guard(chosen, runner, stored);
    return interruption.aborted ? EXIT_INTERRUPTED : 0;
  }
  const style = makeStyle({ coloured: wantsColour(Deno.stdout) });
  const isPlainWell = files.plain.length === 0 ||
    await runPlainBenches(files.plain, { deno, sourceRoot, filters, interruption });
  if (chosen.length > 0) {
    const print = (lines: string) => console.log(lines);
    const machine = machineRecord();
    const options = { chosen, runner, rounds, began, load, interruption, machine, print, style };
    const run = await runWhole(options);
    await writeReports(run, flags, place);
    if (flags.store) store(run, runner, stored, sourceRoot);
    if (run.rows.some((row) => "failure" in row) && !interruption.aborted) return 1;
  }
  if (interruption.aborted) return EXIT_INTERRUPTED;
  return isPlainWell ? 0 : 1;
}

/** Compares with what is stored. */
async function guard(
  chosen: readonly FiledRow[],
  runner: RowRunner,
  stored: StoredRatios | undefined,
): Promise<void> {
  if (stored === undefined) {
    console.log(`guard: there are no stored ratios in ${STORED_PATH}: nothing to compare with`);
    return;
  }
  await runGuard({
    names: chosen.map(({ row }) => row.name),
    measureRow: (name, rounds) => runner.run(chosen.find(({ row }) => row.name === name)!, rounds),
    stored,
    print: (line) => console.log(line),
    nowMs: () => performance.now(),
  });
}

/** Writes what the user wants to keep. */
async function writeReports(
  run: BenchRun,
  { json, html }: Plan["flags"],
  { directory }: Place,
): Promise<void> {
  if (json !== undefined) Deno.writeTextFileSync(resolve(directory, json), renderJson(run));
  if (html === undefined) return;
  const { renderBenchPage } = await import("./html_page.ts"); // It loads a library.
  Deno.writeTextFileSync(resolve(directory, html), renderBenchPage(run));
}

function store(
  { rows, began }: BenchRun,
  runner: RowRunner,
  stored: StoredRatios | undefined,
  sourceRoot: string,
): void {
  const own = storedRatios(rows, (name) => runner.secondsOf(name), new Date(began));
  const text = JSON.stringify(mergeStored(stored, own), null, 2) + "\n";
  Deno.writeTextFileSync(join(sourceRoot, STORED_PATH), text);
}

function readStored(path: string): StoredRatios | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The measurement that is under way ends in order, in bounded time: we stay until it has. */
function interruptedBySignals(): AbortSignal {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => interruption.abort());
  }
  return interruption.signal;
}
