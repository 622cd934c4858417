/**
 * Supervision: notices deaths, fences, replaces, hands over.
 *
 * The order is always the same. **Fence**: the domain's fence word is set and the epoch in every
 * slot of the channels it serves is raised, so that no step of the old incarnation counts; what it
 * had taken is posted again. Channels in which it was the client are closed at their servers.
 * **Wait until it is gone**: at once if it was asleep, in microseconds if it runs a healthy loop,
 * up to a limit otherwise. **Replace**: the successor gets the same channels to serve, fresh ones
 * to call, and its keeps and windows - the same memory if the predecessor is gone, else a copy of
 * each keep and new windows, so that a zombie scribbles where nobody reads. **Recover** is the
 * successor's own work, before it serves.
 *
 * @module
 */

import { assert, EPOCH_MAX, ERRNO, type Errno } from "@hako/ipc";
import { ACTIVITY, BOOT, EXIT, EXIT_TEXT_BYTES } from "../layouts/boot.ts";
import { FAILED_STARTS_MAX, FENCE_MS_MAX, HALT_MS_MAX, LEASE_MS, START_MS_MAX } from "../limits.ts";
import type { ControlMessage, Death, Order, SystemEvent } from "../messages.ts";
import { type Connection, type DomainEntry, isGone, type Segment, type Zombie } from "./tables.ts";

const FENCE = BOOT.at.fence >> 2;
const STATE = BOOT.at.activity >> 2;
const HEARTBEAT = BOOT.at.heartbeat >> 2;
const EXIT_WORD = BOOT.at.exit >> 2;
const TEXT_BYTES = BOOT.at.exitTextBytes >> 2;

/** How long an app or a gateway that does not listen may go on after it was told to halt. */
const DEAF_HALT_MS = 200;

/** What supervision asks of the kernel whose domains it keeps alive. */
export interface Supervised {
  /** The domains by name. */
  readonly domains: ReadonlyMap<string, DomainEntry>;
  /** All connections. */
  readonly connections: readonly Connection[];
  /** All segments by number. */
  readonly segments: ReadonlyMap<number, Segment>;
  /** Fenced incarnations that have not said that they are gone. */
  readonly zombies: Set<Zombie>;
  /** The clock. */
  nowMs(): number;
  /** Sends the machine an order. */
  order(order: Order): void;
  /** Tells the program what happened. */
  event(event: SystemEvent): void;
  /** Posts a control message to a domain. */
  control(entry: DomainEntry, message: ControlMessage): void;
  /** Gives a domain its next life. */
  start(entry: DomainEntry): void;
  /** Closes a dead client's channel and gives its connection a fresh one. */
  renewChannel(connection: Connection): void;
  /** A new segment, told to all that may hold it. */
  newSegment(owner: string, buffer: SharedArrayBuffer): Segment;
  /** Takes a segment out of everybody's tables. */
  dropSegment(id: number): void;
  /** A domain came to serve, or ended: what waited for that goes on. */
  onSettled(): void;
  /** A domain will not live again. */
  onGaveUp(entry: DomainEntry, code: Errno): void;
}

/** Keeps the domains of one kernel alive. */
export class Supervision {
  readonly #kernel: Supervised;
  readonly #haltingSinceMs: Map<DomainEntry, number> = new Map();

  /** Supervises the domains of `kernel`. */
  constructor(kernel: Supervised) {
    this.#kernel = kernel;
  }

  /** Looks at every domain: deaths, leases, hangs, fences, limits. */
  tick(): void {
    const nowMs = this.#kernel.nowMs();
    for (const entry of this.#kernel.domains.values()) {
      if (entry.state === "starting" || entry.state === "ready") this.#inspect(entry, nowMs);
      else if (entry.state === "fencing") this.#awaitGone(entry, nowMs);
    }
    for (const zombie of this.#kernel.zombies) {
      if (!isGone(zombie.boot)) continue;
      this.#kernel.zombies.delete(zombie);
      this.#rousePeers(zombie.domain);
    }
  }

  /** The domain serves its endpoints, or an app has entered. */
  ready(entry: DomainEntry): void {
    entry.state = "ready";
    entry.failedStarts = 0;
    const { name, module, permissions, spare } = entry.plan;
    const tookMs = this.#kernel.nowMs() - entry.startedAtMs;
    this.#kernel.event({ type: "ready", domain: name, epoch: entry.epoch, tookMs });
    if (spare) this.#kernel.order({ type: "prepare", name, module, permissions });
    this.#kernel.onSettled();
  }

  /** The domain says that no restart would mend it. */
  failed(entry: DomainEntry, code: Errno, what: string): void {
    entry.why = what;
    this.#fence(entry);
    this.#terminate(entry);
    this.#giveUp(entry, code);
  }

  /** An incarnation is dead, or is to be treated so. Later news of the same death is ignored. */
  died(name: string, epoch: number, { why, gone = false, ordered = false }: Death): void {
    const entry = this.#kernel.domains.get(name);
    if (entry === undefined || entry.epoch !== epoch) return;
    entry.gone ||= gone;
    if (entry.state !== "starting" && entry.state !== "ready") return;
    entry.why = why;
    entry.deaths++;
    if (entry.state === "starting" && !ordered) entry.failedStarts++;
    this.#kernel.event({ type: "died", domain: name, epoch, why });
    this.#fence(entry);
    entry.state = "fencing";
    this.#awaitGone(entry, this.#kernel.nowMs());
  }

  /** Gives an app that has finished another life, which is no death. */
  again(entry: DomainEntry): void {
    entry.state = "ready"; // It listens still, and hears of the fence.
    this.#fence(entry);
    entry.state = "fencing";
    entry.isAgain = true;
    this.#awaitGone(entry, this.#kernel.nowMs());
  }

  /** Asks a domain to close in order; one that does not is fenced and ended. */
  halt(entry: DomainEntry): void {
    if (this.#haltingSinceMs.has(entry)) return;
    this.#haltingSinceMs.set(entry, this.#kernel.nowMs());
    if (entry.state === "finished") entry.state = "ready";
    this.#kernel.control(entry, { type: "halt" });
  }

  #inspect(entry: DomainEntry, nowMs: number): void {
    const { name, serves, hangMs } = entry.plan;
    const exit = Atomics.load(entry.boot, EXIT_WORD);
    if (exit !== EXIT.NONE) {
      return this.died(name, entry.epoch, { why: exitText(entry.boot), gone: true });
    }
    const haltingSinceMs = this.#haltingSinceMs.get(entry);
    const deaf = Object.keys(serves).length === 0;
    if (haltingSinceMs !== undefined) {
      const limitMs = deaf ? DEAF_HALT_MS : HALT_MS_MAX;
      if (nowMs - haltingSinceMs > limitMs) return this.#endHalting(entry);
    }
    const beat = Atomics.load(entry.boot, HEARTBEAT);
    if (beat !== entry.lastBeat) {
      entry.lastBeat = beat;
      entry.lastBeatAtMs = nowMs;
      return;
    }
    const silentMs = nowMs - entry.lastBeatAtMs;
    if (entry.state === "starting") {
      if (silentMs > START_MS_MAX) this.died(name, entry.epoch, { why: "did not start in time" });
    } else if (!deaf) {
      const asleep = Atomics.load(entry.boot, STATE) === ACTIVITY.ASLEEP;
      if (asleep && silentMs > LEASE_MS) this.died(name, entry.epoch, { why: "its lease lapsed" });
      if (!asleep && silentMs > hangMs) this.died(name, entry.epoch, { why: "it hangs" });
    }
  }

  #endHalting(entry: DomainEntry): void {
    this.#fence(entry);
    this.#terminate(entry);
    entry.state = "halted";
    this.#kernel.onSettled();
  }

  #fence(entry: DomainEntry): void {
    const { name } = entry.plan;
    entry.fencedAtMs = this.#kernel.nowMs();
    entry.slotEpoch = this.#nextEpoch(entry);
    Atomics.store(entry.boot, FENCE, 1);
    for (const { server, channel } of this.#kernel.connections) {
      if (server === name) channel.fence(entry.slotEpoch);
    }
    for (const { client, channel } of this.#kernel.connections) {
      if (client === name) channel.close(ERRNO.EPIPE);
    }
    this.#kernel.control(entry, { type: "fence" });
  }

  /** Ends the worker of a fenced incarnation: after it has had the time to say that it is gone. */
  #terminate({ plan: { name }, epoch }: DomainEntry): void {
    this.#kernel.order({ type: "terminate", name, epoch });
  }

  /**
   * The next epoch, one whose reply areas no living zombie of this domain writes. With zombies of both
   * parities there is none: then that of the life just fenced, which is usually gone by now.
   */
  #nextEpoch(entry: DomainEntry): number {
    const taken = new Set([entry.epoch & 1]);
    for (const zombie of this.#kernel.zombies) {
      if (zombie.domain === entry.plan.name) taken.add(zombie.epoch & 1);
    }
    const next = taken.has((entry.epoch + 1) & 1) ? entry.epoch + 2 : entry.epoch + 1;
    assert(next <= EPOCH_MAX, "an epoch fits its 24 bits of a slot's state");
    return next;
  }

  #awaitGone(entry: DomainEntry, nowMs: number): void {
    const gone = isGone(entry.boot) || entry.gone;
    const tookMs = nowMs - entry.fencedAtMs;
    if (!gone && tookMs < FENCE_MS_MAX) return;
    this.#terminate(entry);
    this.#rousePeers(entry.plan.name);
    if (!entry.isAgain && !this.#mayRestart(entry, nowMs)) return this.#giveUp(entry, "ESHUTDOWN");
    const { name } = entry.plan;
    this.#kernel.event({ type: "fenced", domain: name, epoch: entry.epoch, gone, tookMs });
    if (!gone) this.#quarantine(entry);
    this.#haltingSinceMs.delete(entry);
    entry.isAgain = false;
    for (const connection of this.#kernel.connections) {
      if (connection.client === name) this.#kernel.renewChannel(connection);
    }
    this.#kernel.start(entry);
  }

  /**
   * Wakes everybody whom a domain may have been ringing, of which an incarnation has just gone:
   * between the two steps of a ring it may have taken an announcement of sleep with it.
   */
  #rousePeers(name: string): void {
    for (const { client, server, channel } of this.#kernel.connections) {
      if (server === name) channel.core.rouse();
      if (client === name) this.#kernel.domains.get(server)!.bell.ring();
    }
  }

  /** A zombie holds the old memories: the successor gets others. */
  #quarantine(entry: DomainEntry): void {
    const { epoch, boot } = entry;
    this.#kernel.zombies.add({ domain: entry.plan.name, epoch, boot });
    for (const [name, buffer] of entry.keeps) entry.keeps.set(name, buffer.slice(0));
    for (const [name, id] of entry.windows) {
      const { byteLength } = this.#kernel.segments.get(id)!.buffer;
      this.#kernel.dropSegment(id);
      const fresh = this.#kernel.newSegment(entry.plan.name, new SharedArrayBuffer(byteLength));
      entry.windows.set(name, fresh.id);
    }
  }

  #mayRestart(entry: DomainEntry, nowMs: number): boolean {
    const { limit, windowMs } = entry.plan.restart;
    const times = entry.deathTimesMs;
    times.push(nowMs);
    while (times.length > 0 && nowMs - times[0]! > windowMs) times.shift();
    return times.length <= limit && entry.failedStarts < FAILED_STARTS_MAX;
  }

  #giveUp(entry: DomainEntry, code: Errno): void {
    const { name } = entry.plan;
    entry.state = "gave-up";
    for (const { server, channel } of this.#kernel.connections) {
      if (server === name) channel.close(ERRNO.ESHUTDOWN);
    }
    const { epoch, why } = entry;
    this.#kernel.event({ type: "gave-up", domain: name, epoch, why });
    this.#kernel.onGaveUp(entry, code);
  }
}

function exitText(boot: Int32Array): string {
  const byteLength = Math.min(boot[TEXT_BYTES]! >>> 0, EXIT_TEXT_BYTES);
  const bytes = new Uint8Array(boot.buffer, BOOT.at.exitText, byteLength);
  return new TextDecoder().decode(bytes.slice());
}
