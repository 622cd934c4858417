/**
 * Fault plans as people write them on the command line.
 *
 * ```text
 * DOMAIN:KIND[=AMOUNT]@WHEN[,MORE...]
 *
 * storage:terminate@every=200ms            about every 200 ms, at moments by the seed
 * *:terminate@every=300ms                  the same; whose turn it is, the seed says
 * fs:zombie@at=2s,for=1s                   2 s after the work began; it lasts for 1 s
 * storage:terminate@times=20               20 times, at shares of the work by the seed
 * fs:throw@point=fs.commit.before,visit=3  at the third visit of a named point
 * fs:slow=30ms@every=1s                    computes for 30 ms, and goes on
 * disk:eio@write=500                       the 500th write fails
 * disk:rot@chance=0.01,times=5             one read in a hundred finds a bit turned, 5 times at most
 * ```
 *
 * @module
 */

import { FAULT_KINDS, type FaultKind } from "@hako/kernel";
import { suggest } from "../../../kernel/manifest_check.ts";
import { readDuration } from "../../command_line/duration.ts";
import { UsageError } from "../../command_line/command.ts";

/** What happens to a domain from outside. */
const OUTSIDE = ["terminate", "restart"] as const;

/** What happens to a disk, by the names of errors or of what becomes of the data. */
export const DISK_KINDS = {
  eio: "error",
  enospc: "full",
  short: "short",
  torn: "torn",
  misdirected: "misdirected",
  stale: "stale",
  rot: "rot",
  slow: "slow",
} as const;

/** What a disk is asked for. */
export const DISK_OPERATIONS = ["read", "write", "zero", "discard", "flush"] as const;

/** An operation of a disk. */
export type DiskOperation = typeof DISK_OPERATIONS[number];

/** When a fault happens. */
export type FaultMoment =
  | { readonly type: "every"; readonly everyMs: number; readonly times: number }
  | { readonly type: "at"; readonly atMs: number }
  | { readonly type: "times"; readonly times: number }
  | { readonly type: "point"; readonly point: string; readonly visit: number }
  | { readonly type: "operation"; readonly operation: DiskOperation; readonly at: number }
  | {
    readonly type: "chance";
    readonly chance: number;
    readonly times: number;
    readonly operation: DiskOperation | undefined;
  };

/** A fault of a plan. */
export interface FaultSpec {
  /** As it was written. */
  readonly text: string;
  /** Whom it befalls; `"*"`: each in turn. */
  readonly domain: string;
  /** What happens, on whose side. */
  readonly fault:
    | { readonly side: "outside"; readonly kind: typeof OUTSIDE[number] }
    | { readonly side: "inside"; readonly kind: FaultKind }
    | { readonly side: "disk"; readonly kind: keyof typeof DISK_KINDS };
  /** When. */
  readonly moment: FaultMoment;
  /** For how long it is slow, or how many MiB a heap grows. */
  readonly amount: number | undefined;
  /** How long it lasts, if that is not for the kind to say. */
  readonly lastsMs: number | undefined;
}

/** Everybody. */
export const EACH = "*";

/** Names that say the same. */
const SYNONYMS: Readonly<Record<string, string>> = { kill: "terminate", hang: "blocked" };

const KEYS = [
  "every",
  "at",
  "times",
  "point",
  "visit",
  "chance",
  "for",
  "on",
  ...DISK_OPERATIONS,
] as const;

type Key = typeof KEYS[number];

/** The shortest interval: a domain must have a chance to live. */
const EVERY_MS_MIN = 10;

/** Faults of one kind in one plan. */
const TIMES_MAX = 100_000;

/**
 * Reads one fault.
 *
 * @throws {UsageError} With what is wrong, and the nearest valid name.
 */
export function parseFault(text: string): FaultSpec {
  const refuse = (what: string): never => {
    throw new UsageError(`Cannot inject "${text}": ${what}`);
  };
  const at = text.indexOf("@");
  const colon = text.indexOf(":");
  if (colon < 1 || at < colon + 2) refuse("a fault is DOMAIN:KIND@WHEN, as storage:kill@every=1s");
  const [written, amountText] = text.slice(colon + 1, at).split("=", 2) as [string, string?];
  const values = readValues(text.slice(at + 1), refuse);
  const moment = readMoment(values, refuse);
  const isOfDisk = moment.type === "operation" || moment.type === "chance";
  const fault = readKind(SYNONYMS[written] ?? written, isOfDisk, refuse);
  const { kind, side } = fault;
  if (moment.type === "point" && kind === "restart") refuse("nobody restarts a domain at a point");
  const lastsMs = readTime(values, "for", refuse);
  const lasting = ["blocked", "busy-loop", "zombie"].includes(kind);
  if (lastsMs !== undefined && !(side === "inside" && lasting)) refuse(`${kind} does not last`);
  const amount = readAmount(kind, amountText, refuse);
  const domain = text.slice(0, colon);
  if (domain === EACH && (isOfDisk || moment.type === "point")) refuse("it needs one domain");
  return { text, domain, fault, moment, amount, lastsMs };
}

type Refuse = (what: string) => never;

function readValues(text: string, refuse: Refuse): Map<Key, string> {
  const values = new Map<Key, string>();
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    const [key, value] = [part.slice(0, equals) as Key, part.slice(equals + 1)];
    if (equals < 1 || value === "") refuse(`"${part}" is no KEY=VALUE`);
    if (!KEYS.includes(key)) refuse(`there is no "${key}"${suggest(key, KEYS)}`);
    if (values.has(key)) refuse(`"${key}" stands twice`);
    values.set(key, value);
  }
  return values;
}

/** What may stand beside each key that says when. */
const BESIDE: Readonly<Partial<Record<Key, readonly Key[]>>> = {
  every: ["times", "for"],
  at: ["for"],
  point: ["visit", "for"],
  chance: ["times", "on"],
  times: ["for"],
};

function readMoment(values: Map<Key, string>, refuse: Refuse): FaultMoment {
  const operation = DISK_OPERATIONS.find((name) => values.has(name));
  const first = operation ??
    (["every", "at", "point", "chance", "times"] as const).find((key) => values.has(key)) ??
    refuse("say when: every=, at=, times=, point=, chance=, or write=, read=, flush=");
  for (const key of values.keys()) {
    if (key === first || (BESIDE[first] ?? []).includes(key)) continue;
    refuse(`"${key}" does not go with "${first}"`);
  }
  const times = readCount(values, "times", refuse);
  switch (first) {
    case "every": {
      const everyMs = readTime(values, "every", refuse)!;
      if (everyMs < EVERY_MS_MIN) refuse(`"every" is from ${EVERY_MS_MIN}ms up`);
      return { type: "every", everyMs, times: times ?? Infinity };
    }
    case "at":
      return { type: "at", atMs: readTime(values, "at", refuse)! };
    case "times":
      return { type: "times", times: times! };
    case "point":
      return {
        type: "point",
        point: values.get("point")!,
        visit: readCount(values, "visit", refuse) ?? 1,
      };
    case "chance":
      return { type: "chance", times: times ?? Infinity, ...readChance(values, refuse) };
    default:
      return { type: "operation", operation: first, at: readCount(values, first, refuse)! };
  }
}

function readChance(
  values: Map<Key, string>,
  refuse: Refuse,
): { readonly chance: number; readonly operation: DiskOperation | undefined } {
  const chance = Number(values.get("chance"));
  if (!(chance > 0 && chance <= 1)) refuse('"chance" is above 0 and up to 1');
  const on = values.get("on");
  const operation = DISK_OPERATIONS.find((name) => name === on);
  if (on !== undefined && operation === undefined) {
    refuse(`a disk knows no "${on}"${suggest(on, DISK_OPERATIONS)}`);
  }
  return { chance, operation };
}

function readCount(values: Map<Key, string>, key: Key, refuse: Refuse): number | undefined {
  const text = values.get(key);
  if (text === undefined) return undefined;
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > TIMES_MAX) refuse(`"${key}" is a number from 1 to ${TIMES_MAX}`);
  return count;
}

function readTime(values: Map<Key, string>, key: Key, refuse: Refuse): number | undefined {
  const text = values.get(key);
  if (text === undefined) return undefined;
  return readDuration(text) ?? refuse(`"${key}" is a time, as 200ms or 3s`);
}

function readKind(kind: string, isOfDisk: boolean, refuse: Refuse): FaultSpec["fault"] {
  if (isOfDisk) {
    if (Object.hasOwn(DISK_KINDS, kind)) {
      return { side: "disk", kind: kind as keyof typeof DISK_KINDS };
    }
    const near = suggest(kind, Object.keys(DISK_KINDS));
    return refuse(`a disk's operation does not suffer "${kind}"${near}`);
  }
  const outside = OUTSIDE.find((name) => name === kind);
  if (outside !== undefined) return { side: "outside", kind: outside };
  const inside = FAULT_KINDS.find((name) => name === kind);
  if (inside !== undefined) return { side: "inside", kind: inside };
  if (Object.hasOwn(DISK_KINDS, kind)) {
    return refuse(`"${kind}" needs an operation of the disk: write=N, read=N, or chance=P`);
  }
  const known = [...OUTSIDE, ...FAULT_KINDS, ...Object.keys(SYNONYMS), ...Object.keys(DISK_KINDS)];
  return refuse(`there is no "${kind}"${suggest(kind, known)}`);
}

function readAmount(kind: string, text: string | undefined, refuse: Refuse): number | undefined {
  if (kind === "slow") {
    const ms = text === undefined ? undefined : readDuration(text);
    return ms !== undefined && ms >= 1 ? ms : refuse("say for how long: slow=30ms");
  }
  if (kind === "heap") {
    const mb = text === undefined ? 0 : Number(text);
    return Number.isInteger(mb) && mb >= 1 ? mb : refuse("say how many MiB: heap=64");
  }
  return text === undefined ? undefined : refuse(`${kind} takes no amount`);
}
