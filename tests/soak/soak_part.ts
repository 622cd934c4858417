/**
 * What every part of a soak is given, and how it tells of a round.
 *
 * @module
 */

import type { FlagValues } from "../../tools/command_line/command.ts";
import type { Progress } from "../../tools/terminal/progress.ts";
import type { soakFlags } from "./command.ts";

/** The exit code after Ctrl-C, as sh has it. */
export const EXIT_INTERRUPTED = 130;

/** What a part is given. */
export interface Soaking {
  /** The seed of the first round. */
  readonly seed: number;
  /** The command line. */
  readonly flags: FlagValues<typeof soakFlags>;
  /** No round begins after this. */
  readonly endMs: number;
  /** The line that shows how far it is. */
  readonly progress: Progress;
  /** Aborts when the user has seen enough. */
  readonly signal: AbortSignal;
}

/** Tells of a round that failed, and how to see it again; answers the exit code. */
export function tellFailure(what: string, refusal: string, again: string): number {
  console.error(`${what}:\n${refusal}\n\nplay it again with:\n  deno task soak ${again}`);
  return 1;
}

/** Tells that the user has interrupted the soak; answers the exit code. */
export function tellInterruption(): number {
  console.error("interrupted; every worker was ended");
  return EXIT_INTERRUPTED;
}

/** An error as a refusal: a round that did not come to a verdict. */
export function refusalOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
