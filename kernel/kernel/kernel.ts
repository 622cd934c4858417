/**
 * The kernel: names, endpoints, channels, segments, and what a domain is given when it starts.
 * Deaths are the business of `supervision.ts`. Nothing here is on the data path.
 *
 * @module
 */

import { Channel, Doorbell, ERRNO, type Errno, OsError, SLOT_COUNT } from "@hako/ipc";
import { PROGRAM, PROGRAM_CENSUS_INDEX } from "../manifest.ts";
import type {
  ArmedFault,
  BootMessage,
  ControlMessage,
  DomainMessage,
  DomainPlan,
  MachineMessage,
  Order,
  SegmentGrant,
  ServedGrant,
  SystemEvent,
  SystemStatus,
  UsedGrant,
} from "../messages.ts";
import { BOOT } from "../layouts/boot.ts";
import { SEQUENCE_GAP } from "../limits.ts";
import { grantTo, holders } from "./grants.ts";
import {
  type Connection,
  type DomainEntry,
  newEntry,
  type Segment,
  type Zombie,
} from "./tables.ts";
import { type Supervised, Supervision } from "./supervision.ts";

const CONTROL = BOOT.at.control >> 2;

/** What the machine told at boot. */
export type BootOrder = Extract<MachineMessage, { type: "boot" }>;

/** The kernel of one system. */
export class Kernel implements Supervised {
  readonly domains: Map<string, DomainEntry> = new Map();
  readonly connections: Connection[] = [];
  readonly segments: Map<number, Segment> = new Map();
  readonly zombies: Set<Zombie> = new Set();
  readonly bell: Doorbell;
  readonly nowMs: () => number;
  readonly #machine: MessagePort;
  readonly #machineBell: Doorbell;
  readonly #boot: BootOrder;
  readonly #faults: readonly ArmedFault[];
  readonly #faultVisits: SharedArrayBuffer;
  readonly #order: readonly string[];
  readonly #supervision: Supervision;
  #lastBadge = 0;
  #lastChannel = 0;
  #lastSegment = 0;
  #bootCall: number | undefined;
  #haltCall: number | undefined;

  /**
   * @param machine The port to the machine: orders out, its messages in.
   * @param boot The checked manifest; the plans are in an order in which callees come first.
   * @param nowMs The clock.
   */
  constructor(machine: MessagePort, boot: BootOrder, nowMs: () => number) {
    this.#machine = machine;
    this.#machineBell = new Doorbell(boot.machineBell);
    this.#boot = boot;
    this.nowMs = nowMs;
    this.bell = new Doorbell(boot.kernelBell);
    this.#faults = boot.faults.map((fault, index) => ({ ...fault, index }));
    this.#faultVisits = new SharedArrayBuffer(4 * Math.max(1, boot.faults.length));
    this.#order = boot.plans.map((plan) => plan.name);
    this.#supervision = new Supervision(this);
    this.#bootCall = boot.call;
    boot.plans.forEach((plan, index) => this.domains.set(plan.name, newEntry(plan, index + 1)));
    for (const plan of boot.plans) this.#connectDomain(plan);
    for (const plan of boot.plans) {
      for (const [name, byteLength] of Object.entries(plan.windows)) {
        const segment = this.newSegment(plan.name, new SharedArrayBuffer(byteLength));
        this.domains.get(plan.name)!.windows.set(name, segment.id);
      }
      this.order({
        type: "prepare",
        name: plan.name,
        module: plan.module,
        permissions: plan.permissions,
      });
    }
    this.#startNext();
  }

  /** Looks after everyone; called on every ring and every tick. */
  tick(): void {
    this.#supervision.tick();
  }

  /** Obeys the machine. */
  receive(message: MachineMessage): void {
    switch (message.type) {
      case "connect":
        return this.#connectProgram(message.call, message.endpoint);
      case "window":
        return this.#programWindow(message.call, message.byteLength);
      case "restart":
        return this.#restart(message.call, message.name);
      case "start":
        return this.#startOnRequest(message.call, message.name);
      case "status":
        return this.order({ type: "answer", call: message.call, value: this.#status() });
      case "halt":
        return this.#halt(message.call);
      case "died":
        return this.#supervision.died(message.name, message.epoch, message.death);
      case "boot":
        throw new OsError("EBUSY", "boot a kernel that runs a system already");
    }
  }

  /** Sends the machine an order, and rings the program in case it waits in a synchronous call. */
  order(order: Order, transfer: Transferable[] = []): void {
    this.#machine.postMessage(order, transfer);
    this.#machineBell.ring();
    for (const { client, channel } of this.connections) {
      if (client === PROGRAM) channel.core.rouse();
    }
  }

  /** Tells the program what happened. */
  event(event: SystemEvent): void {
    this.order({ type: "event", event });
  }

  /** Gives a domain its next life. */
  start(entry: DomainEntry): void {
    const { port1, port2 } = new MessageChannel();
    entry.port = port2;
    entry.epoch = entry.slotEpoch;
    entry.bootBytes = new SharedArrayBuffer(BOOT.byteLength);
    entry.boot = new Int32Array(entry.bootBytes);
    entry.gone = false;
    entry.startedAtMs = this.nowMs();
    entry.lastBeat = 0;
    entry.lastBeatAtMs = entry.startedAtMs;
    entry.state = "starting";
    const { epoch } = entry;
    port2.onmessage = (event: MessageEvent<DomainMessage>) => {
      this.#hear(entry, epoch, event.data);
    };
    const { name, module, permissions } = entry.plan;
    const boot = this.#bootMessage(entry, port1);
    this.order({ type: "start", name, epoch, module, permissions, boot }, [port1]);
  }

  /** Posts a control message to a domain, if it lives, and makes it look. */
  control(entry: DomainEntry, message: ControlMessage): void {
    if (entry.state !== "starting" && entry.state !== "ready") return;
    entry.port!.postMessage(message);
    Atomics.add(entry.boot, CONTROL, 1);
    entry.bell.ring();
  }

  /** A new segment, told to all that may hold it. */
  newSegment(owner: string, buffer: SharedArrayBuffer): Segment {
    const segment = { id: ++this.#lastSegment, owner, buffer };
    this.segments.set(segment.id, segment);
    this.#announce(segment);
    return segment;
  }

  /** Takes a segment out of everybody's tables. */
  dropSegment(id: number): void {
    const segment = this.segments.get(id)!;
    for (const holder of holders(segment.owner, this.connections)) {
      const entry = this.domains.get(holder);
      if (entry !== undefined) this.control(entry, { type: "drop-segment", id });
    }
    this.segments.delete(id);
  }

  /** Closes a dead client's channel and gives its connection a fresh one. */
  renewChannel(connection: Connection): void {
    const server = this.domains.get(connection.server)!;
    const first = connection.channel.core.firstUnfinished() + SEQUENCE_GAP;
    this.control(server, { type: "close", channel: connection.channelId });
    connection.channel = Channel.create((first & -SLOT_COUNT) >>> 0, server.slotEpoch);
    connection.channelId = ++this.#lastChannel;
    if (server.state === "gave-up") connection.channel.close(ERRNO.ESHUTDOWN);
    this.control(server, { type: "open", served: this.#served(connection) });
  }

  /** A domain came to serve, or ended: what waited for that goes on. */
  onSettled(): void {
    if (this.#haltCall !== undefined) return this.#haltNext();
    if (this.#bootCall !== undefined) this.#startNext();
  }

  /** A domain will not live again. During boot the whole system halts with the reason. */
  onGaveUp(entry: DomainEntry, code: Errno): void {
    if (this.#bootCall !== undefined) {
      const what = `start ${entry.plan.name}: ${entry.why}`;
      this.order({ type: "answer", call: this.#bootCall, code, what });
      this.#bootCall = undefined;
    }
    if (this.#haltCall !== undefined) this.#haltNext();
  }

  #startNext(): void {
    for (const name of this.#order) {
      const entry = this.domains.get(name)!;
      if (entry.state === "waiting" && entry.plan.start === "boot") return this.start(entry);
      if (entry.state === "starting" || entry.state === "fencing") return;
    }
    this.order({ type: "answer", call: this.#bootCall! });
    this.#bootCall = undefined;
  }

  #connectDomain(plan: DomainPlan): void {
    for (const endpoint of plan.uses) this.#connect(plan.name, endpoint);
  }

  #connect(client: string, endpoint: string): Connection {
    const server = this.#serverOf(endpoint)!;
    const connection: Connection = {
      badge: ++this.#lastBadge,
      client,
      server: server.plan.name,
      endpoint,
      index: this.#clientsOf(server),
      channel: Channel.create(0, server.slotEpoch),
      channelId: ++this.#lastChannel,
    };
    if (server.state === "gave-up") connection.channel.close(ERRNO.ESHUTDOWN);
    this.connections.push(connection);
    return connection;
  }

  /** Who serves an endpoint: of several, the one with the fewest clients that has not given up. */
  #serverOf(endpoint: string): DomainEntry | undefined {
    let found: DomainEntry | undefined;
    let fewest = Infinity;
    for (const entry of this.domains.values()) {
      if (!(endpoint in entry.plan.serves)) continue;
      const isLost = entry.state === "gave-up";
      const clients = isLost ? Number.MAX_SAFE_INTEGER : this.#clientsOf(entry);
      if (clients < fewest) found = entry;
      fewest = Math.min(fewest, clients);
    }
    return found;
  }

  #clientsOf({ plan: { name } }: DomainEntry): number {
    return this.connections.filter(({ server }) => server === name).length;
  }

  #connectProgram(call: number, endpoint: string): void {
    const server = this.#serverOf(endpoint);
    if (server === undefined) {
      const what = `connect to ${JSON.stringify(endpoint)}: nobody serves it`;
      return this.order({ type: "answer", call, code: "ENOENT", what });
    }
    const connection = this.#connect(PROGRAM, endpoint);
    this.control(server, { type: "open", served: this.#served(connection) });
    for (const segment of this.segments.values()) {
      if (segment.owner === PROGRAM) this.#announce(segment);
    }
    this.order({ type: "answer", call, value: this.#used(connection) });
  }

  #programWindow(call: number, byteLength: number): void {
    const segment = this.newSegment(PROGRAM, new SharedArrayBuffer(byteLength));
    const value: SegmentGrant = { id: segment.id, buffer: segment.buffer, badges: [] };
    this.order({ type: "answer", call, value });
  }

  #announce(segment: Segment): void {
    for (const holder of holders(segment.owner, this.connections)) {
      const entry = this.domains.get(holder);
      if (entry === undefined) continue;
      const grant = grantTo(holder, segment, this.connections);
      this.control(entry, { type: "segment", segment: grant });
    }
  }

  #restart(call: number, name: string): void {
    const entry = this.domains.get(name);
    if (entry === undefined) {
      return this.order({ type: "answer", call, code: "ENOENT", what: `restart ${name}` });
    }
    this.#supervision.died(name, entry.epoch, { why: "restarted on request", ordered: true });
    this.order({ type: "answer", call });
  }

  #startOnRequest(call: number, name: string): void {
    const entry = this.domains.get(name);
    const state = entry?.state;
    if (state !== "waiting" && state !== "finished") {
      const code = entry === undefined ? "ENOENT" : "EBUSY";
      return this.order({ type: "answer", call, code, what: `start ${name}` });
    }
    if (state === "waiting") this.start(entry!);
    else this.#supervision.again(entry!);
    this.order({ type: "answer", call });
  }

  #hear(entry: DomainEntry, epoch: number, message: DomainMessage): void {
    if (entry.epoch !== epoch || entry.state === "fencing") return;
    const domain = entry.plan.name;
    switch (message.type) {
      case "ready":
        return this.#supervision.ready(entry);
      case "report":
        return this.event({ type: "report", domain, value: message.value });
      case "finish":
        entry.state = "finished";
        return this.event({ type: "finished", domain, value: message.value });
      case "failed":
        return this.#supervision.failed(entry, message.code, message.what);
      case "terminate-here":
        return this.#supervision.died(domain, epoch, { why: `terminated at ${message.point}` });
      case "halted":
        entry.state = "halted";
        return this.#haltNext();
    }
  }

  #bootMessage(entry: DomainEntry, control: MessagePort): BootMessage {
    const { name, kind, options, serves } = entry.plan;
    const mine = this.connections.filter((connection) => connection.client === name);
    const served = this.connections.filter((connection) => connection.server === name);
    return {
      type: "boot",
      name,
      kind,
      epoch: entry.epoch,
      options,
      boot: entry.bootBytes,
      bell: entry.bell.memory,
      kernelBell: this.bell.memory,
      census: this.#boot.census,
      censusIndex: entry.censusIndex,
      cores: this.#boot.cores,
      serves,
      served: served.map((connection) => this.#served(connection)),
      used: mine.map((connection) => this.#used(connection)),
      keeps: Object.fromEntries(entry.keeps),
      windows: Object.fromEntries(entry.windows),
      segments: this.#segmentsOf(name),
      faults: this.#faults.filter((fault) => fault.domain === name),
      faultVisits: this.#faultVisits,
      control,
    };
  }

  #segmentsOf(holder: string): SegmentGrant[] {
    const granted: SegmentGrant[] = [];
    for (const segment of this.segments.values()) {
      if (!holders(segment.owner, this.connections).has(holder)) continue;
      granted.push(grantTo(holder, segment, this.connections));
    }
    return granted;
  }

  #served({ endpoint, channelId, badge, client, index, channel }: Connection): ServedGrant {
    const censusIndex = this.domains.get(client)?.censusIndex ?? PROGRAM_CENSUS_INDEX;
    return { endpoint, channel: channelId, badge, index, censusIndex, memory: channel.memory };
  }

  #used({ endpoint, server, index, channel }: Connection): UsedGrant {
    const entry = this.domains.get(server)!;
    const protocol = entry.plan.serves[endpoint]!;
    const { bell, censusIndex } = entry;
    return { endpoint, protocol, index, memory: channel.memory, bell: bell.memory, censusIndex };
  }

  #status(): SystemStatus {
    const domains: Record<string, SystemStatus["domains"][string]> = {};
    for (const [name, { epoch, state, deaths }] of this.domains) {
      domains[name] = { epoch, state, deaths };
    }
    let slotsInUse = 0;
    for (const { channel } of this.connections) slotsInUse += channel.slotsInUse();
    return { domains, slotsInUse, zombies: this.zombies.size };
  }

  /** Halts callers before those that they call, each when the one before it has closed. */
  #halt(call: number): void {
    this.#haltCall = call;
    this.#bootCall = undefined;
    this.#haltNext();
  }

  #haltNext(): void {
    for (const name of this.#order.toReversed()) {
      const entry = this.domains.get(name)!;
      if (entry.state === "ready") return this.#supervision.halt(entry);
      if (entry.state === "finished") this.#supervision.halt(entry);
      if (entry.state === "starting" || entry.state === "fencing") return;
    }
    if (this.#haltCall === undefined) return;
    this.order({ type: "answer", call: this.#haltCall });
    this.#haltCall = undefined;
  }
}
