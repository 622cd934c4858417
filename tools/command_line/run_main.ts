/**
 * How every tool ends: with an exit code, and with one line for a misuse.
 *
 * @module
 */

import { UsageError } from "./command.ts";

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

function isMisuse(error: unknown): error is UsageError {
  return error instanceof UsageError;
}
