/**
 * What a command line of `hako new` asks for.
 *
 * @module
 */

import { relative, resolve } from "node:path";
import { type Place, UsageError } from "../command_line/command.ts";
import { noSuch } from "../command_line/nearest.ts";
import { readServerName, type ServerName } from "./server_name.ts";

/** What can be made. */
const KINDS: readonly string[] = ["server"];

/** Characters that `deno task` or a flag of `deno` would not leave as they are. */
const UNQUOTABLE = /[,'"`$\\\n]/;

/** What of a command line is looked at. */
export interface NewWords {
  /** What is to be made, and its name. */
  readonly arguments: readonly string[];
  /** Where it is to be, as the user wrote it. */
  readonly flags: { readonly directory: string | undefined };
}

/** A project to be written. */
export interface NewOrder {
  /** The server's name. */
  readonly name: ServerName;
  /** Where it is to be: an absolute path. */
  readonly directory: string;
  /** Where Hako's own source is. */
  readonly sourceRoot: string;
}

/**
 * Reads a command line.
 *
 * @throws {UsageError} If it asks for what there is not, or for a place where it cannot work.
 */
export function readNewOrder(
  { arguments: [kind, written], flags }: NewWords,
  { directory: here, sourceRoot }: Place,
): NewOrder {
  if (!KINDS.includes(kind!)) {
    throw new UsageError(`Cannot run new with "${kind}": ${noSuch("kind", kind!, KINDS)}`);
  }
  const name = readServerName(written!);
  const directory = resolve(here, flags.directory ?? name.kebab);
  if (!relative(sourceRoot, directory).startsWith("..")) {
    throw new UsageError(
      `Cannot make ${directory}: it is inside Hako's own source, whose deno.json would be taken ` +
        "for the server's; choose another place with --directory",
    );
  }
  if (UNQUOTABLE.test(sourceRoot)) {
    throw new UsageError(
      `Cannot make ${directory}: its tasks cannot name ${sourceRoot}, where Hako's own source is, ` +
        "for there is a comma, a quote or a $ in it",
    );
  }
  return { name, directory, sourceRoot };
}
