import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { AnswerLog, StagedChanges } from "./answer_log.ts";
import { Channel, OPERATION, slotWord } from "./channel.ts";
import type { ClientEnvironment } from "./client.ts";
import { Doorbell } from "./doorbell.ts";
import { ERRNO, OsError } from "./errno.ts";
import { SLOT_COUNT } from "./limits.ts";
import { clientOf, Demo, plainWaiter, windows } from "./pair_fixture.ts";
import type { Operations, Protocol } from "./protocol.ts";
import { PROGRESS, PROGRESS_WORDS } from "./request_trace.ts";
import type { AcceptedChannel, UntypedHandler } from "./served_channel.ts";
import { ChannelServer } from "./server.ts";

/** Codes of `Demo`. */
const NUMBER = 4;
const LATER = 6;

/** A log in plain memory, and what happened to it. */
class PlainLog implements AnswerLog, StagedChanges {
  readonly events: string[] = [];
  readonly answers: Map<number, number[]> = new Map();
  readonly staged: [number, number[]][] = [];
  changed = 0;

  get isEmpty(): boolean {
    return this.staged.length === 0 && this.changed === 0;
  }

  recall(sequence: number, target: Int32Array): number {
    this.events.push(`recall ${sequence}`);
    const answer = this.answers.get(sequence) ?? [];
    target.set(answer);
    return answer.length;
  }

  stage(sequence: number, source: Int32Array, count: number): void {
    this.events.push(`stage ${sequence}`);
    this.staged.push([sequence, [...source.subarray(0, count)]]);
  }

  commit(): void {
    this.events.push(`commit ${this.changed}`);
    for (const [sequence, answer] of this.staged) this.answers.set(sequence, answer);
    this.staged.length = 0;
    this.changed = 0;
  }

  abort(): void {
    if (this.changed > 0) this.events.push("forget");
    this.staged.length = 0;
    this.changed = 0;
  }
}

interface Stage {
  readonly channel: Channel;
  readonly server: ChannelServer;
  readonly client: ReturnType<typeof clientOf>;
}

function stage(
  handlers: Record<string, UntypedHandler>,
  environment: Partial<ClientEnvironment> = {},
  accepted: Partial<AcceptedChannel> = {},
): Stage {
  const channel = accepted.channel ?? Channel.create(0, 1);
  const bell = Doorbell.create();
  const server = new ChannelServer(bell, { waiter: plainWaiter(), windows, ...environment });
  const protocol = Demo as unknown as Protocol<Operations>;
  const told = { epoch: 1, badge: 7, index: 3, protocol, censusIndex: 0, handlers };
  server.attach({ channel, ...told, ...accepted });
  const turn = () => void server.serve();
  const client = clientOf(channel, bell, plainWaiter({ sleepMsMax: 0, beginSleep: turn }));
  return { channel, server, client };
}

function post(channel: Channel, sequence: number, code: number): void {
  channel.words[slotWord(sequence) + OPERATION] = code;
  assertEquals(channel.core.post(sequence), 1);
}

Deno.test("progress names the request in the handler, and counts the answered", () => {
  const progress = new Int32Array(PROGRESS_WORDS);
  const seen: number[][] = [];
  const number: UntypedHandler = ({ value }) => {
    seen.push([...progress]);
    if (value === 2) throw new Error("it dies");
    return value;
  };
  const { client } = stage({ number }, { progress });
  client.callSync("number", { value: 1 });
  assertEquals([...progress], [0, 0, NUMBER, 1]);
  assertThrows(() => client.callSync("number", { value: 2 }), Error, "it dies");

  assertEquals(seen, [[4, 0, NUMBER, 0], [4, 1, NUMBER, 1]]);
  assertEquals([...progress], [4, 1, NUMBER, 1], "it says which one killed");
});

Deno.test("progress names a request whose promise fails, when the failure is thrown", async () => {
  const progress = new Int32Array(PROGRESS_WORDS);
  const failed = Promise.withResolvers<number>();
  const { channel, server } = stage({ later: () => failed.promise, number: () => 0 }, { progress });
  post(channel, 0, LATER);
  server.serve();
  assertEquals(progress[PROGRESS.CHANNEL], 0, "a promise counts as returned");
  failed.reject(new Error("late"));
  await assertRejects(() => failed.promise);
  while (server.promises > 0) await Promise.resolve();
  post(channel, 1, NUMBER);
  server.serve();

  assertThrows(() => server.check(), Error, "late");
  assertEquals([...progress], [4, 0, LATER, 1]);
});

Deno.test("each answered request is told of while somebody looks, and no clock is read otherwise", async () => {
  const observed = new Int32Array(1);
  const told: number[][] = [];
  const answered = (...values: number[]) => void told.push(values);
  let nowMs = 0;
  let reads = 0;
  const waiter = plainWaiter({ nowMs: () => (reads++, nowMs += 5) });
  const open = Promise.withResolvers<number>();
  const handlers = { number: () => -ERRNO.EIO, later: () => open.promise };
  const { channel, server } = stage(handlers, { waiter, trace: { observed, answered } });
  post(channel, 0, NUMBER);
  server.serve();
  assertEquals([reads, told], [0, []]);

  observed[0] = 1;
  post(channel, 1, NUMBER);
  post(channel, 2, LATER);
  post(channel, 3, 999);
  server.serve();
  open.resolve(8);
  while (server.promises > 0) await Promise.resolve();
  assertEquals(told, [
    [7, NUMBER, 1, 5, 10, -ERRNO.EIO],
    [7, 0, 3, 20, 25, -ERRNO.ENOSYS],
    [7, LATER, 2, 15, 30, 8],
  ]);
});

Deno.test("a poisoned request is answered without its handler, and only that one", () => {
  let calls = 0;
  const number: UntypedHandler = () => calls++;
  const { client } = stage({ number }, {}, { poisoned: [1] });
  assertEquals(client.callSync("number", { value: 0 }), 0);
  const error = assertThrows(() => client.callSync("number", { value: 0 }), OsError);
  assertEquals((error as OsError).code, "ENOTRECOVERABLE");
  assertEquals([client.callSync("number", { value: 0 }), calls], [1, 2]);
});

Deno.test("an answer is committed with what its handler changed, before it is published", () => {
  const log = new PlainLog();
  const number: UntypedHandler = ({ value }) => {
    log.changed = 1;
    return value;
  };
  const point = (name: string) => {
    log.events.push(name);
    if (name === "runtime.committed") assertEquals(channel.slotsInUse(), 1);
  };
  const { client, channel } = stage({ number }, { changes: log, point }, { answers: log });
  assertEquals(client.callSync("number", { value: 4 }), 4);
  assertEquals(log.events, [
    "recall 0",
    "runtime.request",
    "runtime.answer",
    "stage 0",
    "commit 1",
    "runtime.committed",
  ]);
  assertEquals(log.answers, new Map([[0, [4]]]));
});

Deno.test("an errno forgets what its handler changed, and is recorded", () => {
  const log = new PlainLog();
  const number: UntypedHandler = ({ value }) => {
    log.changed = 1;
    if (value === 1) throw new OsError("EIO", "try");
    return -ERRNO.ENOSPC;
  };
  const { client } = stage({ number }, { changes: log }, { answers: log });
  assertThrows(() => client.callSync("number", { value: 0 }), OsError, "ENOSPC");
  assertThrows(() => client.callSync("number", { value: 1 }), OsError, "EIO");
  assertEquals(log.answers, new Map([[0, [-ERRNO.ENOSPC]], [1, [-ERRNO.EIO]]]));
  assertEquals(log.events.filter((event) => event.startsWith("commit")), ["commit 0", "commit 0"]);
});

Deno.test("what may be done twice is committed without a record, and not looked up", () => {
  const log = new PlainLog();
  let changed = 1;
  const echo: UntypedHandler = (request) => {
    log.changed = changed;
    return { ...request };
  };
  const { client } = stage({ echo }, { changes: log }, { answers: log });
  const request = { a: 1, b: 2, c: 3, d: 2 ** 40, e: -5, f: 0.5, g: true };
  assertEquals(client.callSync("echo", request), request);
  changed = 0;
  client.callSync("echo", request);
  assertEquals(log.events, ["commit 1"], "and nothing if nothing was changed");
});

Deno.test("a recorded answer is given again without the handler, while it can be the predecessor's", () => {
  const log = new PlainLog();
  log.answers.set(0, [42]);
  log.answers.set(SLOT_COUNT, [43]);
  let calls = 0;
  const number: UntypedHandler = () => calls++;
  const { client } = stage({ number }, { changes: log }, { answers: log, poisoned: [0] });
  assertEquals(client.callSync("number", { value: 0 }), 42, "done is done, poisoned or not");
  for (let i = 1; i < SLOT_COUNT; i++) client.callSync("number", { value: 0 });
  assertEquals(calls, SLOT_COUNT - 1);
  assertEquals(client.callSync("number", { value: 0 }), calls - 1, "this one is nobody's but ours");
});

Deno.test("a poisoned request that is done once stays poisoned", () => {
  const log = new PlainLog();
  const { client } = stage({ number: () => 0 }, { changes: log }, { answers: log, poisoned: [0] });
  assertThrows(() => client.callSync("number", { value: 0 }), OsError, "ENOTRECOVERABLE");
  assertEquals(log.answers, new Map([[0, [-ERRNO.ENOTRECOVERABLE]]]));
});

Deno.test("a one-way request is done once as well", () => {
  const log = new PlainLog();
  let calls = 0;
  const note: UntypedHandler = () => void calls++;
  const first = stage({ note }, { changes: log }, { answers: log });
  first.client.send("note", { value: 1 });
  first.server.serve();
  assertEquals([calls, log.answers], [1, new Map([[0, [0]]])]);

  const channel = Channel.create(0, 1);
  post(channel, 0, 5);
  const second = stage({ note }, { changes: log }, { answers: log, channel });
  assertEquals(second.server.serve(), 1);
  assertEquals([calls, channel.slotsInUse()], [1, 0]);
});

Deno.test("a handler that waits may not leave changes to others", async () => {
  const log = new PlainLog();
  const before: UntypedHandler = () => {
    log.changed = 1;
    return Promise.resolve(0);
  };
  const first = stage({ later: before }, { changes: log }, { answers: log });
  post(first.channel, 0, LATER);
  assertThrows(() => first.server.serve(), Error, "commits itself what it changes");

  log.abort();
  const after: UntypedHandler = async () => {
    await Promise.resolve();
    log.changed = 1;
    return 0;
  };
  const second = stage({ later: after, number: () => 0 }, { changes: log }, { answers: log });
  post(second.channel, 0, LATER);
  second.server.serve();
  while (second.server.promises > 0) await Promise.resolve();
  assertThrows(() => second.server.check(), Error, "commits itself what it changes");
  post(second.channel, 1, NUMBER);
  assertThrows(() => second.server.serve(), Error, "commits itself what it changes");
});

Deno.test("answers without changes to commit them with are refused", () => {
  const log = new PlainLog();
  assertThrows(() => stage({}, {}, { answers: log }), Error, "kept with the changes");
});

Deno.test("a request under its former name is answered as it was, whenever it comes", () => {
  const log = new PlainLog();
  log.answers.set(5, [42]);
  const seen: unknown[] = [];
  const number: UntypedHandler = ({ value }, { sequence }) => {
    seen.push(sequence);
    return value;
  };
  const { client } = stage({ number }, { changes: log }, { answers: log });
  for (let i = 0; i < 2 * SLOT_COUNT; i++) client.callSync("number", { value: 0 });
  assertEquals(seen.splice(0).length, 2 * SLOT_COUNT - 1, "5 was this channel's own as well");
  log.answers.set(5, [42]);
  assertEquals(client.callSync("number", { value: 1 }, { formerly: 5 }), 42);
  assertEquals(seen, []);
  assertEquals(
    client.callSync("number", { value: 2 }),
    2,
    "its slot's next request is a plain one",
  );
  assertEquals(seen, [2 * SLOT_COUNT + 1]);
});

Deno.test("a request that was never done is done under its former name, and logged so", () => {
  const log = new PlainLog();
  const seen: unknown[] = [];
  const number: UntypedHandler = ({ value }, { sequence }) => {
    seen.push(sequence);
    return value;
  };
  const { client } = stage({ number }, { changes: log }, { answers: log });
  assertEquals(client.nextName, 0);
  const former = 0xffff_fff0; // A name is any sequence.
  assertEquals(client.callSync("number", { value: 3 }, { formerly: former }), 3);
  assertEquals(client.callSync("number", { value: 4 }, { formerly: former }), 3);
  assertEquals([seen, [...log.answers]], [[former], [[former, [3]]]]);
  assertEquals(client.nextName, 2);
});

Deno.test("what may be done twice has its own name, whatever it says", () => {
  const log = new PlainLog();
  const echo: UntypedHandler = (request, { sequence }) => ({ ...request, c: sequence });
  const { client } = stage({ echo }, { changes: log }, { answers: log });
  const request = { a: 1, b: 2, c: 3, d: 4, e: -5, f: 0.5, g: true };
  assertEquals(client.callSync("echo", request, { formerly: 77 }).c, 0);
  assertEquals(log.events, []);
});

Deno.test("under the name of another operation nobody reads what others were answered", () => {
  const log = new PlainLog();
  log.answers.set(9, [0, 1, 2]); // That of an operation with fields, as `number` has none.
  const number: UntypedHandler = () => 7;
  const { client } = stage({ number }, { changes: log }, { answers: log });
  assertThrows(() => client.callSync("number", { value: 0 }, { formerly: 9 }), OsError, "EPROTO");
  log.answers.set(10, [-ERRNO.EIO]);
  assertThrows(() => client.callSync("number", { value: 0 }, { formerly: 10 }), OsError, "EIO");
  for (const wrong of [-1, 0.5, NaN, 2 ** 32]) {
    assertThrows(() => client.callSync("number", { value: 0 }, { formerly: wrong }), RangeError);
  }
  assertEquals(client.callSync("number", { value: 0 }), 7);
});
