/**
 * `poison`: a request that ends every life that takes it, beside clients who ask for what can be done.
 *
 * @module
 */

import { defineSystem } from "@hako/kernel";
import type { PoisonResult } from "./domains/poisoner.ts";
import type { Spoil } from "./domains/tally_protocol.ts";
import { type Check, check, type Played, type Scenario } from "./scenario.ts";
import { type Added, adders, addUntilOver, sumsExact, tallyServer } from "./tally_at_work.ts";

const CROWD = { tally: "tally", count: 2 };

/** Lives that one request may cost before it is answered with an error. */
const TRIES = 3;

/**
 * How each poisonous request kills. Hanging lives go on as zombies and want a core each, so they come
 * last: what is tried here is not whether a crowded machine serves in time.
 */
const SPOILS: readonly Spoil[] = ["throw", "exit", "throw", "exit", "throw", "exit", "hang"];

/** How long the tally may compute without a sign of life. */
const HANG_MS = 800;

/** What came of the work. */
interface Poisoned {
  readonly poison: PoisonResult;
  readonly added: Added;
}

/** A request that nobody survives is given up; nobody else is. */
export const poison: Scenario<Poisoned> = {
  name: "poison",
  story: "a request that ends every life that takes it; others ask the same server",
  durationMs: 0,
  faults: [],
  manifest: (context) =>
    defineSystem({
      base: import.meta.url,
      domains: {
        ...tallyServer(CROWD, { hasBug: true, poisonTries: TRIES, hangMs: HANG_MS }),
        ...adders(context, CROWD, { dozeMs: 1 }),
        poisoner: {
          kind: "app",
          module: "./domains/poisoner.ts",
          uses: ["tally"],
          options: { spoils: SPOILS },
          restart: { limit: 0, windowMs: 1_000 },
          start: "request",
        },
      },
    }),
  async workload(system, stage) {
    const adding = addUntilOver(system, stage, CROWD);
    adding.catch(() => {}); // Whoever waits for it hears of it.
    stage.watch("poisoner", (done) => stage.progress("poisonous requests", done, SPOILS.length));
    await system.start("poisoner");
    const result = await stage.finished<PoisonResult>(system, "poisoner");
    stage.end();
    return { poison: result, added: await adding };
  },
  checks: judge,
  figures: ({ work: { poison: { outcomes } } }) => [
    { name: "poisonous requests", value: outcomes.length, unit: "" },
  ],
};

function judge({ work, record, status }: Played<Poisoned>): Check[] {
  const { outcomes, sum, isServed } = work.poison;
  const codes = [...new Set(outcomes.map(({ code }) => code))].join(", ");
  const lives = record.lives.filter(({ domain }) => domain === "tally");
  const deaths = lives.filter(({ why }) => why !== undefined).length;
  const wanted = outcomes.length * TRIES;
  const others = Object.entries(status.domains).filter(([name]) => name !== "tally")
    .filter(([, domain]) => domain.deaths > 0).map(([name]) => name);
  return [
    check(
      "each poisonous request is answered with ENOTRECOVERABLE",
      outcomes.length === SPOILS.length && codes === "ENOTRECOVERABLE",
      `${outcomes.length} of them: ${codes}`,
    ),
    check(
      `each has ended exactly ${TRIES} lives before`,
      deaths === wanted,
      `${deaths} deaths of ${outcomes.length} requests`,
    ),
    sumsExact({ ...work.added, total: work.added.total - sum }),
    check("the tally serves even the poisoner on", isServed && sum > 0, `${sum} additions`),
    check("nobody else died", others.length === 0, others.join(", ") || "nobody"),
  ];
}
