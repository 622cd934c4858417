import { assert, assertEquals } from "@std/assert";
import { Channel, placeReply, placeRequest } from "./channel.ts";
import { SLOT_COUNT } from "./limits.ts";

function fresh(first = 0, epoch = 1): Channel {
  return Channel.create(first, epoch);
}

Deno.test("a slot lives FREE, POSTED, TAKEN, DONE, FREE, once each", () => {
  const { core } = fresh();

  assertEquals(core.take(0, 1), 0, "nothing was posted");
  assertEquals(core.post(0), 1);
  assertEquals(core.post(0), 0, "a posted request is not posted twice");
  assertEquals(core.poll(0), 0);
  assertEquals(core.reap(0), 0, "an unanswered request is not reaped");
  assertEquals(core.take(0, 1), 1);
  assertEquals(core.take(0, 1), 2, "a taken request is not taken twice");
  assertEquals(core.complete(0, 1), 1);
  assertEquals(core.complete(0, 1), 0, "an answered request is not answered twice");
  assertEquals(core.poll(0), 2, "epoch 1 answers in the odd area");
  assertEquals(core.reap(0), 1);
  assertEquals(core.reap(0), 0);
  assertEquals(core.take(0, 1), 2, "a reaped request was dealt with");
  assertEquals(core.post(SLOT_COUNT), 1, "the slot serves its next sequence");
});

Deno.test("requests are taken in the order of posting and completed in any", () => {
  const { core } = fresh();
  for (let sequence = 0; sequence < 3; sequence++) core.post(sequence);

  for (let sequence = 0; sequence < 3; sequence++) assertEquals(core.take(sequence, 1), 1);
  for (const sequence of [2, 0, 1]) assertEquals(core.complete(sequence, 1), 1);

  for (let sequence = 0; sequence < 3; sequence++) assert(core.poll(sequence) > 0);
});

Deno.test("a full channel refuses, and takes again once its oldest answer is reaped", () => {
  const { core } = fresh();
  for (let sequence = 0; sequence < SLOT_COUNT; sequence++) assertEquals(core.post(sequence), 1);

  assertEquals(core.post(SLOT_COUNT), 0);
  core.take(0, 1);
  core.complete(0, 1);
  assertEquals(core.post(SLOT_COUNT), 0);
  core.reap(0);
  assertEquals(core.post(SLOT_COUNT), 1);
});

Deno.test("fence() posts again what was taken, keeps answers, and ends every step of the old epoch", () => {
  const channel = fresh();
  const { core } = channel;
  for (let sequence = 0; sequence < 4; sequence++) core.post(sequence);
  for (let sequence = 0; sequence < 3; sequence++) core.take(sequence, 1);
  core.complete(0, 1);

  assertEquals(core.fence(2), 3, "two taken ones and one that was never taken wait");

  assertEquals(core.complete(1, 1), 0, "a zombie completes nothing");
  assertEquals(core.take(3, 1), 0, "a zombie takes nothing");
  assertEquals(core.poll(0), 2, "an answer from before the fence stays where it lies");
  assertEquals(core.firstUnfinished(), 0);
  assertEquals(core.take(0, 2), 2);
  for (const sequence of [1, 2, 3]) {
    assertEquals(core.take(sequence, 2), 1);
    assertEquals(core.complete(sequence, 2), 1);
    assertEquals(core.poll(sequence), 1, "epoch 2 answers in the even area");
  }
  for (let sequence = 0; sequence < 4; sequence++) assertEquals(core.reap(sequence), 1);
  assertEquals(core.post(4), 1);
  assertEquals(core.take(4, 1), 0, "a slot that was free at the fence is fenced as well");
  assertEquals(core.take(4, 2), 1);
  assertEquals(channel.slotsInUse(), 1);
});

Deno.test("sequences wrap past 2^32 without losing their order", () => {
  const first = 2 ** 32 - SLOT_COUNT;
  const { core } = fresh(first);
  assertEquals(core.firstUnfinished() >>> 0, first);

  for (let i = 0; i < 3 * SLOT_COUNT; i++) {
    const sequence = (first + i) >>> 0;
    assertEquals(core.post(sequence), 1);
    assertEquals(core.take(sequence, 1), 1);
    assertEquals(core.complete(sequence, 1), 1);
    assertEquals(core.reap(sequence), 1);
  }
  assertEquals(core.firstUnfinished(), 2 * SLOT_COUNT);
});

Deno.test("request, replies and slots share no byte", () => {
  const owner = new Map<number, string>();
  const claim = (from: number, bytes: number, who: string): void => {
    for (let at = from; at < from + bytes; at++) {
      assertEquals(owner.get(at), undefined, `${who} and ${owner.get(at)} share byte ${at}`);
      owner.set(at, who);
    }
  };
  for (let sequence = 0; sequence < SLOT_COUNT; sequence++) {
    const place = { head: 0, payloadBytes: 0, fields: 0, payload: 0 };
    placeRequest(sequence, place);
    claim(place.head * 4, 8, `request head ${sequence}`);
    claim(place.fields * 4, 48, `request words ${sequence}`);
    claim(place.payload, 256, `request payload ${sequence}`);
    for (const odd of [0, 1]) {
      placeReply(sequence, odd, place);
      claim(place.head * 4, 8, `reply head ${sequence}.${odd}`);
      claim(place.fields * 4, 56, `reply words ${sequence}.${odd}`);
      claim(place.payload, 256, `reply payload ${sequence}.${odd}`);
    }
  }
  assert(Math.max(...owner.keys()) < fresh().bytes.byteLength);
});

Deno.test("post() rings the server's doorbell, complete() the client's", () => {
  let rings = 0;
  const { memory } = fresh();
  const channel = new Channel(memory, () => rings++);
  const before = channel.clientBell;

  channel.core.post(0);
  assertEquals(rings, 1);
  channel.core.take(0, 1);
  channel.core.complete(0, 1);

  assertEquals(channel.clientBell, before + 1);
});
