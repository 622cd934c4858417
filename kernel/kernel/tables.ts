/**
 * The kernel's tables: domains, connections, segments.
 *
 * @module
 */

import { type Channel, Doorbell } from "@hako/ipc";
import { ACTIVITY, BOOT } from "../layouts/boot.ts";
import type { DomainPlan, DomainStatus } from "../messages.ts";

/** What the kernel knows of one domain. */
export interface DomainEntry {
  readonly plan: DomainPlan;
  readonly censusIndex: number;
  readonly bell: Doorbell;
  /** The number of the present life; 0 before the first. */
  epoch: number;
  /** The epoch in the slots of the channels it serves: that of the next life while it is fenced. */
  slotEpoch: number;
  state: DomainStatus["state"];
  deaths: number;
  /** Deaths since it last served. */
  failedStarts: number;
  /** Times of the deaths that the restart policy still counts. */
  readonly deathTimesMs: number[];
  boot: Int32Array;
  bootBytes: SharedArrayBuffer;
  port: MessagePort | undefined;
  readonly keeps: Map<string, SharedArrayBuffer>;
  /** Segment numbers of its windows. */
  readonly windows: Map<string, number>;
  startedAtMs: number;
  fencedAtMs: number;
  /** Told by the machine: the worker is gone whatever its boot memory says. */
  gone: boolean;
  /** The next life was asked for after the last one had finished: it is no restart. */
  isAgain: boolean;
  /** Why it died last. */
  why: string;
  lastBeat: number;
  lastBeatAtMs: number;
}

/** One client's connection to one endpoint: the badge lasts, the channel changes with the client. */
export interface Connection {
  readonly badge: number;
  readonly client: string;
  readonly server: string;
  readonly endpoint: string;
  /** The connection's number at the server's doorbell. */
  readonly index: number;
  channel: Channel;
  channelId: number;
}

/** Shared memory that the kernel owns, lent by one domain to the servers that it calls. */
export interface Segment {
  readonly id: number;
  readonly owner: string;
  readonly buffer: SharedArrayBuffer;
}

/** A fenced incarnation that has not said that it is gone. */
export interface Zombie {
  readonly domain: string;
  readonly epoch: number;
  readonly boot: Int32Array;
}

const STATE = BOOT.at.activity >> 2;

/** An entry for a domain that has not lived yet. */
export function newEntry(plan: DomainPlan, censusIndex: number): DomainEntry {
  const bootBytes = new SharedArrayBuffer(BOOT.byteLength);
  return {
    plan,
    censusIndex,
    bell: Doorbell.create(),
    epoch: 0,
    slotEpoch: 1,
    state: "waiting",
    deaths: 0,
    failedStarts: 0,
    deathTimesMs: [],
    boot: new Int32Array(bootBytes),
    bootBytes,
    port: undefined,
    keeps: new Map(
      Object.entries(plan.keeps).map(([name, bytes]) => [name, new SharedArrayBuffer(bytes)]),
    ),
    windows: new Map(),
    startedAtMs: 0,
    fencedAtMs: 0,
    gone: false,
    isAgain: false,
    why: "",
    lastBeat: 0,
    lastBeatAtMs: 0,
  };
}

/**
 * Whether an incarnation that was fenced can do nothing any more: it said so, or it was asleep and
 * is now marked so that it finds out before it does anything else.
 */
export function isGone(boot: Int32Array): boolean {
  const was = Atomics.compareExchange(boot, STATE, ACTIVITY.ASLEEP, ACTIVITY.GONE);
  return was !== ACTIVITY.AWAKE;
}
