/**
 * The program of `deno task growth`: measures every point in a process of its own, and prints a table
 * for each curve.
 *
 * @module
 */

import { resolve } from "node:path";
import { denoProgram } from "../../tools/command_line/deno_program.ts";
import { runTask } from "../../tools/command_line/run_main.ts";
import { terminalProgress } from "../../tools/terminal/progress.ts";
import { renderTable } from "../../tools/terminal/table.ts";
import { growthCommand } from "./command.ts";
import type { Curve, GrowthFigure } from "./curve.ts";
import { machineName } from "../cost/machine_name.ts";
import { CURVES } from "./curves.ts";
import { digits, figureNames, type Point } from "./page/chart.ts";
import { writeCurves } from "./page/write.ts";

const ROOT = resolve(import.meta.dirname!, "../..");

await runTask(growthCommand, async ({ arguments: names, flags }) => {
  const { most = Infinity, json, write, machine } = flags;
  const chosen = CURVES.filter(({ name }) => names.length === 0 || names.includes(name));
  const curves: Record<string, readonly Point[]> = {};
  let code = 0;
  for (const curve of chosen) {
    using progress = terminalProgress({ quiet: false });
    const points: Point[] = [];
    const counts = curve.points.filter((count) => count <= most);
    for (const [index, count] of counts.entries()) {
      progress.update(`${curve.name} ${count.toLocaleString("en-US")}`, index, counts.length);
      const figures = await measure(curve, count);
      if (figures === undefined) code = 1;
      else points.push({ count, figures });
    }
    progress.erase();
    if (!json) console.log(`${render(curve, points)}\n`);
    curves[curve.name] = points;
  }
  if (json) console.log(JSON.stringify({ version: 1, curves }, null, 2));
  if (write) {
    const written = chosen.map((curve) => ({ curve, points: curves[curve.name]! }));
    writeCurves(ROOT, machineName(machine), written);
  }
  return code;
});

/** In a fresh process, which leaves nothing behind. */
async function measure(curve: Curve, count: number): Promise<readonly GrowthFigure[] | undefined> {
  const directory = Deno.makeTempDirSync({ prefix: "hako-growth-" });
  try {
    const args = [
      ...["run", "--quiet", "--frozen", "--no-prompt", "--unstable-worker-options"],
      `--config=${ROOT}/deno.json`,
      `--allow-read=${ROOT},${directory}`,
      `--allow-write=${directory}`,
      ...[`${ROOT}/tests/growth/one_point.ts`, curve.name, String(count), directory],
    ];
    const options = { args, stdin: "null", stdout: "piped", stderr: "inherit" } as const;
    const { success, stdout } = await new Deno.Command(denoProgram(), options).output();
    if (!success) {
      console.error(`growth: ${curve.name} of ${count} was not measured`);
      return undefined;
    }
    const last = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!;
    return JSON.parse(last) as readonly GrowthFigure[];
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** A line for each figure, a column for each point. */
function render({ what }: Curve, points: readonly Point[]): string {
  const head = [what, ...points.map(({ count }) => count.toLocaleString("en-US"))];
  const rows = figureNames(points).map((name) => {
    const found = points.map(({ figures }) => figures.find((figure) => figure.name === name));
    const unit = found.find((figure) => figure !== undefined)!.unit;
    return [`${name}, ${unit}`, ...found.map((figure) => figure ? digits(figure.value) : "-")];
  });
  const align = head.map((_, column) => column === 0 ? "left" as const : "right" as const);
  return renderTable({ head, rows, align });
}
