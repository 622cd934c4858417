import { assert, assertEquals } from "@std/assert";
import { Channel, OPERATION, placeReply, placeRequest, slotWord } from "./channel.ts";
import { Doorbell } from "./doorbell.ts";
import { ERRNO } from "./errno.ts";
import { BODIES_AT, BODY, SLOT } from "./layouts/channel.ts";
import { SLOT_COUNT } from "./limits.ts";

function fresh(first = 0, epoch = 1): Channel {
  return Channel.create(first, epoch);
}

Deno.test("a slot lives FREE, POSTED, TAKEN, DONE, once each, and is posted again from DONE", () => {
  const { core } = fresh();

  assertEquals(core.take(0, 1), 0, "nothing was posted");
  assertEquals(core.isFree(0), 1);
  assertEquals(core.post(0), 1);
  assertEquals(core.isFree(0), 0);
  assertEquals(core.post(0), 0, "a posted request is not posted twice");
  assertEquals(core.reap(0), 0, "an unanswered request is not reaped");
  assertEquals(core.take(0, 1), 1);
  assertEquals(core.take(0, 1), 2, "a taken request is not taken twice");
  assertEquals(core.isAbandoned(0, 1), 0);
  assertEquals(core.complete(0, 1, 0), 1);
  assertEquals(core.complete(0, 1, 0), 0, "an answered request is not answered twice");
  assertEquals(core.reap(0), 2, "epoch 1 answers in the odd area");
  assertEquals(core.take(0, 1), 2, "an answered request was dealt with");
  assertEquals(core.post(0), 0, "an answered request is not posted again");
  assertEquals(core.isFree(SLOT_COUNT), 1);
  assertEquals(core.post(SLOT_COUNT), 1, "the slot serves its next sequence");
  assertEquals(core.take(SLOT_COUNT, 1), 1);
});

Deno.test("requests are taken in the order of posting and completed in any", () => {
  const { core } = fresh();
  assertEquals(core.postMany(0, 3), 3);

  for (let sequence = 0; sequence < 3; sequence++) assertEquals(core.take(sequence, 1), 1);
  for (const sequence of [2, 0, 1]) assertEquals(core.complete(sequence, 1, 0), 1);

  for (let sequence = 0; sequence < 3; sequence++) assert(core.reap(sequence) > 0);
});

Deno.test("a full channel refuses, and takes again once its oldest request is answered", () => {
  const { core } = fresh();
  assertEquals(core.postMany(0, SLOT_COUNT + 7), SLOT_COUNT);

  assertEquals(core.post(SLOT_COUNT), 0);
  core.take(0, 1);
  assertEquals(core.post(SLOT_COUNT), 0);
  core.complete(0, 1, 0);
  assertEquals(core.post(SLOT_COUNT), 1);
});

Deno.test("a one-way request gives its slot back when it is done", () => {
  const { core } = fresh();
  core.post(0);
  core.take(0, 1);
  assertEquals(core.isFree(SLOT_COUNT), 0);
  assertEquals(core.complete(0, 1, 1), 1);

  assertEquals(core.reap(0), 0, "there is no answer");
  assertEquals(core.isFree(SLOT_COUNT), 1);
  assertEquals(core.take(0, 1), 2);
  assertEquals(core.firstUnfinished(), 1);
});

Deno.test("cancel() takes back what was not begun, and leaves to the server what was", () => {
  const { core } = fresh();
  assertEquals(core.cancel(0), 0, "nothing was posted");
  core.postMany(0, 3);
  assertEquals(core.cancel(1), 1, "it was never begun");
  assertEquals(core.isFree(1 + SLOT_COUNT), 1);

  assertEquals([core.take(0, 1), core.take(1, 1), core.take(2, 1)], [1, 2, 1]);
  assertEquals(core.cancel(0), 2, "the server is at work on it");
  assertEquals(core.cancel(0), 0, "it is given up once");
  assertEquals([core.isAbandoned(0, 1), core.isAbandoned(2, 1)], [1, 0]);
  assertEquals(core.isFree(SLOT_COUNT), 0, "an incarnation can still complete it");
  assertEquals(core.complete(0, 1, 0), 1);
  assertEquals(core.reap(0), 0, "nobody is answered");
  assertEquals(core.isFree(SLOT_COUNT), 1);

  core.complete(2, 1, 0);
  assertEquals(core.cancel(2), 0, "it has been answered");
  assertEquals(core.reap(2), 2);
});

Deno.test("fence() frees what was cancelled, and the zombie that works on it completes nothing", () => {
  const { core } = fresh();
  core.post(0);
  core.take(0, 1);
  core.cancel(0);

  assertEquals(core.fence(2), 0);
  assertEquals(core.isFree(SLOT_COUNT), 1);
  assertEquals(core.complete(0, 1, 0), 0);
  assertEquals(core.post(SLOT_COUNT), 1);
  assertEquals(core.complete(0, 1, 0), 0);
  assertEquals(core.take(SLOT_COUNT, 2), 1);
});

Deno.test("fence() posts again what was taken, keeps answers, and ends every step of the old epoch", () => {
  const channel = fresh();
  const { core } = channel;
  core.postMany(0, 4);
  for (let sequence = 0; sequence < 3; sequence++) core.take(sequence, 1);
  core.complete(0, 1, 0);

  assertEquals(core.fence(2), 3, "two taken ones and one that was never taken wait");
  assertEquals(core.fence(2), 3, "a fence that was cut off is run again");
  assertEquals(core.fence(1), 3, "a fence that comes late changes nothing");

  assertEquals(core.complete(1, 1, 0), 0, "a zombie completes nothing");
  assertEquals(core.take(3, 1), 0, "a zombie takes nothing");
  assertEquals(core.reap(0), 2, "an answer from before the fence stays where it lies");
  assertEquals(core.firstUnfinished(), 1);
  assertEquals(core.take(0, 2), 2);
  for (const sequence of [1, 2, 3]) {
    assertEquals(core.take(sequence, 2), 1);
    assertEquals(core.complete(sequence, 2, 0), 1);
    assertEquals(core.reap(sequence), 1, "epoch 2 answers in the even area");
  }
  assertEquals(core.post(4), 1);
  assertEquals(core.take(4, 1), 0, "a slot that was free at the fence is fenced as well");
  assertEquals(core.post(SLOT_COUNT), 1);
  assertEquals(core.take(SLOT_COUNT, 1), 0, "and so is one that was answered");
  assertEquals(core.take(4, 2), 1);
  assertEquals(channel.slotsInUse(), 2);
});

Deno.test("a client that keeps a fence from ending has its channel closed, not its owner held up", async () => {
  const { memory } = fresh();
  const source = `self.onmessage = ({ data }) => {
    const words = new BigInt64Array(data.memory.buffer);
    postMessage(0);
    for (let i = 0n; Atomics.load(data.stop, 0) === 0; i++) {
      for (let slot = 0; slot < 4; slot++) words[(1024 >> 3) + 16 * slot] = i;
    }
  };`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const attacker = new Worker(url, { type: "module", deno: { permissions: "none" } });
  const begun = new Promise((resolve) => attacker.onmessage = resolve);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  attacker.postMessage({ memory, stop });
  await begun;
  const channel = new Channel(memory);
  for (let epoch = 2; epoch < 20_000 && channel.closed === 0; epoch++) channel.fence(epoch);
  assert([0, ERRNO.EPROTO].includes(channel.closed), "each fence ended, one way or the other");
  Atomics.store(stop, 0, 1);
  attacker.terminate();
});

Deno.test("epochs are claimed once each, and the highest fence wins", () => {
  const channel = fresh(0, 0);
  channel.core.post(0);
  const [first, second] = [channel.claimEpoch(), channel.claimEpoch()];
  assertEquals([first, second, channel.epoch], [1, 2, 2]);
  channel.core.fence(second!);
  assertEquals(channel.core.take(0, second!), 1);
  assertEquals(channel.core.fence(first!), 0, "what a living server has taken is not posted again");
  assertEquals(channel.core.complete(0, second!, 0), 1);
  channel.fence(1);
  assertEquals(channel.epoch, 2, "an owner that comes late does not lower the epoch");
});

Deno.test("rouse() wakes whoever is about to wait, announced or not", () => {
  const bell = Doorbell.create();
  const announced = bell.announce();
  bell.ring();
  assertEquals(bell.wait(announced, 60_000), false);
});

Deno.test("sequences wrap past 2^32 without losing their order", () => {
  const first = 2 ** 32 - SLOT_COUNT;
  const { core } = fresh(first);
  assertEquals(core.firstUnfinished() >>> 0, first);

  for (let i = 0; i < 3 * SLOT_COUNT; i++) {
    const sequence = (first + i) >>> 0;
    assertEquals(core.post(sequence), 1);
    assertEquals(core.take(sequence, 1), 1);
    assertEquals(core.complete(sequence, 1, 0), 1);
    assert(core.reap(sequence) > 0);
  }
  assertEquals(core.firstUnfinished(), 2 * SLOT_COUNT);
});

Deno.test("request, replies and slots share no byte, and short messages lie in the state's line", () => {
  const owner = new Map<number, string>();
  const claim = (from: number, bytes: number, who: string): void => {
    for (let at = from; at < from + bytes; at++) {
      assertEquals(owner.get(at), undefined, `${who} and ${owner.get(at)} share byte ${at}`);
      owner.set(at, who);
    }
  };
  const place = { near: 0, far: 0, payload: 0 };
  for (let sequence = 0; sequence < SLOT_COUNT; sequence++) {
    const line = slotWord(sequence) * 4;
    assertEquals(line % 64, 0);
    claim(line, 8, `state ${sequence}`);
    claim(line + OPERATION * 4, 4, `operation ${sequence}`);
    placeRequest(sequence, place);
    claim(place.near * 4, 20, `request near ${sequence}`);
    claim(place.far * 4, 28, `request far ${sequence}`);
    claim(place.payload, 256, `request payload ${sequence}`);
    assert(place.near * 4 + 20 <= line + 64);
    for (const odd of [0, 1]) {
      placeReply(sequence, odd, place);
      claim(place.near * 4 - 4, 16, `reply near ${sequence}.${odd}`);
      claim(place.far * 4, 44, `reply far ${sequence}.${odd}`);
      claim(place.payload, 256, `reply payload ${sequence}.${odd}`);
      assert(place.near * 4 + 12 <= line + 64);
    }
  }
  assertEquals(BODIES_AT % 64 + SLOT.byteLength % 64 + BODY.byteLength % 64, 0);
  assert(Math.max(...owner.keys()) < fresh().bytes.byteLength);
});

Deno.test("nobody touches a bell while all are awake, and a sleeper is rung once", () => {
  const bell = Doorbell.create();
  const { memory } = fresh();
  const channel = new Channel(memory, { ring: bell.core.ring, index: 3 });
  const bellOf = (words: WebAssembly.Memory): number => new Int32Array(words.buffer)[0]!;

  channel.core.post(0);
  assertEquals(bellOf(bell.memory), 0);
  const announced = bell.announce();
  channel.core.post(1);
  channel.core.post(2);
  assertEquals(bellOf(bell.memory), announced + 1, "the second post finds it awake");
  assertEquals(bell.wait(announced, 60_000), false, "a bell that was rung is not slept on");
  assertEquals(bell.wait(bell.announce(), 1), true, "a bell that nobody rings ends by the clock");

  const client = channel.core.announce();
  channel.core.take(0, 1);
  channel.core.complete(0, 1, 0);
  assertEquals(bellOf(memory), client + 1);
});

Deno.test("ready bits are set once asked for, by who posts, and taken by the server", () => {
  const bell = Doorbell.create();
  const channel = new Channel(fresh().memory, { ring: bell.core.ring, index: 37 });
  channel.core.post(0);
  assertEquals(bell.core.takeReady(1), 0, "nobody asked");

  bell.core.useReady();
  channel.core.post(1);
  assertEquals([bell.core.takeReady(0), bell.core.takeReady(1)], [0, 1 << 5]);
  assertEquals(bell.core.takeReady(1), 0);
  channel.core.post(2);
  assertEquals(bell.core.takeReady(1), 1 << 5);
});
