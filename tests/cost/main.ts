/**
 * The program of `deno task cost`: measures every part of every path in a process of its own, in
 * turn, and prints a table for each.
 *
 * @module
 */

import { resolve } from "node:path";
import { denoProgram } from "../../tools/command_line/deno_program.ts";
import { UsageError } from "../../tools/command_line/command.ts";
import { runTask } from "../../tools/command_line/run_main.ts";
import { terminalProgress } from "../../tools/terminal/progress.ts";
import { renderTable } from "../../tools/terminal/table.ts";
import { cellsOf, headOf } from "./cells.ts";
import { costCommand } from "./command.ts";
import type { CostPath, PartPlan, Sample } from "./cost_path.ts";
import { type CostRun, faultsOf, figuresOf, type PathFigures } from "./figures.ts";
import { machineName } from "./machine_name.ts";
import { writePage } from "./page/write.ts";
import { PATHS } from "./paths.ts";

const ROOT = resolve(import.meta.dirname!, "../..");

const ROUNDS = 5;

await runTask(costCommand, async ({ arguments: names, flags }) => {
  const { rounds = ROUNDS, json, write, from, machine } = flags;
  if (rounds === 0) throw new UsageError("Cannot run cost with --rounds 0: nothing is measured");
  const chosen = PATHS.filter(({ name }) => names.length === 0 || names.includes(name));
  const { run, failed } = from === undefined
    ? await measureAll(chosen, rounds, machine)
    : { run: readRun(from), failed: [] };
  for (const part of failed) console.error(`cost: ${part} was not measured`);
  if (json) console.log(JSON.stringify(run, null, 2));
  else for (const path of chosen) console.log(render(path, run.paths[path.name]));
  if (write) writePage(ROOT, run);
  return failed.length > 0 ? 1 : 0;
});

function readRun(path: string): CostRun {
  const run = JSON.parse(Deno.readTextFileSync(path)) as Partial<CostRun> | null;
  if (run?.version === 1 && run.paths !== undefined) return run as CostRun;
  throw new UsageError(`Cannot take figures from ${path}: it is nothing that cost --json printed`);
}

async function measureAll(chosen: readonly CostPath[], rounds: number, machine?: string) {
  const paths: Record<string, PathFigures> = {};
  const failed: string[] = [];
  for (const path of chosen) {
    const measured = await measurePath(path, rounds);
    paths[path.name] = figuresOf(path, measured.samples);
    failed.push(...measured.failed.map((part) => `${path.name} ${part}`));
  }
  const run: CostRun = { version: 1, machine: machineName(machine), rounds, paths };
  return { run, failed };
}

/** All parts once in each round. A part that fails is tried again in the next round. */
async function measurePath(path: CostPath, rounds: number) {
  using progress = terminalProgress({ quiet: false });
  const samples: Sample[] = [];
  const failed = new Set<string>();
  const parts = Object.entries(path.parts);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [name, part]] of parts.entries()) {
      const done = round * parts.length + index;
      progress.update(`${path.name} ${name}`, done, rounds * parts.length);
      const sample = await measure(path, name, part);
      if (sample === undefined) failed.add(name);
      else samples.push(sample);
    }
  }
  progress.erase();
  return { samples, failed: [...failed] };
}

/** In a fresh process, which leaves nothing behind. */
async function measure(path: CostPath, name: string, part: PartPlan): Promise<Sample | undefined> {
  const directory = Deno.makeTempDirSync({ prefix: "hako-cost-" });
  try {
    const args = [
      ...["run", "--quiet", "--frozen", "--no-prompt", "--unstable-worker-options"],
      `--config=${ROOT}/deno.json`,
      `--allow-read=${ROOT},${directory}`,
      `--allow-write=${directory}`,
      ...(part.permissions ?? []),
      ...[`${ROOT}/tests/cost/one_part.ts`, path.name, name, directory],
    ];
    const options = { args, stdin: "null", stdout: "piped", stderr: "inherit" } as const;
    const { success, stdout } = await new Deno.Command(denoProgram(), options).output();
    if (!success) return undefined;
    const last = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!;
    const sample = JSON.parse(last) as Sample;
    const faults = faultsOf(path, sample);
    if (faults.length > 0) throw new Error(`Cannot use what was measured: ${faults.join("; ")}`);
    return sample;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function render(path: CostPath, figures: PathFigures | undefined): string {
  if (figures === undefined) return `${path.what}: not measured\n`;
  const tables = Object.entries(path.tables).map(([name, table]) => {
    const rows = cellsOf(table, figures[name] ?? {}).map((cells) =>
      cells.map((cell) => cell.replaceAll(/[`*]/g, ""))
    );
    const align = ["left", "left", "right", "right", "right", "left"] as const;
    return `${table.title}\n${renderTable({ head: headOf(table), rows, align, width: 130 })}`;
  });
  return `${path.what}\n\n${tables.join("\n\n")}\n`;
}
