import { assert, assertEquals, assertThrows } from "@std/assert";
import { Channel, OPERATION, placeReply, placeRequest, slotWord } from "./channel.ts";
import { Doorbell } from "./doorbell.ts";
import { ERRNO, OsError } from "./errno.ts";
import { SCAN_CHANNELS_MAX, SLOT_COUNT, TURN_BUDGET } from "./limits.ts";
import { attach, clientOf, memory, pair, plainWaiter, windows } from "./pair_fixture.ts";
import type { UntypedHandler } from "./served_channel.ts";
import { ChannelServer } from "./server.ts";

/** The code of `number`. */
const NUMBER = 4;

function post(channel: Channel, sequence: number, code = NUMBER): void {
  channel.words[slotWord(sequence) + OPERATION] = code;
  assertEquals(channel.core.post(sequence), 1);
}

function resultOf(channel: Channel, sequence: number): number {
  const area = channel.core.reap(sequence);
  assert(area > 0, "it is answered");
  const place = { near: 0, far: 0, payload: 0 };
  placeReply(sequence, area - 1, place);
  return channel.words[place.near - 1]!;
}

function emptyServer(bell = Doorbell.create()): ChannelServer {
  return new ChannelServer(bell, { waiter: plainWaiter(), windows });
}

Deno.test("a window is filled in place, and only by who may name it", () => {
  memory.fill(0);
  assertEquals(pair().client.callSync("fill", { value: 9, target: memory.subarray(10, 20) }), 10);
  assertEquals([memory[9], memory[10], memory[19], memory[20]], [0, 9, 9, 0]);

  const stranger = pair({ badge: 2 }).client;
  assertThrows(() => stranger.callSync("fill", { value: 1, target: memory }), OsError, "EFAULT");
});

Deno.test("a window that leaves its segment is refused with EFAULT, however its sums wrap", () => {
  const { channel, server } = pair();
  const place = { near: 0, far: 0, payload: 0 };
  const runs = [[4097, 0], [0, 4097], [4095, 2], [0xffffffff, 1], [1, 0xffffffff], [
    2 ** 31,
    2 ** 31,
  ]];

  runs.forEach(([offset, byteLength], sequence) => {
    placeRequest(sequence, place);
    channel.words.set([1, 7, offset!, byteLength!], place.near);
    post(channel, sequence, 3);
    server.serve();
    assertEquals(resultOf(channel, sequence), -ERRNO.EFAULT, `${offset}+${byteLength}`);
  });
});

Deno.test("random words in every field of a request crash nobody and are answered", () => {
  let seed = 12345;
  const random = () => seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  const { channel, server } = pair();
  const place = { near: 0, far: 0, payload: 0 };

  for (let sequence = 0; sequence < 20_000; sequence++) {
    placeRequest(sequence, place);
    for (let word = 0; word < 5; word++) channel.words[place.near + word] = random();
    for (let word = 0; word < 7; word++) channel.words[place.far + word] = random();
    for (let word = 0; word < 64; word++) channel.words[(place.payload >> 2) + word] = random();
    if (sequence % 3 === 0) channel.words[place.near] = (random() >>> 0) % 128;
    const code = sequence % 2 ? 1 + (random() >>> 0) % 4 : random();
    post(channel, sequence, code);
    server.serve();
    assert(channel.core.reap(sequence) > 0, "it is answered");
  }
});

Deno.test("random state words neither hang the server nor make it leave its slots", () => {
  let seed = 99;
  const random = () => seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  const { channel, server, bell } = pair();
  const neighbour = Channel.create(0, 1);
  attach(server, neighbour, { number: ({ value }) => value }, { badge: 2 });
  const waiter = plainWaiter({ sleepMsMax: 0, beginSleep: () => void server.serve() });
  const good = clientOf(neighbour, bell, waiter);

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

  [77, -1, 0, 2 ** 31 - 1].forEach((code, i) => {
    post(channel, i + 1, code);
    server.serve();
    assertEquals(resultOf(channel, i + 1), -ERRNO.ENOSYS);
  });
});

Deno.test("a handler that answers what is no count breaks our own rule", () => {
  for (const outcome of [0.5, 2 ** 31, NaN, undefined, "text"]) {
    const channel = Channel.create(0, 1);
    const server = emptyServer();
    attach(server, channel, { number: () => outcome });
    post(channel, 0);
    assertThrows(() => server.serve(), Error, "answers a count");
  }
});

Deno.test("a handler that answers a count in place of its reply breaks our own rule", () => {
  const channel = Channel.create(0, 1);
  const server = emptyServer();
  attach(server, channel, { small: () => 5 });
  post(channel, 0, 7);
  assertThrows(() => server.serve(), Error, "a handler with a reply to give");
});

Deno.test("a handler that throws leaves its request to the successor, which answers it once", async () => {
  const { channel, bell } = pair();
  const client = clientOf(channel, bell, plainWaiter());
  const answer = client.call("number", { value: 5 });
  const failing = emptyServer(bell);
  const fails: UntypedHandler = () => {
    throw new Error("we broke a rule of our own");
  };
  attach(failing, channel, { number: fails });
  assertThrows(() => failing.serve(), Error, "rule of our own");

  channel.core.fence(2);
  assertEquals(failing.serve(), 0, "the dead take nothing");
  const successor = emptyServer(bell);
  let calls = 0;
  const number: UntypedHandler = ({ value }) => {
    calls++;
    return value;
  };
  attach(successor, channel, { number }, { epoch: 2 });
  assertEquals(successor.serve(), 1);
  assertEquals(successor.serve(), 0);

  assertEquals(await answer, 5);
  assertEquals(calls, 1);
});

Deno.test("promises are answered as they settle, out of order, and not by the fenced", async () => {
  const { channel, server, client, promised } = pair();
  const waiting = [1, 2, 3].map((value) => client.call("later", { value }));
  while (server.serve() > 0);
  assertEquals([server.promises, channel.slotsInUse()], [3, 3]);

  promised.get(3)!.resolve(33);
  assertEquals(await waiting[2], 33);
  promised.get(1)!.reject(new OsError("EIO", "try"));
  const failed = await waiting[0]!.catch((error: OsError) => error.code);
  assertEquals([failed, server.promises], ["EIO", 1]);

  channel.core.fence(2);
  promised.get(2)!.resolve(22);
  await promised.get(2)!.promise;
  assertEquals(channel.slotsInUse(), 1, "the successor will answer it");
  attach(server, channel, { later: () => 222 }, { epoch: 2 });
  server.serve();
  assertEquals(await waiting[1], 222);
});

Deno.test("a handler that waits keeps its request and its context", async () => {
  const channel = Channel.create(0, 1);
  const bell = Doorbell.create();
  const server = emptyServer(bell);
  const open = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  attach(server, channel, {
    number: async (request, context) => {
      await open.promise;
      seen.push([request.value, context.sequence]);
      return 0;
    },
  });
  const client = clientOf(channel, bell, plainWaiter());
  const answers = [10, 20].map((value) => client.call("number", { value }));
  while (server.serve() > 0);
  open.resolve();

  await Promise.all(answers);
  assertEquals(seen, [[10, 0], [20, 1]]);
});

Deno.test("a handler hears that its request was abandoned", () => {
  const channel = Channel.create(0, 1);
  const server = emptyServer();
  const heard: boolean[] = [];
  attach(server, channel, {
    number: (_, context) => {
      heard.push(context.isAbandoned());
      channel.core.cancel(context.sequence);
      heard.push(context.isAbandoned());
      return 0;
    },
  });
  post(channel, 0);
  assertEquals(server.serve(), 1);
  assertEquals(heard, [false, true]);
  assertEquals(channel.core.isFree(SLOT_COUNT), 1);
});

/** `count` channels on one server that logs the badges in the order of service. */
function crowd(count: number): { channels: Channel[]; server: ChannelServer; log: number[] } {
  const bell = Doorbell.create();
  const server = emptyServer(bell);
  const log: number[] = [];
  const channels = Array.from({ length: count }, (_, index) => {
    const { memory } = Channel.create(0, 1);
    const channel = new Channel(memory, { ring: bell.core.ring, index });
    const number: UntypedHandler = (_, { badge }) => {
      log.push(badge);
      return 0;
    };
    attach(server, channel, { number }, { badge: index + 1 });
    return channel;
  });
  return { channels, server, log };
}

for (const count of [4, SCAN_CHANNELS_MAX + 3]) {
  Deno.test(`with ${count} clients no request waits for more than (C-1)*B others`, () => {
    const { channels, server, log } = crowd(count);
    const next = channels.map(() => 0);
    const fill = (index: number): void => {
      while (channels[index]!.core.isFree(next[index]!)) post(channels[index]!, next[index]!++);
    };
    for (let round = 0; round < 300; round++) {
      // The greedy fill their channels again and again; the polite one posts at any moment.
      for (let turn = 0; turn < round % 7; turn++) server.lookOut(2);
      post(channels[0]!, next[0]!++);
      log.length = 0;
      while (!log.includes(1)) {
        for (let index = 1; index < count; index++) fill(index);
        if (round % 2 === 0) server.lookOut(2);
        else server.serve();
        const others = log.includes(1) ? log.indexOf(1) : log.length;
        assert(others <= (count - 1) * TURN_BUDGET, `waited for ${others}`);
      }
    }
  });
}

Deno.test("above a few channels only those with ready bits are looked at, and lost bits are found", () => {
  const { channels, server, log } = crowd(SCAN_CHANNELS_MAX + 1);
  while (server.serve() > 0);
  post(channels[5]!, 0);
  assertEquals(server.serve(), 1);

  // A client that died before it rang: the slot says POSTED, and no bit says so.
  const silent = new Channel(channels[7]!.memory);
  post(silent, 0);
  assertEquals(server.serve(), 0);
  assertEquals(server.serveAll(), 1);
  assertEquals(log, [6, 8]);

  post(silent, 1);
  let turns = 0;
  while (server.serve() === 0) assert(++turns < 200, "busy servers look at all from time to time");
});

Deno.test("who was answered last is looked at before all ready bits, in a crowd too", () => {
  const { channels, server, log } = crowd(SCAN_CHANNELS_MAX + 1);
  while (server.serve() > 0);
  post(channels[5]!, 0);
  assertEquals(server.serve(), 1);
  assertEquals(server.serve(), 0);
  post(new Channel(channels[5]!.memory), 1); // It has not rung yet.
  assertEquals(server.lookOut(2), 1);
  post(channels[5]!, 2);
  post(channels[2]!, 0);
  assertEquals(server.lookOut(2), 2, "and after it, all in their order");
  assertEquals(log, [6, 6, 3, 6]);
});

Deno.test("a channel that is attached late or taken away disturbs nobody", () => {
  const { channels, server, log } = crowd(3);
  server.detach(server.channels[0]!);
  for (const channel of channels) post(channel, 0);
  assertEquals(server.serve(), 2);
  assertEquals(log.sort(), [2, 3]);
  attach(server, channels[0]!, { number: () => 0 });
  assertEquals(server.serve(), 1, "what was posted before is found");
});
