/**
 * Whether what clients saw between two power cuts can be explained: for each block there must be an
 * order of the changes and sights, each somewhere between request and answer, in which a block that
 * is written whole would have been seen so.
 *
 * The search is that of `tests/linearizability`; here are only the objects. A block's state is the
 * stamps of its sectors. A transaction takes effect in all its blocks at one instant: once anybody has
 * seen it in one of them, it is over for all.
 *
 * @module
 */

import { describeRefusal, judge } from "../linearizability/checker.ts";
import type { Operation } from "../linearizability/history.ts";
import { DONE, type Model, type State } from "../linearizability/model.ts";
import {
  type Change,
  describeChange,
  type Ledger,
  SECTORS,
  type Sight,
  Violation,
} from "./ledger.ts";

/** What a sector holds that may hold anything, as a stamp. */
const ANYTHING = 0xffff_ffff;

/**
 * Judges an era.
 *
 * @throws {Violation} If something cannot be explained.
 */
export function judgeOrder(ledger: Ledger): void {
  const subjects: (Change | Sight)[] = [];
  const history: Operation[] = [];
  const end = ledger.tick();
  const seenAt = firstSeen(ledger);
  for (const change of ledger.changes) {
    const isKnown = change.outcome === "done" || seenAt.has(change);
    const endedAt = Math.min(change.endAt, seenAt.get(change) ?? end, end);
    const { number, client, startAt } = change;
    for (const { block } of change.pieces) {
      history.push({
        object: `block ${block}`,
        thread: `client ${client} #${number}`,
        kind: "write",
        argument: subjects.length,
        expected: block,
        answer: isKnown ? DONE : undefined,
        invokedAt: startAt,
        endedAt,
      });
    }
    subjects.push(change);
  }
  for (const sight of ledger.sights) {
    history.push({
      object: `block ${sight.block}`,
      thread: `client ${sight.client}`,
      kind: "read",
      argument: subjects.length,
      expected: 0,
      answer: DONE,
      invokedAt: sight.startAt,
      endedAt: sight.endAt,
    });
    subjects.push(sight);
  }
  const verdict = judge(history, (object) => blockModel(ledger, Number(object.slice(6)), subjects));
  if (verdict.refusal === undefined) return;
  const { object, operation, open } = verdict.refusal;
  const named = [operation, ...open].map(({ argument }) => describeSubject(subjects[argument]!));
  throw new Violation(
    `${object}: ${describeRefusal(verdict.refusal)}\n  ${[...new Set(named)].join("\n  ")}`,
  );
}

/** When each transaction was first seen by somebody. */
function firstSeen(ledger: Ledger): Map<Change, number> {
  const seenAt = new Map<Change, number>();
  for (const sight of ledger.sights) {
    for (const stamp of sight.stamps) {
      const change = stamp === 0 ? undefined : ledger.changeOf(stamp);
      if (change?.kind !== "transact" || change.outcome === "failed") continue;
      const at = Math.max(sight.endAt, change.startAt);
      seenAt.set(change, Math.min(seenAt.get(change) ?? Infinity, at));
    }
  }
  return seenAt;
}

/** A block, of which changes and sights are the operations. */
function blockModel(ledger: Ledger, block: number, subjects: readonly (Change | Sight)[]): Model {
  const initial = ledger.base[block]!.map((stamp) => stamp ?? ANYTHING).join(" ");
  const stampsIn = new Map<State, number[]>();
  const parsed = (state: State): number[] => {
    let stamps = stampsIn.get(state);
    if (stamps === undefined) {
      stampsIn.set(state, stamps = String(state).split(" ").map(Number));
    }
    return stamps;
  };
  return {
    initial,
    isReading: ({ kind }) => kind === "read",
    after(state, { argument, kind }) {
      const before = parsed(state);
      if (kind === "read") return isSeen(before, subjects[argument] as Sight) ? state : undefined;
      const change = subjects[argument] as Change;
      const piece = change.pieces.find((candidate) => candidate.block === block)!;
      const stamp = change.kind === "trim" ? ANYTHING : piece.stamp;
      return before.map((old, sector) => (piece.mask >> sector) & 1 ? stamp : old).join(" ");
    },
  };
}

function isSeen(state: readonly number[], { mask, stamps }: Sight): boolean {
  for (let sector = 0; sector < SECTORS; sector++) {
    if (((mask >> sector) & 1) === 0) continue;
    if (state[sector] !== ANYTHING && state[sector] !== stamps[sector]) return false;
  }
  return true;
}

function describeSubject(subject: Change | Sight): string {
  if ("pieces" in subject) return describeChange(subject);
  const { client, block, mask, stamps } = subject;
  const seen = stamps.map((stamp, sector) => (mask >> sector) & 1 ? stamp : "-").join(" ");
  return `client ${client} sees block ${block} as ${seen}`;
}
