/**
 * How often a domain was replaced.
 *
 * @module
 */

import type { DomainStatus } from "@hako/kernel";

/** Every death is followed by another life, but the last one of a domain that was given up. */
export function restartsOf({ deaths, state }: DomainStatus): number {
  return state === "gave-up" ? Math.max(0, deaths - 1) : deaths;
}
