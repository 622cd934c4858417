/**
 * All pages of the documentation.
 *
 * @module
 */

import { join } from "node:path";
import { type Page, readPage } from "./page.ts";
import { ROOT } from "./page_run.ts";

/** Reads `docs/` with all below it. */
export function readPages(directory = "docs"): Page[] {
  const pages: Page[] = [];
  const entries = Array.from(Deno.readDirSync(join(ROOT, directory)));
  for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = `${directory}/${name}`;
    if (isDirectory) pages.push(...readPages(path));
    else if (name.endsWith(".md")) {
      pages.push(readPage(path, Deno.readTextFileSync(join(ROOT, path))));
    }
  }
  return pages;
}
