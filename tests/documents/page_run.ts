/**
 * Runs a page as its reader would: begins in an empty directory, writes its files and types its
 * commands, in one shell, in the order of the page.
 *
 * ```text
 * DIRECTORY/bin/     hako, deno: as an installation has them
 *           blocks/  the page's files, and what each block of commands has printed
 *           work/    where the reader is
 * ```
 *
 * @module
 */

import { join } from "node:path";
import { denoProgram } from "../../tools/command_line/deno_program.ts";
import { CONFINED, has } from "./host_needs.ts";
import type { Block, Page } from "./page.ts";

/** Where Hako's own source is. */
export const ROOT: string = join(import.meta.dirname!, "../..");

/** A page that takes longer is ended; what its last block has printed shows where it was. */
const PAGE_SECONDS_MAX = "120";

/** What a block of commands has come to. */
export interface Outcome {
  /** What it printed, on both streams, as a terminal shows it. */
  readonly output: string;
  /** Whether its last command succeeded; no block after one that failed is begun. */
  readonly succeeded: boolean;
}

/**
 * Runs a page.
 *
 * @returns What became of the blocks of commands that were begun, by their lines.
 */
export async function runPage(page: Page): Promise<ReadonlyMap<number, Outcome>> {
  const directory = await Deno.makeTempDir({ prefix: "hako-page-" });
  try {
    for (const name of ["bin", "blocks", "work", "temporary"]) {
      Deno.mkdirSync(join(directory, name));
    }
    writePrograms(join(directory, "bin"));
    const blocks = page.blocks.filter(isRunnable);
    Deno.writeTextFileSync(join(directory, "script.sh"), scriptOf(blocks, directory));
    const command = ["-s", "KILL", PAGE_SECONDS_MAX, ...CONFINED, "sh", "../script.sh"];
    await new Deno.Command("timeout", {
      args: command,
      cwd: join(directory, "work"),
      env: {
        PATH: `${join(directory, "bin")}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
        HAKO: ROOT,
        TMPDIR: join(directory, "temporary"),
        XDG_STATE_HOME: join(directory, "temporary"),
        NO_COLOR: "1",
      },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return outcomesOf(blocks, join(directory, "blocks"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Whether this machine has what a block needs. */
export function isRunnable(block: Block): boolean {
  return block.kind !== "commands" || block.needs.every(has);
}

/** `hako` and `deno`, wherever this machine has them. */
function writePrograms(directory: string): void {
  const deno = denoProgram().startsWith("/") ? denoProgram() : Deno.execPath();
  const flags = `--quiet --frozen --no-prompt --config="${ROOT}/deno.json" ` +
    `--allow-env=INIT_CWD,TMPDIR,NO_COLOR --allow-run="${deno}"`;
  writeProgram(join(directory, "deno"), `exec "${deno}" "$@"`);
  writeProgram(
    join(directory, "hako"),
    `INIT_CWD=$PWD exec "${deno}" run ${flags} "${ROOT}/tools/hako.ts" "$@"`,
  );
}

function writeProgram(path: string, line: string): void {
  Deno.writeTextFileSync(path, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
}

/** The page as one script. A block that was done leaves a file that says so. */
function scriptOf(blocks: readonly Block[], directory: string): string {
  const lines = ["set -e", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"];
  for (const block of blocks) {
    const path = join(directory, "blocks", `${block.line}`);
    if (block.kind === "file") {
      Deno.writeTextFileSync(path, block.text);
      lines.push(`mkdir -p "$(dirname "${block.name}")"`, `cp "${path}" "${block.name}"`);
    }
    if (block.kind === "commands") {
      lines.push(`exec >"${path}.said" 2>&1`, block.text, `: >"${path}.done"`);
    }
  }
  return lines.join("\n") + "\n";
}

function outcomesOf(blocks: readonly Block[], directory: string): Map<number, Outcome> {
  const names = new Set(Array.from(Deno.readDirSync(directory), ({ name }) => name));
  const outcomes = new Map<number, Outcome>();
  for (const { line } of blocks) {
    if (!names.has(`${line}.said`)) continue;
    const output = Deno.readTextFileSync(join(directory, `${line}.said`));
    outcomes.set(line, { output, succeeded: names.has(`${line}.done`) });
  }
  return outcomes;
}
