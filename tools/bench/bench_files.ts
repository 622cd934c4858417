/**
 * Finds the benchmarks of a source tree.
 *
 * @module
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readSourceTree } from "../check/source_tree.ts";
import type { PairedRow } from "./paired_row.ts";
import { compareRooms } from "./rooms.ts";

/** The benchmarks of a source tree, by what runs them. Paths are below its root. */
export interface BenchFiles {
  /** Files that call `Deno.bench`. */
  readonly plain: readonly string[];
  /** Files that export `rows`. */
  readonly paired: readonly string[];
}

/** A row, and the file that declares it. */
export interface FiledRow {
  /** The absolute path of the file. */
  readonly path: string;
  /** The row. */
  readonly row: PairedRow;
}

/** How a file says that it declares paired rows. */
const DECLARES_ROWS = /^export const rows\b/m;

/** A plain benchmark, and its name. */
const PLAIN_BENCH = /\bDeno\.bench\(\s*(["'`])(.*?)\1/g;

/** What of a pattern is not meant as it is written. */
const SPECIAL = /[\\^$.*+?()[\]{}|/]/g;

/**
 * The benchmarks among the texts of a project, by path.
 *
 * @param filters Plain files are left out unless one of their names has one of these texts in it. Names
 * of rows may be computed, so the files that declare them are all there.
 */
export function findBenchFiles(
  texts: ReadonlyMap<string, string>,
  filters: readonly string[] = [],
): BenchFiles {
  const files = [...texts].filter(([path]) => path.endsWith("_bench.ts")).sort();
  const paired = files.filter(([, text]) => DECLARES_ROWS.test(text));
  const plain = files.filter(([, text]) => {
    if (DECLARES_ROWS.test(text)) return false;
    return [...text.matchAll(PLAIN_BENCH)].some(([, , name = ""]) => isChosen(name, filters));
  });
  const pathOf = ([path]: readonly [string, string]) => path;
  return { plain: plain.map(pathOf), paired: paired.map(pathOf) };
}

/** The benchmarks of the source at `root`. See {@linkcode findBenchFiles}. */
export async function readBenchFiles(
  root: string,
  filters: readonly string[],
): Promise<BenchFiles> {
  return findBenchFiles(await readSourceTree(root), filters);
}

/** The rows of files below `root`: room by room, in the order of the files and within them. */
export async function readRows(root: string, paths: readonly string[]): Promise<FiledRow[]> {
  const filed: FiledRow[] = [];
  for (const path of paths.map((below) => join(root, below))) {
    for (const row of await importRows(path)) filed.push({ path, row });
  }
  return filed.sort((one, other) => compareRooms(one.row.name, other.row.name));
}

/** The rows that the file at an absolute path declares. */
export async function importRows(path: string): Promise<readonly PairedRow[]> {
  const module: { readonly rows: readonly PairedRow[] } = await import(pathToFileURL(path).href);
  return module.rows;
}

/** Whether a name has one of the texts in it; any name if there are none. */
export function isChosen(name: string, filters: readonly string[]): boolean {
  return filters.length === 0 || filters.some((filter) => name.includes(filter));
}

/** What `deno bench --filter` takes for any of the texts. */
export function plainFilter(filters: readonly string[]): string {
  return `/${filters.map((filter) => filter.replace(SPECIAL, "\\$&")).join("|")}/`;
}
