/**
 * `hostile-client`: a client that writes what it likes into all that it shares with its server and with
 * the kernel, beside clients of the same server who work.
 *
 * @module
 */

import { defineSystem } from "@hako/kernel";
import type { SystemRecord } from "../record/record.ts";
import { percentile } from "./common_figures.ts";
import type { HostileResult } from "./domains/hostile_client.ts";
import { Tally } from "./domains/tally_protocol.ts";
import { type Check, check, type Played, type Scenario, type Stage } from "./scenario.ts";
import { type Added, adders, addUntilOver, ownSumsExact, tallyServer } from "./tally_at_work.ts";

const CROWD = { tally: "tally", count: 2 };

/** What each life of the hostile client does; `domains/attacks.ts` has most of it. */
const ATTACKS = [
  "writes garbage everywhere",
  "writes crafted words into every field",
  "posts operations and lengths that do not exist",
  "names windows that it does not hold",
  "posts without end and never reaps",
  "posts stale and future sequences",
  "changes the phase of what is being done",
  "writes the doorbell",
  "says that nobody is ready",
  "writes the head",
  "tells the kernel no sense",
];

/** How long each attack goes on. */
const ATTACK_MS = 350;

/** How long the honest clients work alone, before and after. */
const ALONE_MS = 1_500;

/** Honest calls under attack take at most so many times as long as before. */
const SLOWDOWN_MAX = 20;

/** What came of the work. */
interface Attacked {
  readonly added: Added;
  readonly hostile: HostileResult;
}

/** A hostile client hurts itself. */
export const hostileClient: Scenario<Attacked> = {
  name: "hostile-client",
  story: "a client writes garbage into all that it shares, floods, and dies",
  durationMs: 0,
  faults: [],
  manifest: (context) =>
    defineSystem({
      base: import.meta.url,
      domains: {
        ...tallyServer(CROWD),
        ...adders(context, CROWD, { dozeMs: 1 }),
        hostile: {
          kind: "app",
          module: "./domains/hostile_client.ts",
          uses: [CROWD.tally],
          options: { seed: context.seed, attackMs: ATTACK_MS, attacks: ATTACKS },
          restart: { limit: 1_000, windowMs: 1_000 },
          start: "request",
        },
      },
    }),
  async workload(system, stage) {
    const adding = addUntilOver(system, stage, CROWD);
    adding.catch(() => {}); // Whoever waits for it hears of it.
    await alone(stage);
    stage.strike("hostile", "attack");
    stage.progress("attacks", 0, ATTACKS.length);
    await system.start("hostile");
    const hostile = await stage.finished<HostileResult>(system, "hostile");
    await alone(stage);
    stage.end();
    return { added: await adding, hostile };
  },
  checks: judge,
  figures: ({ record }) => {
    const { before, during } = callTimesUs(record);
    return [
      { name: "honest call before, p50", value: before, unit: "us" },
      { name: "honest call under the worst attack, p50", value: during, unit: "us" },
    ];
  },
};

function alone({ over }: Stage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ALONE_MS);
    over.addEventListener("abort", () => [clearTimeout(timer), resolve()]);
  });
}

function judge({ work, record, status }: Played<Attacked>): Check[] {
  const { outcomes } = work.hostile;
  const refused = Object.entries(outcomes).filter(([outcome]) => outcome !== "answered");
  const refusals = refused.reduce((sum, [, count]) => sum + count, 0);
  const answered = outcomes["answered"] ?? 0;
  const possible = Object.keys(Tally.operations).length;
  const others = Object.entries(status.domains).filter(([name, { deaths }]) =>
    name !== "hostile" && deaths > 0
  );
  const ends = record.lives.filter(({ domain, why }) => domain === "hostile" && why !== undefined);
  const { before, during } = callTimesUs(record);
  return [
    ownSumsExact(work.added),
    check(
      "every attack was made, and ended its own life at most",
      ends.length === ATTACKS.length && status.kernelEpoch === 1 && others.length === 0,
      `${ends.length} lives of the hostile client; others: ${others.length} dead`,
    ),
    check(
      "who tells the kernel no sense is ended",
      ends.at(-1)?.why === "it tells the kernel no sense",
      ends.at(-1)?.why ?? "it was not",
    ),
    check(
      "requests that cannot be are refused with an error",
      refusals > 0 && answered <= possible * 4,
      refused.map(([code, count]) => `${code} ${count} x`).join(", "),
    ),
    check(
      `honest calls take at most ${SLOWDOWN_MAX} times as long under the worst attack`,
      during > 0 && during <= SLOWDOWN_MAX * before,
      `${Math.round(during)} us, ${Math.round(before)} us before`,
    ),
  ];
}

/**
 * What half of the honest calls took at most: before the attacks, and under the worst of them. Infinity
 * if none was answered while an attack went on.
 */
function callTimesUs({ lives, strikes, intervals }: SystemRecord) {
  const typicalUs = (fromMs: number, toMs: number): number => {
    const within = intervals.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
    const times = within.filter(({ operations }) => operations > 0).map(({ p50Us }) => p50Us);
    return times.length === 0 ? Infinity : percentile(times, 0.5);
  };
  const startMs = strikes.find(({ domain }) => domain === "hostile")?.atMs ?? 0;
  const attacks = lives.filter(({ domain, endMs }) => domain === "hostile" && endMs !== undefined)
    .filter(({ startMs, endMs }) => endMs! - startMs >= ATTACK_MS);
  const during = attacks.map((life) => typicalUs(life.startMs, life.endMs!));
  return { before: typicalUs(0, startMs), during: Math.max(...during) };
}
