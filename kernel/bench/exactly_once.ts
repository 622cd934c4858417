/**
 * Calls that are done once from a domain to a domain, and the same calls without that promise.
 *
 * @module
 */

import type { Contestant } from "@hako/tools/bench";
import { boot } from "../machine/system.ts";
import { defineSystem } from "../manifest.ts";
import { type Promised, Total, TotalCaller } from "./exactly_once_protocol.ts";

/** Calls for each time that the caller is told to call: telling it costs less than 0.5 %. */
const RUN_CALLS = 20_000;

/** Calls with one of the promises. */
export async function callingWith(promised: Promised): Promise<Contestant> {
  const system = await boot(defineSystem({
    base: import.meta.url,
    domains: {
      total: {
        kind: "server",
        module: "./exactly_once_main.ts",
        serves: { total: Total },
        keeps: { count: 4096 },
      },
      caller: {
        kind: "server",
        module: "./exactly_once_caller_main.ts",
        serves: { caller: TotalCaller },
        uses: ["total"],
        hangMs: 60_000, // A run is one request, and on a loaded machine a long one.
      },
    },
  }));
  const caller = await system.connect(TotalCaller, "caller");
  return {
    grain: RUN_CALLS,
    async run(count) {
      await caller.call("run", { promised, count });
    },
  };
}
