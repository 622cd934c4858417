/**
 * Every command of the documentation is run, and prints what its page shows.
 */

import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { denoProgram } from "../../tools/command_line/deno_program.ts";
import { hakoImports, USABLE_PACKAGES } from "../../tools/command_line/hako_imports.ts";
import { readCheckout } from "../../tools/new_server/checkout.ts";
import { projectFiles } from "../../tools/new_server/project.ts";
import { readServerName } from "../../tools/new_server/server_name.ts";
import { writeProject } from "../../tools/new_server/written_project.ts";
import configuration from "../../deno.json" with { type: "json" };
import { has } from "./host_needs.ts";
import { isAsShown } from "./output_pattern.ts";
import type { Page } from "./page.ts";
import { isRunnable, type Outcome, ROOT, runPage } from "./page_run.ts";
import { readPages } from "./pages.ts";

const PAGES = readPages();

for (const page of PAGES) {
  for (const block of page.blocks) {
    if (block.kind !== "commands" || isRunnable(block)) continue;
    const lack = block.needs.filter((need) => !has(need)).join(", ");
    const name = `${page.path}:${block.line} (skipped: this machine has no ${lack})`;
    Deno.test({ name, ignore: true, fn: () => {} });
  }
  const isRun = page.blocks.some((block) => block.kind === "commands" && isRunnable(block));
  if (!isRun) continue;
  Deno.test(`the commands of ${page.path} do what it says`, async () => {
    checkOutcomes(page, await runPage(page));
  });
}

function checkOutcomes(page: Page, outcomes: ReadonlyMap<number, Outcome>): void {
  let latest: Outcome | undefined;
  for (const block of page.blocks) {
    const place = `${page.path}:${block.line}`;
    if (block.kind === "commands") {
      latest = outcomes.get(block.line);
      if (!isRunnable(block)) continue;
      assert(latest !== undefined, `${place} was not begun`);
      assert(latest.succeeded, `${place} failed:\n${latest.output}`);
    }
    if (block.kind !== "output" || latest === undefined) continue;
    if (isAsShown(block.text, latest.output)) continue;
    assertEquals(latest.output, block.text, `${place} shows what is not printed`);
  }
}

Deno.test("the files that pages show have the right types", async () => {
  const directory = await Deno.makeTempDir({ prefix: "hako-pages-" });
  try {
    const files = PAGES.flatMap((page) => writeFiles(page, join(directory, page.path)));
    assert(files.length > 0);
    const imports = hakoImports(ROOT, USABLE_PACKAGES);
    const { compilerOptions, unstable } = configuration;
    const text = JSON.stringify({ imports, unstable, compilerOptions });
    Deno.writeTextFileSync(join(directory, "deno.json"), text);
    const { success, stderr } = await new Deno.Command(denoProgram(), {
      args: ["check", "--quiet", ...files],
      cwd: directory,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Writes the files that a page shows, beside those of the project that it begins with, if any. */
function writeFiles({ blocks }: Page, directory: string): string[] {
  const commands = blocks.map((block) => block.kind === "commands" ? block.text : "").join("");
  const name = /^hako new server (\S+)/m.exec(commands)?.[1];
  if (name !== undefined) {
    const project = projectFiles(readServerName(name), readCheckout(ROOT));
    project.delete("deno.json"); // There is one for all.
    writeProject(directory, project);
  }
  const files = new Set<string>();
  for (const block of blocks) {
    if (block.kind !== "file") continue;
    const file = join(directory, block.name);
    Deno.mkdirSync(dirname(file), { recursive: true });
    Deno.writeTextFileSync(file, block.text); // Of a file that changes, the last form counts.
    files.add(file);
  }
  return [...files];
}
