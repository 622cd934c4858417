/**
 * Whether each tag that a client was told names its last transaction.
 *
 * @module
 */

import { type Change, describeChange, type Ledger, Violation } from "./ledger.ts";

/**
 * Judges the tags of an era. A client has none when its era begins.
 *
 * @throws {Violation} If one names nothing of the client's, or something surely older than its last.
 */
export function judgeTags(ledger: Ledger): void {
  for (const { client, change: number, startAt, endAt } of ledger.tagSights) {
    const named: Change | undefined = ledger.changeNumbered(number);
    const isOwn = named?.client === client && named.kind === "transact" && named.startAt < endAt;
    if (number >= 0 && !isOwn) {
      throw new Violation(`client ${client} is told the tag of #${number}, which is not its own`);
    }
    for (const change of ledger.changes) {
      if (change.client !== client || change.kind !== "transact" || change === named) continue;
      if (change.outcome !== "done" || change.endAt > startAt) continue;
      if (named !== undefined && named.endAt > change.startAt) continue;
      const told = named === undefined ? "no tag" : `the tag of ${describeChange(named)}`;
      throw new Violation(
        `client ${client} is told ${told}, but its last transaction was ${describeChange(change)}`,
      );
    }
  }
}
