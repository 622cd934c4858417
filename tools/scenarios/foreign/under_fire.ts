/**
 * What servers are allowed that are to die often: how often is not what is tried.
 *
 * @module
 */

import type { DomainManifest } from "@hako/kernel";

/** More deaths than any plan has. */
const RESTART = { limit: 1_000, windowMs: 1_000 };

/** A request may meet so many deaths of others' making, and is not what kills. */
const POISON_TRIES = 100;

/** A server that computes for so long without a sign of life hangs: so a plan may have it hang. */
const HANG_MS = 1_500;

/**
 * Lets servers die often.
 *
 * @param domains Servers; how often one may die stays as it is if it says what happens then.
 */
export function underFire(
  domains: Readonly<Record<string, DomainManifest>>,
): Record<string, DomainManifest> {
  const life = { poisonTries: POISON_TRIES, hangMs: HANG_MS };
  return Object.fromEntries(
    Object.entries(domains).map(([name, domain]) => {
      const { restart } = domain;
      return [name, {
        ...domain,
        ...life,
        restart: restart?.atLimit === undefined ? RESTART : restart,
      }];
    }),
  );
}
