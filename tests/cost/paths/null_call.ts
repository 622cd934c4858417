/**
 * The null call: two integers there, one back.
 *
 * @module
 */

import { callingHot, WARM_CALLS } from "../../../ipc/bench/adder.ts";
import { pingPong } from "../../../ipc/bench/floor.ts";
import { OPERATION, placeRequest, slotWord } from "../../../ipc/channel.ts";
import type { CostPath, Sample, StepPlan, TablePlan } from "../cost_path.ts";
import { NS_PER_MS, nsPerLookAtTheClock, nsPerOperation } from "../measuring/batches.ts";
import { measureCoreCalls } from "../measuring/core_calls.ts";
import { MARK } from "../measuring/marks.ts";
import { type MarkedServer, startMarkedServer } from "../measuring/marked_server.ts";
import {
  measureFutexFloor,
  measureParkedCalls,
  measureParkedInCrowd,
} from "../measuring/parked_calls.ts";
import { measureSingleSteps } from "../measuring/single_steps.ts";

/** Calls of a batch. */
const CALLS = 5_000;

/** Calls whose looks are counted. */
const LOOKED_CALLS = 50_000;

const LINE = "a call of the core alone, less its steps, halved";
const LOOP = "a tight loop in one thread";
const REST = "all of it in one thread, less the others";

const hot: TablePlan = {
  title: "Both sides awake",
  unit: "ns",
  steps: {
    encode: { lane: "client", name: "find the slot, encode two integers", how: LOOP },
    clientRest: { lane: "client", name: "the rest of `callSync`", how: REST },
    post: { lane: "client", name: "post: the swap, a look at the bell", how: LOOP },
    there: { lane: "cache line", name: "the request's line to the server", how: LINE },
    take: { lane: "server", name: "take: a look, the swap", how: LOOP },
    decode: { lane: "server", name: "decode and check two integers", how: LOOP },
    handle: { lane: "server", name: "the handler, and the rest of the server", how: REST },
    answer: { lane: "server", name: "encode the answer", how: LOOP },
    complete: { lane: "server", name: "complete: the swap, a look at the bell", how: LOOP },
    back: { lane: "cache line", name: "the answer's line to the client", how: LINE },
    reap: { lane: "client", name: "reap: a look", how: LOOP },
    read: { lane: "client", name: "decode the answer", how: LOOP },
  },
  whole: { name: "a call", how: "closed loop, two threads" },
  beside: {
    floor: { name: "floor: two threads spinning in wasm", how: "a word there and back" },
    core: { name: "the core alone between two threads, no words written", how: "closed loop" },
    oneThread: {
      name: "both ends in one thread, nothing crosses",
      how: "closed loop, less the pause",
    },
    pause: {
      name: "the client's pause before its first look, while the line is away",
      how: "the core's `call` in one thread, less its steps",
    },
    share: { name: "the server's share, with the line's way to own it", how: "its request trace" },
  },
  counts: {
    looks: {
      name: "looks of a client that begins at once, until the answer is there",
      how: "looks one by one",
    },
  },
};

const PARKED_STEPS = {
  encode: { lane: "client", name: "encode, see that the server sleeps", how: "client's clock" },
  wakeServer: {
    lane: "scheduler",
    name: "post, ring, and the server runs",
    how: "clocks of both threads",
  },
  serve: { lane: "server", name: "find the request, take, decode", how: "server's clock" },
  wakeClient: {
    lane: "scheduler",
    name: "answer, ring, and the client runs",
    how: "clocks of both threads",
  },
  decode: { lane: "client", name: "reap, decode", how: "client's clock" },
} as const satisfies Record<string, StepPlan>;

const PARKED_WHOLE = { name: "a call", how: "2 ms after the last" };

const RING = { name: "of it the client in `futex`", how: "client's clock" };

/** Both ends asleep. */
const parked: TablePlan = {
  title: "Both sides asleep",
  unit: "us",
  steps: PARKED_STEPS,
  whole: PARKED_WHOLE,
  beside: {
    ring: RING,
    floor: { name: "floor: two threads wake each other", how: "the same bells, nothing else" },
  },
  counts: {},
};

/** Both ends asleep, and no core free. */
const crowd: TablePlan = {
  title: "Both sides asleep, every core computing something else",
  unit: "us",
  steps: PARKED_STEPS,
  whole: PARKED_WHOLE,
  beside: { ring: RING },
  counts: {},
};

/** The null call. */
export const nullCall: CostPath = {
  name: "null-call",
  what: "A null call: two integers there, one back",
  tables: { hot, parked, crowd },
  parts: {
    steps: { measure: () => Promise.resolve(single()) },
    call: { measure: calling },
    floor: { measure: floor },
    lines: { measure: crossing },
    share: { measure: sharing },
    looks: { measure: looking },
    parked: { measure: () => measureParkedCalls("parked") },
    futex: { measure: async () => ({ "parked.floor": await measureFutexFloor() }) },
    crowd: { measure: () => measureParkedInCrowd("crowd") },
  },
};

function single(): Sample {
  const { post, take, complete, reap, ...rest } = measureSingleSteps();
  const { encode, decode, answer, read, lookInVain, pause, client, both } = rest;
  const server = both - client - take - complete - lookInVain;
  return {
    ...{ "hot.post": post, "hot.take": take, "hot.complete": complete, "hot.reap": reap },
    ...{ "hot.encode": encode, "hot.decode": decode, "hot.answer": answer, "hot.read": read },
    "hot.clientRest": client - post - reap - encode - read,
    "hot.handle": server - decode - answer,
    ...{ "hot.oneThread": both, "hot.pause": pause },
  };
}

async function calling(): Promise<Sample> {
  const { run } = await callingHot();
  run(WARM_CALLS);
  return { "hot.whole": nsPerOperation(CALLS, run) };
}

async function floor(): Promise<Sample> {
  const { run } = await pingPong();
  run(WARM_CALLS);
  return { "hot.floor": nsPerOperation(CALLS, run) };
}

/** What the lines take there and back: what a call of the core has beyond its four steps. */
async function crossing(): Promise<Sample> {
  const { post, take, complete, reap } = measureSingleSteps();
  const ns = await measureCoreCalls();
  const line = (ns - post - take - complete - reap) / 2;
  return { "hot.core": ns, "hot.there": line, "hot.back": line };
}

/** From taking to answering, by the server's own trace; less the clock that it looks at. */
async function sharing(): Promise<Sample> {
  const { marks, connect } = await startMarkedServer(true);
  const client = connect();
  for (let i = 0; i < WARM_CALLS; i++) client.callSync("add", { a: i, b: 1 });
  const [sumMs, count] = [marks[MARK.SHARE]!, marks[MARK.SHARES]!];
  for (let i = 0; i < WARM_CALLS; i++) client.callSync("add", { a: i, b: 1 });
  const ns = (marks[MARK.SHARE]! - sumMs) * NS_PER_MS / (marks[MARK.SHARES]! - count);
  return { "hot.share": ns - 2 * nsPerLookAtTheClock() };
}

/** How often a client looks before it finds the answer. */
async function looking(): Promise<Sample> {
  const { channel, bell } = await startMarkedServer(false);
  lookForAnswers(channel, bell, LOOKED_CALLS);
  return { "hot.looks": lookForAnswers(channel, bell, LOOKED_CALLS) / LOOKED_CALLS };
}

function lookForAnswers(
  { core, words }: MarkedServer["channel"],
  bell: MarkedServer["bell"],
  count: number,
): number {
  const place = { near: 0, far: 0, payload: 0 };
  let looks = 0;
  for (let i = 0; i < count; i++) {
    const sequence = next;
    next = (next + 1) >>> 0;
    placeRequest(sequence, place);
    words[place.near] = sequence;
    words[place.near + 1] = 1;
    words[slotWord(sequence) + OPERATION] = 1;
    core.post(sequence);
    if (bell.sleeps) bell.ring();
    do looks++; while (core.spin(sequence, 1) === 0);
  }
  return looks;
}

let next = 0;
