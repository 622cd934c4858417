/**
 * What becomes of a domain that has died, by the policy in its manifest.
 *
 * @module
 */

import { BACKOFF_MS_MAX } from "../limits.ts";
import type { RestartPolicy } from "../manifest.ts";

/** What is known of a domain's deaths. */
export interface DeathRecord {
  /** How many the policy counts now: within its window, and since its callers were restarted. */
  readonly deaths: number;
  /** Whether its callers were restarted with it within the window. */
  readonly hasEscalated: boolean;
}

/** What is to be done: `escalate` restarts it and all that call it; `degrade` gives it up. */
export type Verdict = "restart" | "escalate" | "degrade" | "stop";

/**
 * Judges a death.
 *
 * @example
 * ```ts
 * import { mayRestart } from "./restart_policy.ts";
 *
 * const policy = { limit: 2, windowMs: 1_000 };
 * const third = mayRestart(policy, { deaths: 3, hasEscalated: false });
 * if (third !== "degrade") throw new Error(third);
 * ```
 */
export function mayRestart(policy: RestartPolicy, record: DeathRecord): Verdict {
  if (record.deaths <= policy.limit) return "restart";
  switch (policy.atLimit ?? "degrade") {
    case "stop":
      return "stop";
    case "dependents":
      return record.hasEscalated ? "degrade" : "escalate";
    case "degrade":
      return "degrade";
  }
}

/** How long to wait before the restart after the given number of deaths within the window. */
export function backoffMs({ backoffMs: firstMs = 0 }: RestartPolicy, deaths: number): number {
  return Math.min(BACKOFF_MS_MAX, firstMs * 2 ** Math.max(0, deaths - 1));
}
