import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PHASE } from "./layouts/channel.ts";
import { slotWord } from "./channel.ts";
import { ERRNO, OsError } from "./errno.ts";
import { SLOT_COUNT } from "./limits.ts";
import { clientOf, memory, pair, plainWaiter } from "./pair_fixture.ts";

Deno.test("every kind of field comes through both ways, at its bounds", () => {
  const { client } = pair();
  const least = { a: 0, b: 0, c: 0, d: 0, e: -(2 ** 31), f: -0.5, g: false };
  const most = {
    a: 255,
    b: 65535,
    c: 2 ** 32 - 1,
    d: Number.MAX_SAFE_INTEGER,
    e: 2 ** 31 - 1,
    f: Number.MAX_VALUE,
    g: true,
  };

  for (const values of [least, most]) assertEquals(client.callSync("echo", values), values);
  const text = { raw: new Uint8Array([0, 255, 7]), text: "箱 hako" };
  assertEquals(client.callSync("text", text), text);
  const small = { a: -128, b: 32767, whence: "end" } as const;
  assertEquals(client.callSync("small", small), { whence: "end" });
});

Deno.test("what does not fit is refused before anything is posted", () => {
  const { channel, client } = pair();
  assertThrows(() => client.callSync("number", { value: 2 ** 31 }), RangeError, "value");
  const target = new Uint8Array(8);
  assertThrows(() => client.callSync("fill", { value: 1, target }), OsError, "EFAULT");
  assertThrows(
    () => client.callAllSync("number", [{ value: 1 }, { value: 0.5 }, { value: 2 }]),
    RangeError,
  );
  assertEquals(channel.slotsInUse(), 0);
  assertEquals(client.callSync("number", { value: 3 }), 3, "the slot can be used after all that");
});

Deno.test("a getter in a request that makes a call is refused, and its own call is answered", () => {
  const { client, taken } = pair();
  const request = {
    get value(): number {
      return client.callSync("number", { value: 41 }) + 1;
    },
  };
  assertThrows(() => client.callSync("number", request), TypeError, "a getter of the request");
  assertEquals(taken, [41]);
  assertEquals(client.callSync("number", { value: 1 }), 1);
});

Deno.test("a closed channel says so to synchronous and asynchronous callers", async () => {
  const { channel, bell, client } = pair();
  const waiting = clientOf(channel, bell, plainWaiter());
  const answer = waiting.call("number", { value: 1 });
  channel.close(ERRNO.ESHUTDOWN);

  await assertRejects(() => answer, OsError, "ESHUTDOWN");
  assertThrows(() => client.callSync("number", { value: 1 }), OsError, "ESHUTDOWN");
  assertThrows(() => client.send("note", { value: 1 }), OsError, "ESHUTDOWN");
  await waiting.idle();
});

Deno.test("more requests than slots are refused with EAGAIN, and none is lost", async () => {
  const { server, client, taken } = pair();
  const answers = Array.from(
    { length: SLOT_COUNT },
    (_, value) => client.call("number", { value }),
  );

  await assertRejects(() => client.call("number", { value: 1 }), OsError, "EAGAIN");
  while (server.serve() > 0);
  assertEquals(await Promise.all(answers), Array.from({ length: SLOT_COUNT }, (_, i) => i));
  assertEquals(taken.length, SLOT_COUNT);
});

Deno.test("a promise that is answered gives its slot back before the event loop has its turn", async () => {
  const { server, client } = pair();
  const first = client.call("number", { value: 7 });
  const refused = client.call("number", { value: -ERRNO.EIO });
  while (server.serve() > 0);
  for (let value = 0; value < 3 * SLOT_COUNT; value++) {
    assertEquals(client.callSync("number", { value }), value);
  }
  assertEquals(await first, 7);
  await assertRejects(() => refused, OsError, "EIO");
});

Deno.test("callAllSync() answers in the order of the requests, however many", () => {
  const { channel, client, taken } = pair();
  for (const count of [0, 1, SLOT_COUNT, 5 * SLOT_COUNT + 7]) {
    taken.length = 0;
    const requests = Array.from({ length: count }, (_, value) => ({ value }));
    const values = requests.map(({ value }) => value);
    assertEquals(client.callAllSync("number", requests), values);
    assertEquals(taken, values);
  }
  assertEquals(channel.slotsInUse(), 0);
});

Deno.test("callAllSync() throws the first error after all have been dealt with", () => {
  const { channel, client, taken } = pair();
  const requests = [1, -1, 3].map((value) => ({ value }));
  assertThrows(() => client.callAllSync("number", requests), OsError, "EIO");
  assertEquals(taken, [1, -1, 3]);
  assertEquals(channel.slotsInUse(), 0);
  assertEquals(client.callAllSync("number", [{ value: 4 }]), [4]);
});

Deno.test("send() answers nothing, is done in order, and gives its slots back", async () => {
  const { server, channel, client, taken } = pair();
  const values = Array.from({ length: SLOT_COUNT }, (_, value) => value);
  for (const value of values) client.send("note", { value });
  assertThrows(() => client.send("note", { value: -5 }), OsError, "EAGAIN");
  const idle = client.idle();
  while (server.serve() > 0);

  await idle;
  assertEquals(taken, values);
  assertEquals(channel.slotsInUse(), 0);
  client.send("note", { value: 99 });
  assertEquals(client.callSync("number", { value: 100 }), 100);
  assertEquals(taken.slice(-2), [99, 100], "in the order of posting");
});

Deno.test("a call that was never begun in time is taken back", () => {
  let nowMs = 0;
  const { channel, bell, server, taken } = pair();
  const waiter = plainWaiter({ sleepMsMax: 1, nowMs: () => nowMs += 5 });
  const impatient = clientOf(channel, bell, waiter);
  assertThrows(
    () => impatient.callSync("number", { value: 1 }, { timeoutMs: 20 }),
    OsError,
    "ETIMEDOUT: timed out, demo.number (never begun)",
  );
  assertThrows(() => impatient.callSync("number", { value: 1 }, { timeoutMs: -1 }), RangeError);
  assertEquals(server.serve(), 0);
  assertEquals([taken, channel.slotsInUse()], [[], 0]);
});

Deno.test("a call that is being done when its time is over leaves its slot to the server", async () => {
  let nowMs = 0;
  const { channel, bell, server, promised } = pair();
  const waiter = plainWaiter({ sleepMsMax: 1, nowMs: () => nowMs });
  const impatient = clientOf(channel, bell, waiter);
  const answer = impatient.call("later", { value: 7 }, { timeoutMs: 10 });
  server.serve();
  nowMs = 11;
  await assertRejects(() => answer, OsError, "demo.later (still being done)");
  assertEquals(channel.words[slotWord(0)]! & 7, PHASE.CANCELLED);

  const idle = impatient.idle();
  promised.get(7)!.resolve(1);
  await idle;
  assertEquals(channel.slotsInUse(), 0);
});

Deno.test("a slot that a dead server held for a cancelled call comes back at the fence", async () => {
  let nowMs = 0;
  const { channel, bell, server } = pair();
  const waiter = plainWaiter({ sleepMsMax: 1, nowMs: () => nowMs });
  const client = clientOf(channel, bell, waiter);
  const answer = client.call("later", { value: 7 }, { timeoutMs: 1 });
  server.serve();
  nowMs = 2;
  await assertRejects(() => answer, OsError, "ETIMEDOUT");
  const idle = client.idle();
  channel.core.fence(2);
  await idle;
  assertEquals(channel.slotsInUse(), 0);
});

Deno.test("an answer that comes with the deadline is delivered", () => {
  let nowMs = 0;
  const { channel, bell, server, taken } = pair();
  const waiter = plainWaiter({
    sleepMsMax: 0,
    nowMs: () => nowMs,
    endSleep: () => {
      nowMs = 100;
      server.serve();
    },
  });
  const client = clientOf(channel, bell, waiter);
  assertEquals(client.callSync("number", { value: 5 }, { timeoutMs: 10 }), 5);
  assertEquals(taken, [5]);
});

Deno.test("a signal gives up a call, at once if it has aborted before", async () => {
  const { channel, bell, server, taken } = pair();
  const client = clientOf(channel, bell, plainWaiter());
  const reason = new Error("changed my mind");
  const late = new AbortController();
  const answer = client.call("number", { value: 1 }, { signal: late.signal });
  late.abort(reason);
  const error = await assertRejects(() => answer, OsError, "ECANCELED");
  assertEquals(error.cause, reason);
  assert(error.message.includes("never begun"));

  const signal = AbortSignal.abort(reason);
  await assertRejects(
    () => client.call("number", { value: 2 }, { signal }),
    OsError,
    "never posted",
  );
  const fine = client.call("number", { value: 3 }, { signal: new AbortController().signal });
  while (server.serve() > 0);
  assertEquals(await fine, 3);
  assertEquals(taken, [3]);
});

Deno.test("stream() answers in order, some at a time, from iterables of both kinds", async () => {
  const { channel, bell, server } = pair();
  let most = 0;
  const waiter = plainWaiter({ sleepMsMax: 1 });
  const client = clientOf(channel, bell, waiter);
  const turn = setInterval(() => {
    most = Math.max(most, channel.slotsInUse());
    while (server.serve() > 0);
  }, 1);
  const values = Array.from({ length: 100 }, (_, value) => value);
  async function* slowly() {
    for (const value of values) {
      await Promise.resolve();
      yield { value };
    }
  }
  try {
    for (const requests of [values.map((value) => ({ value })), slowly()]) {
      const seen: number[] = [];
      for await (const answer of client.stream("number", requests, { inFlightMax: 8 })) {
        seen.push(answer);
      }
      assertEquals(seen, values);
    }
    assert(most > 1 && most <= 8, `${most} in flight`);
  } finally {
    clearInterval(turn);
  }
  assertThrows(() => client.stream("number", [], { inFlightMax: 0 }), RangeError);
  assertThrows(() => client.stream("number", [], { inFlightMax: SLOT_COUNT + 1 }), RangeError);
});

Deno.test("who leaves a stream gives up what is under way and closes its source", async () => {
  const { channel, bell, server } = pair();
  const client = clientOf(channel, bell, plainWaiter({ sleepMsMax: 1 }));
  let closed = false;
  function* endlessly() {
    try {
      for (let value = 0;; value++) yield { value };
    } finally {
      closed = true;
    }
  }
  const turn = setInterval(() => server.serve(), 1);
  for await (const answer of client.stream("number", endlessly())) {
    if (answer === 20) break;
  }
  clearInterval(turn);
  while (server.serve() > 0);
  await client.idle();
  assertEquals([closed, channel.slotsInUse()], [true, 0]);
});

Deno.test("a server that scribbles over the slots is told as EPROTO, not waited for", async () => {
  const { channel, bell } = pair();
  let nowMs = 0;
  const client = clientOf(channel, bell, plainWaiter({ sleepMsMax: 0, nowMs: () => nowMs += 1 }));
  channel.words[slotWord(0)] = PHASE.TAKEN;
  assertThrows(() => client.callSync("number", { value: 1 }), OsError, "EPROTO");
  const answer = client.call("number", { value: 1 }, { timeoutMs: 3 });
  channel.words[slotWord(1) + 1] = 12345;
  await assertRejects(() => answer, OsError, "EPROTO");
  void memory;
});
