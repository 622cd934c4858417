/**
 * The pages of the documentation reach each other, and each says first what it is for.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, join } from "node:path";
import { anchorsOf } from "./page.ts";
import { ROOT } from "./page_run.ts";
import { readPages } from "./pages.ts";

const PAGES = readPages();

/** Pages that take a reader somewhere. */
const GUIDES = /^docs\/(?:tutorial|how-to|explanation)\//;

Deno.test("links of the pages lead somewhere, to a heading that is there", () => {
  const broken: string[] = [];
  for (const { path, links } of PAGES) {
    for (const link of links) {
      if (/^https?:/.test(link) || isFound(path, link)) continue;
      broken.push(`${path}: ${link}`);
    }
  }
  assertEquals(broken, []);
});

function isFound(path: string, link: string): boolean {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? join(ROOT, path) : join(ROOT, dirname(path), file);
  try {
    if (anchor === undefined) return Deno.statSync(target) !== undefined;
    return anchorsOf(Deno.readTextFileSync(target)).has(anchor);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("every guide begins with what its reader will have, and the index names it", () => {
  const index = PAGES.find(({ path }) => path === "docs/README.md");
  const guides = PAGES.filter(({ path }) => GUIDES.test(path));
  assert(index !== undefined && guides.length > 0);
  for (const { path, text } of guides) {
    assertMatch(text, /^# .+\n\nAt the end of this page /, path);
    assert(
      index.links.includes(path.slice("docs/".length)),
      `docs/README.md does not name ${path}`,
    );
  }
});
