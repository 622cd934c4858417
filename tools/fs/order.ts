/**
 * What a command line of `hako fs` asks for.
 *
 * @module
 */

import { resolve } from "node:path";
import { type Flags, type Invocation, UsageError } from "../command_line/command.ts";
import { noSuch } from "../command_line/nearest.ts";

/** A path of the host or of the image. */
export interface Operand {
  /** Where it is. */
  readonly side: "host" | "image";
  /** An absolute path. */
  readonly path: string;
  /** As the user wrote it. */
  readonly text: string;
}

/** The switches that orders look at. */
export interface OrderFlags {
  /** Also names that begin with a dot. */
  readonly all: boolean;
  /** With type, permissions, owner, size and time. */
  readonly long: boolean;
  /** With all that is below. */
  readonly recursive: boolean;
  /** With what is missing above. */
  readonly parents: boolean;
  /** A symbolic link. */
  readonly symbolic: boolean;
  /** Mind nothing that is missing, replace what is there. */
  readonly force: boolean;
  /** Keep the owners. */
  readonly owners: boolean;
  /** Lines of JSON. */
  readonly json: boolean;
  /** No progress. */
  readonly quiet: boolean;
}

/** An order that does the same for each of some paths. */
interface OnPaths<K extends string> {
  readonly kind: K;
  /** Absolute paths in the image. */
  readonly paths: readonly string[];
}

/** What is to be done. */
export type Order =
  & { readonly image: string; readonly flags: OrderFlags }
  & (
    | OnPaths<"ls">
    | OnPaths<"tree">
    | OnPaths<"cat">
    | OnPaths<"rm">
    | OnPaths<"mkdir">
    | OnPaths<"stat">
    | { readonly kind: "cp"; readonly sources: readonly Operand[]; readonly target: Operand }
    | { readonly kind: "mv"; readonly sources: readonly string[]; readonly target: string }
    | {
      readonly kind: "ln";
      /** As it was written: the text of a symbolic link may be relative. */
      readonly source: string;
      readonly target: string;
    }
    | { readonly kind: "df" | "check" }
  );

/** What can be asked of an image. */
export const KINDS = [
  "ls",
  "tree",
  "cat",
  "cp",
  "rm",
  "mkdir",
  "mv",
  "ln",
  "stat",
  "df",
  "check",
] as const;

/** For each switch the commands that look at it. */
const FLAG_OF: Readonly<Record<keyof OrderFlags, readonly string[]>> = {
  all: ["ls", "tree"],
  long: ["ls"],
  recursive: ["cp", "rm"],
  parents: ["mkdir"],
  symbolic: ["ln"],
  force: ["rm", "ln", "cp", "mv"],
  owners: ["cp"],
  json: ["ls", "stat", "df", "check"],
  quiet: ["cp", "check"],
};

/**
 * Reads a command line.
 *
 * @param directory Where the user is.
 * @throws {UsageError} If it asks for what there is not.
 */
export function readOrder(invocation: Invocation<Flags>, directory: string): Order {
  const [imageText, word, ...operands] = invocation.arguments;
  const flags = invocation.flags as unknown as OrderFlags;
  const kind = KINDS.find((one) => one === word);
  if (kind === undefined) {
    throw new UsageError(`Cannot run fs with ${word}: ${noSuch("command", word!, KINDS)}`);
  }
  for (const [name, commands] of Object.entries(FLAG_OF)) {
    if (flags[name as keyof OrderFlags] && !commands.includes(kind)) {
      throw new UsageError(
        `Cannot run fs ${kind} with --${name}: that is for ${commands.join(", ")}`,
      );
    }
  }
  const common = { image: resolve(directory, imageText!), flags };
  switch (kind) {
    case "df":
    case "check":
      need(kind, operands, 0, 0);
      return { ...common, kind };
    case "ls":
    case "tree":
      return { ...common, kind, paths: operands.length === 0 ? ["/"] : operands.map(inImage) };
    case "cp": {
      need(kind, operands, 2);
      const all = operands.map((text) => operandOf(text, directory));
      if (all.every(({ side }) => side === "host")) {
        throw new UsageError("Cannot run fs cp: no path is in the image; those begin with a colon");
      }
      return { ...common, kind, sources: all.slice(0, -1), target: all.at(-1)! };
    }
    case "mv": {
      need(kind, operands, 2);
      const all = operands.map(inImage);
      return { ...common, kind, sources: all.slice(0, -1), target: all.at(-1)! };
    }
    case "ln": {
      need(kind, operands, 2, 2);
      const [source, target] = operands as [string, string];
      return {
        ...common,
        kind,
        source: flags.symbolic ? source : inImage(source),
        target: inImage(target),
      };
    }
    default:
      need(kind, operands, 1);
      return { ...common, kind, paths: operands.map(inImage) };
  }
}

function need(kind: string, operands: readonly string[], min: number, max = Infinity): void {
  if (operands.length < min) {
    throw new UsageError(`Cannot run fs ${kind}: ${min === 1 ? "a path is" : "paths are"} missing`);
  }
  if (operands.length > max) {
    const limit = max === 0 ? "it takes no paths" : `it takes ${max} paths`;
    throw new UsageError(`Cannot run fs ${kind} with "${operands[max]}": ${limit}`);
  }
}

/** A path in the image: from its root, with or without the colon that `cp` asks for. */
function inImage(text: string): string {
  const path = text.startsWith(":") ? text.slice(1) : text;
  if (path.includes("\0")) throw new UsageError("Cannot run fs: a path has a NUL in it");
  return path.startsWith("/") ? path : `/${path}`;
}

function operandOf(text: string, directory: string): Operand {
  if (text.startsWith(":")) return { side: "image", path: inImage(text), text };
  // A slash at the end says that it is to be a directory.
  const slash = text.endsWith("/") ? "/" : "";
  return { side: "host", path: `${resolve(directory, text)}${slash}`, text };
}
