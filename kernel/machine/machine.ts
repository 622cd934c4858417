/**
 * The machine: the main thread. It creates and ends workers on the kernel's orders, keeps a kernel
 * alive, and carries the calls of the program that booted the system.
 *
 * @module
 */

import { Doorbell, isCrowded, OsError, SLEEP_MS_MAX, type Waiter } from "@hako/ipc";
import { ORDERED, type PointFault } from "../faults/mod.ts";
import { BOOT } from "../layouts/boot.ts";
import { KERNEL, PROGRAM_CENSUS_INDEX } from "../manifest.ts";
import type {
  Death,
  DomainNews,
  DomainPlan,
  LinkMessage,
  LivingPort,
  MachineMessage,
  Order,
  SystemEvent,
} from "../messages.ts";
import { KernelKeeper, type KernelOwner } from "./kernel_keeper.ts";
import { Workers } from "./workers.ts";

const CONTROL = BOOT.at.control >> 2;

/** A call that waits for the kernel's answer. */
interface Call {
  readonly message: MachineMessage;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The present life of a domain, as far as the machine has to do with it. */
interface Life {
  readonly epoch: number;
  readonly link: MessagePort;
  readonly boot: Int32Array;
  readonly bell: Doorbell;
  death?: Death;
  isFinished: boolean;
  /** Whether the program was told that it lives, which it is before it is told of anything it did. */
  isReady: boolean;
  /** What the domain has told before that. */
  readonly early: SystemEvent[];
}

/** A machine message without the number of its call, which the machine gives. */
type Numbered<M> = M extends { readonly call: number } ? Omit<M, "call"> : never;

/** The main thread of one system. As a {@linkcode Waiter} it does its duty while it waits. */
export class Machine implements Waiter, KernelOwner {
  /** The longest single sleep of a synchronous call on this thread. */
  readonly sleepMsMax = SLEEP_MS_MAX;
  readonly #workers: Workers;
  readonly #lives: Map<string, Life> = new Map();
  readonly #calls: Map<number, Call> = new Map();
  readonly #onEvent: (event: SystemEvent, atUs?: number) => void;
  readonly #onTrace: (domain: string, trace: SharedArrayBuffer) => void;
  /** A word for the program, and for each domain: it is counted before every spin. */
  #census: Int32Array = new Int32Array(1);
  /** Rung by the kernel after each order. */
  readonly #bell: Doorbell;
  #kernel: KernelKeeper | undefined;
  #faults: readonly PointFault[] = [];
  /** A word for each fault. */
  #faultVisits: Int32Array = new Int32Array(0);
  #lastCall = 0;
  #broken: OsError | undefined;
  #isEnded = false;

  /**
   * A machine without a kernel yet.
   *
   * @param onEvent Hears what happened in the system, and when, if that is known better than "now".
   * @param onTrace Hears where a domain that starts writes its trace.
   */
  constructor(
    onEvent: (event: SystemEvent, atUs?: number) => void,
    onTrace: (domain: string, trace: SharedArrayBuffer) => void,
  ) {
    this.#onEvent = onEvent;
    this.#onTrace = onTrace;
    this.#workers = new Workers((name, epoch, why) => this.#died(name, epoch, { why, gone: true }));
    this.#bell = Doorbell.create();
  }

  /** Starts a kernel with a checked manifest; resolves when every domain is ready. */
  boot(plans: readonly DomainPlan[], faults: readonly PointFault[]): Promise<unknown> {
    const bell = Doorbell.create();
    const census = new SharedArrayBuffer(4 * (plans.length + 1));
    this.#census = new Int32Array(census);
    const faultVisits = new SharedArrayBuffer(4 * Math.max(1, faults.length));
    this.#faults = faults;
    this.#faultVisits = new Int32Array(faultVisits);
    this.#kernel = new KernelKeeper(
      {
        plans,
        faults,
        faultVisits,
        cores: navigator.hardwareConcurrency,
        census,
        bell: bell.memory,
        machineBell: this.#bell.memory,
      },
      bell,
      this,
    );
    this.#listen();
    const booted = this.call({ type: "boot" });
    this.#prepareAll(plans);
    return booted;
  }

  /** Makes the domains' workers while the kernel's still loads: each keeps this thread for 10 ms. */
  #prepareAll(plans: readonly DomainPlan[]): void {
    for (const plan of plans) {
      const { name, start } = plan;
      if (this.#isEnded || start !== "boot" || this.#lives.has(name)) continue;
      this.#workers.prepare(name, plan);
      this.check(); // What the kernel has ordered by now.
    }
  }

  /** Asks the kernel for something. */
  call(request: Numbered<MachineMessage>): Promise<unknown> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    if (this.#isEnded) return Promise.reject(new OsError("ESHUTDOWN", "ask a halted system"));
    const call = ++this.#lastCall;
    const message = { ...request, call } as MachineMessage;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { message, resolve, reject });
      this.#kernel?.tell(message);
    });
  }

  /** Orders a fault, by its number, if it is one that happens on order. */
  inject(fault: number): boolean {
    if (this.#faults[fault]?.visit !== "ordered") return false;
    Atomics.store(this.#faultVisits, fault, ORDERED);
    return true;
  }

  /** Ends the worker of a domain or of the kernel, as whoever stumbles over a cable does. */
  kill(name: string): boolean {
    if (name === KERNEL) this.#kernel?.kill();
    else {
      const epoch = this.#workers.kill(name);
      if (epoch === 0) return false;
      this.#died(name, epoch, { why: "terminated", ordered: true });
    }
    return true;
  }

  /** Ends everything at once. */
  end(why = "wait for a system that has halted"): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#workers.terminateAll();
    this.#kernel?.end();
    for (const { link } of this.#lives.values()) link.close();
    this.#lives.clear();
    this.#fail(new OsError("ESHUTDOWN", why));
    this.#bell.ring();
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

  /** The machine's duty: orders that came while this thread was in a synchronous call. */
  check(): void {
    this.#kernel?.check();
  }

  obey(order: Exclude<Order, { readonly type: "hold" | "release" }>): void {
    switch (order.type) {
      case "prepare":
        return this.#workers.prepare(order.name, order.plan);
      case "start":
        return this.#start(order);
      case "terminate":
        return this.#workers.terminate(order.name, order.epoch);
      case "event":
        this.#onEvent(order.event, order.atUs);
        if (order.event.type === "ready") this.#catchUp(order.event.domain, order.event.epoch);
        return;
      case "stopped":
        if (!this.#isEnded) this.#onEvent({ type: "stopped", why: order.why });
        return this.end(`wait for a system that has stopped: ${order.why}`);
      case "answer": {
        const call = this.#calls.get(order.call);
        this.#calls.delete(order.call);
        if (order.code === undefined) call?.resolve(order.value);
        else call?.reject(new OsError(order.code, order.what ?? "call the kernel"));
      }
    }
  }

  reconnect(): LivingPort[] {
    return [...this.#lives].map(([name, { epoch, link, boot, bell }]) => {
      const { port1, port2 } = new MessageChannel();
      const message: LinkMessage = { type: "control", port: port1 };
      link.postMessage(message, [port1]);
      Atomics.add(boot, CONTROL, 1);
      bell.ring();
      this.#catchUp(name, epoch); // What the last kernel had to tell of it may be lost.
      return { name, epoch, port: port2 };
    });
  }

  *untold(): Generator<MachineMessage> {
    for (const [name, { epoch, death, isFinished }] of this.#lives) {
      if (isFinished) yield { type: "finished", name, epoch };
      if (death !== undefined) yield { type: "died", name, epoch, death };
    }
    for (const { message } of this.#calls.values()) yield message;
  }

  onEvent(event: SystemEvent): void {
    this.#onEvent(event);
  }

  onBroken(error: OsError): void {
    this.#broken = error;
    this.#fail(error);
  }

  /**
   * Obeys orders as they come while the thread is in its event loop. The port has no message handler:
   * the event loop would take an order out of it and deliver it only after the synchronous call that
   * waits for this very order. A bell is a hint; the order stays in the port until it is obeyed.
   */
  async #listen(): Promise<void> {
    while (!this.#isEnded) {
      const announced = this.#bell.announce();
      this.check();
      if (!this.#isEnded) await this.#bell.waitAsync(announced, SLEEP_MS_MAX);
    }
  }

  #start({ name, epoch, plan, boot }: Extract<Order, { readonly type: "start" }>): void {
    const { port1: link, port2 } = new MessageChannel();
    const ports = [boot.control, port2];
    if (!this.#workers.start(name, epoch, plan, { ...boot, link: port2 }, ports)) {
      for (const port of [link, ...ports]) port.close();
      return;
    }
    const before = this.#lives.get(name);
    if (before !== undefined) this.#catchUp(name, before.epoch);
    before?.link.close();
    this.#onTrace(name, boot.trace);
    const bell = new Doorbell(boot.bell);
    const words = new Int32Array(boot.boot);
    const life = { epoch, link, boot: words, bell, isFinished: false, isReady: false, early: [] };
    this.#lives.set(name, life);
    link.onmessage = (event: MessageEvent<DomainNews>) => this.#hear(name, life, event.data);
  }

  /** What a domain has posted may be anything. */
  #hear(name: string, life: Life, news: DomainNews | null | undefined): void {
    if (this.#isEnded || this.#lives.get(name) !== life) return;
    if (news?.type === "report") {
      return this.#pass(life, { type: "report", domain: name, value: news.value });
    }
    if (news?.type !== "finish" || life.isFinished) return;
    life.isFinished = true;
    this.#kernel?.tell({ type: "finished", name, epoch: life.epoch });
    this.#pass(life, { type: "finished", domain: name, value: news.value });
  }

  #pass(life: Life, event: SystemEvent): void {
    if (life.isReady) this.#onEvent(event);
    else life.early.push(event);
  }

  /** The program knows that a domain lives: it may hear what that has done. */
  #catchUp(name: string, epoch: number): void {
    const life = this.#lives.get(name);
    if (life?.epoch !== epoch) return;
    life.isReady = true;
    for (const event of life.early.splice(0)) this.#onEvent(event);
  }

  #died(name: string, epoch: number, death: Death): void {
    const life = this.#lives.get(name);
    if (life?.epoch === epoch) life.death = { ...life.death, ...death };
    this.#kernel?.tell({ type: "died", name, epoch, death });
  }

  #fail(error: OsError): void {
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
  }
}
