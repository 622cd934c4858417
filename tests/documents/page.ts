/**
 * A page of the documentation, and the blocks of code in it.
 *
 * ```text
 * ts                      a whole program: `deno test --doc` runs it
 * ts ignore, // NAME      a file of the page: written here, and run by the commands that follow
 * sh [needs=A,B]          commands, in one shell for the page
 * console                 what the commands before it say: `...` stands for what differs
 * anything else           a picture, or a piece of a file: only to be read
 * ```
 *
 * @module
 */

/** What a block is for. */
export type Block =
  | { readonly kind: "program"; readonly line: number }
  | {
    readonly kind: "file";
    readonly line: number;
    readonly name: string;
    readonly text: string;
  }
  | {
    readonly kind: "commands";
    readonly line: number;
    readonly text: string;
    readonly needs: readonly string[];
  }
  | { readonly kind: "output"; readonly line: number; readonly text: string };

/** A page. */
export interface Page {
  /** Its path below the root of the source. */
  readonly path: string;
  /** The blocks that mean something to a test, in their order. */
  readonly blocks: readonly Block[];
  /** All of it. */
  readonly text: string;
  /** Where its links lead, as they are written. */
  readonly links: readonly string[];
}

const FENCE = /^```(.*)\n([^]*?)^```$/gm;
const TITLE = /^\/\/ ([\w./-]+\.ts)\n/;
const LINK = /\]\(([^)\s]+)\)/g;

/**
 * Reads a page.
 *
 * @throws {SyntaxError} If a block of it would never be run, or is the output of nothing.
 */
export function readPage(path: string, text: string): Page {
  const blocks: Block[] = [];
  for (const { 1: words = "", 2: content = "", index } of text.matchAll(FENCE)) {
    const line = text.slice(0, index).split("\n").length;
    const refuse = (what: string): never => {
      throw new SyntaxError(`Cannot read ${path}:${line}: ${what}`);
    };
    const block = readBlock(words.trim().split(/\s+/), content, line, refuse);
    if (block?.kind === "output" && blocks.at(-1)?.kind !== "commands") {
      refuse("no commands stand before this output");
    }
    if (block !== undefined) blocks.push(block);
  }
  const prose = text.replace(FENCE, "").replace(/`[^`]*`/g, "");
  const links = Array.from(prose.matchAll(LINK), ([, link = ""]) => link);
  return { path, blocks, text, links };
}

/** The names by which links reach a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const headings = text.replace(FENCE, "").matchAll(/^#+ (.*)$/gm);
  return new Set(Array.from(headings, ([, heading = ""]) => {
    return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
  }));
}

function readBlock(
  [language = "", ...words]: readonly string[],
  text: string,
  line: number,
  refuse: (what: string) => never,
): Block | undefined {
  if (language === "ts") {
    if (!words.includes("ignore")) return { kind: "program", line };
    const name = TITLE.exec(text)?.[1] ??
      refuse("nobody runs this block: its first line names no file, as // server.ts");
    return { kind: "file", line, name, text };
  }
  if (language === "sh") {
    const needs = words.flatMap((word) =>
      word.startsWith("needs=")
        ? word.slice("needs=".length).split(",")
        : refuse(`a block of commands has no "${word}"`)
    );
    return { kind: "commands", line, text, needs };
  }
  if (language === "console") return { kind: "output", line, text };
  return undefined;
}
