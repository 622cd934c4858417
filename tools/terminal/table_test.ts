import { assertEquals, assertLessOrEqual } from "@std/assert";
import { makeStyle } from "./style.ts";
import { renderTable, wrap } from "./table.ts";

Deno.test("renderTable() aligns columns, numbers to the right", () => {
  const table = renderTable({
    head: ["scenario", "ms"],
    rows: [["copy", "7"], ["kill the disk", "1,204"]],
    align: ["left", "right"],
  });
  assertEquals(
    table,
    [
      "scenario          ms",
      "-------------  -----",
      "copy               7",
      "kill the disk  1,204",
    ].join("\n"),
  );
});

Deno.test("renderTable() wraps a long last column within 80 columns", () => {
  const table = renderTable({ rows: [["name", "word ".repeat(40).trim()], ["b", "short"]] });
  const lines = table.split("\n");
  for (const line of lines) assertLessOrEqual(line.length, 80);
  assertEquals(lines[1]?.startsWith("      word"), true);
  assertEquals(lines.at(-1), "b     short");
});

Deno.test("renderTable() does not count styles, and takes short rows", () => {
  const style = makeStyle({ coloured: true });
  const table = renderTable({ rows: [[style("red", "a"), "1"], ["bcd", "2"], ["e"]] });
  assertEquals(table, `${style("red", "a")}    1\nbcd  2\ne`);
});

Deno.test("wrap() keeps a word that is too long whole", () => {
  assertEquals(wrap("ab abcdef c", 4), "ab\nabcdef\nc");
});
