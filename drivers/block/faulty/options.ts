/**
 * The faulty disk's options, checked.
 *
 * @module
 */

import {
  DISK_FAULTS,
  type DiskFaultKind,
  type DiskFaultRule,
  type DiskOperation,
  RULES_MAX,
} from "./fault_plan.ts";

/** What a manifest says of a faulty disk. */
export interface FaultyOptions {
  /** The endpoint of the disk below. */
  readonly device: string;
  /** Of all chance. */
  readonly seed: number;
  /** What goes wrong, and when. */
  readonly faults: readonly DiskFaultRule[];
}

/** The longest delay: a caller would take the disk for dead before. */
const DELAY_MS_MAX = 600_000;

const FIELDS: ReadonlySet<string> = new Set([
  "kind",
  "operations",
  "blocks",
  "at",
  "probability",
  "times",
  "succeeds",
  "delayMs",
]);

/**
 * Reads the options of a manifest.
 *
 * @throws {TypeError} If one is of no use, with its path; a manifest is written by a person, who is
 * told.
 */
export function readFaultyOptions(options: Readonly<Record<string, unknown>>): FaultyOptions {
  const { device, seed = 1, faults } = options;
  if (typeof device !== "string" || device === "") refuse("device", device, "no endpoint");
  if (!Number.isSafeInteger(seed)) refuse("seed", seed, "no whole number");
  if (!Array.isArray(faults)) refuse("faults", faults, "no list of rules");
  if (faults.length > RULES_MAX) {
    refuse("faults", faults.length, `more rules than ${RULES_MAX}`);
  }
  faults.forEach((rule, index) => checkRule(`faults[${index}]`, rule));
  return { device, seed: seed as number, faults: faults as readonly DiskFaultRule[] };
}

function checkRule(path: string, rule: unknown): asserts rule is DiskFaultRule {
  if (!isRecord(rule)) refuse(path, rule, "no rule");
  for (const field of Object.keys(rule)) {
    if (!FIELDS.has(field)) refuse(path, field, "no field of a rule");
  }
  const { kind, operations, blocks, at, probability, times, succeeds, delayMs } = rule;
  if (typeof kind !== "string" || !Object.hasOwn(DISK_FAULTS, kind)) {
    refuse(`${path}.kind`, kind, `none of ${Object.keys(DISK_FAULTS).join(", ")}`);
  }
  if (operations !== undefined) checkOperations(path, kind as DiskFaultKind, operations);
  if (blocks !== undefined) checkBlocks(`${path}.blocks`, blocks);
  if (at !== undefined && !isCount(at, 1)) refuse(`${path}.at`, at, "no number from 1");
  if (times !== undefined && !isCount(times, 1)) refuse(`${path}.times`, times, "no number from 1");
  if (probability !== undefined && !isChance(probability)) {
    refuse(`${path}.probability`, probability, "no number above 0 up to 1");
  }
  if (succeeds !== undefined && (typeof succeeds !== "boolean" || !mayLie(kind))) {
    refuse(`${path}.succeeds`, succeeds, "no boolean of a short or torn fault");
  }
  const isSlow = kind === "slow";
  if (isSlow ? !(isCount(delayMs, 1) && delayMs <= DELAY_MS_MAX) : delayMs !== undefined) {
    refuse(`${path}.delayMs`, delayMs, `no time of a slow fault, from 1 to ${DELAY_MS_MAX} ms`);
  }
}

function checkOperations(path: string, kind: DiskFaultKind, operations: unknown): void {
  if (!Array.isArray(operations) || operations.length === 0) {
    refuse(`${path}.operations`, operations, "no list of operations");
  }
  const possible: readonly DiskOperation[] = DISK_FAULTS[kind];
  for (const operation of operations) {
    if (possible.includes(operation)) continue;
    refuse(`${path}.operations`, operation, `not what ${kind} befalls: ${possible.join(", ")}`);
  }
}

function checkBlocks(path: string, blocks: unknown): void {
  if (!isRecord(blocks)) refuse(path, blocks, "no run of blocks");
  if (!isCount(blocks.first, 0)) refuse(`${path}.first`, blocks.first, "no number of a block");
  if (!isCount(blocks.count, 1)) refuse(`${path}.count`, blocks.count, "no count from 1");
}

function mayLie(kind: unknown): boolean {
  return kind === "short" || kind === "torn";
}

function isChance(value: unknown): boolean {
  return typeof value === "number" && value > 0 && value <= 1;
}

function isCount(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(path: string, value: unknown, why: string): never {
  const shown = JSON.stringify(value) ?? String(value);
  throw new TypeError(`Cannot start the faulty disk: ${path} is ${shown}, ${why}`);
}
