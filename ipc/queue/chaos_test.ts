import { assert, assertEquals } from "@std/assert";
import type { Task } from "./test_chaos_worker.ts";
import { Ledger } from "./test_ledger.ts";
import { WorkQueue } from "./work_queue.ts";

const VALUE_COUNT = 100_000;
const WORKER_COUNT = 4;
const KILL_EVERY = 8_000; // Values.
const LEASE_MS = 100;
const TIMEOUT_MS = 60_000;

Deno.test("four workers, some of them killed, lose nothing and do nothing twice", async () => {
  const options = { items: 32, itemBytes: 8, attemptsMax: 255, leaseMs: LEASE_MS };
  const queueHandle = WorkQueue.create(options);
  const ledgerHandle = Ledger.create(VALUE_COUNT);
  const queue = WorkQueue.open(queueHandle);
  const ledger = new Ledger(ledgerHandle);
  const task: Task = { queue: queueHandle, ledger: ledgerHandle, role: "mess" };
  const workers = Array.from({ length: WORKER_COUNT }, () => start(task));
  const killed: Worker[] = [];

  const endMs = Date.now() + TIMEOUT_MS;
  while (Date.now() < endMs) {
    queue.sweep(Date.now());
    if (ledger.drawn >= (killed.length + 1) * KILL_EVERY && ledger.drawn < VALUE_COUNT) {
      const index = killed.length % WORKER_COUNT;
      workers[index]!.terminate();
      killed.push(workers[index]!);
      workers[index] = start(task);
    }
    if (ledger.drawn === VALUE_COUNT && queue.counts().free === options.items) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  ledger.end();
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const worker of workers) worker.terminate();

  assert(killed.length >= 10 && ledger.abandoned > 10, "it was not chaotic enough");
  assertEquals(queue.counts(), { free: 32, reserved: 0, queued: 0, taken: 0, dead: 0 });
  let lost = 0;
  let unrecorded = 0;
  for (let value = 0; value < VALUE_COUNT; value++) {
    const completed = ledger.noted(value, "completed");
    assert(completed <= 1, `value ${value} was completed ${completed} times`);
    if (completed === 1 || ledger.noted(value, "pushed") === 0) continue;
    // Whoever was killed between the completion and its record; there is one such moment each.
    if (ledger.noted(value, "completing") > 0) unrecorded++;
    else lost++;
  }
  assertEquals(lost, 0);
  assert(unrecorded <= killed.length, `${unrecorded} completions were lost`);
  for (let i = 0; i < 32; i++) assertEquals(queue.push(new Uint8Array(8), Date.now()), true);
});

Deno.test("one taker gets what each producer pushed in the order of its pushes", async () => {
  const each = 20_000;
  const queueHandle = WorkQueue.create({
    items: 64,
    itemBytes: 8,
    attemptsMax: 3,
    leaseMs: 60_000,
  });
  const ledgerHandle = Ledger.create(each);
  const queue = WorkQueue.open(queueHandle);
  const tasks = [0, 1, 2].map((role) => ({ queue: queueHandle, ledger: ledgerHandle, role }));
  const workers = tasks.map(start);
  const next = [0, 0, 0];
  for (let taken = 0; taken < 3 * each; taken++) {
    const work = queue.takeSync({ timeoutMs: TIMEOUT_MS, nowMs: () => Date.now() })!;
    const value = new Uint32Array(work.bytes.slice().buffer)[0]!;
    const producer = Math.floor(value / each);
    assertEquals(value % each, next[producer]!);
    next[producer]!++;
    assertEquals(work.complete(), true);
    if (taken % 1_000 === 0) {
      assertEquals(queue.sweep(Date.now()), { requeued: 0, freed: 0, relinked: 0, died: 0 });
    }
  }
  assertEquals(next, [each, each, each]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const worker of workers) worker.terminate();
});

Deno.test("takeSync() and takeAsync() wake for a push of another worker", async () => {
  const queueHandle = WorkQueue.create({ items: 4, itemBytes: 8, attemptsMax: 3, leaseMs: 60_000 });
  const ledgerHandle = Ledger.create(200);
  const queue = WorkQueue.open(queueHandle);
  const worker = start({ queue: queueHandle, ledger: ledgerHandle, role: 0 });
  const patience = { timeoutMs: TIMEOUT_MS, nowMs: () => Date.now() };
  for (let i = 0; i < 100; i++) assert(queue.takeSync(patience)?.complete());
  for (let i = 0; i < 100; i++) assert((await queue.takeAsync(patience))?.complete());
  worker.terminate();
});

function start(task: Task): Worker {
  const worker = new Worker(new URL("./test_chaos_worker.ts", import.meta.url), { type: "module" });
  worker.postMessage(task);
  return worker;
}
