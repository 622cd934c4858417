/**
 * The files of a new server: those of the template under another name, and the `deno.json` that lets
 * them find Hako. The template is a server itself, checked and tested under its own name.
 *
 * @module
 */

import { UsageError } from "../command_line/command.ts";
import type { ServerName } from "./server_name.ts";

/** What the files are made from. */
export interface ProjectSource {
  /** The template's files by name. */
  readonly template: ReadonlyMap<string, string>;
  /** Hako's names, and the files that they mean: absolute paths. */
  readonly imports: Readonly<Record<string, string>>;
  /** How Hako's own source is checked: it is checked along with what uses it. */
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  /** Where Hako's own source is. */
  readonly sourceRoot: string;
}

/**
 * The files of a new server by name.
 *
 * @throws {UsageError} If its name means something else in its code.
 */
export function projectFiles(name: ServerName, source: ProjectSource): Map<string, string> {
  checkTaken(name, source.template);
  const files = new Map([["deno.json", configuration(source)]]);
  for (const [path, text] of source.template) {
    const renamed = path.endsWith(".ts") ? renameCode(text, name) : renameProse(text, name);
    files.set(path, renamed.replaceAll("`HAKO`", `\`${source.sourceRoot}\``));
  }
  return files;
}

/** The types that the template's code uses would be hidden by a protocol of the same name. */
function checkTaken({ kebab, pascal }: ServerName, template: ReadonlyMap<string, string>): void {
  for (const [path, text] of template) {
    if (!path.endsWith(".ts") || pascal === "Tally") continue;
    const code = text.replace(/\/\*\*.*?\*\//gs, "").replace(/\/\/.*/g, "");
    if (!new RegExp(`\\b${pascal}\\b`).test(code)) continue;
    throw new UsageError(
      `Cannot make a server "${kebab}": its protocol would be ${pascal}, which is something else`,
    );
  }
}

/** In code a key with a hyphen stands in quotes. */
function renameCode(text: string, name: ServerName): string {
  const key = name.kebab.includes("-") ? `"${name.kebab}":` : `${name.kebab}:`;
  return rename(text, name, (word) => word.endsWith(":") ? key : name.kebab);
}

function renameProse(text: string, name: ServerName): string {
  return rename(text, name, (word) => word.replace("tally", name.kebab));
}

/** In one pass: the new name may have the old one in it. */
function rename(text: string, { pascal }: ServerName, kebab: (word: string) => string): string {
  return text.replace(/\bTally\b|\btally\b:?/g, (word) => word === "Tally" ? pascal : kebab(word));
}

function configuration({ imports, compilerOptions, sourceRoot }: ProjectSource): string {
  const quote = sourceRoot.includes(" ") ? '"' : "";
  const read = `${quote}--allow-read=.,${sourceRoot}${quote}`;
  const tasks = {
    start: `deno run --no-prompt ${read} main.ts`,
    // Not checked again: a type check at the start of each worker would look like a hang.
    test: `deno test --no-prompt --no-check ${read}`,
    check: "deno check",
  };
  const document = { tasks, imports, unstable: ["worker-options"], compilerOptions };
  return JSON.stringify({ ...document, fmt: { lineWidth: 100 } }, null, 2) + "\n";
}
