/**
 * A system of one server that hoards, and one beside it that does not.
 *
 * @module
 */

import { defineSystem, type DomainManifest, type SystemManifest } from "@hako/kernel";
import { Hoard } from "./hoard_protocol.ts";

/** MiB of the hoarder's heap. */
export const LIMIT_MB = 32;

/** What it says that it died of. */
export const WHY: string = `ran out of its ${LIMIT_MB} MiB of memory`;

/** The hoarder as server, or as any other kind; `more` overrides its manifest. */
export function hoardingSystem(more: Partial<DomainManifest> = {}): SystemManifest {
  const server = {
    kind: "server",
    module: "./domains/hoarder.ts",
    keeps: { count: 4096 },
    restart: { limit: 100, windowMs: 1000 },
  } as const;
  return defineSystem({
    base: import.meta.url,
    domains: {
      hoarder: { ...server, serves: { hoard: Hoard }, memoryLimitMb: LIMIT_MB, ...more },
      bystander: { ...server, serves: { other: Hoard } },
    },
  });
}
