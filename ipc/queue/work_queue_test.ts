import { assertEquals, assertThrows } from "@std/assert";
import { WorkQueue, type WorkQueueOptions } from "./work_queue.ts";

const LEASE_MS = 100;
const OPTIONS: WorkQueueOptions = { items: 4, itemBytes: 16, attemptsMax: 3, leaseMs: LEASE_MS };

/** Just before each counter wraps: tickets and cycles, generations, times. */
const BEGINNINGS = [
  { cycle: 0, generation: 0, nowMs: 0 },
  { cycle: -1, generation: 0xfffff, nowMs: 2 ** 32 - 1 },
  { cycle: -2, generation: 0xffffe, nowMs: 2 ** 32 - LEASE_MS },
  { cycle: 2 ** 31 - 1, generation: 0xff, nowMs: 2 ** 31 - 1 },
];

for (const { nowMs, ...beginning } of BEGINNINGS) {
  const open = (options: Partial<WorkQueueOptions> = {}) =>
    WorkQueue.open(WorkQueue.create({ ...OPTIONS, ...options }, beginning));
  const name = `from cycle ${beginning.cycle}, generation ${beginning.generation}, ${nowMs} ms`;

  Deno.test(`push() and take() keep the order through every wrap, ${name}`, () => {
    const queue = open();
    let taken = 0;
    for (let pushed = 0; pushed < 5_000;) {
      const batch = 1 + pushed % 4;
      for (let i = 0; i < batch; i++) assertEquals(queue.push(word(pushed++), nowMs), true);
      for (let i = 0; i < batch; i++) {
        const work = queue.take(nowMs)!;
        assertEquals(numberIn(work.bytes), taken++);
        assertEquals(work.complete(), true);
      }
      assertEquals(queue.take(nowMs), undefined);
    }
    assertEquals(queue.counts(), { free: 4, reserved: 0, queued: 0, taken: 0, dead: 0 });
  });

  Deno.test(`push() says that the queue is full, ${name}`, () => {
    const queue = open();
    for (let i = 0; i < 4; i++) assertEquals(queue.push(word(i), nowMs), true);
    assertEquals(queue.push(word(4), nowMs), false);
    const work = queue.take(nowMs)!;
    assertEquals(queue.push(word(4), nowMs), false);
    assertEquals(work.complete(), true);
    assertEquals(queue.push(word(4), nowMs), true);
    assertEquals(queue.counts().queued, 4);
  });

  Deno.test(`sweep() queues again what a dead taker held, and it may not complete, ${name}`, () => {
    const queue = open();
    queue.push(word(7), nowMs);
    const dead = queue.take(nowMs)!;
    assertEquals(queue.sweep(nowMs + LEASE_MS - 1), NOTHING_SWEPT);
    assertEquals(queue.sweep(nowMs + LEASE_MS), { ...NOTHING_SWEPT, requeued: 1 });
    assertEquals(queue.sweep(nowMs + LEASE_MS), NOTHING_SWEPT);
    const work = queue.take(nowMs + LEASE_MS)!;
    assertEquals([numberIn(work.bytes), work.attempts], [7, 1]);
    assertEquals([dead.complete(), dead.release(), dead.fail()], [false, false, false]);
    assertEquals(dead.extend(nowMs), false);
    assertEquals(work.complete(), true);
    assertEquals(work.complete(), false);
    assertEquals(queue.counts().free, 4);
  });

  Deno.test(`sweep() gives an item up after the last try, ${name}`, () => {
    const queue = open();
    queue.push(word(7), nowMs);
    for (let attempt = 0; attempt < 3; attempt++) {
      const at = nowMs + attempt * LEASE_MS;
      assertEquals(queue.take(at)!.attempts, attempt);
      const report = queue.sweep(at + LEASE_MS);
      assertEquals([report.requeued, report.died], attempt < 2 ? [1, 0] : [0, 1]);
    }
    const later = nowMs + 3 * LEASE_MS;
    assertEquals(queue.take(later), undefined);
    assertEquals(queue.counts().dead, 1);
    const dead = queue.takeDead(later)!;
    assertEquals(numberIn(dead.bytes), 7);
    assertEquals(queue.takeDead(later), undefined);
    assertEquals(queue.sweep(later + LEASE_MS).died, 1);
    assertEquals(queue.takeDead(later + LEASE_MS)!.complete(), true);
    assertEquals(queue.counts().free, 4);
  });
}

const NOTHING_SWEPT = { requeued: 0, freed: 0, relinked: 0, died: 0 };

Deno.test("extend() keeps an item from the sweep, and a lease that is kept is kept", () => {
  const queue = WorkQueue.open(WorkQueue.create(OPTIONS));
  queue.push(word(1), 0);
  const work = queue.take(0)!;
  for (let nowMs = 60; nowMs < 1_000; nowMs += 60) {
    assertEquals(queue.sweep(nowMs), NOTHING_SWEPT);
    assertEquals(work.extend(nowMs), true);
  }
  assertEquals(work.complete(), true);
});

Deno.test("release() counts no try, and puts the item behind the others", () => {
  const queue = WorkQueue.open(WorkQueue.create(OPTIONS));
  queue.push(word(1), 0);
  queue.push(word(2), 0);
  assertEquals(queue.take(0)!.release(), true);
  assertEquals(numberIn(queue.take(0)!.bytes), 2);
  const again = queue.take(0)!;
  assertEquals([numberIn(again.bytes), again.attempts], [1, 0]);
});

Deno.test("fail() counts a try, and gives up after the last", () => {
  const queue = WorkQueue.open(WorkQueue.create(OPTIONS));
  queue.push(word(1), 0);
  for (let attempts = 0; attempts < 3; attempts++) {
    const work = queue.take(0)!;
    assertEquals(work.attempts, attempts);
    assertEquals(work.fail(), true);
    assertEquals(work.fail(), false);
  }
  assertEquals(queue.take(0), undefined);
  assertEquals(queue.counts(), { free: 3, reserved: 0, queued: 0, taken: 0, dead: 1 });
});

Deno.test("take() gives the bytes that were pushed, of any length that fits", () => {
  const queue = WorkQueue.open(WorkQueue.create(OPTIONS));
  for (let length = 0; length <= 16; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i + length);
    assertEquals(queue.push(bytes, 0), true);
    const work = queue.take(0)!;
    assertEquals(work.bytes.slice(), bytes);
    work.complete();
  }
  assertThrows(() => queue.push(new Uint8Array(17), 0), RangeError, "17 bytes");
});

Deno.test("create() and open() refuse numbers out of range, and a memory too small", () => {
  const bad: Partial<WorkQueueOptions>[] = [
    { items: 0 },
    { items: 65_537 },
    { items: 1.5 },
    { itemBytes: 0 },
    { itemBytes: 2 ** 31 },
    { itemBytes: 2 ** 20, items: 65_536 },
    { attemptsMax: 0 },
    { attemptsMax: 256 },
    { leaseMs: 0 },
    { leaseMs: 3_600_001 },
  ];
  for (const options of bad) {
    assertThrows(() => WorkQueue.create({ ...OPTIONS, ...options }), RangeError, "Cannot");
  }
  const handle = WorkQueue.create(OPTIONS);
  assertThrows(() => WorkQueue.open({ ...handle, items: 65_536 }), RangeError, "the memory has");
  assertThrows(() => WorkQueue.open({ ...handle, attemptsMax: 0 }), RangeError);
});

Deno.test("takeSync() ends when time is up, and obeys a fence", () => {
  const queue = WorkQueue.open(WorkQueue.create(OPTIONS));
  let nowMs = 0;
  const clock = () => nowMs += 5;
  assertEquals(queue.takeSync({ timeoutMs: 1, nowMs: clock }), undefined);
  const check = () => {
    throw new Error("fenced");
  };
  assertThrows(() => queue.takeSync({ timeoutMs: 1_000, nowMs: clock, check }), Error, "fenced");
  queue.push(word(9), nowMs);
  assertEquals(numberIn(queue.takeSync({ timeoutMs: 0, nowMs: clock })!.bytes), 9);
});

Deno.test("takeAsync() waits in the event loop for a push", async () => {
  const queue = WorkQueue.open(WorkQueue.create(OPTIONS));
  const clock = () => performance.now();
  const alive = setInterval(() => {}, 10); // Such a wait does not keep the event loop alive.
  const taking = queue.takeAsync({ timeoutMs: 10_000, nowMs: clock });
  await Promise.resolve();
  queue.push(word(9), clock());
  assertEquals(numberIn((await taking)!.bytes), 9);
  assertEquals(await queue.takeAsync({ timeoutMs: 1, nowMs: clock }), undefined);
  clearInterval(alive);
});

function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function numberIn(bytes: Uint8Array): number {
  return new Uint32Array(bytes.slice().buffer)[0]!;
}
