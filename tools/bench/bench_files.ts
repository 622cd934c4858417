/**
 * Finds the benchmarks of a source tree.
 *
 * @module
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readSourceTree } from "../check/source_tree.ts";
import type { PairedRow } from "./paired_row.ts";

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

/**
 * The benchmarks among the texts of a project, by path.
 *
 * @param filter Plain files that do not have this text anywhere are left out. Names of rows may be
 * computed, so the files that declare them are all there.
 */
export function findBenchFiles(texts: ReadonlyMap<string, string>, filter = ""): BenchFiles {
  const files = [...texts].filter(([path]) => path.endsWith("_bench.ts")).sort();
  const paired = files.filter(([, text]) => DECLARES_ROWS.test(text));
  const plain = files.filter(([, text]) => !DECLARES_ROWS.test(text) && text.includes(filter));
  const pathOf = ([path]: readonly [string, string]) => path;
  return { plain: plain.map(pathOf), paired: paired.map(pathOf) };
}

/** The benchmarks of the source at `root`. See {@linkcode findBenchFiles}. */
export async function readBenchFiles(root: string, filter: string): Promise<BenchFiles> {
  return findBenchFiles(await readSourceTree(root), filter);
}

/** The rows of files below `root`, in the order of the files and within them. */
export async function readRows(root: string, paths: readonly string[]): Promise<FiledRow[]> {
  const filed: FiledRow[] = [];
  for (const path of paths.map((below) => join(root, below))) {
    for (const row of await importRows(path)) filed.push({ path, row });
  }
  return filed;
}

/** The rows that the file at an absolute path declares. */
export async function importRows(path: string): Promise<readonly PairedRow[]> {
  const module: { readonly rows: readonly PairedRow[] } = await import(pathToFileURL(path).href);
  return module.rows;
}
