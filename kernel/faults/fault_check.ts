/**
 * The check of a fault plan: a fault that can never happen would make a test that cannot fail.
 *
 * @module
 */

import { suggest } from "../manifest_check.ts";
import { KERNEL_POINTS } from "./kernel_point.ts";
import { FAULT_KINDS, type FaultKind, type PointFault, RUNTIME_POINTS } from "./point_fault.ts";

/** What is known of a domain that faults may happen to. */
export interface FaultyDomain {
  /** Its name. */
  readonly name: string;
  /** Its limit, if it has one: a heap that grows without one takes the whole process with it. */
  readonly memoryLimitMb?: number | undefined;
}

/** Kinds that go on until they are stopped. */
const LASTING: ReadonlySet<string> = new Set<FaultKind>(["busy-loop", "blocked", "zombie"]);

/** Points whose names are known here, by who passes them. */
const KNOWN_POINTS: Readonly<Record<string, readonly string[]>> = {
  runtime: RUNTIME_POINTS,
  kernel: KERNEL_POINTS,
};

/** A word of 32 bits. */
const STOP_BYTES = 4;

/** Visits are counted in a word of 32 bits. */
const VISIT_MAX = 0x7fff_ffff;

/**
 * Checks a fault plan.
 *
 * @param faults The plan.
 * @param domains The domains of the system.
 * @throws {TypeError} With the place of the first mistake, what is wrong there, and the nearest valid
 * name.
 */
export function checkFaults(
  faults: readonly PointFault[],
  domains: readonly FaultyDomain[],
): void {
  const names = domains.map(({ name }) => name);
  const seen = new Map<string, number>();
  for (const [i, fault] of faults.entries()) {
    const refuse = (field: string, what: string): never => {
      throw new TypeError(`Cannot inject faults: faults[${i}].${field}: ${what}`);
    };
    const { domain, point, visit = 1, kind } = fault;
    const known = domains.find(({ name }) => name === domain);
    if (known === undefined) {
      refuse("domain", `there is no domain ${JSON.stringify(domain)}${suggest(domain, names)}`);
    }
    checkPoint(point, refuse);
    if (visit !== "ordered" && !isCount(visit, VISIT_MAX)) {
      refuse("visit", `${visit} is no visit; the first one is 1, and "ordered" the next ordered`);
    }
    if (!FAULT_KINDS.includes(kind)) {
      refuse("kind", `${JSON.stringify(kind)} is no kind${suggest(String(kind), FAULT_KINDS)}`);
    }
    checkLimits(fault, known!, refuse);
    const place = `${domain} ${point} ${visit}`;
    const twin = seen.get(place);
    if (twin !== undefined && visit !== "ordered") {
      refuse("visit", `faults[${twin}] happens at the same visit`);
    }
    seen.set(place, i);
  }
}

type Refuse = (field: string, what: string) => never;

/** Names of domains' own points are the domains' business; those of runtime and kernel are known. */
function checkPoint(point: string, refuse: Refuse): void {
  if (typeof point !== "string" || point === "") refuse("point", "a point has a name");
  for (const [owner, points] of Object.entries(KNOWN_POINTS)) {
    if (!point.startsWith(`${owner}.`) || points.includes(point)) continue;
    refuse("point", `the ${owner} has no point ${point}${suggest(point, points)}`);
  }
}

function checkLimits(fault: PointFault, domain: FaultyDomain, refuse: Refuse): void {
  const { kind, slowMs, heapMb, lastsMs, stop } = fault;
  if (kind === "slow" && slowMs === undefined) refuse("slowMs", "say for how long it is slow");
  if (slowMs !== undefined) {
    if (kind !== "slow") refuse("slowMs", `${kind} is not slow`);
    if (!isTime(slowMs)) refuse("slowMs", `${slowMs} is no time in milliseconds`);
  }
  if (heapMb !== undefined) {
    if (kind !== "heap") refuse("heapMb", `${kind} grows no heap`);
    if (!isCount(heapMb, VISIT_MAX)) refuse("heapMb", `${heapMb} is no count of MiB from 1`);
  } else if (kind === "heap" && domain.memoryLimitMb === undefined) {
    const what = `${domain.name} has no memoryLimitMb: it would take the process with it`;
    refuse("heapMb", `say how far the heap grows, since ${what}`);
  }
  if (lastsMs !== undefined) {
    if (!LASTING.has(kind)) refuse("lastsMs", `${kind} does not last`);
    if (!isTime(lastsMs)) refuse("lastsMs", `${lastsMs} is no time in milliseconds`);
  }
  if (stop !== undefined) {
    if (!LASTING.has(kind)) refuse("stop", `${kind} needs nobody to stop it`);
    if (!(stop instanceof SharedArrayBuffer) || stop.byteLength < STOP_BYTES) {
      refuse("stop", "it is a SharedArrayBuffer of at least 4 bytes");
    }
  }
}

function isCount(value: number, valueMax: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= valueMax;
}

function isTime(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}
