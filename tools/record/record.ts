/**
 * What is kept of a system that was watched: the graph of its domains, their lives, the faults that
 * were injected, and what its clients saw. Scenarios record it, the report and the live view draw it.
 *
 * Times are milliseconds since the record began.
 *
 * @module
 */

import type { DomainKind } from "@hako/kernel";

/** One domain, as the graph draws it. */
export interface GraphDomain {
  /** Its name. */
  readonly name: string;
  /** What it is. */
  readonly kind: DomainKind;
  /** What it may do to the host, each in a few words: `"read disk.img"`. Empty: nothing. */
  readonly permissions: readonly string[];
  /** The endpoints that it serves. */
  readonly serves: readonly string[];
  /** The endpoints that it calls. */
  readonly uses: readonly string[];
  /** Bytes of state that survive its lives. */
  readonly keepBytes: number;
  /** Bytes that it lends to the servers it calls. */
  readonly windowBytes: number;
}

/** The domains of a system, callees first. */
export type SystemGraph = readonly GraphDomain[];

/** One life of a domain, or of the kernel, which is called `"kernel"`. */
export interface LifeRecord {
  /** Whose life. */
  readonly domain: string;
  /** Its number. */
  readonly epoch: number;
  /** When the one before was found dead, or the system booted. */
  readonly startMs: number;
  /** When it served; left out if it never did. */
  readonly readyMs?: number;
  /** When it was found dead; left out if it lived to the end. */
  readonly endMs?: number;
  /** When nothing of it counted any more. */
  readonly fencedMs?: number;
  /** Whether it was known to be gone at the fence; if not, it was a zombie. */
  readonly isGone?: boolean;
  /** Why it ended. */
  readonly why?: string;
}

/** A fault that was injected. */
export interface StrikeRecord {
  /** When. */
  readonly atMs: number;
  /** Whom it befell. */
  readonly domain: string;
  /** What happened: `"terminate"`, `"blocked"`, `"eio"`, `"upgrade"`. */
  readonly kind: string;
}

/** What the clients saw in one interval. */
export interface IntervalRecord {
  /** Its end. */
  readonly atMs: number;
  /** Operations that ended in it. */
  readonly operations: number;
  /** Those of them that failed. */
  readonly errors: number;
  /** Half of them took at most so long; 0 if there were none. */
  readonly p50Us: number;
  /** All but one in a hundred took at most so long. */
  readonly p99Us: number;
  /** The longest of them. */
  readonly maxUs: number;
  /** Bytes of memory of the process at its end. */
  readonly residentBytes: number;
}

/** How many operations took how long. */
export interface HistogramRecord {
  /** Each bucket that is not empty: the shortest time in it, the longest, and how many. */
  readonly buckets: readonly {
    readonly fromUs: number;
    readonly toUs: number;
    readonly count: number;
  }[];
}

/** A system that was watched. */
export interface SystemRecord {
  /** The domains. */
  readonly graph: SystemGraph;
  /** From the beginning to the end. */
  readonly durationMs: number;
  /** Lives in the order of their beginnings, the kernel's among them. */
  readonly lives: readonly LifeRecord[];
  /** Faults in the order of time. */
  readonly strikes: readonly StrikeRecord[];
  /** What clients saw, interval by interval. */
  readonly intervals: readonly IntervalRecord[];
  /** What clients saw in all. */
  readonly histogram: HistogramRecord;
}
