/**
 * What goes wrong with a disk, and when: by seed, so that the same requests meet the same faults.
 *
 * The plan only decides. Whoever stands between a disk and its clients does what it says: the domain
 * beside this file, or a simulated disk.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import { BLOCK_BYTES } from "../protocol.ts";

/** Bytes that a disk writes whole, whatever happens: a torn write is torn between these. */
export const SECTOR_BYTES = 512;

/** Most rules of one plan. */
export const RULES_MAX = 64;

const SECTORS_PER_BLOCK = BLOCK_BYTES / SECTOR_BYTES;

/** What can be asked of a disk, and go wrong. */
export type DiskOperation = "read" | "write" | "zero" | "discard" | "flush";

/** The kinds of faults, each with the operations that it can befall. */
export const DISK_FAULTS = {
  /** Nothing is done, and `EIO` is answered. */
  error: ["read", "write", "zero", "discard", "flush"],
  /** Nothing is done, and `ENOSPC` is answered. */
  full: ["write", "zero"],
  /** Only the first blocks of the run are transferred: `EIO`, or their count as a success. */
  short: ["read", "write"],
  /** Only some sectors of 512 bytes are written: `EIO`, or as if all were. */
  torn: ["write"],
  /** Another run is read or written. */
  misdirected: ["read", "write"],
  /** A write is answered and not done: what is read from then on is stale. */
  stale: ["write", "zero"],
  /** A bit has turned on the medium, and stays so until it is written. */
  rot: ["read"],
  /** It takes longer. Comes with any other fault. */
  slow: ["read", "write", "zero", "discard", "flush"],
} as const satisfies Record<string, readonly DiskOperation[]>;

/** The name of a kind of fault. */
export type DiskFaultKind = keyof typeof DISK_FAULTS;

/** When which fault happens. What is left out does not matter. */
export interface DiskFaultRule {
  /** What happens. */
  readonly kind: DiskFaultKind;
  /** To which operations; all that the kind can befall if left out. */
  readonly operations?: readonly DiskOperation[];
  /** Only to runs that touch these blocks. A flush touches none. */
  readonly blocks?: { readonly first: number; readonly count: number };
  /** Only to one of the operations meant by the above: its number, from 1. */
  readonly at?: number;
  /** To each of them by this chance, above 0, up to 1. */
  readonly probability?: number;
  /** So often in all. */
  readonly times?: number;
  /** `short` and `torn`: whether it is answered as a success. */
  readonly succeeds?: boolean;
  /** `slow`: how long. */
  readonly delayMs?: number;
}

/** What a request is to suffer. */
export type DiskFault =
  | { readonly kind: "error" | "full"; readonly errno: number }
  /** `count` blocks are transferred, fewer than asked for; then `errno` is answered, or 0: `count`. */
  | { readonly kind: "short"; readonly count: number; readonly errno: number }
  /** Those sectors of the run are written whose byte here is 1. Then `errno`, or 0: a success. */
  | { readonly kind: "torn"; readonly kept: Uint8Array; readonly errno: number }
  /** The run that begins at `first` is taken instead. */
  | { readonly kind: "misdirected"; readonly first: number }
  | { readonly kind: "stale" }
  /** Bit `bit` of byte `byte` of the run is wrong, on the medium too. */
  | { readonly kind: "rot"; readonly byte: number; readonly bit: number };

/** What is to happen to one request: what it suffers, and how long that takes. */
export interface Fate {
  /** Milliseconds to wait before anything is done. */
  readonly delayMs: number;
  /** What goes wrong; `undefined` if nothing but time. */
  readonly fault: DiskFault | undefined;
}

/** A rule's words in the plan's state. */
const WORDS = { SEEN: 0, DONE: 1, CHANCE: 2, COUNT: 3 } as const;

/** Words of state that a plan may need. */
export const PLAN_WORDS: number = 1 + RULES_MAX * WORDS.COUNT;

/** Decides what goes wrong, request by request. Each rule has a stream of chance of its own. */
export class DiskFaultPlan {
  readonly #rules: readonly DiskFaultRule[];
  readonly #blockCount: number;
  readonly #state: Int32Array;

  /**
   * A plan for a disk of `blockCount` blocks.
   *
   * @param rules Checked, and no more than {@linkcode RULES_MAX}. Of several that would have their
   * way with a request the first has it; `slow` comes on top.
   * @param seed Of all chance: a whole number.
   * @param state {@linkcode PLAN_WORDS} words of zero, or what an earlier plan of the same rules left
   * in them, which is then continued.
   */
  constructor(
    rules: readonly DiskFaultRule[],
    { seed, blockCount, state = new Int32Array(PLAN_WORDS) }: {
      readonly seed: number;
      readonly blockCount: number;
      readonly state?: Int32Array;
    },
  ) {
    this.#rules = rules;
    this.#blockCount = blockCount;
    this.#state = state;
    if (state[0] !== 0) return;
    rules.forEach((_, rule) => this.#set(rule, WORDS.CHANCE, mixed(seed + rule * 0x9e3779b9)));
    state[0] = 1;
  }

  /** How often each rule has had its way. */
  get counts(): readonly number[] {
    return this.#rules.map((_, rule) => this.#get(rule, WORDS.DONE));
  }

  /**
   * What is to happen to the next request; `undefined` if nothing. Hot path.
   *
   * @param operation What is asked for.
   * @param first The run's first block; 0 for a flush.
   * @param count Its blocks; 0 for a flush.
   */
  next(operation: DiskOperation, first: number, count: number): Fate | undefined {
    let delayMs = 0;
    let fault: DiskFault | undefined;
    for (let rule = 0; rule < this.#rules.length; rule++) {
      const { kind, delayMs: longer = 0 } = this.#rules[rule]!;
      if (!this.#isMeant(rule, operation, first, count)) continue;
      if (kind === "slow") delayMs += longer;
      else if (fault !== undefined) continue;
      else if ((fault = this.#fault(rule, first, count)) === undefined) continue;
      this.#set(rule, WORDS.DONE, this.#get(rule, WORDS.DONE) + 1);
    }
    return delayMs === 0 && fault === undefined ? undefined : { delayMs, fault };
  }

  #isMeant(rule: number, operation: DiskOperation, first: number, count: number): boolean {
    const { kind, operations = DISK_FAULTS[kind], blocks, at, probability, times } = this
      .#rules[rule]!;
    if (!(operations as readonly DiskOperation[]).includes(operation)) return false;
    if (blocks !== undefined) {
      if (first + count <= blocks.first || blocks.first + blocks.count <= first) return false;
      if (count === 0) return false;
    }
    const seen = this.#get(rule, WORDS.SEEN) + 1;
    this.#set(rule, WORDS.SEEN, seen);
    if (at !== undefined && seen !== at) return false;
    if (probability !== undefined && this.#chance(rule) >= probability) return false;
    return times === undefined || this.#get(rule, WORDS.DONE) < times;
  }

  /** `undefined` where the run is too small for such a fault. */
  #fault(rule: number, first: number, count: number): DiskFault | undefined {
    const { kind, succeeds = false } = this.#rules[rule]!;
    const errno = succeeds ? 0 : ERRNO.EIO;
    switch (kind) {
      case "error":
        return { kind, errno: ERRNO.EIO };
      case "full":
        return { kind, errno: ERRNO.ENOSPC };
      case "short":
        return count < 1 ? undefined : { kind, count: this.#below(rule, count), errno };
      case "torn":
        return count < 1 ? undefined : { kind, kept: this.#kept(rule, count), errno };
      case "misdirected": {
        if (count < 1 || count >= this.#blockCount) return undefined;
        const other = this.#below(rule, this.#blockCount - count);
        return { kind, first: other < first ? other : other + 1 };
      }
      case "rot": {
        if (count < 1) return undefined;
        const byte = this.#below(rule, count * BLOCK_BYTES);
        return { kind, byte, bit: this.#below(rule, 8) };
      }
      default:
        return count < 1 ? undefined : { kind: "stale" };
    }
  }

  /** The first sectors, the last, or any: at least one, and not all. */
  #kept(rule: number, count: number): Uint8Array {
    const sectors = count * SECTORS_PER_BLOCK;
    const kept = new Uint8Array(sectors);
    const edge = 1 + this.#below(rule, sectors - 1);
    const shape = this.#below(rule, 3);
    if (shape === 0) return kept.fill(1, 0, edge);
    if (shape === 1) return kept.fill(1, edge);
    for (let sector = 0; sector < sectors; sector++) kept[sector] = this.#below(rule, 2);
    kept[edge] = 1;
    kept[edge - 1] = 0;
    return kept;
  }

  #get(rule: number, word: number): number {
    return this.#state[1 + rule * WORDS.COUNT + word]!;
  }

  #set(rule: number, word: number, value: number): void {
    this.#state[1 + rule * WORDS.COUNT + word] = value;
  }

  #below(rule: number, bound: number): number {
    return Math.floor(this.#chance(rule) * bound);
  }

  /** From 0 up to 1: mulberry32. */
  #chance(rule: number): number {
    const state = (this.#get(rule, WORDS.CHANCE) + 0x6d2b79f5) | 0;
    this.#set(rule, WORDS.CHANCE, state);
    return mixed(state) / 2 ** 32;
  }
}

/**
 * Writes those sectors of `source` into `target`, which holds what the run held before, that a torn
 * write keeps.
 *
 * @param kept A byte for each sector: 1 if it is written.
 */
export function tear(target: Uint8Array, source: Uint8Array, kept: Uint8Array): void {
  for (let sector = 0; sector < kept.length; sector++) {
    if (kept[sector] !== 1) continue;
    const offset = sector * SECTOR_BYTES;
    target.set(source.subarray(offset, offset + SECTOR_BYTES), offset);
  }
}

function mixed(word: number): number {
  let bits = Math.imul(word ^ (word >>> 15), word | 1);
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
  return (bits ^ (bits >>> 14)) >>> 0;
}
