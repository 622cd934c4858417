/**
 * A worker of the chaos test: pushes, takes, completes, and leaves things in the middle.
 *
 * @module
 */

import { instantiateQueueCore } from "./queue_core.ts";
import { orderOf } from "./layouts.ts";
import { Ledger, type LedgerHandle } from "./test_ledger.ts";
import { WorkQueue, type WorkQueueHandle } from "./work_queue.ts";

/** What a worker is to do. */
export interface Task {
  /** The queue. */
  readonly queue: WorkQueueHandle;
  /** Where all is written down. */
  readonly ledger: LedgerHandle;
  /** Push and take in a mess, or only push this producer's numbers in order. */
  readonly role: "mess" | number;
}

const ABANDON_ONE_IN = 2_000;
const BATCH = 64; // Operations between two visits to the event loop, where a worker can end.

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<Task>) => void) | null;
  close(): void;
};

scope.onmessage = async ({ data }) => {
  const ledger = new Ledger(data.ledger);
  if (data.role === "mess") await mess(data.queue, ledger);
  else await produce(WorkQueue.open(data.queue), ledger, data.role);
  scope.close();
};

async function mess(handle: WorkQueueHandle, ledger: Ledger): Promise<void> {
  const queue = WorkQueue.open(handle);
  const core = instantiateQueueCore(handle.memory);
  let value = ledger.draw();
  while (!ledger.isOver) {
    for (let i = 0; i < BATCH; i++) {
      const dies = Math.random() * ABANDON_ONE_IN < 1;
      if (dies && Math.random() < 0.5) {
        ledger.abandon();
        core.reserve(orderOf(handle.items), handle.items, (Date.now() + handle.leaseMs) >>> 0);
      } else if (value < ledger.count && queue.push(bytesOf(value), Date.now())) {
        ledger.note(value, "pushed");
        value = ledger.draw();
      } else takeOne(queue, ledger, dies);
      takeOne(queue, ledger, false);
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function takeOne(queue: WorkQueue, ledger: Ledger, dies: boolean): void {
  const work = queue.take(Date.now());
  if (!work) return;
  if (dies) return ledger.abandon();
  const value = valueOf(work.bytes);
  ledger.note(value, "completing");
  if (work.complete()) ledger.note(value, "completed");
}

async function produce(queue: WorkQueue, ledger: Ledger, producer: number): Promise<void> {
  for (let value = 0; value < ledger.count && !ledger.isOver;) {
    for (let i = 0; i < BATCH && value < ledger.count; i++) {
      if (queue.push(bytesOf(producer * ledger.count + value), Date.now())) value++;
    }
    await Promise.resolve();
  }
}

function bytesOf(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function valueOf(bytes: Uint8Array): number {
  return new Uint32Array(bytes.slice().buffer)[0]!;
}
