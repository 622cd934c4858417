/**
 * Runs a command on a manifest of this directory, as the launcher does.
 *
 * @module
 */

import { resolve } from "node:path";
import type { Command, Flags } from "../command_line/command.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import { programArguments } from "../command_line/launch.ts";
import { parseCommand } from "../command_line/parse.ts";

/** Starts the command's program with the permissions of that command line. */
export function startCommand<F extends Flags>(
  command: Command<F>,
  manifest: string,
  words: readonly string[],
): Deno.ChildProcess {
  const sourceRoot = resolve(import.meta.dirname!, "../..");
  const place = { sourceRoot, directory: sourceRoot, temporaryDirectory: "/tmp" };
  const args = [`${import.meta.dirname}/${manifest}`, ...words];
  const invocation = parseCommand(command, args);
  return new Deno.Command(denoProgram(), {
    args: programArguments(command, invocation, place, args),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
