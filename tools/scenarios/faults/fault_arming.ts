/**
 * What a fault plan asks of a system before it boots: armed points, and disks that fail.
 *
 * @module
 */

import { Block } from "@hako/drivers/block";
import type { DomainManifest, FaultKind, PointFault, SystemManifest } from "@hako/kernel";
import { HANG_MS_DEFAULT } from "../../../kernel/limits.ts";
import { KERNEL } from "../../../kernel/manifest.ts";
import { suggest } from "../../../kernel/manifest_check.ts";
import { UsageError } from "../../command_line/command.ts";
import { DISK_KINDS, EACH, type FaultSpec } from "./fault_text.ts";

/** How long what lasts goes on unless the plan says so, after it was found out: as a zombie. */
const LASTS_ON_MS = 2_000;

/** Where a fault from inside meets a domain, and the kernel. */
const POINT = "runtime.request";
const KERNEL_POINT = "kernel.tick";

/** How often a disk that fails may die itself: it is not what is tried. */
const LENIENT = { limit: 1_000, windowMs: 1_000 };

/** Memory of a faulty disk: its plan, and the block runs that it tears. */
const PLAN_BYTES = 4_096;
const SCRATCH_BYTES = 1024 * 1024;

/** A system that is ready for its faults. */
export interface ArmedSystem {
  /** Its manifest, with the disks that fail. */
  readonly manifest: SystemManifest;
  /** What to give `boot`. */
  readonly faults: readonly PointFault[];
  /** The number, for `system.inject`, of a fault that is to befall a domain by the clock. */
  readonly numberOf: ReadonlyMap<string, number>;
  /** Whom `*` means: whoever serves, and the kernel if the fault comes from outside. */
  readonly everybody: (spec: FaultSpec) => readonly string[];
}

/** The key of a fault in {@linkcode ArmedSystem.numberOf}. */
export function armedKey({ text }: FaultSpec, domain: string): string {
  return `${domain} ${text}`;
}

/** The domain that makes a disk fail. */
export function faultyName(disk: string): string {
  return `faulty-${disk}`;
}

/**
 * Arms a system.
 *
 * @throws {UsageError} If the plan names a domain that the system has not, or a disk that is none.
 */
export function armSystem(
  manifest: SystemManifest,
  specs: readonly FaultSpec[],
  seed: number,
): ArmedSystem {
  const servers = Object.entries(manifest.domains).flatMap(([name, domain]) =>
    Object.keys(domain.serves ?? {}).length === 0 ? [] : workersOf(name, domain)
  );
  const names = Object.entries(manifest.domains).flatMap(([name, domain]) => [
    name,
    ...workersOf(name, domain),
  ]);
  for (const spec of specs) checkDomain(spec, [...names, KERNEL]);
  const faults: PointFault[] = [];
  const numberOf = new Map<string, number>();
  for (const spec of specs) {
    const { fault, domain, moment } = spec;
    const isAtPoint = moment.type === "point";
    if (fault.side === "disk" || (fault.side === "outside" && !isAtPoint)) continue;
    if (!isAtPoint && domain !== EACH) checkServes(spec, [...servers, KERNEL]);
    for (const victim of domain === EACH ? servers : [domain]) {
      numberOf.set(armedKey(spec, victim), faults.length);
      faults.push(pointFault(spec, fault.kind as FaultKind, victim, manifest.domains[victim]));
    }
  }
  const disks = specs.filter(({ fault }) => fault.side === "disk");
  const everybody = ({ fault }: FaultSpec) =>
    fault.side === "outside" && fault.kind === "terminate" ? [...servers, KERNEL] : servers;
  return { manifest: withFaultyDisks(manifest, disks, seed), faults, numberOf, everybody };
}

function workersOf(name: string, { replicas }: DomainManifest): string[] {
  if (replicas === undefined) return [name];
  return Array.from({ length: replicas }, (_, index) => `${name}.${index + 1}`);
}

function checkDomain({ text, domain }: FaultSpec, names: readonly string[]): void {
  if (domain === EACH || names.includes(domain)) return;
  const what = `there is no domain "${domain}"${suggest(domain, names)}`;
  throw new UsageError(`Cannot inject "${text}": ${what}`);
}

/** A fault from inside, by the clock, happens at the next request: who serves nothing gets none. */
function checkServes({ text, domain }: FaultSpec, servers: readonly string[]): void {
  if (servers.includes(domain)) return;
  const what = `${domain} serves no endpoint, so no request comes by which it could happen; ` +
    "terminate and restart work, and point=NAME for a point of its own";
  throw new UsageError(`Cannot inject "${text}": ${what}`);
}

function pointFault(
  spec: FaultSpec,
  kind: FaultKind,
  domain: string,
  { hangMs = HANG_MS_DEFAULT }: Pick<DomainManifest, "hangMs"> = {},
): PointFault {
  const { moment, amount, lastsMs } = spec;
  const place = moment.type === "point"
    ? { point: moment.point, visit: moment.visit }
    : { point: domain === KERNEL ? KERNEL_POINT : POINT, visit: "ordered" as const };
  const lasts = kind === "blocked" || kind === "busy-loop" || kind === "zombie";
  return {
    domain,
    ...place,
    kind,
    ...(kind === "slow" ? { slowMs: amount! } : {}),
    ...(kind === "heap" ? { heapMb: amount! } : {}),
    ...(lasts ? { lastsMs: lastsMs ?? hangMs + LASTS_ON_MS } : {}),
  };
}

/** Puts a disk that fails between each disk of the plan and those that use it. */
function withFaultyDisks(
  manifest: SystemManifest,
  specs: readonly FaultSpec[],
  seed: number,
): SystemManifest {
  if (specs.length === 0) return manifest;
  const domains: Record<string, DomainManifest> = { ...manifest.domains };
  for (const name of new Set(specs.map(({ domain }) => domain))) {
    const mine = specs.filter(({ domain }) => domain === name);
    const disk = domains[name];
    const [endpoint] = Object.entries(disk?.serves ?? {}).find(([, protocol]) =>
      protocol.name === Block.name
    ) ?? [];
    if (disk === undefined || endpoint === undefined) {
      throw new UsageError(`Cannot inject "${mine[0]!.text}": ${name} serves no disk`);
    }
    const { [endpoint]: protocol, ...others } = disk.serves!;
    const device = `${endpoint}-medium`;
    domains[name] = { ...disk, serves: { ...others, [device]: protocol! } };
    domains[faultyName(name)] = {
      kind: "driver",
      module: import.meta.resolve("@hako/drivers/block/faulty"),
      serves: { [endpoint]: protocol! },
      uses: [device],
      keeps: { plan: PLAN_BYTES },
      windows: { scratch: SCRATCH_BYTES },
      options: { device, seed, faults: mine.map(diskRule) },
      restart: LENIENT,
    };
  }
  return { ...manifest, domains };
}

/** A rule of the faulty disk. */
function diskRule({ fault, moment, amount }: FaultSpec): Record<string, unknown> {
  const kind = DISK_KINDS[fault.kind as keyof typeof DISK_KINDS];
  const delay = kind === "slow" ? { delayMs: Math.round(amount!) } : {};
  if (moment.type === "operation") {
    return { kind, operations: [moment.operation], at: moment.at, ...delay };
  }
  if (moment.type !== "chance") throw new Error("a disk's fault has an operation or a chance");
  const { chance, times, operation } = moment;
  return {
    kind,
    probability: chance,
    ...(times === Infinity ? {} : { times }),
    ...(operation === undefined ? {} : { operations: [operation] }),
    ...delay,
  };
}
