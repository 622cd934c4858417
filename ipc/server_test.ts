import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Channel, placeReply, placeRequest, slotWord } from "./channel.ts";
import { ChannelClient } from "./client.ts";
import { Doorbell } from "./doorbell.ts";
import { ERRNO, OsError } from "./errno.ts";
import { SLOT_COUNT } from "./limits.ts";
import type { WindowTable } from "./message.ts";
import {
  bool,
  bytes,
  defineProtocol,
  f64,
  i32,
  type Operations,
  u16,
  u32,
  u64,
  u8,
  utf8,
  window,
} from "./protocol.ts";
import { ChannelServer, TURN_BUDGET, type UntypedHandler } from "./server.ts";
import { unsupervised, type Waiter } from "./wait.ts";

const operations = {
  echo: {
    code: 1,
    request: { a: u8, b: u16, c: u32, d: u64, e: i32, f: f64, g: bool },
    reply: { a: u8, b: u16, c: u32, d: u64, e: i32, f: f64, g: bool },
    errors: [],
    idempotent: true,
  },
  text: {
    code: 2,
    request: { raw: bytes(100), text: utf8(100) },
    reply: { raw: bytes(100), text: utf8(100) },
    errors: [],
    idempotent: true,
  },
  fill: {
    code: 3,
    request: { value: u8, target: window("write") },
    errors: ["EINVAL", "EFAULT"],
    idempotent: true,
  },
  number: { code: 4, request: { value: i32 }, errors: [], idempotent: false },
} as const satisfies Operations;
const Demo = defineProtocol("demo", 1, operations);

const memory = new Uint8Array(new SharedArrayBuffer(4096));
const windows: WindowTable = {
  segmentOf: (buffer) => buffer === memory.buffer ? 7 : 0,
  segment: (id, badge) => id === 7 && badge === 1 ? memory : undefined,
};

interface Pair {
  readonly channel: Channel;
  readonly server: ChannelServer;
  readonly client: ChannelClient<typeof Demo>;
  readonly taken: number[];
}

function clientOf(channel: Channel, waiter: Waiter): ChannelClient<typeof Demo> {
  const server = { bell: Doorbell.create(), censusIndex: 0 };
  return new ChannelClient(Demo, channel.memory, server, { waiter, windows });
}

/** A client whose waits let the server run: both ends in one thread. */
function pair(badge = 1, epoch = 1): Pair {
  const channel = Channel.create(0, epoch);
  const server = new ChannelServer(epoch, { waiter: unsupervised, windows });
  const taken: number[] = [];
  const handlers = {
    echo: (request) => request,
    text: (request) => request,
    fill({ value, target }) {
      (target as Uint8Array).fill(value as number);
      return (target as Uint8Array).byteLength;
    },
    number({ value }) {
      taken.push(value as number);
      if (value === -1) throw new OsError("EIO", "try");
      return value;
    },
  } satisfies Record<string, UntypedHandler>;
  server.attach({ channel, badge, censusIndex: 0, protocol: Demo as never, handlers });
  const waiter = { ...unsupervised, sleepMsMax: 0, beginSleep: () => void server.serve() };
  const client = clientOf(channel, waiter);
  return { channel, server, client, taken };
}

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
});

Deno.test("what does not fit its field is refused before anything is posted", () => {
  const { channel, client } = pair();
  const fine = { a: 0, b: 0, c: 0, d: 0, e: 0, f: 0, g: false };
  const bad: Record<string, number>[] = [
    { a: 256 },
    { a: -1 },
    { b: 65536 },
    { c: 2 ** 32 },
    { c: 0.5 },
    { d: 2 ** 53 },
    { d: NaN },
    { e: 2 ** 31 },
  ];

  for (const values of bad) {
    assertThrows(() => client.callSync("echo", { ...fine, ...values }), RangeError);
  }
  const long = new Uint8Array(101);
  assertThrows(() => client.callSync("text", { raw: long, text: "" }), RangeError, "101 bytes");
  assertThrows(
    () => client.callSync("fill", { value: 1, target: new Uint8Array(8) }),
    OsError,
    "EFAULT",
  );
  assertEquals(channel.slotsInUse(), 0);
  assertEquals(client.callSync("echo", fine), fine, "the slot can be used after all that");
});

Deno.test("a window is filled in place, and only by who may name it", () => {
  memory.fill(0);
  assertEquals(pair().client.callSync("fill", { value: 9, target: memory.subarray(10, 20) }), 10);
  assertEquals([memory[9], memory[10], memory[19], memory[20]], [0, 9, 9, 0]);

  const stranger = pair(2).client;
  assertThrows(() => stranger.callSync("fill", { value: 1, target: memory }), OsError, "EFAULT");
});

Deno.test("a window that leaves its segment is refused with EFAULT, however its sums wrap", () => {
  const { channel, server } = pair();
  const place = { head: 0, payloadBytes: 0, fields: 0, payload: 0 };
  const runs = [[4097, 0], [0, 4097], [4095, 2], [0xffffffff, 1], [1, 0xffffffff], [
    2 ** 31,
    2 ** 31,
  ]];

  runs.forEach(([offset, byteLength], sequence) => {
    placeRequest(sequence, place);
    channel.words[place.head] = 3;
    channel.words.set([1, 7, offset!, byteLength!], place.fields);
    channel.core.post(sequence);
    server.serve();
    placeReply(sequence, 1, place);
    assertEquals(channel.words[place.head], -ERRNO.EFAULT, `${offset}+${byteLength}`);
  });
});

Deno.test("random words in every field of a request crash nobody and are answered", () => {
  let seed = 12345;
  const random = () => seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  const { channel, server } = pair();
  const place = { head: 0, payloadBytes: 0, fields: 0, payload: 0 };

  for (let sequence = 0; sequence < 20_000; sequence++) {
    placeRequest(sequence, place);
    for (let word = place.head; word < place.payload >> 2; word++) channel.words[word] = random();
    channel.words[place.head] = sequence % 2 ? 1 + (random() >>> 0) % 4 : random();
    if (sequence % 3 === 0) channel.words[place.fields] = (random() >>> 0) % 128;
    assertEquals(channel.core.post(sequence), 1);
    server.serve();
    assert(channel.core.poll(sequence) > 0, "it is answered");
    assertEquals(channel.core.reap(sequence), 1);
  }
});

Deno.test("random state words neither hang the server nor make it leave its slots", () => {
  let seed = 99;
  const random = () => seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  const { channel, server } = pair();
  const neighbour = Channel.create(0, 1);
  server.attach({
    channel: neighbour,
    badge: 2,
    censusIndex: 0,
    protocol: Demo as never,
    handlers: { number: ({ value }) => value },
  });
  const waiter = { ...unsupervised, sleepMsMax: 0, beginSleep: () => void server.serve() };
  const good = clientOf(neighbour, waiter);

  for (let round = 0; round < 2_000; round++) {
    for (let index = 0; index < SLOT_COUNT; index++) {
      channel.words[slotWord(index)] = round % 2 ? random() : 0x101;
      channel.words[slotWord(index) + 1] = round % 3 ? random() : index;
    }
    assert(server.serve() <= TURN_BUDGET);
    assertEquals(good.callSync("number", { value: round }), round, "the neighbour is served");
  }
});

Deno.test("an unknown operation is ENOSYS, an OsError of a handler its errno", () => {
  const { channel, server, client } = pair();
  assertThrows(() => client.callSync("number", { value: -1 }), OsError, "EIO");

  const place = { head: 0, payloadBytes: 0, fields: 0, payload: 0 };
  placeRequest(1, place);
  channel.words[place.head] = 77;
  channel.core.post(1);
  server.serve();
  placeReply(1, 1, place);
  assertEquals(channel.words[place.head], -ERRNO.ENOSYS);
});

Deno.test("a handler that throws leaves its request to the successor, which answers it once", () => {
  const { channel } = pair();
  const client = clientOf(channel, unsupervised);
  const answer = client.call("number", { value: 5 });
  const failing = new ChannelServer(1, { waiter: unsupervised, windows });
  const attach = (server: ChannelServer, number: UntypedHandler) =>
    server.attach({
      channel,
      badge: 1,
      censusIndex: 0,
      protocol: Demo as never,
      handlers: { number },
    });
  attach(failing, () => {
    throw new Error("we broke a rule of our own");
  });
  assertThrows(() => failing.serve(), Error, "rule of our own");

  channel.core.fence(2);
  assertEquals(failing.serve(), 0, "the dead take nothing");
  const successor = new ChannelServer(2, { waiter: unsupervised, windows });
  let calls = 0;
  attach(successor, ({ value }) => {
    calls++;
    return value;
  });
  assertEquals(successor.serve(), 1);
  assertEquals(successor.serve(), 0);

  assertEquals(calls, 1);
  return answer.then((value) => assertEquals(value, 5));
});

Deno.test("with C clients no request waits for more than (C-1)*B others", () => {
  const server = new ChannelServer(1, { waiter: unsupervised, windows });
  const served: number[] = [];
  const clients = Array.from({ length: 4 }, (_, index) => {
    const channel = Channel.create(0, 1);
    server.attach({
      channel,
      badge: index + 1,
      censusIndex: 0,
      protocol: Demo as never,
      handlers: {
        number: (_, { badge }) => {
          served.push(badge);
          return 0;
        },
      },
    });
    return channel;
  });
  const place = { head: 0, payloadBytes: 0, fields: 0, payload: 0 };
  const postAll = (channel: Channel, from: number, count: number): void => {
    for (let sequence = from; sequence < from + count; sequence++) {
      placeRequest(sequence, place);
      channel.words[place.head] = 4;
      channel.core.post(sequence);
    }
  };
  for (const greedy of clients.slice(1)) postAll(greedy, 0, SLOT_COUNT);
  for (let turn = 0; turn < 4; turn++) {
    served.length = 0;
    postAll(clients[0]!, turn, 1);
    server.serve();
    const before = served.indexOf(1);
    assert(before >= 0 && before <= 3 * TURN_BUDGET, `waited for ${before}`);
  }
});

Deno.test("a closed channel says so to synchronous and asynchronous callers", async () => {
  const { channel, client } = pair();
  const waiting = clientOf(channel, unsupervised);
  const answer = waiting.call("number", { value: 1 });
  channel.close(ERRNO.ESHUTDOWN);

  await assertRejects(() => answer, OsError, "ESHUTDOWN");
  assertThrows(() => client.callSync("number", { value: 1 }), OsError, "ESHUTDOWN");
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
