/**
 * Whether those whom faults befell died of them, and nobody of anything else: what the record says of
 * each end against what was injected.
 *
 * @module
 */

import type { SystemRecord } from "../record/record.ts";
import { type Check, check, skipped } from "./scenario.ts";

/** What the record says of an end, by the kinds of faults that look so. */
const REASONS: readonly (readonly [kinds: readonly string[], why: RegExp])[] = [
  [["terminate"], /^terminated/],
  [["restart"], /^restarted on request/],
  [["throw"], /injected fault/],
  [["reject"], /injected rejection/],
  [["exit"], /^(?:self\.close|Deno\.exit)\(\)/],
  [["blocked", "busy-loop", "zombie"], /^it (?:hangs|has hung)|^its lease lapsed/],
  [["heap"], /^ran out of its .* memory/],
];

/** Every domain died of every kind of fault that befell it. */
export function diedOfEachKind(record: SystemRecord): Check {
  const what = "every domain dies of every kind of fault that befalls it";
  const domains = [...new Set(record.strikes.map(({ domain }) => domain))];
  if (domains.length === 0) return skipped(what, "the plan has faults of disks or at points only");
  const missing = domains.flatMap((domain) => missingOf(domain, record));
  const kinds = new Set(record.strikes.map(({ kind }) => kind));
  return check(
    what,
    missing.length === 0,
    missing.length === 0
      ? `${domains.length} domains, ${kinds.size} kinds: ${[...kinds].join(", ")}`
      : `not seen: ${missing.join("; ")}`,
  );
}

/** Nobody died of anything but what faults look like, at whatever point: what else there is, is a bug. */
export function diedOfNothingElse({ lives }: SystemRecord): Check {
  const whys = lives.flatMap(({ domain, why }) => why === undefined ? [] : [{ domain, why }]);
  const unplanned = whys.filter(({ why }) => !REASONS.some(([, pattern]) => pattern.test(why)));
  const words = unplanned.map(({ domain, why }) => `${domain}: ${why.split("\n")[0]}`);
  return check(
    "nobody dies of a fault of its own",
    unplanned.length === 0,
    words[0] ?? `${whys.length} ends, all of them of injected faults`,
  );
}

/** Kinds that befell a domain of which it was not seen to die. Kinds that look the same count together. */
function missingOf(domain: string, record: SystemRecord): string[] {
  const befell = new Set(
    record.strikes.filter((strike) => strike.domain === domain).map(({ kind }) => kind),
  );
  const ended = record.lives.filter((life) => life.domain === domain && life.endMs !== undefined);
  // A kernel that dies itself may not live to tell why somebody has died.
  let untold = ended.filter(({ why }) => why === undefined).length;
  return REASONS.flatMap(([alike, pattern]) => {
    const kinds = alike.filter((kind) => befell.has(kind));
    const seen = ended.filter(({ why }) => why !== undefined && pattern.test(why)).length;
    const lacking = Math.max(0, kinds.length - seen);
    untold -= lacking;
    return lacking === 0 || untold >= 0 ? [] : [`${domain} by ${kinds.join(" and ")}`];
  });
}
