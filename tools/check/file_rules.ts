/**
 * The rules about one file alone.
 *
 * @module
 */

import { posix } from "node:path";
import type { Finding } from "./finding.ts";
import { isTest } from "./rooms.ts";
import type { SourceFile } from "./source_file.ts";

/** At this length a file is split. */
const FILE_LINES_MAX = 500;

/** A function is never longer. */
const FUNCTION_LINES_MAX = 70;

/** Names that tell nothing. */
const EMPTY_NAME = /(?:^|_)(?:utils?|helpers?|commons?|types|managers?|misc)(?:_(?:test|bench))?$/;

/** Something that may be used only in some places. */
interface Confined {
  readonly rule: string;
  readonly uses: RegExp;
  readonly allowed: (path: string) => boolean;
  readonly instead: string;
}

const CONFINED: readonly Confined[] = [
  {
    rule: "wait",
    uses: /^Atomics\.wait(?:Async)?$/,
    allowed: (path) => path.startsWith("ipc/"),
    instead: "wait through ipc/: its waits are bounded and look at the fence word",
  },
  {
    rule: "worker",
    uses: /^new Worker$/,
    // A hostile domain tries to, and is denied.
    allowed: (path) => path.startsWith("kernel/machine/") || /\/hostile\w*\.ts$/.test(path),
    instead: "only kernel/machine/ creates workers, on the main thread",
  },
  {
    rule: "time-and-chance",
    uses: /^(?:Date\.now|new Date|performance\.now|Math\.random|setTimeout|setInterval)$/,
    allowed: (path) =>
      /^(?:kernel|drivers|gateways|tools|std)\//.test(path) || posix.basename(path) === "clock.ts",
    instead: "take time and chance as arguments, so that a simulation can repeat them",
  },
];

/** What is wrong with a file, whatever the others are. */
export function checkFile(file: SourceFile): Finding[] {
  return [...checkName(file), ...checkLengths(file), ...checkStars(file), ...checkUses(file)];
}

function checkName({ path }: SourceFile): Finding[] {
  const name = posix.basename(path, ".ts");
  if (EMPTY_NAME.test(name)) {
    return [{ path, line: 1, rule: "name", message: `"${name}" tells nothing; name the one idea` }];
  }
  if (/^[a-z0-9]+(?:_[a-z0-9]+)*$/.test(name)) return [];
  return [{ path, line: 1, rule: "name", message: `"${name}" is not in snake_case` }];
}

function checkLengths({ path, lineCount, functions }: SourceFile): Finding[] {
  const findings: Finding[] = [];
  if (lineCount > FILE_LINES_MAX) {
    const message = `${lineCount} lines; split it at ${FILE_LINES_MAX}, by ideas`;
    findings.push({ path, line: 1, rule: "file-length", message });
  }
  for (const { name, line, lineCount: length } of functions) {
    if (length <= FUNCTION_LINES_MAX) continue;
    const message = `${name} has ${length} lines; a function has at most ${FUNCTION_LINES_MAX}`;
    findings.push({ path, line, rule: "function-length", message });
  }
  return findings;
}

function checkStars({ path, starExports }: SourceFile): Finding[] {
  const message = "name what is exported: a public face is read, not guessed";
  return starExports.map((line) => ({ path, line, rule: "export-star", message }));
}

function checkUses({ path, uses }: SourceFile): Finding[] {
  if (isTest(path)) return [];
  return CONFINED.flatMap(({ rule, uses: pattern, allowed, instead }) => {
    if (allowed(path)) return [];
    return uses.filter(({ what }) => pattern.test(what)).map(({ what, line }) => {
      return { path, line, rule, message: `${what} has no place here; ${instead}` };
    });
  });
}
