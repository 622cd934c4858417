/**
 * The program `hako`: finds the command, and what to do with it.
 *
 * @module
 */

import { type Command, type Invocation, type Place, UsageError } from "./command.ts";
import { commandHelp } from "./help.ts";
import { programHelp } from "./program_help.ts";
import { commandsOf, type Program, PROGRAM_FLAGS } from "./command_table.ts";
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
  if (first === "help") return helpFor(program, rest[0]);
  if (first.startsWith("-")) {
    const reason = noSuch("flag", first, PROGRAM_FLAGS);
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
  return text(programHelp(program));
}

/** `hako help help` asks for what `hako help` shows. */
function helpFor(program: Program, name = "help"): Request {
  return ["help", "--help", "-h"].includes(name) ? overview(program) : help(program, name);
}

function help(program: Program, name: string): Request {
  return text(commandHelp(program.call, find(program, name)));
}

function find(program: Program, name: string): Command {
  const commands = commandsOf(program);
  const command = commands.find((candidate) => candidate.name === name);
  if (command) return command;
  const reason = noSuch("command", name, [...commands.map((known) => known.name), "help"]);
  throw new UsageError(`Cannot run ${program.name} ${name}: ${reason}`);
}

function text(content: string): Request {
  return { kind: "text", text: content };
}
