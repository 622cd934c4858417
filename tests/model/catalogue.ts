/**
 * The scenarios that the explorer knows.
 *
 * @module
 */

import { EPOCH_MAX, SLOT_COUNT } from "../../ipc/limits.ts";
import type { ChannelPlan, RequestPlan, Scenario, ServerPlan, SlotPlan } from "./scenario.ts";

const EPOCH = 4;

/**
 * The scenarios of a depth.
 *
 * @param depth 0 for the tests; each more gives the clients one operation more.
 */
export function scenariosOf(depth: number): readonly Scenario[] {
  const scenarios: readonly Scenario[] = [
    twoClients(depth),
    fence(depth),
    twoClientsFence(depth),
    timeOuts(depth),
    cutOffFence(depth),
    twoFences(depth),
    rivalFences(depth),
    fenceAgain(depth),
    rivalSuccessors(depth),
    lateRing(depth),
    cancelling(depth),
    cancellingFence(depth),
    oneWay(depth),
    pipelined(depth),
    quiet(depth),
    readyBits(depth),
    readyBitsFence(depth),
    reuse(depth),
    full(),
    closing(depth),
    wrap(depth),
  ];
  return scenarios.map((scenario) => {
    // The kernel hears of every client that is gone.
    const mourned = scenario.mayDie.filter((name) => name.startsWith("client"));
    return { ...scenario, mourned: [...mourned, ...scenario.mourned ?? []] };
  });
}

function twoClients(depth: number): Scenario {
  return {
    name: "two-clients",
    story: "two clients call one server, and one of them may die",
    epoch: EPOCH,
    channels: [channelOf(calls(0, 3 + depth)), channelOf(calls(0, 3 + depth))],
    servers: [running(EPOCH)],
    fencers: [],
    mayDie: ["client A"],
  };
}

function fence(depth: number): Scenario {
  return {
    name: "fence",
    story: "the server is fenced at any time, lives on as a zombie or not, and is replaced",
    epoch: EPOCH,
    channels: [channelOf(calls(0, 3 + depth))],
    servers: [running(EPOCH), successor(EPOCH + 1)],
    fencers: [{ epoch: EPOCH + 1, starts: 1 }],
    mayDie: ["server 1", "client A"],
  };
}

function twoClientsFence(depth: number): Scenario {
  // The tests have the first client's request posted at the start: a tenth of the states.
  const first: readonly RequestPlan[] = depth === 0
    ? [{ ...call(0), before: "posted" }]
    : calls(0, depth);
  return {
    name: "two-clients-fence",
    story: "the server of two clients is replaced, and one of the clients may die as well",
    epoch: EPOCH,
    channels: [channelOf(first), channelOf(calls(0, Math.max(1, depth)))],
    servers: [running(EPOCH), successor(EPOCH + 1)],
    fencers: [{ epoch: EPOCH + 1, starts: 1 }],
    mayDie: ["server 1", "client A"],
  };
}

function timeOuts(depth: number): Scenario {
  const base = fence(depth);
  const [plan] = base.channels;
  return {
    ...base,
    name: "time-outs",
    story: "sleeps end although nobody rang, while the server is replaced",
    channels: [{ ...plan!, requests: plan!.requests.slice(0, 2 + depth) }],
    timesOut: true,
  };
}

function cutOffFence(depth: number): Scenario {
  return {
    name: "cut-off-fence",
    story: "the kernel dies in the middle of a fence, and its successor runs the same fence again",
    epoch: EPOCH,
    channels: [channelOf(calls(0, 2 + depth))],
    servers: [running(EPOCH), successor(EPOCH + 1)],
    fencers: [
      { epoch: EPOCH + 1, starts: 1 },
      { epoch: EPOCH + 1, starts: 1, after: 0, onlyIfCutOff: true },
    ],
    mayDie: ["server 1", "fencer 1", "client A"],
  };
}

function twoFences(depth: number): Scenario {
  return {
    name: "two-fences",
    story: "two incarnations are replaced in a row, or the first fence is cut off by the second",
    epoch: EPOCH,
    channels: [channelOf(calls(0, 1 + depth))],
    servers: [running(EPOCH), successor(EPOCH + 1), successor(EPOCH + 2)],
    fencers: [
      { epoch: EPOCH + 1, starts: 1 },
      // The parity of the first is used again: only when that one is surely gone.
      { epoch: EPOCH + 2, starts: 2, after: 0, buries: [0] },
    ],
    mayDie: ["server 1", "server 2", "fencer 1"],
  };
}

function rivalFences(depth: number): Scenario {
  return {
    name: "rival-fences",
    story: "a kernel that was taken for dead goes on in its fence beside its successor's",
    epoch: EPOCH,
    channels: [channelOf(calls(0, 1 + depth))],
    servers: [running(EPOCH), successor(EPOCH + 1), successor(EPOCH + 2)],
    fencers: [
      { epoch: EPOCH + 1, starts: 1 },
      { epoch: EPOCH + 2, starts: 2, after: 0, besides: true, buries: [0] },
    ],
    mayDie: ["server 1", "server 2", "fencer 1"],
  };
}

function fenceAgain(depth: number): Scenario {
  return {
    name: "fence-again",
    story: "the same fence is run by two kernels at a time, or again when the successor is at work",
    epoch: EPOCH,
    channels: [channelOf(calls(0, 1 + depth))],
    servers: [running(EPOCH), successor(EPOCH + 1)],
    fencers: [
      { epoch: EPOCH + 1, starts: 1 },
      { epoch: EPOCH + 1, starts: 1, after: 0, besides: true },
    ],
    mayDie: ["server 1", "fencer 1"],
  };
}

function rivalSuccessors(depth: number): Scenario {
  return {
    name: "rival-successors",
    story: "without a kernel, two successors of a dead server take over at a time",
    epoch: EPOCH,
    channels: [channelOf([{ ...call(0), before: "taken" }, ...calls(1, 1 + depth)])],
    servers: [takingOver(), takingOver()],
    fencers: [],
    mayDie: [],
  };
}

function lateRing(depth: number): Scenario {
  return {
    ...fence(depth),
    name: "late-ring",
    story: "a fenced server dies in its last ring, and the kernel hears that it is gone",
    channels: [channelOf(calls(0, 2 + depth))],
    mayDie: ["server 1"],
    mourned: ["server 1"],
  };
}

function cancelling(depth: number): Scenario {
  return {
    name: "cancelling",
    story: "a client gives requests up, and uses their slots again",
    epoch: EPOCH,
    channels: [
      {
        ...channelOf([cancel(0), cancel(SLOT_COUNT), ...calls(SLOT_COUNT + 1, 1 + depth)]),
        otherSlots: (sequence) => ({ phase: "FREE", sequence: sequence + SLOT_COUNT }),
        slots: cancelledSlots(1 + depth),
      },
    ],
    servers: [running(EPOCH)],
    fencers: [],
    mayDie: ["client A"],
  };
}

function cancellingFence(depth: number): Scenario {
  const base = cancelling(depth);
  const [plan] = base.channels;
  return {
    ...base,
    name: "cancelling-fence",
    story: "a client gives requests up while the server is replaced",
    channels: [{ ...plan!, requests: [...plan!.requests.slice(0, 2 + depth)] }],
    servers: [running(EPOCH), successor(EPOCH + 1)],
    fencers: [{ epoch: EPOCH + 1, starts: 1 }],
    mayDie: ["server 1", "client A"],
  };
}

function oneWay(depth: number): Scenario {
  const requests: RequestPlan[] = [
    { sequence: 0, kind: "oneWay" },
    { sequence: 1, kind: "oneWay" },
    ...calls(2, 1 + depth),
  ];
  return {
    name: "one-way",
    story: "a client posts requests that want no answer, while the server is replaced",
    epoch: EPOCH,
    channels: [channelOf(requests)],
    servers: [running(EPOCH), successor(EPOCH + 1)],
    fencers: [{ epoch: EPOCH + 1, starts: 1 }],
    mayDie: ["server 1"],
  };
}

function pipelined(depth: number): Scenario {
  return {
    name: "post-many",
    story: "a client posts several requests with one ring, while the server is replaced",
    epoch: EPOCH,
    channels: [{ ...channelOf(calls(0, 3 + depth)), pipeline: 3 + depth, together: true }],
    servers: [running(EPOCH), successor(EPOCH + 1)],
    fencers: [{ epoch: EPOCH + 1, starts: 1 }],
    mayDie: ["server 1", "client A"],
  };
}

function quiet(depth: number): Scenario {
  return {
    ...pipelined(depth),
    name: "one-ring-a-turn",
    story: "a server answers several requests and rings once for all, and is replaced",
    quiet: true,
  };
}

function readyBits(depth: number): Scenario {
  return {
    name: "ready-bits",
    story: "the server of two clients looks only where a ready bit is set",
    epoch: EPOCH,
    channels: [channelOf(calls(0, 2 + depth)), channelOf(calls(0, 1 + depth))],
    servers: [running(EPOCH)],
    fencers: [],
    usesReady: true,
    mayDie: ["client A"],
  };
}

function readyBitsFence(depth: number): Scenario {
  return {
    ...readyBits(depth),
    name: "ready-bits-fence",
    story: "a server that takes ready bits is replaced",
    channels: [channelOf(calls(0, 2 + depth))],
    servers: [running(EPOCH), successor(EPOCH + 1)],
    fencers: [{ epoch: EPOCH + 1, starts: 1 }],
    mayDie: ["server 1"],
  };
}

function reuse(depth: number): Scenario {
  const first: RequestPlan = { ...call(0), before: "posted" };
  return {
    name: "reuse",
    story: "a slot is used twice while the server is replaced; those between were cancelled",
    epoch: EPOCH,
    channels: [{
      first: 0,
      requests: [first, ...calls(SLOT_COUNT, 2 + depth)],
      slots: cancelledSlots(1 + depth),
      otherSlots: (sequence) => ({ phase: "FREE", sequence: sequence + SLOT_COUNT }),
    }],
    servers: [running(EPOCH), successor(EPOCH + 1)],
    fencers: [{ epoch: EPOCH + 1, starts: 1 }],
    mayDie: ["server 1"],
  };
}

function full(): Scenario {
  return {
    name: "full",
    story: "every slot is in use, in every phase, when a server has died; two fences follow",
    epoch: EPOCH,
    channels: [{
      first: 0,
      requests: [
        { ...call(0), before: "taken" },
        { sequence: 1, kind: "cancel", before: "cancelled" },
        { ...call(2), before: "posted" },
        call(SLOT_COUNT),
        call(SLOT_COUNT + 1),
      ],
      otherSlots: (sequence) => ({ phase: "DONE", sequence }),
    }],
    servers: [successor(EPOCH + 1)],
    fencers: [
      { epoch: EPOCH + 1, starts: 0 },
      { epoch: EPOCH + 1, starts: 0, after: 0, onlyIfCutOff: true },
    ],
    mayDie: ["fencer 1"],
  };
}

function closing(depth: number): Scenario {
  return {
    name: "closing",
    story: "the server is fenced and nobody replaces it: the channel is closed",
    epoch: EPOCH,
    channels: [channelOf([...calls(0, 2 + depth), cancel(2 + depth)])],
    servers: [running(EPOCH)],
    fencers: [{ epoch: EPOCH + 1 }],
    mayDie: ["server 1"],
  };
}

function wrap(depth: number): Scenario {
  const first = 2 ** 32 - 2;
  return {
    name: "wrap",
    story: "sequences and bells wrap, and the epoch becomes the largest",
    epoch: EPOCH_MAX - 1,
    channels: [{
      first,
      spins: true,
      requests: [call(first), { sequence: first + 1, kind: "cancel" }, ...calls(0, 1 + depth)],
    }],
    servers: [running(EPOCH_MAX - 1), successor(EPOCH_MAX)],
    fencers: [{ epoch: EPOCH_MAX, starts: 1 }],
    bell: -2,
    mayDie: ["server 1"],
  };
}

function channelOf(requests: readonly RequestPlan[]): ChannelPlan {
  return { first: 0, requests };
}

/** Slots from 1 on whose first request was cancelled. */
function cancelledSlots(count: number): Readonly<Record<number, SlotPlan>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => {
    return [index + 1, { phase: "FREE", sequence: SLOT_COUNT + index + 1 }];
  }));
}

function calls(first: number, count: number): readonly RequestPlan[] {
  return Array.from({ length: count }, (_, index) => call(first + index));
}

function call(sequence: number): RequestPlan {
  return { sequence, kind: "call" };
}

function cancel(sequence: number): RequestPlan {
  return { sequence, kind: "cancel" };
}

function running(epoch: number): ServerPlan {
  return { epoch, running: true };
}

function takingOver(): ServerPlan {
  return { epoch: 0, running: false, takesOver: true };
}

function successor(epoch: number): ServerPlan {
  return { epoch, running: false };
}
