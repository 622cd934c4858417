/**
 * How every tool ends: with an exit code, and with one line for a misuse.
 *
 * @module
 */

import { type Flags, type Invocation, type Syntax, UsageError } from "./command.ts";
import { commandHelp } from "./help.ts";
import { asksForHelp, parseCommand } from "./parse.ts";

/** The exit code of a misused command line. */
export const EXIT_MISUSED = 2;

/**
 * Runs a tool and exits with the code that it answers; with 2 and the message alone if it was
 * misused. Any other error is a fault of ours and goes up with its stack.
 *
 * @param name The tool's name, which begins the message.
 */
export async function runMain(name: string, main: () => number | Promise<number>): Promise<never> {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!isMisuse(error)) throw error;
    console.error(`${name}: ${error.message}`);
    Deno.exit(EXIT_MISUSED);
  }
}

/**
 * Runs the program of a `deno task` as {@linkcode runMain} does: shows its help if asked, and else
 * hands it its command line.
 *
 * @param syntax What the command line may say.
 */
export function runTask<F extends Flags>(
  syntax: Syntax<F>,
  main: (invocation: Invocation<F>) => number | Promise<number>,
): Promise<never> {
  return runMain(syntax.name, () => {
    if (!asksForHelp(Deno.args)) return main(parseCommand(syntax, Deno.args));
    console.log(commandHelp("deno task", syntax));
    return 0;
  });
}

function isMisuse(error: unknown): error is UsageError {
  return error instanceof UsageError;
}
