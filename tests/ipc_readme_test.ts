/**
 * What the README of `@hako/ipc` shows is run as a user would: its files in a directory of their
 * own, the package by its name.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { protocolTable } from "../ipc/mod.ts";
import { denoProgram } from "../tools/command_line/deno_program.ts";

const IPC = join(import.meta.dirname ?? ".", "../ipc");
const README = Deno.readTextFileSync(join(IPC, "README.md"));

/** The files that the README shows, by the name in their first line. */
function shownFiles(): Map<string, string> {
  const blocks = README.matchAll(/^```ts ignore\n(\/\/ (\w+\.ts)\n[^]*?)^```$/gm);
  return new Map([...blocks].map(([, text = "", name = ""]) => [name, text]));
}

/** Does something with the shown files in a directory. */
async function withShownFiles(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "hako-readme-" });
  try {
    const imports = { "@hako/ipc": pathToFileURL(join(IPC, "mod.ts")).href };
    await Deno.writeTextFile(join(directory, "deno.json"), JSON.stringify({ imports }));
    for (const [name, text] of shownFiles()) {
      await Deno.writeTextFile(join(directory, name), text);
    }
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function deno(args: string[], cwd: string): Promise<string> {
  const command = new Deno.Command(denoProgram(), { args, cwd, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("the two workers of the README of @hako/ipc do what their comments say", () =>
  withShownFiles(async (directory) => {
    assertEquals([...shownFiles().keys()], ["adder.ts", "server.ts", "main.ts"]);
    await deno(["check", "--quiet", "--no-lock", "main.ts", "server.ts"], directory);
    const permissions = [`--allow-read=${directory},${IPC}`, "--no-prompt"];
    const shown = await deno(
      ["run", "--quiet", "--no-lock", ...permissions, "main.ts"],
      directory,
    );
    assertEquals(shown, "3\n7\n11\n");
  }));

Deno.test("the table in the README of @hako/ipc is what protocolTable() says", () =>
  withShownFiles(async (directory) => {
    const { Adder } = await import(pathToFileURL(join(directory, "adder.ts")).href);
    assert(README.includes("```text\n" + protocolTable(Adder) + "```"), protocolTable(Adder));
  }));
