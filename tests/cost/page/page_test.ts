/**
 * The figures of docs/performance.md are of the present code's tables and curves, whatever they say.
 */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { resolve } from "node:path";
import { chartOf } from "../../growth/page/chart.ts";
import { chartFile, curveBlock, GROWTH_BLOCK } from "../../growth/page/write.ts";
import { CURVES } from "../../growth/curves.ts";
import { escapeHtml } from "../../../tools/charts/escape_html.ts";
import { cellsOf, headOf } from "../cells.ts";
import { type Figure, figuresOf } from "../figures.ts";
import { rowsOf, type Sample } from "../cost_path.ts";
import { PATHS } from "../paths.ts";
import { BOUNDS_BLOCK, boundsText } from "./bounds.ts";
import { blockNames, markedBlock, readTable, withBlock } from "./marked_blocks.ts";
import { measuredBlock, PAGE, pageWith, pictureOf, tableBlock } from "./write.ts";
import { NAME_CHARACTERS_MAX, plain, waterfall } from "./waterfall.ts";

const ROOT = resolve(import.meta.dirname!, "../../..");

const page = Deno.readTextFileSync(`${ROOT}/${PAGE}`);

Deno.test("withBlock() changes one block and nothing else, and refuses one that is not there", () => {
  const text = "a\n<!-- cost:x -->\nold\n<!-- /cost:x -->\nb\n";
  const changed = withBlock(text, "cost:x", "new");
  assertEquals(changed, "a\n<!-- cost:x -->\n\nnew\n\n<!-- /cost:x -->\nb\n");
  assertEquals(markedBlock(changed, "cost:x")!.trim(), "new");
  assertEquals(blockNames(changed, "cost:"), ["cost:x"]);
  assertThrows(() => withBlock(text, "cost:y", "new"), RangeError, "no such marks");
});

Deno.test("the page has a table for each table of the paths, with their rows, and no other", () => {
  const wanted: string[] = [];
  for (const path of PATHS) {
    wanted.push(measuredBlock(path));
    assertStringIncludes(markedBlock(page, measuredBlock(path)) ?? "", "Measured on ");
    for (const [name, table] of Object.entries(path.tables)) {
      const block = tableBlock(path, name);
      wanted.push(block);
      const rows = readTable(markedBlock(page, block) ?? "");
      const shown = rows.map(([who, what, , , , how]) => [who, what, how]);
      const present = [headOf(table), ...cellsOf(table, {})];
      assertEquals(shown, present.map(([who, what, , , , how]) => [who, what, how]), block);
    }
  }
  assertEquals(blockNames(page, "cost:").toSorted(), wanted.toSorted());
});

Deno.test("the page's summary is that of its tables", () => {
  const shown = readTable(markedBlock(page, BOUNDS_BLOCK) ?? "");
  assertEquals(shown, readTable(boundsText(page)));
  for (const [what, , , times] of shown.slice(1)) assert(Number(times) > 0, what);
});

Deno.test("the page's pictures of paths show the present steps", () => {
  let count = 0;
  for (const path of PATHS) {
    for (const [name, table] of Object.entries(path.tables)) {
      const file = pictureOf(path, name);
      if (!page.includes(`(${file})`)) continue;
      const picture = Deno.readTextFileSync(`${ROOT}/docs/${file}`);
      for (const row of [...Object.values(table.steps), ...Object.values(table.beside)]) {
        assert(row.name.length <= NAME_CHARACTERS_MAX, `${row.name} is too long for a picture`);
        assertStringIncludes(picture.replaceAll(/\s+/g, " "), escapeHtml(plain(row.name)), file);
      }
      assertStringIncludes(picture, "prefers-color-scheme: dark");
      count++;
    }
  }
  assert(count >= PATHS.filter(({ tables }) => Object.values(tables)[0]!.whole).length);
});

Deno.test("the page has a table and a chart for each growth curve, and no other", () => {
  assertStringIncludes(markedBlock(page, GROWTH_BLOCK) ?? "", "Measured on ");
  for (const curve of CURVES) {
    const [head = [], ...rows] = readTable(markedBlock(page, curveBlock(curve)) ?? "");
    const points = curve.points.map((count) => count.toLocaleString("en-US"));
    assertEquals(head, [curve.what, ...points], curve.name);
    assert(rows.length > 0 && rows.every((row) => row.length === head.length), curve.name);
    assertStringIncludes(page, `(${chartFile(curve)})`);
    const chart = Deno.readTextFileSync(`${ROOT}/docs/${chartFile(curve)}`);
    for (const [name = ""] of rows) {
      assertStringIncludes(chart.replaceAll(/\s+/g, " "), escapeHtml(name), curve.name);
    }
  }
  assertEquals(blockNames(page, "growth:").toSorted(), CURVES.map(curveBlock).toSorted());
});

Deno.test("pageWith() writes what a run measured into the page", () => {
  const [path] = PATHS;
  const [name, table] = Object.entries(path!.tables)[0]!;
  const keys = [...rowsOf(table).keys()];
  const sample: Sample = Object.fromEntries(keys.map((key, at) => [`${name}.${key}`, 1000 + at]));
  const paths = { [path!.name]: figuresOf(path!, [sample]) };
  const written = pageWith(page, { version: 1, machine: "a machine", rounds: 1, paths });
  const rows = readTable(markedBlock(written, tableBlock(path!, name))!);
  assertEquals(rows[1]![2], "1,000");
  assertStringIncludes(markedBlock(written, measuredBlock(path!))!, "a machine; medians of 1");
});

Deno.test("waterfall() draws a bar for each row, and nothing where a step was not measured", () => {
  const table = PATHS[0]!.tables["hot"]!;
  const figure: Figure = { low: 1, median: 2, high: 3 };
  const figures = Object.fromEntries([...rowsOf(table).keys()].map((key) => [key, figure]));
  const bars = waterfall(table, figures)!.match(/<rect class="fill-/g)!;
  const counted = Object.keys(table.counts).length;
  assertEquals(bars.length, rowsOf(table).size - counted);
  assertEquals(waterfall(table, { whole: figure }), undefined);
});

Deno.test("chartOf() draws a point for each measurement, inside of the picture", () => {
  const points = [1, 10, 100].map((count) => ({
    count,
    figures: [{ name: "cost <of> it", value: count * 2, unit: "us" }],
  }));
  const chart = chartOf(CURVES[0]!, points);
  const places = Array.from(chart.matchAll(/cy="([\d.]+)"/g), ([, y]) => Number(y));
  assertEquals(places.length, 3);
  assertEquals(places, places.toSorted((one, other) => other - one), "more is higher");
  assertStringIncludes(chart, "cost &lt;of&gt; it, us");
});
