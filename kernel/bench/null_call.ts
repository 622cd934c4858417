/**
 * The null call from a worker to a worker: as domains of a system, and without a kernel.
 *
 * @module
 */

import { type Client, connect, createChannel } from "@hako/ipc";
import type { Contestant } from "@hako/tools/bench";
import { boot } from "../machine/system.ts";
import { defineSystem } from "../manifest.ts";
import { Adder, Caller, type StandaloneSetup } from "./null_protocol.ts";

/** Calls for each time that the caller is told to call: telling it costs less than 0.5 %. */
const RUN_CALLS = 20_000;

/** Between two domains. */
export async function callingAsDomains(): Promise<Contestant> {
  const system = await boot(defineSystem({
    base: import.meta.url,
    domains: {
      adder: { kind: "server", module: "./adder_main.ts", serves: { adder: Adder } },
      caller: {
        kind: "server",
        module: "./caller_main.ts",
        serves: { caller: Caller },
        uses: ["adder"],
        hangMs: 60_000, // A run is one request, and on a loaded machine a long one.
      },
    },
  }));
  return telling(await system.connect(Caller, "caller"));
}

/** Between two workers with nothing but a channel. */
export async function callingStandalone(): Promise<Contestant> {
  const adder = createChannel();
  const caller = createChannel();
  start({ serves: adder });
  start({ serves: caller, uses: adder });
  return telling(await connect(Caller, caller));
}

function start(setup: StandaloneSetup): void {
  new Worker(new URL("./standalone_main.ts", import.meta.url), { type: "module" })
    .postMessage(setup);
}

function telling(caller: Client<typeof Caller>): Contestant {
  return {
    grain: RUN_CALLS,
    async run(count) {
      await caller.call("run", { count });
    },
  };
}
