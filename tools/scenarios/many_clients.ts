/**
 * `many-clients`: 32 clients of one server that dies all the time, each with its share of it.
 *
 * @module
 */

import { defineSystem } from "@hako/kernel";
import { percentile } from "./common_figures.ts";
import { type Check, check, type Scenario } from "./scenario.ts";
import { type Added, adders, addUntilOver, sumsExact, tallyServer } from "./tally_at_work.ts";

const CROWD = { tally: "tally", count: 32 };

/** No client gets less than this share of what the median client gets. */
const SHARE_MIN = 0.5;

/** Many clients, one server, a fair share for each. */
export const manyClients: Scenario<Added> = {
  name: "many-clients",
  story: "32 clients of one server that dies all the time, each with its fair share",
  durationMs: 7_000,
  faults: ["tally:terminate@every=400ms", "tally:throw@every=1100ms"],
  manifest: (context) =>
    defineSystem({
      base: import.meta.url,
      domains: {
        ...tallyServer(CROWD),
        // Nobody begins before all are there: a late start would look like a small share.
        ...adders(context, CROWD, { company: CROWD.count }),
      },
    }),
  workload: (system, stage) => addUntilOver(system, stage, CROWD),
  checks: ({ work }) => [sumsExact(work), fairShares(work)],
  figures: ({ work }) => {
    const { least, median, most } = sharesOf(work);
    return [
      { name: "share of the least client", value: least / median, unit: "of the median" },
      { name: "share of the most client", value: most / median, unit: "of the median" },
    ];
  },
};

function fairShares(work: Added): Check {
  const { least, median, most } = sharesOf(work);
  return check(
    `no client gets less than ${SHARE_MIN} of the median`,
    work.results.length === CROWD.count && least > 0 && least >= SHARE_MIN * median,
    `from ${least} to ${most} additions, the median ${median}`,
  );
}

function sharesOf({ results }: Added) {
  const counts = results.map(({ operations }) => operations);
  return {
    least: Math.min(...counts),
    median: percentile(counts, 0.5),
    most: Math.max(...counts),
  };
}
