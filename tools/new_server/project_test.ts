import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { UsageError } from "../command_line/command.ts";
import { readCheckout } from "./checkout.ts";
import { projectFiles } from "./project.ts";
import { readServerName } from "./server_name.ts";

const SOURCE = readCheckout(join(import.meta.dirname!, "../.."));

const CODE = `import { Tally } from "./protocol.ts";
const domains = { tally: { serves: { tally: Tally } } };
connect(Tally, "tally");
domains["tally"];
`;

function rename(name: string, code: string): string {
  const template = new Map([["code.ts", code]]);
  return projectFiles(readServerName(name), { ...SOURCE, template }).get("code.ts")!;
}

Deno.test("projectFiles() renames keys, texts and types", () => {
  assertEquals(rename("cart", CODE), CODE.replaceAll("tally", "cart").replaceAll("Tally", "Cart"));
  assertEquals(
    rename("shopping-cart", CODE),
    `import { ShoppingCart } from "./protocol.ts";
const domains = { "shopping-cart": { serves: { "shopping-cart": ShoppingCart } } };
connect(ShoppingCart, "shopping-cart");
domains["shopping-cart"];
`,
  );
});

Deno.test("projectFiles() renames once where the new name has the old one in it", () => {
  assertEquals(rename("tally-tally", '{ tally: "tally" }'), '{ "tally-tally": "tally-tally" }');
  assertEquals(rename("tally", CODE), CODE);
});

Deno.test("projectFiles() leaves nothing of the template's name, and knows where Hako is", () => {
  const files = projectFiles(readServerName("shopping-cart"), SOURCE);
  assertEquals([...files.keys()], [
    "deno.json",
    "README.md",
    "main.ts",
    "protocol.ts",
    "server.ts",
    "server_test.ts",
    "system.ts",
  ]);
  for (const [name, text] of files) assertEquals(/tally/i.exec(text), null, name);
  assertStringIncludes(files.get("README.md")!, `Hako itself comes from \`${SOURCE.sourceRoot}\``);
});

Deno.test("projectFiles() names files that exist", () => {
  const { imports } = JSON.parse(projectFiles(readServerName("cart"), SOURCE).get("deno.json")!);
  const paths = Object.values(imports as Record<string, string>);
  for (const path of paths) assertEquals(Deno.statSync(path).isFile, true, path);
  for (const name of ["@hako/ipc", "@hako/kernel/domain", "@hako/kernel/keeps", "@std/assert"]) {
    assertEquals(name in imports, true, name);
  }
});

Deno.test("projectFiles() refuses a protocol that would hide what the code uses", () => {
  for (const name of ["deno", "array", "promise", "operations", "system-event"]) {
    assertThrows(() => projectFiles(readServerName(name), SOURCE), UsageError, "is something else");
  }
});
