/**
 * Writes what was measured to its places in docs/performance.md, and the pictures that the page shows.
 *
 * @module
 */

import { denoProgram } from "../../../tools/command_line/deno_program.ts";
import { cellsOf, headOf } from "../cells.ts";
import type { CostPath, TablePlan } from "../cost_path.ts";
import type { CostRun, Figure, PathFigures } from "../figures.ts";
import { PATHS } from "../paths.ts";
import { BOUNDS_BLOCK, boundsText } from "./bounds.ts";
import { markdownTable, withBlock } from "./marked_blocks.ts";
import { waterfall } from "./waterfall.ts";

/** The page, below the root of the source. */
export const PAGE = "docs/performance.md";

/** Where its pictures are, as the page names them. */
export const PICTURES = "explanation/pictures";

/** The block of a path that says where it was measured. */
export function measuredBlock(path: CostPath): string {
  return `cost:${path.name}`;
}

/** The block of a table. */
export function tableBlock(path: CostPath, table: string): string {
  return `cost:${path.name}/${table}`;
}

/** The picture of a table, as the page names it. */
export function pictureOf(path: CostPath, table: string): string {
  return `${PICTURES}/cost_${path.name}_${table}.svg`.replaceAll("-", "_");
}

/** The page with the figures of a run in it. */
export function pageWith(page: string, run: CostRun): string {
  for (const path of PATHS) {
    const figures = run.paths[path.name];
    if (figures === undefined) continue;
    const where = `Measured on ${run.machine}; medians of ${run.rounds} rounds.`;
    page = withBlock(page, measuredBlock(path), where);
    for (const [name, table] of Object.entries(path.tables)) {
      page = withBlock(page, tableBlock(path, name), tableText(table, figures[name] ?? {}));
    }
  }
  return withBlock(page, BOUNDS_BLOCK, boundsText(page));
}

function tableText(table: TablePlan, figures: Readonly<Record<string, Figure>>): string {
  const align = ["left", "left", "right", "right", "right", "left"] as const;
  return markdownTable(headOf(table), align, cellsOf(table, figures));
}

/** Writes the page and its pictures, as the formatter wants them. */
export function writePage(root: string, run: CostRun): void {
  const page = pageWith(Deno.readTextFileSync(`${root}/${PAGE}`), run);
  Deno.writeTextFileSync(`${root}/${PAGE}`, page);
  const pictures = PATHS.flatMap((path) => {
    const figures = run.paths[path.name];
    return figures === undefined ? [] : writePictures(root, page, path, figures);
  });
  formatFiles(root, [PAGE, ...pictures]);
}

/** Has files formatted as the whole source is. */
export function formatFiles(root: string, paths: readonly string[]): void {
  const { success, stderr } = new Deno.Command(denoProgram(), {
    args: [
      "fmt",
      "--quiet",
      `--config=${root}/deno.json`,
      ...paths.map((path) => `${root}/${path}`),
    ],
    stdout: "null",
    stderr: "piped",
  }).outputSync();
  if (!success) throw new Error(`Cannot format: ${new TextDecoder().decode(stderr)}`);
}

function writePictures(
  root: string,
  page: string,
  path: CostPath,
  figures: PathFigures,
): string[] {
  return Object.entries(path.tables).flatMap(([name, table]) => {
    const file = pictureOf(path, name);
    const picture = page.includes(file) ? waterfall(table, figures[name] ?? {}) : undefined;
    if (picture === undefined) return [];
    Deno.writeTextFileSync(`${root}/docs/${file}`, picture);
    return [`docs/${file}`];
  });
}
