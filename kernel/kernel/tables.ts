/**
 * The kernel's tables: domains, connections, segments, deaths, suspects, zombies.
 *
 * They are a keep. What is changed here is staged, and {@linkcode Tables.commit} makes all of it
 * count at once; whoever takes over finds the tables as they were at some commit. What a row names
 * by number, a memory, is held by the machine. What only this kernel needs (ports, views, the last
 * heartbeat) lies beside the row in its entry and is made anew by a successor.
 *
 * @module
 */

import { Channel, Doorbell, type Fields, type Values } from "@hako/ipc";
import { type Keep, openKeep } from "../keeps/keep.ts";
import { Transactions } from "../keeps/transactions.ts";
import { ACTIVITY, BOOT } from "../layouts/boot.ts";
import { DEATHS_KEPT_MAX, SUSPECTS_MAX } from "../limits.ts";
import type { DomainPlan, HeldMemory } from "../messages.ts";
import {
  type CONNECTION_FIELDS,
  type DEATH_FIELDS,
  type DOMAIN_FIELDS,
  SCHEMA,
  type SEGMENT_FIELDS,
  type SUSPECT_FIELDS,
  type SYSTEM_FIELDS,
  type ZOMBIE_FIELDS,
} from "./tables_schema.ts";

/** A row that is changed in place and staged whole. */
export type Row<F extends Fields> = { -readonly [K in keyof Values<F>]: Values<F>[K] };

/** What the kernel knows of one domain. */
export interface DomainEntry {
  readonly plan: DomainPlan;
  /** From 1, in the order of the manifest; also its word in the census. */
  readonly number: number;
  readonly row: Row<typeof DOMAIN_FIELDS>;
  readonly bell: Doorbell;
  /** The boot memory of the present life. */
  boot: Int32Array;
  port: MessagePort | undefined;
  lastBeat: number;
  lastBeatAtMs: number;
  /** It was seen to hang: nobody waits for it to see its fence. */
  isStuck: boolean;
  /** Messages without a meaning that this kernel has had of it. */
  abuses: number;
  /** Turns in a row in which it had posted more than was read. */
  floods: number;
}

/** One client's connection to one endpoint: the badge lasts, the channel changes with the client. */
export interface Connection {
  readonly at: number;
  readonly row: Row<typeof CONNECTION_FIELDS>;
  channel: Channel;
}

/** Shared memory that the kernel owns: a keep, or a window lent to the servers of its owner. */
export interface Segment {
  readonly at: number;
  readonly row: Row<typeof SEGMENT_FIELDS>;
  readonly buffer: SharedArrayBuffer;
}

/** A fenced incarnation that has not said that it is gone. */
export interface Zombie {
  readonly at: number;
  readonly row: Row<typeof ZOMBIE_FIELDS>;
  readonly boot: Int32Array;
}

/** A request in whose handler an incarnation has died. */
export type Suspect = Row<typeof SUSPECT_FIELDS>;

/** What tables stand on. */
export interface TablesPlace {
  readonly tables: SharedArrayBuffer;
  readonly log: SharedArrayBuffer;
  /** Throws if this kernel was fenced. */
  check(): void;
  /** What the machine holds. */
  readonly held: ReadonlyMap<number, HeldMemory>;
  /** Gives the machine a memory to hold. */
  hold(number: number, memory: HeldMemory): void;
  /** Tells the machine that nobody will ask for a memory any more. */
  release(number: number): void;
}

const TABLES_REGION = 1;

/** The tables of one kernel. */
export class Tables {
  readonly system: Row<typeof SYSTEM_FIELDS>;
  /** By name, in the order of the manifest. */
  readonly domains: Map<string, DomainEntry> = new Map();
  readonly connections: Set<Connection> = new Set();
  /** By the number of their memory. */
  readonly segments: Map<number, Segment> = new Map();
  readonly zombies: Set<Zombie> = new Set();
  /** The rows of the capabilities. */
  readonly capabilities: Keep<typeof SCHEMA>["capabilities"];
  /** What each domain was answered last. */
  readonly answered: Keep<typeof SCHEMA>["answered"];
  readonly #place: TablesPlace;
  readonly #held: Map<number, HeldMemory>;
  readonly #transactions: Transactions;
  readonly #keep: Keep<typeof SCHEMA>;
  readonly #changed: Set<DomainEntry | Connection | Segment> = new Set();
  readonly #suspects: Suspect[] = [];
  #isStaged = false;

  /** Opens the tables; those of a predecessor are as its last commit left them. */
  constructor(place: TablesPlace, plans: readonly DomainPlan[]) {
    this.#place = place;
    this.#held = new Map(place.held);
    this.#transactions = new Transactions(place.log, () => place.check());
    const region = this.#transactions.region(TABLES_REGION, place.tables);
    this.#transactions.recover();
    this.#keep = openKeep(region, SCHEMA);
    this.system = { ...this.#keep.system.get() };
    this.capabilities = this.#keep.capabilities;
    this.answered = this.#keep.answered;
    plans.forEach((plan, index) => this.#openDomain(plan, index + 1));
    for (const [at, row] of this.#keep.connections.entries()) this.#openConnection(at, { ...row });
    for (const [at, row] of this.#keep.segments.entries()) this.#openSegment(at, { ...row });
    for (const [at, row] of this.#keep.suspects.entries()) this.#suspects[at] = { ...row };
    for (const [at, row] of this.#keep.zombies.entries()) this.#openZombie(at, { ...row });
  }

  /** Whether something was changed since the last commit. */
  get hasChanges(): boolean {
    return this.#changed.size > 0 || this.#isStaged || !this.#transactions.isEmpty;
  }

  /** What the machine holds and no row names any more: a kernel died before it had said so. */
  orphans(): [number, HeldMemory][] {
    const named = new Set<number>();
    for (const { row: { boot, bell, log, trace } } of this.domains.values()) {
      for (const number of [boot, bell, log, trace]) named.add(number);
    }
    for (const { row } of this.connections) named.add(row.channel).add(row.answers);
    for (const { row } of this.segments.values()) named.add(row.object);
    for (const { row } of this.zombies) named.add(row.boot);
    // Numbers above were never committed: they are given again, to other memories.
    const { lastObject } = this.system;
    return [...this.#held].filter(([number]) => number <= lastObject && !named.has(number));
  }

  /** The domain with a number. */
  domain(number: number): DomainEntry | undefined {
    for (const entry of this.domains.values()) if (entry.number === number) return entry;
    return undefined;
  }

  /** Says that a row was changed. */
  changed(entry: DomainEntry | Connection | Segment): void {
    this.#changed.add(entry);
  }

  /** Says that the row of the whole system was changed. */
  changedSystem(): void {
    this.#isStaged = true;
  }

  /** Makes all changes count at once. @throws {Fenced} If this kernel's time is over. */
  commit(): void {
    this.#keep.system.put(this.system);
    for (const entry of this.#changed) {
      if ("plan" in entry) this.#keep.domains.put(entry.number, entry.row);
      else if ("channel" in entry) this.#keep.connections.put(entry.at, entry.row);
      else this.#keep.segments.put(entry.at, entry.row);
    }
    this.#changed.clear();
    this.#isStaged = false;
    this.#transactions.commit();
  }

  /** Has the machine hold a memory; answers its number. */
  hold(memory: HeldMemory): number {
    const number = ++this.system.lastObject;
    this.#held.set(number, memory);
    this.#place.hold(number, memory);
    this.#isStaged = true;
    return number;
  }

  /** Has the machine forget a memory. */
  release(number: number): void {
    this.#held.delete(number);
    this.#place.release(number);
  }

  /** A shared buffer by number. */
  buffer(number: number): SharedArrayBuffer {
    return this.#held.get(number) as SharedArrayBuffer;
  }

  /** A shared wasm memory by number. */
  memory(number: number): WebAssembly.Memory {
    return this.#held.get(number) as WebAssembly.Memory;
  }

  /** Adds a connection; `undefined` if there is no room. */
  addConnection(row: Row<typeof CONNECTION_FIELDS>): Connection | undefined {
    const at = this.#keep.connections.free();
    if (at < 0) return undefined;
    this.#keep.connections.put(at, row);
    return this.#openConnection(at, row);
  }

  /** Removes a connection. */
  removeConnection(connection: Connection): void {
    this.#keep.connections.remove(connection.at);
    this.#changed.delete(connection);
    this.connections.delete(connection);
  }

  /** Adds a segment; `undefined` if there is no room. */
  addSegment(row: Row<typeof SEGMENT_FIELDS>): Segment | undefined {
    const at = this.#keep.segments.free();
    if (at < 0) return undefined;
    this.#keep.segments.put(at, row);
    return this.#openSegment(at, row);
  }

  /** Removes a segment. */
  removeSegment(segment: Segment): void {
    this.#keep.segments.remove(segment.at);
    this.#changed.delete(segment);
    this.segments.delete(segment.row.object);
  }

  /** The segments of one kind that a domain owns, by name. */
  segmentsOf(owner: number, kind: Segment["row"]["kind"]): Map<string, Segment> {
    const found = new Map<string, Segment>();
    for (const segment of this.segments.values()) {
      if (segment.row.owner === owner && segment.row.kind === kind) {
        found.set(segment.row.name, segment);
      }
    }
    return found;
  }

  /** Notes a zombie; of too many the oldest is forgotten. */
  addZombie(row: Row<typeof ZOMBIE_FIELDS>): void {
    if (this.#keep.zombies.free() < 0) this.removeZombie([...this.zombies][0]!);
    const at = this.#keep.zombies.free();
    this.#keep.zombies.put(at, row);
    this.#openZombie(at, row);
  }

  /** Forgets a zombie. */
  removeZombie(zombie: Zombie): void {
    this.#keep.zombies.remove(zombie.at);
    this.zombies.delete(zombie);
  }

  /** Notes a death. */
  addDeath(row: Row<typeof DEATH_FIELDS>): void {
    this.#keep.deaths.put(this.system.lastDeath++ % DEATHS_KEPT_MAX, row);
  }

  /** How many deaths of a domain count since a moment. */
  deathsSince(domain: number, sinceMs: number): number {
    const { lastDeath } = this.system;
    let count = 0;
    for (let death = lastDeath - 1; death >= Math.max(0, lastDeath - DEATHS_KEPT_MAX); death--) {
      const row = this.#keep.deaths.get(death % DEATHS_KEPT_MAX);
      if (row === undefined || row.atMs < sinceMs) break;
      if (row.domain === domain && row.isCounted) count++;
    }
    return count;
  }

  /** Notes that an incarnation died in a request's handler; answers what is known of the request. */
  suspect(badge: number, sequence: number): Suspect {
    let at = this.#suspects.findIndex((known) =>
      known.badge === badge && known.sequence === sequence
    );
    if (at < 0) {
      at = this.system.lastSuspect++ % SUSPECTS_MAX;
      this.#suspects[at] = { badge, sequence, tries: 0, isPoisoned: false };
    }
    const suspect = this.#suspects[at]!;
    suspect.tries++;
    this.#keep.suspects.put(at, suspect);
    return suspect;
  }

  /** Says that a request is never to be tried again. */
  poison(suspect: Suspect): void {
    suspect.isPoisoned = true;
    this.#keep.suspects.put(this.#suspects.indexOf(suspect), suspect);
  }

  /** The requests of a client that are never to be tried again. */
  poisonedOf(badge: number): number[] {
    return this.#suspects.filter((known) => known.badge === badge && known.isPoisoned)
      .map(({ sequence }) => sequence);
  }

  #openDomain(plan: DomainPlan, number: number): void {
    const found = this.#keep.domains.get(number);
    const row = found === undefined ? this.#newDomain() : { ...found };
    const boot = found === undefined || row.boot === 0 ? undefined : this.buffer(row.boot);
    const entry: DomainEntry = {
      plan,
      number,
      row,
      bell: new Doorbell(this.memory(row.bell)),
      boot: new Int32Array(boot ?? new SharedArrayBuffer(BOOT.byteLength)),
      port: undefined,
      lastBeat: 0,
      lastBeatAtMs: 0,
      isStuck: false,
      abuses: 0,
      floods: 0,
    };
    this.domains.set(plan.name, entry);
    if (found === undefined) this.changed(entry);
  }

  #newDomain(): Row<typeof DOMAIN_FIELDS> {
    return {
      epoch: 0,
      slotEpoch: 1,
      state: "waiting",
      deaths: 0,
      failedStarts: 0,
      isGone: false,
      isAgain: false,
      boot: 0,
      bell: this.hold(Doorbell.create().memory),
      log: 0,
      trace: 0,
      startedAtMs: 0,
      fencedAtMs: 0,
      notBeforeMs: 0,
      haltingSinceMs: 0,
      escalatedAtMs: 0,
      lastCall: 0,
      upgradeCall: 0,
      module: "",
      moduleBefore: "",
      why: "",
    };
  }

  #openConnection(at: number, row: Row<typeof CONNECTION_FIELDS>): Connection {
    const connection = { at, row, channel: new Channel(this.memory(row.channel)) };
    this.connections.add(connection);
    return connection;
  }

  #openSegment(at: number, row: Row<typeof SEGMENT_FIELDS>): Segment {
    const segment = { at, row, buffer: this.buffer(row.object) };
    this.segments.set(row.object, segment);
    return segment;
  }

  #openZombie(at: number, row: Row<typeof ZOMBIE_FIELDS>): void {
    this.zombies.add({ at, row, boot: new Int32Array(this.buffer(row.boot)) });
  }
}

const STATE = BOOT.at.activity >> 2;

/**
 * Whether an incarnation that was fenced can do nothing any more: it said so, or it was asleep and
 * is now marked so that it finds out before it does anything else.
 */
export function isGone(boot: Int32Array): boolean {
  const was = Atomics.compareExchange(boot, STATE, ACTIVITY.ASLEEP, ACTIVITY.GONE);
  return was !== ACTIVITY.AWAKE;
}
