/**
 * A program of several commands, as help, completion and the reference show it.
 *
 * @module
 */

import type { Command } from "./command.ts";

/** Commands that belong together. */
export interface CommandGroup {
  /** What they are for, in a few words. */
  readonly title: string;
  /** The commands, in the order of help. */
  readonly commands: readonly Command[];
}

/** What an exit code means, whatever the command. */
export interface ExitCode {
  /** The code, or several: `"129, 143"`. */
  readonly code: string;
  /** What it says. */
  readonly meaning: string;
}

/** A program of several commands. */
export interface Program {
  /** Its name in help. */
  readonly name: string;
  /** What it is, in a sentence. */
  readonly summary: string;
  /** What the user types to start it, as help shows it. */
  readonly call: string;
  /** Its version, and that of what it runs on. */
  readonly version: string;
  /** Its commands, in the order of help. */
  readonly groups: readonly CommandGroup[];
  /** What its exit codes mean. */
  readonly exits: readonly ExitCode[];
}

/** The flags of the program itself. */
export const PROGRAM_FLAGS = ["--help", "--version"] as const;

/** All commands of a program, in the order of help. */
export function commandsOf({ groups }: Pick<Program, "groups">): readonly Command[] {
  return groups.flatMap(({ commands }) => commands);
}
