/**
 * Whether what is left after a power cut is legal.
 *
 * Every rule here only refuses what no order of the changes can explain. One change is **surely older**
 * than another if it was answered before the other was asked for.
 *
 * - What a sector holds was written there, and is not surely older than something durable.
 * - A block is what it was at one instant: no sector of it is surely older than what another shows,
 *   if that, or something surely older than it, was to change both.
 * - A transaction is there in all its blocks or in none.
 * - If a transaction is there, then so is every transaction that is surely older than it, and every
 *   write.
 *
 * @module
 */

import { type Change, describeChange, type Ledger, SECTORS, Violation } from "./ledger.ts";

/** Whose a sector is: a change of this era, what was there before it, or nobody knows. */
type Owner = Change | "base" | "unknown";

/** What is found after a power cut: the stamp of each sector of each block; none where it is told to
 * be damaged. */
export type Remains = readonly (readonly number[] | undefined)[];

/** How strict to be. */
export interface Strictness {
  /** Whether a transaction that is there tells that every write before it is, too. */
  readonly ordered: boolean;
}

/**
 * Judges what a power cut has left of an era.
 *
 * @throws {Violation} If it is not legal.
 */
export function judgeRemains(ledger: Ledger, remains: Remains, strictness: Strictness): void {
  const owners = ownersOf(ledger, remains);
  const changesOf = groupByBlock(ledger);
  owners.forEach((sectors, block) => {
    judgeBlock(sectors, block, changesOf[block]!);
  });
  const there = ledger.changes.filter((change) =>
    change.kind === "transact" &&
    change.pieces.some(({ block }) => owners[block]!.includes(change))
  );
  for (const change of there) judgeWhole(change, owners, "is there in another");
  for (const change of ledger.changes) {
    const later = there.find((other) => isSurelyOlder(change, other));
    if (later === undefined || change.outcome !== "done") continue;
    if (change.kind !== "transact" && !strictness.ordered) continue;
    judgeWhole(change, owners, `#${later.number} is there`);
  }
}

/**
 * What each sector may hold when the next era begins: what was found, and anything where something was
 * trimmed and perhaps nothing written since.
 */
export function baseAfter(ledger: Ledger, remains: Remains): (number | undefined)[][] {
  return ownersOf(ledger, remains).map((sectors, block) =>
    sectors.map((owner, sector) => owner === "unknown" ? undefined : remains[block]![sector])
  );
}

function ownersOf(ledger: Ledger, remains: Remains): Owner[][] {
  return remains.map((stamps, block) =>
    stamps === undefined
      ? Array<Owner>(SECTORS).fill("unknown")
      : stamps.map((stamp, sector) => ownerOf(ledger, block, sector, stamp))
  );
}

function isSurelyOlder(one: Owner, other: Change): boolean {
  if (one === "unknown") return false;
  return one === "base" || one.endAt < other.startAt;
}

function touches(change: Change, block: number, sector: number): boolean {
  return change.pieces.some((piece) => piece.block === block && ((piece.mask >> sector) & 1) === 1);
}

/** Whose a sector is. Zeroes and trimmed sectors may be several's: then nobody knows. */
function ownerOf(ledger: Ledger, block: number, sector: number, stamp: number): Owner {
  const base = ledger.base[block]![sector];
  const own = stamp === 0 ? undefined : ledger.changeOf(stamp);
  for (const change of ledger.changes) {
    if (!touches(change, block, sector)) continue;
    if (change.kind === "trim" || (change.kind === "zero" && stamp === 0)) return "unknown";
  }
  if (own !== undefined) {
    if (own.pieces.some((piece) => piece.block === block && piece.stamp === stamp)) return own;
    throw new Violation(`block ${block} holds what is of ${describeChange(own)}`);
  }
  if (base === undefined) return "unknown";
  if (base === stamp) return "base";
  throw new Violation(
    `sector ${sector} of block ${block} holds ${stamp}, which nobody wrote there`,
  );
}

function groupByBlock(ledger: Ledger): Change[][] {
  const changesOf: Change[][] = ledger.base.map(() => []);
  for (const change of ledger.changes) {
    for (const { block } of change.pieces) changesOf[block]!.push(change);
  }
  return changesOf;
}

function judgeBlock(sectors: readonly Owner[], block: number, changes: readonly Change[]): void {
  for (let sector = 0; sector < SECTORS; sector++) {
    const owner = sectors[sector]!;
    if (owner === "unknown") continue;
    for (const change of changes) {
      if (!touches(change, block, sector)) continue;
      if (change.isDurable && isSurelyOlder(owner, change)) {
        throw lost(change, block, sector, owner, "it was made durable");
      }
      const shown = sectors.find((other) =>
        other !== owner && typeof other === "object" &&
        (other === change || change.endAt < other.startAt)
      );
      if (shown === undefined || change.outcome === "failed") continue;
      if (change === shown || change.outcome === "done") {
        judgePair(owner, change, block, sector, shown as Change);
      }
    }
  }
}

/** A sector is `owner`'s although `change` was to change it, which another sector of the block shows. */
function judgePair(owner: Owner, change: Change, block: number, sector: number, shown: Change) {
  const isMixed = typeof owner === "object" && change === shown && [...Array(SECTORS).keys()].every(
    (other) => touches(owner, block, other) && touches(change, block, other),
  );
  if (!isMixed && !isSurelyOlder(owner, change)) return;
  throw lost(change, block, sector, owner, `another sector shows #${shown.number}`);
}

/** Everything that a change wrote is there, or something that may be newer. */
function judgeWhole(change: Change, owners: readonly (readonly Owner[])[], why: string): void {
  for (const { block, mask } of change.pieces) {
    for (let sector = 0; sector < SECTORS; sector++) {
      const owner = owners[block]![sector]!;
      if (((mask >> sector) & 1) === 0 || !isSurelyOlder(owner, change)) continue;
      throw lost(change, block, sector, owner, why);
    }
  }
}

function lost(change: Change, block: number, sector: number, owner: Owner, why: string): Violation {
  const found = typeof owner === "object" ? describeChange(owner) : "what was there at the boot";
  return new Violation(
    `after the power cut sector ${sector} of block ${block} is of ${found}\n` +
      `  and not of ${describeChange(change)}, although ${why}`,
  );
}
