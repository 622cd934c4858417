/**
 * The machine's workers: the one place where a worker is created or ended.
 *
 * @module
 */

import type { HostPermissions } from "../manifest.ts";
import type { BootMessage } from "../messages.ts";

/** What the machine tells about a worker that failed. */
export type OnError = (name: string, epoch: number, why: string) => void;

interface Running {
  readonly worker: Worker;
  readonly epoch: number;
}

/** Creates workers with no more permissions than their domains have, and ends them. */
export class Workers {
  readonly #running: Map<string, Running> = new Map();
  readonly #spares: Map<string, Worker> = new Map();
  readonly #onError: OnError;

  /** @param onError Called when a worker's code failed outside a handler; the worker is gone. */
  constructor(onError: OnError) {
    this.#onError = onError;
  }

  /** Keeps a worker ready that has loaded its module and waits for authority. */
  prepare(name: string, module: string, permissions: HostPermissions): void {
    if (!this.#spares.has(name)) this.#spares.set(name, createWorker(name, module, permissions));
  }

  /** Gives a worker its life; takes the spare if there is one. */
  start(name: string, module: string, permissions: HostPermissions, boot: BootMessage): void {
    const worker = this.#spares.get(name) ?? createWorker(name, module, permissions);
    this.#spares.delete(name);
    const { epoch } = boot;
    worker.onerror = (event) => {
      event.preventDefault(); // Else the whole process dies.
      this.#onError(name, epoch, event.message);
    };
    this.#running.set(name, { worker, epoch });
    worker.postMessage(boot, [boot.control]);
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
    for (const worker of this.#spares.values()) worker.terminate();
    for (const { worker } of this.#running.values()) worker.terminate();
    this.#spares.clear();
    this.#running.clear();
  }
}

/** A worker for a module, with exactly these host permissions. */
export function createWorker(name: string, module: string, permissions: HostPermissions): Worker {
  const none = Object.keys(permissions).length === 0;
  const worker = new Worker(module, {
    type: "module",
    name,
    deno: { permissions: none ? "none" : denoPermissions(permissions) },
  });
  worker.onerror = (event) => event.preventDefault(); // A spare that fails is found out at its start.
  return worker;
}

/** What is not given is refused, never inherited. */
function denoPermissions({ read, write, net }: HostPermissions): Deno.PermissionOptionsObject {
  return {
    read: read ? [...read] : false,
    write: write ? [...write] : false,
    net: net ? [...net] : false,
    env: false,
    ffi: false,
    import: false,
    run: false,
    sys: false,
  };
}
