import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import importMap from "./import_map.json" with { type: "json" };
import { denoProgram } from "./deno_program.ts";
import { hakoImports, LAUNCHER_PACKAGES } from "./hako_imports.ts";
import { runProgram, SOURCE_ROOT } from "./test_hako.ts";

/** As README.md has it, but for where it goes. */
const INSTALL = [
  "install",
  "--global",
  "--name=hako",
  "--import-map=tools/command_line/import_map.json",
  "--no-prompt",
  "--allow-env=TMPDIR",
  "--allow-run=deno",
  "tools/hako.ts",
];

Deno.test("the import map of the launcher names the faces of all packages", () => {
  const expected = Object.entries(hakoImports("../..", LAUNCHER_PACKAGES, SOURCE_ROOT));
  assertEquals(importMap.imports, Object.fromEntries(expected));
});

Deno.test("deno install makes hako a command, which nothing has to be fetched for", async () => {
  const root = Deno.makeTempDirSync();
  const away = join(root, "away");
  Deno.mkdirSync(away);
  const env = { DENO_DIR: join(root, "cache"), DENO_INSTALL_ROOT: root, INIT_CWD: "/nowhere" };
  const installed = await runProgram(denoProgram(), INSTALL, { directory: SOURCE_ROOT, env });
  assertEquals(installed.code, 0, installed.stderr);

  const hako = (...args: string[]) => {
    const words = [join(root, "bin/hako"), ...args];
    return runProgram("sh", words, { directory: away, env });
  };
  const { stdout } = await hako("--version");
  assertStringIncludes(stdout, `(deno ${Deno.version.deno})`);
  // Relative to where it is typed, whatever a `deno task` around it says.
  const made = await hako("mkfs", "disk.img", "--size", "4M", "--quiet");
  assertEquals(made, { code: 0, stdout: "", stderr: "" });
  assertEquals(Deno.statSync(join(away, "disk.img")).size, 4 * 1024 * 1024);
  const { stdout: help } = await hako("help", "mkfs");
  assertStringIncludes(help, "Usage: hako mkfs [FLAGS] IMAGE");
  Deno.removeSync(root, { recursive: true });
});
