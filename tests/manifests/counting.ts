/**
 * The system of `counting.json`, as a module: `serves` takes the protocol itself.
 *
 * @module
 */

import { defineSystem } from "@hako/kernel";
import { Counter } from "../domains/counter_protocol.ts";

export default defineSystem({
  base: import.meta.url,
  domains: {
    counter: {
      kind: "server",
      module: "../domains/counter.ts",
      serves: { counter: Counter },
      keeps: { count: 4096 },
      restart: { limit: 5, windowMs: 10_000, atLimit: "stop" },
      spare: true,
    },
    errand: { kind: "app", module: "../domains/errand.ts", uses: ["counter"] },
  },
});
