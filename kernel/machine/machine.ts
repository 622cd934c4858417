/**
 * The machine: the main thread. It creates and ends workers on the kernel's orders, and carries
 * the calls of the program that booted the system.
 *
 * @module
 */

import { receiveMessageOnPort } from "node:worker_threads";
import { Doorbell, isCrowded, OsError, SLEEP_MS_MAX, type Waiter } from "@hako/ipc";
import { DOMAINS_MAX } from "../limits.ts";
import { PROGRAM_CENSUS_INDEX } from "../manifest.ts";
import type { MachineMessage, Order, SystemEvent } from "../messages.ts";
import { createWorker, Workers } from "./workers.ts";

/** A call that waits for the kernel's answer. */
interface Call {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A machine message without the number of its call, which the machine gives. */
type Numbered<M> = M extends { readonly call: number } ? Omit<M, "call"> : never;

/** The main thread of one system. As a {@linkcode Waiter} it does its duty while it waits. */
export class Machine implements Waiter {
  /** The longest single sleep of a synchronous call on this thread. */
  readonly sleepMsMax = SLEEP_MS_MAX;
  readonly #workers: Workers;
  readonly #kernelWorker: Worker;
  readonly #kernel: MessagePort;
  readonly #calls: Map<number, Call> = new Map();
  readonly #onEvent: (event: SystemEvent) => void;
  readonly #census: Int32Array;
  readonly #kernelBell: Doorbell;
  /** Rung by the kernel after each order. */
  readonly #bell: Doorbell;
  #lastCall = 0;
  #broken: OsError | undefined;
  #halted = false;

  /** @param onEvent Hears what happens to the domains. */
  constructor(onEvent: (event: SystemEvent) => void) {
    this.#onEvent = onEvent;
    this.#workers = new Workers((name, epoch, why) => {
      this.#tell({ type: "died", name, epoch, death: { why, gone: true } });
    });
    this.#census = new Int32Array(new SharedArrayBuffer(4 * DOMAINS_MAX));
    this.#kernelBell = Doorbell.create();
    this.#bell = Doorbell.create();
    const { port1, port2 } = new MessageChannel();
    this.#kernel = port1;
    const module = new URL("../kernel/main.ts", import.meta.url).href;
    this.#kernelWorker = createWorker("kernel", module, {});
    this.#kernelWorker.onerror = (event) => {
      event.preventDefault();
      this.#broken = new OsError("EIO", `run the kernel: ${event.message}`);
      this.#fail(this.#broken);
    };
    this.#kernelWorker.postMessage(port2, [port2]);
    this.#listen();
  }

  /** Boots the kernel with a checked manifest; resolves when every domain is ready. */
  boot(order: Pick<Extract<MachineMessage, { type: "boot" }>, "plans" | "faults" | "cores">) {
    const kernelBell = this.#kernelBell.memory;
    const census = this.#census.buffer as SharedArrayBuffer;
    return this.call({
      type: "boot",
      ...order,
      kernelBell,
      machineBell: this.#bell.memory,
      census,
    });
  }

  /** Asks the kernel for something. */
  call(message: Numbered<MachineMessage>): Promise<unknown> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    if (this.#halted) return Promise.reject(new OsError("ESHUTDOWN", "ask a halted system"));
    const call = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#tell({ ...message, call } as MachineMessage);
    });
  }

  /** Ends a domain's worker and says so, as whoever stumbles over a cable does. */
  kill(name: string): boolean {
    const epoch = this.#workers.kill(name);
    if (epoch === 0) return false;
    this.#tell({ type: "died", name, epoch, death: { why: "terminated", ordered: true } });
    return true;
  }

  /** Ends everything at once. */
  end(): void {
    this.#halted = true;
    this.#workers.terminateAll();
    this.#kernelWorker.terminate();
    this.#kernel.close();
    this.#fail(new OsError("ESHUTDOWN", "wait for a system that has halted"));
  }

  crowded(): boolean {
    this.#census[PROGRAM_CENSUS_INDEX] = 1;
    return isCrowded(this.#census, navigator.hardwareConcurrency);
  }

  wakes(censusIndex: number): void {
    this.#census[censusIndex] = 1;
  }

  /** Back to the program, and maybe to its event loop: not counted until its next call. */
  arrived(): void {
    this.#census[PROGRAM_CENSUS_INDEX] = 0;
  }

  beginSleep(): void {
    this.#census[PROGRAM_CENSUS_INDEX] = 0;
    this.check();
  }

  endSleep(): void {
    this.check();
  }

  nowMs(): number {
    return performance.now();
  }

  /**
   * Obeys orders as they come while the thread is in its event loop. The port has no message handler:
   * the event loop would take an order out of it and deliver it only after the synchronous call that
   * waits for this very order. A bell is a hint; the order stays in the port until it is obeyed.
   */
  async #listen(): Promise<void> {
    while (!this.#halted) {
      const announced = this.#bell.announce();
      this.check();
      if (!this.#halted) await this.#bell.waitAsync(announced, SLEEP_MS_MAX);
    }
  }

  /** The machine's duty: orders that came while this thread was in a synchronous call. */
  check(): void {
    while (!this.#halted) {
      // deno-lint-ignore no-explicit-any -- the node type of a web MessagePort
      const received = receiveMessageOnPort(this.#kernel as any);
      if (received === undefined) return;
      this.#obey(received.message as Order);
    }
  }

  #obey(order: Order): void {
    switch (order.type) {
      case "prepare":
        return this.#workers.prepare(order.name, order.module, order.permissions);
      case "start":
        return this.#workers.start(order.name, order.module, order.permissions, order.boot);
      case "terminate":
        return this.#workers.terminate(order.name, order.epoch);
      case "event":
        return this.#onEvent(order.event);
      case "answer": {
        const call = this.#calls.get(order.call);
        this.#calls.delete(order.call);
        if (order.code === undefined) call?.resolve(order.value);
        else call?.reject(new OsError(order.code, order.what ?? "call the kernel"));
      }
    }
  }

  #fail(error: OsError): void {
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
  }

  #tell(message: MachineMessage): void {
    this.#kernel.postMessage(message);
    this.#kernelBell.ring();
  }
}
