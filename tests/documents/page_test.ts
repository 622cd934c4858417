import { assert, assertEquals, assertThrows } from "@std/assert";
import { isAsShown } from "./output_pattern.ts";
import { anchorsOf, readPage } from "./page.ts";

const FENCE = "```";

function page(...blocks: readonly (readonly [string, string])[]) {
  const text = blocks.map(([words, content]) => `${FENCE}${words}\n${content}${FENCE}\n`);
  return readPage("page.md", `# Page\n\n${text.join("\nprose\n\n")}`);
}

Deno.test("readPage() tells what each block is for", () => {
  const { blocks } = page(
    ["ts", "run();\n"],
    ["ts ignore", "// a/server.ts\nserve();\n"],
    ["sh needs=mount,fio", "fio\n"],
    ["console", "fine\n"],
    ["text", "a picture\n"],
  );
  assertEquals(blocks, [
    { kind: "program", line: 3 },
    { kind: "file", line: 9, name: "a/server.ts", text: "// a/server.ts\nserve();\n" },
    { kind: "commands", line: 16, needs: ["mount", "fio"], text: "fio\n" },
    { kind: "output", line: 22, text: "fine\n" },
  ]);
});

Deno.test("readPage() refuses blocks that nobody would run, and output of nothing", () => {
  assertThrows(() => page(["ts ignore", "serve();\n"]), SyntaxError, "names no file");
  assertThrows(() => page(["sh ignore", "fio\n"]), SyntaxError, 'has no "ignore"');
  assertThrows(() => page(["ts", "1;\n"], ["console", "1\n"]), SyntaxError, "page.md:9: no comm");
});

Deno.test("readPage() finds links, and none in code", () => {
  const { links } = readPage("page.md", "[a](b.md) `[c](d.md)`\n```sh\n[e](f.md)\n```\n[g](#h)\n");
  assertEquals(links, ["b.md", "#h"]);
});

Deno.test("isAsShown() lets differ what the page leaves out, and nothing else", () => {
  assert(isAsShown("one\n...\nfour\n", "one\ntwo\nthree\nfour\n"));
  assert(isAsShown("one\n...\nfour", "one\nfour\n\n"));
  assert(isAsShown("took ... ms (a*b)", "took 17.2 ms (a*b)\n"));
  assert(!isAsShown("took ... ms", "took 17 s\n"));
  assert(!isAsShown("one\nfour", "one\ntwo\nfour\n"));
  assert(!isAsShown("a.c\n", "abc\n"));
  assert(!isAsShown("...\nfour", "four\nfive\n"));
});

Deno.test("anchorsOf() names headings as GitHub does", () => {
  const anchors = anchorsOf("# Use it\n\n## What `a()` can't do\n```sh\n# no heading\n```\n");
  assertEquals([...anchors], ["use-it", "what-a-cant-do"]);
});
