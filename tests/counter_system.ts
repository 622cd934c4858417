/**
 * A system of one counter server, for the tests of the kernel.
 *
 * @module
 */

import { defineSystem, type DomainManifest, type SystemManifest } from "@hako/kernel";
import { Counter } from "./domains/counter_protocol.ts";

/** The counter as server, or as any other kind; `more` overrides its manifest. */
export function counterSystem(more: Partial<DomainManifest> = {}): SystemManifest {
  return defineSystem({
    base: import.meta.url,
    domains: {
      counter: {
        kind: "server",
        module: "./domains/counter.ts",
        serves: { counter: Counter },
        keeps: { count: 4096 },
        restart: { limit: 1000, windowMs: 1000 },
        ...more,
      },
    },
  });
}
