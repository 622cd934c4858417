/**
 * Gives a worker its world. The boot message is listened for as soon as this module is evaluated,
 * since a message that comes before anybody listens is lost.
 *
 * @module
 */

import type { BootMessage, WorkerMessage } from "../messages.ts";
import type { Domain } from "./domain.ts";
import { hasHeapLimit, watchHeap } from "./heap_watch.ts";
import { Fenced, Incarnation } from "./incarnation.ts";
import { LivingDomain } from "./living_domain.ts";
import { type Rehearsal, rehearse } from "./rehearsal.ts";

const inWorker = "DedicatedWorkerGlobalScope" in globalThis;

const bootMessage = new Promise<BootMessage>((resolve) => {
  if (!inWorker) return;
  let rehearsal: Rehearsal | undefined;
  const hear = ({ data }: MessageEvent<WorkerMessage>) => {
    if (data.type === "rehearse") return rehearsal = rehearse();
    rehearsal?.end();
    globalThis.removeEventListener("message", listener);
    resolve(data);
  };
  const listener = hear as (event: Event) => void;
  globalThis.addEventListener("message", listener);
});

let entered = false;

/**
 * Enters the system: waits for the kernel to say who this worker is.
 *
 * @throws {TypeError} If called outside a worker, or twice.
 */
export async function enter(): Promise<Domain> {
  if (!inWorker) throw new TypeError("Cannot enter: this is no worker that a machine started");
  if (entered) throw new TypeError("Cannot enter: this worker has entered already");
  entered = true;
  const message = await bootMessage;
  try {
    const life = new Incarnation(message);
    life.announceClosing();
    life.catchFence();
    const domain = new LivingDomain(message, life);
    limitHeap(domain, message.memoryLimitMb);
    return domain;
  } catch (error) {
    if (!(error instanceof Fenced)) throw error;
    globalThis.close(); // Too late: a successor leads this life. The module goes no further.
    return new Promise(() => {});
  }
}

function limitHeap(domain: LivingDomain, limitMb: number | undefined): void {
  if (limitMb === undefined) return;
  if (!hasHeapLimit(limitMb)) {
    domain.fail("EOPNOTSUPP", `keep a heap within ${limitMb} MiB: this Deno has not set the limit`);
  }
  watchHeap(limitMb, domain);
}
