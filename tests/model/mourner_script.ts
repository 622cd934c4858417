/**
 * The kernel when it hears that a domain is gone: it rouses whoever that one may have been about to
 * wake, because a ring that died between its two steps has taken the announcement away.
 *
 * @module
 */

import type { Scenario } from "./scenario.ts";
import type { Script, Turn } from "./turn.ts";

/** The one variable: how many bells are done. */
const DONE = 0;

/**
 * One mourner.
 *
 * @param bells The memories that the dead rang.
 */
export function mournerScript(
  scenario: Scenario,
  mourner: number,
  bells: readonly number[],
): Script {
  const ring = scenario.misuse === "ring-by-wake" ? "wake" : "rouse";
  return {
    name: `mourner ${mourner + 1}`,
    variables: [0],
    next(variables: number[], _answer: number, turn: Turn): void {
      const done = variables[DONE]!;
      variables[DONE] = done < bells.length ? done + 1 : 0;
      if (done < bells.length) turn.call(bells[done]!, ring);
    },
  };
}
