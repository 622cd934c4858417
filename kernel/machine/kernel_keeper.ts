/**
 * Keeps a kernel alive: the machine is to the kernel what the kernel is to the domains.
 *
 * The kernel's tables are its keep, and the memories that they name are held here. When the kernel
 * has said that it ends, or shows no sign of life, it is fenced: from then on it commits nothing and
 * does nothing outside its tables. What it had ordered by then is obeyed; its successor opens a
 * copy of the tables, gets a port to every domain that lives, and is told again every call that was
 * not answered. Channels know nothing of it.
 *
 * @module
 */

import { type Doorbell, OsError } from "@hako/ipc";
import { copyKeeps } from "../keeps/copy.ts";
import { BOOT, EXIT, exitText } from "../layouts/boot.ts";
import {
  KERNEL_DEATHS_MAX,
  KERNEL_DEATHS_WINDOW_MS,
  KERNEL_HANG_MS,
  KERNEL_LOG_BYTES,
} from "../limits.ts";
import type {
  HeldMemory,
  KernelBoot,
  LivingPort,
  MachineMessage,
  Order,
  SystemEvent,
} from "../messages.ts";
import { TABLES_BYTES } from "../kernel/tables_schema.ts";
import { takeMessage } from "../take_message.ts";
import { createWorker } from "./workers.ts";

const FENCE = BOOT.at.fence >> 2;
const HEARTBEAT = BOOT.at.heartbeat >> 2;
const EXIT_WORD = BOOT.at.exit >> 2;

/** What a kernel needs that is the same for all its lives. */
export type KernelPlan = Pick<
  KernelBoot,
  "plans" | "faults" | "faultVisits" | "cores" | "census" | "bell" | "machineBell"
>;

/** What a keeper asks of its machine. */
export interface KernelOwner {
  /** Obeys an order, other than to hold a memory. */
  obey(order: Exclude<Order, { readonly type: "hold" | "release" }>): void;
  /** Hands every living domain a port to the next kernel, and answers the other ends. */
  reconnect(): LivingPort[];
  /** What a successor must be told: news of the domains, and the calls without an answer. */
  untold(): Iterable<MachineMessage>;
  /** Hears of a death. */
  onEvent(event: SystemEvent): void;
  /** No kernel lives long enough: nothing is kept alive any more. */
  onBroken(error: OsError): void;
}

/** One kernel after another. */
export class KernelKeeper {
  readonly #plan: KernelPlan;
  readonly #owner: KernelOwner;
  readonly #bell: Doorbell;
  readonly #held: Map<number, HeldMemory> = new Map();
  #tables: SharedArrayBuffer = new SharedArrayBuffer(TABLES_BYTES);
  #log: SharedArrayBuffer = new SharedArrayBuffer(KERNEL_LOG_BYTES);
  #epoch = 0;
  #boot: Int32Array;
  #worker: Worker;
  #port: MessagePort;
  #lastBeat = 0;
  #lastBeatAtMs: number;
  #deathTimesMs: number[] = [];
  #isEnded = false;

  /** Starts the first kernel. `bell` is the one in the plan. */
  constructor(plan: KernelPlan, bell: Doorbell, owner: KernelOwner) {
    this.#plan = plan;
    this.#owner = owner;
    this.#bell = bell;
    [this.#worker, this.#port, this.#boot] = this.#start([]);
    this.#lastBeatAtMs = performance.now();
  }

  /** Posts a message and wakes the kernel. */
  tell(message: MachineMessage): void {
    if (this.#isEnded) return;
    this.#port.postMessage(message);
    this.#bell.ring();
  }

  /** Obeys what was ordered, and looks whether the kernel lives. */
  check(): void {
    if (this.#isEnded) return;
    this.#obeyAll();
    if (this.#isEnded) return;
    const exit = Atomics.load(this.#boot, EXIT_WORD);
    if (exit !== EXIT.NONE) return this.#died(exitText(this.#boot), exit === EXIT.TERMINATED);
    const beat = Atomics.load(this.#boot, HEARTBEAT);
    const nowMs = performance.now();
    if (beat !== this.#lastBeat) {
      this.#lastBeat = beat;
      this.#lastBeatAtMs = nowMs;
    } else if (nowMs - this.#lastBeatAtMs > KERNEL_HANG_MS) this.#died("it hangs", false);
  }

  /** Ends the kernel, as a fault. */
  kill(): void {
    this.#died("terminated", true);
  }

  /** Ends the kernel for good. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    Atomics.store(this.#boot, FENCE, 1);
    this.#worker.terminate();
    this.#port.close();
  }

  #obeyAll(): void {
    while (!this.#isEnded) {
      const order = takeMessage(this.#port) as Order | undefined;
      if (order === undefined) return;
      if (order.type === "hold") this.#held.set(order.number, order.memory);
      else if (order.type === "release") this.#held.delete(order.number);
      else this.#owner.obey(order);
    }
  }

  #died(why: string, ordered: boolean): void {
    if (this.#isEnded) return;
    const { end, epoch } = { end: performance.now() - KERNEL_DEATHS_WINDOW_MS, epoch: this.#epoch };
    Atomics.store(this.#boot, FENCE, 1);
    this.#worker.terminate();
    this.#obeyAll(); // What it ordered before the fence was committed.
    if (this.#isEnded) return;
    this.#port.close();
    if (!ordered) this.#deathTimesMs.push(performance.now());
    this.#deathTimesMs = this.#deathTimesMs.filter((timeMs) => timeMs > end);
    this.#owner.onEvent({ type: "kernel-died", epoch, why });
    if (this.#deathTimesMs.length > KERNEL_DEATHS_MAX) {
      this.end();
      return this.#owner.onBroken(new OsError("EIO", `run the kernel: ${why}`));
    }
    const copies = copyKeeps(this.#log, [this.#tables]);
    this.#log = copies.log;
    this.#tables = copies.buffers[0]!;
    [this.#worker, this.#port, this.#boot] = this.#start(this.#owner.reconnect());
    this.#lastBeat = 0;
    this.#lastBeatAtMs = performance.now();
    for (const message of this.#owner.untold()) this.tell(message);
  }

  #start(living: readonly LivingPort[]): [Worker, MessagePort, Int32Array] {
    const { port1, port2 } = new MessageChannel();
    const boot = new SharedArrayBuffer(BOOT.byteLength);
    const epoch = ++this.#epoch;
    const worker = createWorker("kernel", new URL("../kernel/main.ts", import.meta.url).href, {});
    worker.onerror = (event) => {
      event.preventDefault(); // Else the whole process dies.
      if (this.#epoch === epoch) this.#died(event.message, false);
    };
    const message: KernelBoot = {
      ...this.#plan,
      epoch,
      boot,
      tables: this.#tables,
      log: this.#log,
      machine: port2,
      held: this.#held,
      living,
    };
    worker.postMessage(message, [port2, ...living.map(({ port }) => port)]);
    return [worker, port1, new Int32Array(boot)];
  }
}
