/**
 * Our side of the null calls: a server in a worker that adds two integers.
 *
 * @module
 */

import type { Contestant } from "@hako/tools/bench";
import type { Client } from "../client.ts";
import { i32 } from "../field.ts";
import { defineProtocol, type Operations, type Protocol } from "../protocol.ts";
import { type ChannelMemory, connect, createChannel } from "../standalone.ts";
import { startWorker } from "./worker.ts";

/** Exported only so that the type of `Adder` is public. @internal */
export const operations = {
  add: { code: 1, request: { a: i32, b: i32 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** What the server promises. */
export const Adder: Protocol<typeof operations> = defineProtocol("adder", 1, operations);

/** What the server's worker is sent. */
export interface AdderSetup {
  /** The channel. */
  readonly channel: ChannelMemory;
  /** Whether the server blocks or leaves its event loop free. */
  readonly loop: "blocking" | "evented";
}

/** Calls after which an engine has compiled all that they run through. */
export const WARM_CALLS = 200_000;

/** One call after the other, as fast as they go. */
export async function callingHot(): Promise<Contestant> {
  const adder = await startAdder("blocking");
  return { run: (count) => callSync(adder, count) };
}

/**
 * One call after the other, each after a pause in which the server falls asleep. The code is warm, as
 * that of a system that has run for a while.
 *
 * @param pause Sleeps.
 */
export async function callingParked(pause: () => void): Promise<Contestant> {
  const hot = await callingHot();
  await hot.run(WARM_CALLS);
  return { ...hot, rest: pause };
}

/** One call after the other, from an event loop to an event loop. */
export async function callingEvented(): Promise<Contestant> {
  const adder = await startAdder("evented");
  return {
    async run(count) {
      for (let index = 0; index < count; index++) {
        check(await adder.call("add", { a: index, b: 1 }), index);
      }
    },
  };
}

/** Up to `inFlightMax` requests in flight, a run of them after the other. */
export async function callingInRuns(inFlightMax: number): Promise<Contestant> {
  const adder = await startAdder("blocking");
  const requests = Array.from({ length: inFlightMax * 16 }, () => ({ a: 0, b: 1 }));
  const last = requests.length - 1;
  return {
    grain: requests.length, // A run begins and ends with fewer in flight.
    run(count) {
      for (let done = 0; done < count; done += requests.length) {
        for (let index = 0; index <= last; index++) requests[index]!.a = index;
        const sums = adder.callAllSync("add", requests, { inFlightMax });
        check(sums[last]!, last);
      }
    },
  };
}

async function startAdder(loop: AdderSetup["loop"]): Promise<Client<typeof Adder>> {
  const setup: AdderSetup = { channel: createChannel(), loop };
  await startWorker(new URL("./adder_worker.ts", import.meta.url), setup);
  return await connect(Adder, setup.channel);
}

function callSync(adder: Client<typeof Adder>, count: number): void {
  for (let index = 0; index < count; index++) {
    check(adder.callSync("add", { a: index, b: 1 }), index);
  }
}

function check(sum: number, index: number): void {
  if (sum !== index + 1) throw new Error("Cannot go on: a wrong sum");
}
