/**
 * A system that a tool can look into: an app that calls for ever, and a server that dies once.
 *
 * @module
 */

import { defineSystem, type DomainManifest, type SystemManifest } from "@hako/kernel";
import { Sum } from "./test_sum_protocol.ts";

/** The system; `caller` overrides the app's manifest. */
export function sumSystem(caller: Partial<DomainManifest> = {}): SystemManifest {
  return defineSystem({
    base: import.meta.url,
    domains: {
      sum: {
        kind: "server",
        module: "./test_sum.ts",
        serves: { sum: Sum },
        options: { diesAt: 100 },
        restart: { limit: 5, windowMs: 60_000 },
      },
      caller: { kind: "app", module: "./test_caller.ts", uses: ["sum"], ...caller },
    },
  });
}

export default sumSystem();
