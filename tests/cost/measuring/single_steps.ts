/**
 * What each step of a null call costs by itself, in one thread, over and over: no cache line crosses.
 *
 * @module
 */

import type { Channel, Client, MessagePlace } from "@hako/ipc";
import { placeReply } from "@hako/ipc";
import { median } from "../../growth/curve.ts";
import { Adder } from "../../../ipc/bench/adder.ts";
import { OPERATION, placeRequest, slotWord, TAKEN_AT } from "../../../ipc/channel.ts";
import { FIRST_LOOKS, SLOT_COUNT } from "../../../ipc/limits.ts";
import { nsPerOperation, nsPerTurn } from "./batches.ts";
import {
  answeredChannel,
  type BareChannel,
  bareChannel,
  clientOfNothing,
  clientOfServer,
} from "./one_thread.ts";

/** Calls of a batch. */
const CALLS = 5_000;

/** How often all are measured. */
const TURNS = 5;

const NO_WINDOWS = { segmentOf: () => 0, segment: () => undefined };

/** Nanoseconds of the steps; all of a client, and all of a call in one thread, are sums of several. */
export interface SingleSteps {
  /** The core's `post`, with its look at the bell. */
  readonly post: number;
  /** The core's `take`. */
  readonly take: number;
  /** The core's `complete`, with its look at the bell. */
  readonly complete: number;
  /** The core's `reap`. */
  readonly reap: number;
  /** Writing a request of two integers. */
  readonly encode: number;
  /** Reading and checking it. */
  readonly decode: number;
  /** Writing the answer. */
  readonly answer: number;
  /** Reading it. */
  readonly read: number;
  /** A look of the server at a request that is not there. */
  readonly lookInVain: number;
  /** Between a post and the first look at its answer: no answer comes sooner from another core. */
  readonly pause: number;
  /** All that a client does for a call, less that pause. */
  readonly client: number;
  /** All that both ends do, less that pause. */
  readonly both: number;
}

/** Measures them, each a few times in turn: what else the machine does is to strike all alike. */
export function measureSingleSteps(): SingleSteps {
  const all = Array.from({ length: TURNS }, measureOnce);
  const names = Object.keys(all[0]!) as (keyof SingleSteps)[];
  const medians = names.map((name) => [name, median(all.map((steps) => steps[name]))]);
  return Object.fromEntries(medians);
}

function measureOnce(): SingleSteps {
  const [post, take, complete, reap] = coreSteps(bareChannel()) as [number, number, number, number];
  const codec = codecSteps(bareChannel());
  const pause = Math.max(
    0,
    nsOfCoreCalls(answeredChannel()) - post - take - complete - reap,
  );
  return {
    ...{ post, take, complete, reap, pause },
    ...codec,
    lookInVain: lookInVain(bareChannel()),
    client: nsOfCalls(clientOfNothing()) - take - complete - pause,
    both: nsOfCalls(clientOfServer()) - pause,
  };
}

/** Each operation of the core, on all slots of a channel in turn. */
function coreSteps({ channel: { core }, epoch }: BareChannel): number[] {
  let first = 0;
  return nsPerTurn(SLOT_COUNT, [
    () => {
      for (let i = 0; i < SLOT_COUNT; i++) core.post(first + i);
    },
    () => {
      for (let i = 0; i < SLOT_COUNT; i++) core.take(first + i, epoch);
    },
    () => {
      for (let i = 0; i < SLOT_COUNT; i++) core.complete(first + i, epoch, 0);
    },
    () => {
      for (let i = 0; i < SLOT_COUNT; i++) core.reap(first + i);
      first = (first + SLOT_COUNT) >>> 0;
    },
  ]);
}

function nsOfCoreCalls({ core }: Channel): number {
  let sequence = 0;
  return nsPerOperation(CALLS, (count) => {
    for (let i = 0; i < count; i++) {
      if (core.call(sequence, FIRST_LOOKS) <= 0) throw new Error("Cannot go on: no answer");
      sequence = (sequence + 1) >>> 0;
    }
  });
}

function lookInVain({ channel: { core }, epoch }: BareChannel): number {
  return nsPerOperation(CALLS, (count) => {
    for (let i = 0; i < count; i++) core.take(0, epoch);
  });
}

/** What is done to the words of a slot, at each end. */
function codecSteps({ channel }: BareChannel) {
  const { request } = Adder.byName.get("add")!;
  const place: MessagePlace = { near: 0, far: 0, payload: 0 };
  const values = request.blank();
  const encode = nsPerOperation(CALLS, (count) => {
    for (let i = 0; i < count; i++) {
      placeRequest(i, place);
      request.write(channel, place, { a: i, b: 1 }, NO_WINDOWS);
      channel.words[slotWord(i) + OPERATION] = 1;
    }
  });
  const decode = nsPerOperation(CALLS, (count) => {
    for (let i = 0; i < count; i++) {
      channel.words[slotWord(i) + TAKEN_AT] = i;
      placeRequest(i, place);
      if (request.read(channel, place, values, NO_WINDOWS, 1) !== 0) throw new Error("Cannot read");
    }
  });
  const answer = nsPerOperation(CALLS, (count) => {
    for (let i = 0; i < count; i++) {
      placeReply(i, 1, place);
      channel.words[place.near - 1] = i;
    }
  });
  let sum = 0;
  const read = nsPerOperation(CALLS, (count) => {
    for (let i = 0; i < count; i++) {
      placeReply(i, 1, place);
      sum = (sum + channel.words[place.near - 1]!) | 0;
    }
  });
  if (!Number.isInteger(sum)) throw new Error("Cannot go on: a wrong sum");
  return { encode, decode, answer, read };
}

function nsOfCalls(client: Client<typeof Adder>): number {
  return nsPerOperation(CALLS, (count) => {
    for (let i = 0; i < count; i++) client.callSync("add", { a: i, b: 1 });
  });
}
