/**
 * What a round does to its servers, by seed.
 *
 * @module
 */

import { type FaultKind, faultPlan, KERNEL_POINTS, type PointFault } from "@hako/kernel";
import { DEATH_POINTS as FS_POINTS } from "../../fs-server/server/death_points.ts";
import { KERNEL } from "../../kernel/manifest.ts";
import { DEATH_POINTS as STORAGE_POINTS } from "../../storage-server/death_points.ts";
import type { Subject } from "./board.ts";

/** One round. The same plan draws the same chances; what comes of them is up to the machine. */
export interface KillPlan {
  /** The seed of all chance. */
  readonly seed: number;
  /** Deaths after which the round ends. */
  readonly deaths: number;
  /** Whether the kernel dies too. */
  readonly kernel: boolean;
}

/** The servers that die, and whose operations depend on them. */
export const VICTIMS: Readonly<Record<string, Subject>> = {
  tally: "tally",
  fs: "files",
  storage: "files",
  disk: "files",
};

/** A server that computes for so long without a beat is taken to hang. */
export const HANG_MS = 400;

/** How long a hanging life goes on: as a zombie for most of the time. */
const LASTS_MS = 1_600;

/** Kinds by how often they are drawn. Hanging costs its limit, so there are few of them. */
const KINDS: readonly FaultKind[] = [
  ...often(20, "throw"),
  ...often(20, "terminate"),
  ...often(20, "exit"),
  ...often(12, "reject"),
  ...often(4, "slow"),
  "blocked",
  "busy-loop",
  "zombie",
];

/**
 * Points that are passed while a server starts or halts. Six lives in a row that end before they
 * serve are given up, as they should be; that is no accident that a round could survive.
 */
const STARTING = /^(?:format|recover|take-over|halt|fs\.mount|fs\.halt|fs\.orphan)\b/;

/**
 * Points that a request passes, and the end of a recovery too. A round has faults at one of them
 * alone, with visits in between that do no harm: so hardly ever so many lives in a row end there.
 */
const SETTLING = /^(?:commit|apply|checkpoint|fs\.(?:log|checkpoint|write))\./;

/**
 * Kinds of a kernel's death. One that ends by itself is believed to be at fault and given up after a
 * few; one that somebody ended is not.
 */
const KERNEL_KINDS: readonly FaultKind[] = [...often(10, "terminate"), "throw", "exit"];

/** Kinds for {@linkcode SETTLING}: what a module throws while it starts, the host prints. */
const QUIET_KINDS: readonly FaultKind[] = [
  ...often(10, "terminate"),
  ...often(10, "exit"),
  "blocked",
];

/** Where a victim dies by itself. */
interface Target {
  readonly domain: string;
  readonly points: readonly string[];
  readonly kinds: readonly FaultKind[];
  /** Faults for each death of the round. Not all are met: most points are rare. */
  readonly share: number;
  /** The latest visit at which one is drawn, for each death of the round. */
  readonly visitsPerDeath: number;
  /** Visits from one fault to the next at least; then one point is drawn for the whole round. */
  readonly spacing?: number;
}

/** Where every server handles requests. */
const REQUEST_POINTS = ["runtime.request", "runtime.answer", "runtime.committed"];

/** The points of each victim; visits as they were counted in rounds. */
const TARGETS: readonly Target[] = [
  {
    domain: "tally",
    points: ["tally.add.before", "tally.add.staged", ...REQUEST_POINTS],
    kinds: KINDS,
    share: 0.15,
    visitsPerDeath: 300,
  },
  {
    domain: "fs",
    points: [
      ...FS_POINTS.filter((point) => !STARTING.test(point) && !SETTLING.test(point)),
      ...REQUEST_POINTS,
    ],
    kinds: KINDS,
    share: 0.5,
    visitsPerDeath: 0.5,
  },
  {
    domain: "fs",
    points: FS_POINTS.filter((point) => SETTLING.test(point)),
    kinds: QUIET_KINDS,
    share: 0.08,
    visitsPerDeath: 0.2,
    spacing: 7,
  },
  {
    domain: "storage",
    points: [
      ...STORAGE_POINTS.filter((point) => !STARTING.test(point) && !SETTLING.test(point)),
      ...REQUEST_POINTS,
    ],
    kinds: KINDS,
    share: 0.3,
    visitsPerDeath: 1,
  },
  {
    domain: "storage",
    points: STORAGE_POINTS.filter((point) => SETTLING.test(point)),
    kinds: QUIET_KINDS,
    share: 0.04,
    visitsPerDeath: 0.2,
    spacing: 7,
  },
  { domain: "disk", points: REQUEST_POINTS, kinds: KINDS, share: 0.1, visitsPerDeath: 20 },
  { domain: KERNEL, points: KERNEL_POINTS, kinds: KERNEL_KINDS, share: 0.05, visitsPerDeath: 3 },
];

/** The faults at points. */
export function faultsOf({ seed, deaths, kernel }: KillPlan): PointFault[] {
  return TARGETS.flatMap((target, index) => {
    const { domain, points, kinds, share, visitsPerDeath, spacing } = target;
    if (domain === KERNEL && !kernel) return [];
    const passed = spacing === undefined ? points : [points[seed % points.length]!];
    const faults = faultPlan({
      seed: seed * 31 + index,
      count: Math.ceil(deaths * share),
      points: { [domain]: passed },
      kinds,
      visitMax: Math.ceil(10 + deaths * visitsPerDeath),
      slowMsMax: 30,
      lastsMs: LASTS_MS,
    });
    return faults.map((fault) => ({ ...fault, visit: fault.visit * (spacing ?? 1) }));
  });
}

function often(count: number, kind: FaultKind): FaultKind[] {
  return Array(count).fill(kind);
}
