/**
 * A hostile domain: it may call the shelf for reading only, and the deputy, and wants more. It
 * finishes with what came of the attack that its options name.
 *
 * @module
 */

import { defineProtocol, type Operation, u32 } from "@hako/ipc";
import type { CapabilityView, KernelAnswer } from "../../../kernel/capabilities/mod.ts";
import { handleOf } from "../../../kernel/capabilities/handle.ts";
import { BODY, SLOT } from "../../../ipc/layouts/channel.ts";
import type { UsedGrant } from "../../../kernel/messages.ts";
import { CODE_MAX } from "../../../ipc/protocol.ts";
import { Deputy } from "./deputy_protocol.ts";
import { HostileBody } from "./hostile_body.ts";
import { outcomeOf } from "./outcome.ts";
import { Tally } from "./tally.ts";
import { Shelf } from "./shelf_protocol.ts";

const body = await HostileBody.begin();
const mine = body.boot.capabilities.map(({ handle }) => handle);

/** What it does, by name. */
const ATTACKS: Readonly<Record<string, () => unknown>> = {
  guess,
  stale,
  badges,
  channel,
  limits,
  deputy,
  garbage,
  nonsense,
  flood,
  scribble,
};

body.finish(ATTACKS[body.boot.options.attack as string]!());

/** Every call by every handle of whole ranges that is not its own. */
function guess(): unknown {
  const tally = new Tally();
  const { handle: others } = body.client(Deputy, body.usedAt("deputy")).callSync("own", {});
  const handles: number[] = [0, 1, 4095, 4096, 2 ** 32, 2 ** 52 + 1, Number.MAX_SAFE_INTEGER];
  for (let index = 0; index < 32; index++) {
    for (let serial = 0; serial < 32; serial++) handles.push(handleOf(index, serial));
  }
  for (const handle of handles) {
    if (!mine.includes(handle)) tally.addAll(callsBy(handle), body.askAll(callsBy(handle)));
  }
  if (!handles.includes(others)) throw new Error("no handle of anybody's was among them");
  return { ...tally.outcomes, tried: handles.length };
}

/** Handles of capabilities that it has had, after their rows were used again. */
function stale(): unknown {
  const tally = new Tally();
  const { handle } = body.given("shelf");
  let reused = 0;
  for (let round = 0; round < 200; round++) {
    const derived = one(body.ask({ type: "derive", handle }));
    body.ask({ type: "drop", handle: derived });
    const fresh = one(body.ask({ type: "derive", handle }));
    if (fresh % 4096 === derived % 4096) reused++;
    tally.addAll(callsBy(derived), body.askAll(callsBy(derived)));
    body.ask({ type: "drop", handle: fresh });
  }
  return { ...tally.outcomes, reused };
}

/** Badges of others, in calls: a client that it does not serve, a peer that it is not. */
function badges(): unknown {
  const tally = new Tally();
  const { handle } = body.given("shelf");
  const handles = Array.from({ length: 40 }, (_, serial) => handleOf(serial, serial + 1));
  for (let badge = 1; badge < 200; badge++) {
    const calls = [
      { type: "grant", handles: [handle], to: { badge } },
      ...handles.map((guessed) => ({ type: "accept", handle: guessed, from: { badge } })),
    ];
    tally.addAll(calls, body.askAll(calls));
  }
  const before = JSON.stringify(body.ask({ type: "held", after: 0 }));
  for (let owner = 0; owner < 64; owner++) {
    const forged = { type: "held", after: 0, owner, caller: owner, badge: owner, epoch: owner };
    if (JSON.stringify(body.ask(forged)) !== before) throw new Error("it was taken for another");
  }
  return tally.outcomes;
}

/** Badges of others, in its channel's memory: in every word that it may call its own and is none. */
function channel(): unknown {
  const shelf = body.client(Shelf, body.usedAt("shelf"));
  const truth = shelf.callSync("who", {});
  const { memory } = body.usedAt("shelf");
  const words = new Int32Array(memory.buffer);
  const seen = new Set<number>();
  for (let badge = 1; badge < 200; badge++) {
    for (let slot = 0; slot < 64; slot++) {
      const head = (1024 + slot * SLOT.byteLength) >> 2;
      words.fill(badge, head + (SLOT.at.requestNear >> 2), head + (SLOT.at.replyEven >> 2));
      words.fill(badge, head + (SLOT.at.requestFar >> 2), head + (SLOT.byteLength >> 2));
      const rest = (1024 + 64 * SLOT.byteLength + slot * BODY.byteLength) >> 2;
      words.fill(badge, rest, rest + (BODY.at.replyEven >> 2));
    }
    seen.add(shelf.callSync("who", {}));
  }
  return { isKnown: seen.size === 1 && seen.has(truth) };
}

/** Operations beyond its right: its runtime is its own, and so is its word for what it speaks. */
function limits(): unknown {
  const request = { shelf: u32, value: u32 };
  const what = { shelf: 5, value: 666 };
  const operations: Record<string, Operation> = {};
  for (let code = 1; code <= CODE_MAX; code++) {
    if (code === Shelf.operations.toss.code) continue; // Nobody answers that one.
    operations[`any${code}`] = { code, request, errors: [], idempotent: true };
  }
  const { name, version } = Shelf;
  const anything = body.client(defineProtocol(name, version, operations), readOnlyShelf());
  const outcomes: Record<string, number> = {};
  for (const operation of Object.keys(operations)) {
    const outcome = outcomeOf(() => anything.callSync(operation, what));
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  const tosser = body.client(Shelf, readOnlyShelf());
  for (let i = 0; i < 30; i++) tosser.send("toss", what);
  return { outcomes, read: tosser.callSync("read", { shelf: 5 }) };
}

/** A channel to the shelf on which it may read and nothing else. */
function readOnlyShelf(): UsedGrant {
  const { handle } = body.given("shelf");
  const reading = viewIn(body.ask({ type: "derive", handle, operations: [1] }));
  body.ask({ type: "connect", handle: reading.handle });
  return body.usedBy(reading.badge);
}

/** Has the deputy use what is not this client's: the deputy's own, others', anything. */
function deputy(): unknown {
  const server = body.client(Deputy, body.usedAt("deputy"));
  const own = server.callSync("own", {}).handle;
  const handles = [own];
  for (let index = 0; index < 32; index++) {
    for (let serial = 0; serial < 32; serial++) handles.push(handleOf(index, serial));
  }
  const outcomes: Record<string, number> = {};
  for (const endpoint of handles) {
    const attempts = [
      outcomeOf(() => server.callSync("put", { endpoint, shelf: 0, value: 666 })),
      outcomeOf(() => server.callSync("fill", { segment: endpoint, value: 66 })),
      outcomeOf(() => server.callSync("copy", { segment: endpoint })),
    ];
    for (const outcome of attempts) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return { own: outcomeOf(() => server.callSync("look", { endpoint: own, shelf: 0 })), outcomes };
}

/** Calls that are none. Fewer than the kernel bears. */
function garbage(): unknown {
  const tally = new Tally();
  const values: unknown[] = [
    undefined,
    null,
    NaN,
    -1,
    2 ** 53,
    "drop",
    [],
    new Array(1e5),
    new Array(1e9),
    "x".repeat(1e5),
    new Map([["type", "drop"]]),
    new Date(0),
    new SharedArrayBuffer(64),
    new Uint8Array(1e5),
    new Error("no call"),
    10n ** 100n,
  ];
  const loop: Record<string, unknown> = { type: "grant" };
  loop.handles = [loop];
  loop.to = loop;
  const types = ["derive", "grant", "accept", "drop", "segment", "__proto__", "constructor"];
  const calls = [
    ...values,
    loop,
    ...types.flatMap((type) => values.map((value) => ({ type, handle: value }))),
    ...types.flatMap((type) => values.map((value) => ({ type, handles: value, to: value }))),
    ...types.map((type) => ({ type, handle: 1, from: { badge: {} }, byteLength: Infinity })),
  ];
  for (const call of calls) tally.addAll([call], [body.ask(call)]);
  return { ...tally.outcomes, tried: calls.length };
}

/** Messages that are none, without end: the kernel loses its patience. */
function nonsense(): never {
  for (let i = 0;; i++) {
    body.post(
      [{ type: "open" }, { type: "boot" }, { type: "died", name: "shelf" }, i, null][i % 5],
    );
    if (i % 1_000 === 0) body.ask({ type: "held", after: 0 });
  }
}

/** Calls that make sense, faster than anybody could answer them. */
function flood(): unknown {
  body.report("flooding");
  for (let i = 0; i < 60_000; i++) {
    body.boot.control.postMessage({ type: "call", number: i, call: { type: "held", after: 0 } });
    if (i % 100 === 0) {
      body.post({ type: "call", number: 1e6 + i, call: { type: "held", after: 0 } });
    }
  }
  return "flooded";
}

/** Garbage in what it shares with the kernel and with everybody: the kernel's bell, the census. */
function scribble(): unknown {
  const bell = new Int32Array(body.boot.kernelBell.buffer);
  const census = new Int32Array(body.boot.census);
  let word = 1;
  for (let round = 0; round < 2_000; round++) {
    for (let at = 0; at < bell.length; at += 16) bell[at] = word = Math.imul(word, 1664525) + 7;
    census.fill(word);
  }
  return "scribbled";
}

/** Every call that names a capability, by one handle. */
function callsBy(handle: number): unknown[] {
  const { handle: shelf } = body.given("shelf");
  return [
    ...["derive", "revoke", "drop", "connect", "map", "copy", "look", "restart", "terminate"]
      .map((type) => ({ type, handle })),
    { type: "grant", handles: [handle], to: { endpoint: shelf } },
    { type: "grant", handles: [shelf], to: { endpoint: handle } },
    { type: "accept", handle, from: { endpoint: shelf } },
  ];
}

function viewIn(answer: KernelAnswer): CapabilityView {
  if (answer.type !== "capabilities") throw new Error(JSON.stringify(answer));
  return answer.capabilities[0]!;
}

function one(answer: KernelAnswer): number {
  return viewIn(answer).handle;
}
