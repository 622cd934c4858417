/**
 * The kernel: names, endpoints, channels, segments, and what a domain is given when it starts.
 * Deaths are the business of `supervision.ts`. Nothing here is on the data path.
 *
 * Every message and every look at the domains ends in {@linkcode Kernel.settle}: the tables are
 * committed, and only then the effects take place. A kernel may die anywhere; its successor opens
 * the same tables and does what is left, which may be what was done already.
 *
 * @module
 */

import { assert, Channel, Doorbell, ERRNO, type Errno, OsError } from "@hako/ipc";
import type { FaultPoints } from "../faults/fault_points.ts";
import type { ArmedFault } from "../faults/point_fault.ts";
import { BOOT } from "../layouts/boot.ts";
import { TRACE_BYTES } from "../layouts/trace.ts";
import { LOG_BYTES_DEFAULT } from "../keeps/limits.ts";
import { MESSAGES_PER_TURN, SETTLE_ROUNDS_MAX } from "../limits.ts";
import { KERNEL } from "../manifest.ts";
import type {
  ControlMessage,
  DomainMessage,
  KernelBoot,
  KernelsBootMessage,
  MachineMessage,
  Order,
  SystemEvent,
} from "../messages.ts";
import { takeMessage } from "../take_message.ts";
import { Authority } from "./authority.ts";
import { Connections, PROGRAM_NUMBER } from "./connections.ts";
import { readDomainMessage } from "./domain_messages.ts";
import type { KernelLife } from "./kernel_life.ts";
import { Phases } from "./phases.ts";
import { Segments } from "./segments.ts";
import { statusOf } from "./status.ts";
import { type Supervised, Supervision } from "./supervision.ts";
import { type DomainEntry, type Segment, Tables } from "./tables.ts";

const CONTROL = BOOT.at.control >> 2;

/** The kernel of one system. */
export class Kernel implements Supervised {
  readonly tables: Tables;
  readonly connections: Connections;
  readonly segments: Segments;
  readonly authority: Authority;
  readonly phases: Phases;
  readonly supervision: Supervision;
  readonly #life: KernelLife;
  readonly #boot: KernelBoot;
  readonly #machineBell: Doorbell;
  readonly #faults: readonly ArmedFault[];
  readonly #points: FaultPoints;
  #effects: (() => void)[] = [];
  /** Whether some domain has posted more than was read. */
  #isBehind = false;

  /** Takes up a system: a new one, or that of a predecessor, as its tables tell. */
  constructor(boot: KernelBoot, life: KernelLife) {
    this.#boot = boot;
    this.#life = life;
    this.#machineBell = new Doorbell(boot.machineBell);
    this.#faults = boot.faults.map((fault, index) => ({ ...fault, index }));
    this.#points = life.points(this.#faults.filter(({ domain }) => domain === KERNEL));
    this.tables = new Tables({
      tables: boot.tables,
      log: boot.log,
      held: boot.held,
      check: () => life.check(),
      hold: (number, memory) => this.#send({ type: "hold", number, memory }),
      release: (number) => this.#send({ type: "release", number }),
    }, boot.plans);
    this.connections = new Connections(this);
    this.segments = new Segments(this, (segment) => this.authority.sharersOf(segment));
    this.phases = new Phases(this, (entry) => this.supervision.endHalting(entry));
    this.supervision = new Supervision(this);
    this.authority = new Authority(this, this.supervision);
    for (const { name, epoch, port } of boot.living) this.#adopt(name, epoch, port);
    if (this.tables.system.isBooted) this.#takeUp();
    else this.#populate();
    this.settle();
  }

  nowMs(): number {
    return this.#life.nowMs();
  }

  /** Looks after everyone; called on every ring and every tick. */
  tick(): void {
    this.#points.visit("kernel.tick");
    this.#hearAll();
    this.supervision.tick();
    this.settle();
    this.supervision.proceed(); // Some wait for no change, but for their time.
    this.settle();
  }

  /** How long nothing is due. */
  get quietMs(): number {
    return this.#isBehind ? 0 : this.supervision.quietMs;
  }

  /** Obeys the machine. */
  receive(message: MachineMessage): void {
    this.#points.visit("kernel.receive");
    this.#hearAll(); // The program may know already what a domain has said.
    this.#obey(message);
    this.settle();
  }

  effect(act: () => void): void {
    this.#effects.push(act);
  }

  order(order: Order): void {
    this.effect(() => this.#send(order));
  }

  event(event: SystemEvent): void {
    this.order({ type: "event", event, atUs: 1_000 * this.nowMs() });
  }

  control(entry: DomainEntry, message: ControlMessage): void {
    const { state, epoch } = entry.row;
    if (state !== "starting" && state !== "ready" && state !== "finished") return;
    this.effect(() => {
      if (entry.row.epoch === epoch) post(entry, message);
    });
  }

  /** Makes all changes count and does what follows from them, until nothing follows any more. */
  settle(): void {
    for (let round = 0; round < SETTLE_ROUNDS_MAX; round++) {
      const hasChanges = this.tables.hasChanges;
      if (!hasChanges && this.#effects.length === 0) return;
      this.#points.visit("kernel.commit");
      if (hasChanges) this.tables.commit();
      else this.#life.check();
      this.#points.visit("kernel.committed");
      const effects = this.#effects;
      this.#effects = [];
      for (const act of effects) {
        act();
        this.#points.visit("kernel.effect");
      }
      this.supervision.proceed();
    }
    assert(false, "what follows from a change comes to an end");
  }

  /** Gives a domain its next life. */
  start(entry: DomainEntry): void {
    const { row } = entry;
    const before = row.boot;
    const bootBytes = new SharedArrayBuffer(BOOT.byteLength);
    row.epoch = row.slotEpoch;
    row.boot = this.tables.hold(bootBytes);
    row.isGone = false;
    row.state = "starting";
    row.startedAtMs = this.nowMs();
    this.tables.changed(entry);
    entry.boot = new Int32Array(bootBytes);
    entry.lastBeat = 0;
    entry.isStuck = false;
    entry.abuses = 0;
    entry.floods = 0;
    entry.lastBeatAtMs = row.startedAtMs;
    const isZombie = [...this.tables.zombies].some((zombie) => zombie.row.boot === before);
    if (before !== 0 && !isZombie) this.effect(() => this.tables.release(before));
    this.launch(entry);
  }

  /** Has the machine start the worker of a life that the tables know of. */
  launch(entry: DomainEntry): void {
    const { epoch } = entry.row;
    this.effect(() => {
      if (entry.row.epoch !== epoch) return;
      entry.lastBeatAtMs = this.nowMs();
      const { port1, port2 } = new MessageChannel();
      entry.port?.close();
      entry.port = port2;
      const { name } = entry.plan;
      const plan = this.supervision.workerPlan(entry);
      const boot = this.#bootMessage(entry, port1);
      this.#send({ type: "start", name, epoch, plan, boot }, [port1]);
    });
  }

  /** Goes on where the last kernel stopped. */
  #takeUp(): void {
    for (const [number, memory] of this.tables.orphans()) {
      this.effect(() => {
        // A channel without a connection was revoked, or was that of a dead client.
        if (memory instanceof WebAssembly.Memory) new Channel(memory).close(ERRNO.EPERM);
        this.tables.release(number);
      });
    }
    this.supervision.takeUp();
  }

  /** What the system is made of before anything lives. */
  #populate(): void {
    const { domains, system } = this.tables;
    for (const entry of domains.values()) {
      entry.row.log = this.tables.hold(new SharedArrayBuffer(LOG_BYTES_DEFAULT));
      entry.row.trace = this.tables.hold(new SharedArrayBuffer(TRACE_BYTES));
      for (const [name, byteLength] of Object.entries(entry.plan.keeps)) {
        this.segments.create(entry.number, "keep", name, { byteLength });
      }
      for (const endpoint of entry.plan.uses) this.#connectDomain(entry, endpoint);
    }
    for (const entry of domains.values()) {
      for (const [name, byteLength] of Object.entries(entry.plan.windows)) {
        this.segments.create(entry.number, "window", name, { byteLength });
      }
      this.authority.give(entry);
    }
    for (const entry of domains.values()) if (entry.plan.start === "boot") this.start(entry);
    system.isBooted = true;
    this.tables.changedSystem();
  }

  #connectDomain(entry: DomainEntry, endpoint: string): void {
    const server = this.connections.serverOf(endpoint)!;
    const connection = this.connections.connect({
      client: entry.number,
      server,
      endpoint,
      call: 0,
    });
    if (typeof connection === "string") throw new OsError(connection, `connect ${endpoint}`);
  }

  /** A domain that lives on from the time of the last kernel. */
  #adopt(name: string, epoch: number, port: MessagePort): void {
    const entry = this.tables.domains.get(name);
    if (entry?.row.epoch !== epoch) return port.close();
    entry.lastBeatAtMs = this.nowMs();
    entry.port = port;
  }

  /**
   * Reads what the domains have posted, some messages of each in turn: one that posts without end
   * keeps nobody else from being heard.
   */
  #hearAll(): void {
    this.#isBehind = false;
    for (const entry of this.tables.domains.values()) {
      let left = MESSAGES_PER_TURN;
      for (; left > 0 && entry.port !== undefined; left--) {
        const message = takeMessage(entry.port);
        if (message === undefined) break; // A domain that posts just that delays itself.
        this.#points.visit("kernel.hear");
        this.#hear(entry, readDomainMessage(message));
        this.settle();
      }
      if (left > 0) {
        entry.floods = 0;
        continue;
      }
      this.#isBehind = true;
      this.supervision.flooded(entry);
    }
  }

  #hear(entry: DomainEntry, message: DomainMessage | undefined): void {
    const { state } = entry.row;
    if (state !== "starting" && state !== "ready" && state !== "finished") return;
    if (message === undefined) return this.supervision.abused(entry);
    switch (message.type) {
      case "hello":
        return this.#tellWorld(entry);
      case "ready":
        return this.supervision.ready(entry);
      case "failed":
        return this.supervision.failed(entry, message.code, message.what);
      case "terminate-here":
        return this.supervision.died(entry, { why: `terminated at ${message.point}` });
      case "halted":
        if (entry.row.haltingSinceMs === 0) return this.supervision.abused(entry);
        return this.phases.halted(entry);
      case "call":
        return this.authority.call(entry, message.number, message.call);
    }
  }

  /** What a domain is told of a kernel that has taken over: all that it has. */
  #tellWorld(entry: DomainEntry): void {
    const served = this.connections.ofServer(entry.number);
    this.control(entry, {
      type: "world",
      served: served.map((connection) => this.connections.served(connection)),
      segments: this.segments.grantsOf(entry),
    });
    if (entry.row.haltingSinceMs !== 0) this.control(entry, { type: "halt" });
  }

  #obey(message: MachineMessage): void {
    switch (message.type) {
      case "boot":
        return this.phases.awaitBoot(message.call);
      case "connect":
        return this.#connectProgram(message.call, message.endpoint);
      case "window":
        return this.#programWindow(message.call, message.byteLength);
      case "status":
        return this.answer(message.call, statusOf(this.tables, this.#boot.epoch));
      case "halt":
        return this.phases.halt(message.call);
      case "died":
      case "finished": {
        const entry = this.tables.domains.get(message.name);
        if (entry?.row.epoch !== message.epoch) return;
        if (message.type === "finished") return this.supervision.finished(entry);
        return this.supervision.died(entry, message.death);
      }
      default:
        return this.#act(message);
    }
  }

  /** Calls that act on one domain: told twice, they act once. */
  #act(message: Extract<MachineMessage, { readonly type: "restart" | "start" | "upgrade" }>): void {
    const { call, name, type } = message;
    const entry = this.tables.domains.get(name);
    if (entry === undefined) return this.refuse(call, "ENOENT", `${type} ${name}`);
    if (entry.row.lastCall >= call) {
      return entry.row.upgradeCall === call ? undefined : this.answer(call);
    }
    entry.row.lastCall = call;
    this.tables.changed(entry);
    if (type === "upgrade") return this.supervision.upgrade(entry, call, message.module);
    if (type === "restart") this.supervision.restart(entry);
    else if (!this.supervision.startOnRequest(entry)) {
      return this.refuse(call, "EBUSY", `start ${name}, which is ${entry.row.state}`);
    }
    this.answer(call);
  }

  renewWindow(segment: Segment): void {
    this.authority.renewWindow(segment);
  }

  disown(entry: DomainEntry): void {
    this.authority.disown(entry);
  }

  /** Answers a call of the program. */
  answer(call: number, value?: unknown): void {
    this.order({ type: "answer", call, value });
  }

  /** Answers a call of the program with an error. */
  refuse(call: number, code: Errno, what: string): void {
    this.order({ type: "answer", call, code, what });
  }

  #connectProgram(call: number, endpoint: string): void {
    const before = this.connections.madeBy(call);
    if (before !== undefined) return this.answer(call, this.connections.used(before));
    const server = this.connections.serverOf(endpoint);
    if (server === undefined) {
      return this.refuse(
        call,
        "ENOENT",
        `connect to ${JSON.stringify(endpoint)}: nobody serves it`,
      );
    }
    const connection = this.connections.connect({ client: PROGRAM_NUMBER, server, endpoint, call });
    if (typeof connection === "string") return this.refuse(call, connection, "connect once more");
    this.segments.announceReaching(PROGRAM_NUMBER);
    this.answer(call, this.connections.used(connection));
  }

  #programWindow(call: number, byteLength: number): void {
    const segment = this.segments.madeBy(call) ??
      this.segments.create(PROGRAM_NUMBER, "window", "", { byteLength, call });
    if (segment === undefined) return this.refuse(call, "ENFILE", "make one more window");
    this.answer(call, { id: segment.row.object, buffer: segment.buffer, badges: [] });
  }

  /** Sends the machine an order, and rings the program in case it waits in a synchronous call. */
  #send(order: Order, transfer: Transferable[] = []): void {
    this.#boot.machine.postMessage(order, transfer);
    if (order.type === "hold" || order.type === "release") return; // Read before the next.
    this.#machineBell.ring();
    for (const { row, channel } of this.tables.connections) {
      if (row.client === PROGRAM_NUMBER) channel.core.rouse();
    }
  }

  #bootMessage(entry: DomainEntry, control: MessagePort): KernelsBootMessage {
    const { plan: { name, kind, options, serves }, row, number } = entry;
    const memoriesOf = (kind: "keep" | "window") => [...this.tables.segmentsOf(number, kind)];
    return {
      type: "boot",
      name,
      kind,
      epoch: row.epoch,
      options,
      boot: this.tables.buffer(row.boot),
      bell: entry.bell.memory,
      kernelBell: this.#boot.bell,
      census: this.#boot.census,
      censusIndex: number,
      cores: this.#boot.cores,
      serves,
      served: this.connections.ofServer(number).map((each) => this.connections.served(each)),
      used: this.connections.ofClient(number).map((each) => this.connections.used(each)),
      capabilities: this.authority.grantsOf(entry),
      keeps: Object.fromEntries(memoriesOf("keep").map(([key, { buffer }]) => [key, buffer])),
      log: this.tables.buffer(row.log),
      trace: this.tables.buffer(row.trace),
      windows: Object.fromEntries(memoriesOf("window").map(([key, { row }]) => [key, row.object])),
      segments: this.segments.grantsOf(entry),
      faults: this.#faults.filter(({ domain }) => domain === name),
      faultVisits: this.#boot.faultVisits,
      control,
    };
  }
}

function post(entry: DomainEntry, message: ControlMessage): void {
  entry.port?.postMessage(message);
  Atomics.add(entry.boot, CONTROL, 1);
  entry.bell.ring();
}
