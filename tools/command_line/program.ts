/**
 * The program `hako`: finds the command, and what to do with it.
 *
 * @module
 */

import { type Command, type Invocation, type Place, UsageError } from "./command.ts";
import { commandHelp, programHelp } from "./help.ts";
import { noSuch } from "./nearest.ts";
import { asksForHelp, parseCommand } from "./parse.ts";

/** What the user asked for: a text, or a command to start. */
export type Request =
  | { readonly kind: "text"; readonly text: string }
  | {
    readonly kind: "command";
    readonly command: Command;
    readonly invocation: Invocation;
    readonly args: readonly string[];
  };

/** A program of several commands. */
export interface Program {
  /** Its name in help. */
  readonly name: string;
  /** What the user types to start it, as help shows it. */
  readonly call: string;
  /** Its version. */
  readonly version: string;
  /** Its commands, in the order of help. */
  readonly commands: readonly Command[];
}

/** The environment variables that {@linkcode placeOf} reads. Every command's program may. */
export const PLACE_VARIABLES = ["INIT_CWD", "TMPDIR"] as const;

/**
 * What a command line asks of a program.
 *
 * @throws {UsageError} The command is unknown, or its flags or arguments are wrong.
 */
export function readRequest(program: Program, args: readonly string[]): Request {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h") return overview(program);
  if (first === "--version") return text(`${program.name} ${program.version}`);
  if (first === "help") return rest[0] === undefined ? overview(program) : help(program, rest[0]);
  if (first.startsWith("-")) {
    const reason = noSuch("flag", first, ["--help", "--version"]);
    throw new UsageError(`Cannot run ${program.name} with ${first}: ${reason}`);
  }
  const command = find(program, first);
  if (asksForHelp(rest)) return help(program, first);
  return { kind: "command", command, invocation: parseCommand(command, rest), args: rest };
}

/**
 * Where a program is started.
 *
 * @param sourceRoot Where Hako's own source is.
 * @param environment What the environment says; `INIT_CWD` is where `deno task` was typed.
 */
export function placeOf(
  sourceRoot: string,
  environment: { get(name: string): string | undefined },
): Place {
  return {
    sourceRoot,
    directory: environment.get("INIT_CWD") ?? Deno.cwd(),
    temporaryDirectory: environment.get("TMPDIR") ?? "/tmp",
  };
}

function overview(program: Program): Request {
  return text(programHelp(program.call, program.commands));
}

function help(program: Program, name: string): Request {
  return text(commandHelp(program.call, find(program, name)));
}

function find({ name: programName, commands }: Program, name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command) return command;
  const reason = noSuch("command", name, [...commands.map((known) => known.name), "help"]);
  throw new UsageError(`Cannot run ${programName} ${name}: ${reason}`);
}

function text(content: string): Request {
  return { kind: "text", text: content };
}
