import { assert, assertEquals } from "@std/assert";
import { BufferPool } from "./buffer_pool.ts";
import { ITEM, ITEMS_AT, orderOf, payloadsAt } from "./layouts.ts";
import { WorkQueue } from "./work_queue.ts";

const OPTIONS = { items: 5, itemBytes: 16, attemptsMax: 3, leaseMs: 100 };
const ORDER = orderOf(OPTIONS.items);
const STATES_END = ITEMS_AT + OPTIONS.items * ITEM.byteLength;
const SEEDS = 300;

/** Sweeps, a lease apart, after which the rings and counters are sound again. */
const SWEEPS_MAX = 4;

/** Words that garbage likes to be. */
const CRAFTED = [0, 1, 2, 3, 7, 8, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x1fff, 64, 128];

Deno.test("take(), push() and sweep() end whatever lies in the memory, and stay inside it", () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = randomOf(seed);
    const handle = WorkQueue.create(OPTIONS);
    const queue = WorkQueue.open(handle);
    const words = new Int32Array(handle.memory.buffer, 0, payloadsAt(ORDER, 2) >> 2);
    for (let round = 0; round < 20; round++) {
      scribble(words, random, 1 + random(words.length));
      queue.push(new Uint8Array(random(17)), random(2 ** 32));
      const work = queue.take(random(2 ** 32));
      if (work) assert(work.bytes.length <= 16 && work.bytes.byteOffset >= words.byteLength);
      const operation = (["complete", "release", "fail"] as const)[random(3)]!;
      work?.[operation]();
      queue.takeDead(0)?.extend(5);
      queue.sweep(random(2 ** 32));
      queue.counts();
    }
  }
});

Deno.test("acquire() and sweep() of a pool end whatever lies in the memory, and stay inside it", () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = randomOf(seed);
    const handle = BufferPool.create({ buffers: 5, bufferBytes: 16, leaseMs: 100 });
    const pool = BufferPool.open(handle);
    const at = payloadsAt(ORDER, 1);
    const words = new Int32Array(handle.pool.memory.buffer, 0, at >> 2);
    const rest = new Uint8Array(handle.pool.memory.buffer, at);
    for (let round = 0; round < 20; round++) {
      scribble(words, random, 1 + random(words.length));
      const lease = pool.acquire(random(2 ** 32));
      if (lease) assertEquals(lease.bytes.length, 16);
      lease?.release();
      pool.sweep(random(2 ** 32));
    }
    assertEquals(rest.every((byte) => byte === 0), true);
  }
});

Deno.test("sweep() restores rings and counters from the state words, whatever was in them", () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = randomOf(seed);
    const handle = WorkQueue.create(OPTIONS);
    const queue = WorkQueue.open(handle);
    const words = new Int32Array(handle.memory.buffer, 0, payloadsAt(ORDER, 2) >> 2);
    const values = new Set<number>();
    for (let value = 1; value <= 1 + random(5); value++) {
      queue.push(Uint8Array.of(value), 0);
      values.add(value);
    }
    const truth = words.slice();
    scribble(words, random, words.length);
    for (let at = ITEMS_AT >> 2; at < STATES_END >> 2; at++) {
      const isMark = (at << 2) % ITEM.byteLength === ITEM.at.mark;
      if (!isMark) words[at] = truth[at]!;
    }
    for (let i = 1; i <= SWEEPS_MAX; i++) queue.sweep(i * 100);
    for (let round = 0; round < 50; round++) {
      for (let work = queue.take(500); work; work = queue.take(500)) {
        assert(values.delete(work.bytes[0]!), `seed ${seed}: taken twice`);
        assertEquals(work.complete(), true);
      }
      assertEquals(values.size, 0, `seed ${seed}: lost in round ${round}`);
      for (let value = 1; value <= 5; value++) {
        assertEquals(queue.push(Uint8Array.of(value), 500), true, `seed ${seed}: no room`);
        values.add(value);
      }
      assertEquals(queue.push(Uint8Array.of(6), 500), false);
    }
  }
});

/** Fills so many words with garbage, in one of three manners. */
function scribble(words: Int32Array, random: (limit: number) => number, count: number): void {
  const manner = random(3);
  for (let i = 0; i < count; i++) {
    const at = count === words.length ? i : random(words.length);
    const small = random(256);
    if (manner === 0) words[at] = random(2 ** 32);
    else words[at] = manner === 1 ? CRAFTED[random(CRAFTED.length)]! : small;
  }
}

function randomOf(seed: number): (limit: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b9) | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
