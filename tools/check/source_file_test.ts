import { assertEquals } from "@std/assert";
import { readSourceFile } from "./source_file.ts";

Deno.test("readSourceFile() sees every way to refer to a file", () => {
  const { references } = readSourceFile(
    "a.ts",
    [
      'import "./effect.ts";',
      'import type { A } from "./a_type.ts";',
      'import { type B } from "./b_type.ts";',
      'import { type C, d } from "./c_value.ts";',
      'export { e } from "./e.ts";',
      'export type { F } from "./f.ts";',
      'type G = import("./g.ts").G;',
      'const h = await import("./h.ts");',
      'const i = new URL("i.ts", import.meta.url);',
      'const j = import.meta.resolve("./j.ts");',
      "const k = await import(computed);",
      'const l = "import from ./text.ts"; // import "./comment.ts"',
    ].join("\n"),
  );
  assertEquals(references.map(({ specifier, kind, line }) => [specifier, kind, line]), [
    ["./effect.ts", "value", 1],
    ["./a_type.ts", "type", 2],
    ["./b_type.ts", "type", 3],
    ["./c_value.ts", "value", 4],
    ["./e.ts", "value", 5],
    ["./f.ts", "type", 6],
    ["./g.ts", "type", 7],
    ["./h.ts", "value", 8],
    ["i.ts", "url", 9],
    ["./j.ts", "url", 10],
  ]);
});

Deno.test("readSourceFile() measures functions and methods, not arrows", () => {
  const { functions, lineCount } = readSourceFile(
    "a.ts",
    "function f() {\n}\nclass A {\n  m() {\n    return () => {\n    };\n  }\n}\n",
  );
  assertEquals(functions, [{ name: "f", line: 1, lineCount: 2 }, {
    name: "m",
    line: 4,
    lineCount: 4,
  }]);
  assertEquals(lineCount, 8);
});
