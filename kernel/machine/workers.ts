/**
 * The machine's workers: the one place where a worker is created or ended.
 *
 * @module
 */

import type { HostPermissions } from "../manifest.ts";
import type { BootMessage, WorkerMessage, WorkerPlan } from "../messages.ts";
import { heapDeath, withHeapLimit } from "./limited/heap_limit.ts";

/** What the machine tells about a worker that failed. */
export type OnError = (name: string, epoch: number, why: string) => void;

interface Running {
  readonly worker: Worker;
  readonly epoch: number;
}

interface Spare {
  readonly worker: Worker;
  readonly plan: WorkerPlan;
}

/** Creates workers with no more permissions than their domains have, and ends them. */
export class Workers {
  readonly #running: Map<string, Running> = new Map();
  readonly #spares: Map<string, Spare> = new Map();
  readonly #onError: OnError;

  /** @param onError Called when a worker's code failed outside a handler; the worker is gone. */
  constructor(onError: OnError) {
    this.#onError = onError;
  }

  /**
   * Keeps a worker ready that has loaded its module and waits for authority. One that will not be
   * needed before another has died rehearses meanwhile; one for a first life has no time for that.
   */
  prepare(name: string, plan: WorkerPlan): void {
    const kept = this.#spares.get(name);
    if (kept !== undefined && isSame(kept.plan, plan)) return;
    kept?.worker.terminate();
    const worker = createDomainWorker(name, plan);
    const spare = { worker, plan };
    this.#spares.set(name, spare);
    worker.onerror = (event) => {
      event.preventDefault(); // Else the whole process dies.
      // It would take a life with it. The start that needs one makes another, whose error is told.
      if (this.#spares.get(name) === spare) this.#spares.delete(name);
    };
    if (this.#running.has(name)) post(worker, { type: "rehearse" });
  }

  /**
   * Gives a worker its life; takes the spare if there is one of this plan. An order that comes twice,
   * or late, is answered with false and does nothing: one epoch is one life.
   *
   * @param transfer What of the boot message is handed over rather than copied: its ports.
   */
  start(
    name: string,
    epoch: number,
    plan: WorkerPlan,
    boot: BootMessage,
    transfer: Transferable[],
  ): boolean {
    if (epoch <= (this.#running.get(name)?.epoch ?? 0)) return false;
    const worker = this.#takeSpare(name, plan) ?? createDomainWorker(name, plan);
    worker.onerror = (event) => {
      event.preventDefault(); // Else the whole process dies.
      this.#onError(name, epoch, reason(plan, event.message));
    };
    this.#running.set(name, { worker, epoch });
    const { memoryLimitMb } = plan;
    post(worker, memoryLimitMb === undefined ? boot : { ...boot, memoryLimitMb }, transfer);
    return true;
  }

  /** Ends the worker of one incarnation. Returns at once; a busy worker may live on, fenced. */
  terminate(name: string, epoch: number): void {
    const running = this.#running.get(name);
    if (running?.epoch === epoch) running.worker.terminate();
  }

  /** Ends the present worker of a domain, as a fault. Answers its epoch, or 0 if there is none. */
  kill(name: string): number {
    const running = this.#running.get(name);
    running?.worker.terminate();
    return running?.epoch ?? 0;
  }

  /** Ends all workers. */
  terminateAll(): void {
    for (const { worker } of this.#spares.values()) worker.terminate();
    for (const { worker } of this.#running.values()) worker.terminate();
    this.#spares.clear();
    this.#running.clear();
  }

  #takeSpare(name: string, plan: WorkerPlan): Worker | undefined {
    const spare = this.#spares.get(name);
    this.#spares.delete(name);
    if (spare === undefined || isSame(spare.plan, plan)) return spare?.worker;
    spare.worker.terminate();
    return undefined;
  }
}

/** A worker for a module, with exactly these host permissions. */
export function createWorker(name: string, module: string, permissions: HostPermissions): Worker {
  const none = Object.keys(permissions).length === 0;
  return new Worker(module, {
    type: "module",
    name,
    deno: { permissions: none ? "none" : denoPermissions(permissions) },
  });
}

function post(worker: Worker, message: WorkerMessage, transfer: Transferable[] = []): void {
  worker.postMessage(message, transfer);
}

function createDomainWorker(name: string, plan: WorkerPlan): Worker {
  const { module, permissions, memoryLimitMb } = plan;
  const create = () => createWorker(name, module, permissions);
  return memoryLimitMb === undefined ? create() : withHeapLimit(memoryLimitMb, create);
}

function reason({ memoryLimitMb }: WorkerPlan, message: string): string {
  return memoryLimitMb === undefined ? message : heapDeath(memoryLimitMb, message) ?? message;
}

function isSame(one: WorkerPlan, other: WorkerPlan): boolean {
  return planKey(one) === planKey(other);
}

/** A plan without the order of its members, which a copy by message need not keep. */
function planKey({ module, permissions, memoryLimitMb }: WorkerPlan): string {
  const { read, write, net, ffi } = permissions;
  return JSON.stringify([module, read, write, net, ffi, memoryLimitMb]);
}

/** What is not given is refused, never inherited. */
function denoPermissions({ read, write, net, ffi }: HostPermissions): Deno.PermissionOptionsObject {
  return {
    read: read ? [...read] : false,
    write: write ? [...write] : false,
    net: net ? [...net] : false,
    env: false,
    ffi: ffi ? [...ffi] : false,
    import: false,
    run: false,
    sys: false,
  };
}
