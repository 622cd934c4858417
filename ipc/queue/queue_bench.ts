import type { Bench } from "./test_bench_worker.ts";
import { MutexRing } from "./test_mutex_ring.ts";
import { BufferPool } from "./buffer_pool.ts";
import { WorkQueue } from "./work_queue.ts";

const OPTIONS = { items: 256, itemBytes: 64, attemptsMax: 3, leaseMs: 3_600_000 };
const BATCH = 10_000;
const PATIENCE = { timeoutMs: 60_000, nowMs: () => 0 };

const queueHandle = WorkQueue.create(OPTIONS);
const queue = WorkQueue.open(queueHandle);
const ringMemory = MutexRing.create(OPTIONS.items, OPTIONS.itemBytes);
const ring = new MutexRing(ringMemory, OPTIONS.items, OPTIONS.itemBytes);
const pool = BufferPool.open(
  BufferPool.create({ buffers: 256, bufferBytes: 64, leaseMs: OPTIONS.leaseMs }),
);
const bytes = new Uint8Array(64);
const target = new Uint8Array(64);

Deno.bench("WorkQueue: push, take, copy out, complete", { group: "one thread" }, () => {
  queue.push(bytes, 0);
  const work = queue.take(0)!;
  target.set(work.bytes);
  work.complete();
});

Deno.bench(
  "mutex ring in JavaScript: push, take",
  { group: "one thread", baseline: true },
  () => {
    ring.push(bytes);
    ring.take(target);
  },
);

Deno.bench("BufferPool: acquire, release", { group: "one thread" }, () => {
  pool.acquire(0)!.release();
});

Deno.bench("WorkQueue: take of an empty queue", { group: "nothing there" }, () => {
  queue.take(0);
});

Deno.bench("mutex ring: take of an empty ring", { group: "nothing there", baseline: true }, () => {
  ring.take(target);
});

Deno.bench("WorkQueue: sweep of 256 items", { group: "sweep" }, () => {
  queue.sweep(0);
});

const worker = new Worker(new URL("./test_bench_worker.ts", import.meta.url), { type: "module" });
const wanted = new Int32Array(new SharedArrayBuffer(16));
await new Promise((resolve) => {
  worker.onmessage = resolve;
  worker.postMessage(
    { queue: queueHandle, ring: ringMemory, wanted: wanted.buffer } satisfies Bench,
  );
});

Deno.bench(`WorkQueue: ${BATCH} items from another worker`, { group: "two workers" }, () => {
  want(0);
  for (let taken = 0; taken < BATCH; taken++) {
    const work = queue.takeSync(PATIENCE)!;
    target.set(work.bytes);
    work.complete();
  }
});

Deno.bench(
  `mutex ring: ${BATCH} items from another worker`,
  { group: "two workers", baseline: true },
  () => {
    want(1);
    for (let taken = 0; taken < BATCH; taken++) ring.takeSync(target);
  },
);

function want(which: 0 | 1): void {
  Atomics.add(wanted, which, BATCH);
  Atomics.store(wanted, 2, 1);
  Atomics.notify(wanted, 2);
}
