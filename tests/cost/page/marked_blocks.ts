/**
 * Blocks of a page that a program writes: what stands between two comments.
 *
 * ```text
 * <!-- cost:null-call/hot -->
 * whatever was measured last
 * <!-- /cost:null-call/hot -->
 * ```
 *
 * @module
 */

/** The content of a block, or nothing if the page has no such block. */
export function markedBlock(page: string, name: string): string | undefined {
  const [from, to] = bounds(page, name);
  return from < 0 || to < from ? undefined : page.slice(from, to);
}

/**
 * A page with another content of a block.
 *
 * @throws {RangeError} If the page has no such block.
 */
export function withBlock(page: string, name: string, content: string): string {
  const [from, to] = bounds(page, name);
  if (from < 0 || to < from) {
    throw new RangeError(`Cannot write the block ${name}: the page has no such marks`);
  }
  return `${page.slice(0, from)}\n${content.trim()}\n\n${page.slice(to)}`;
}

/** The names of all blocks of a page that begin with a word, as `"cost:"`. */
export function blockNames(page: string, word: string): string[] {
  const names = Array.from(page.matchAll(/^<!-- ([^/ ][^ ]*) -->$/gm), ([, name = ""]) => name);
  return names.filter((name) => name.startsWith(word));
}

/** A table as Markdown has it, whose columns a formatter may align. */
export function markdownTable(
  head: readonly string[],
  align: readonly ("left" | "right")[],
  rows: readonly (readonly string[])[],
): string {
  const rule = align.map((side) => side === "right" ? "--:" : "---");
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The rows of the first table in a text, its head first, without the rule below that. */
export function readTable(text: string): string[][] {
  const rows = text.split("\n").filter((line) => line.startsWith("|")).map((line) =>
    line.slice(1, line.lastIndexOf("|")).split("|").map((cell) => cell.trim())
  );
  return rows.filter((_, index) => index !== 1);
}

function bounds(page: string, name: string): [number, number] {
  const open = `<!-- ${name} -->\n`;
  const at = page.indexOf(open);
  if (at < 0) return [-1, -1];
  return [at + open.length, page.indexOf(`<!-- /${name} -->`, at)];
}
