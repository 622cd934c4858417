/**
 * How often each answer of the kernel came.
 *
 * @module
 */

import type { KernelAnswer } from "../../../kernel/capabilities/mod.ts";

/** Counts of answers. */
export class Tally {
  /** By the name of the error; of what was done by the text of the call. */
  readonly outcomes: Record<string, number> = {};

  /** Counts the answers to some calls. */
  addAll(calls: readonly unknown[], answers: readonly KernelAnswer[]): void {
    answers.forEach((answer, at) => {
      const what = answer.type === "refused" ? answer.code : JSON.stringify(calls[at]);
      this.outcomes[what] = (this.outcomes[what] ?? 0) + 1;
    });
  }
}
