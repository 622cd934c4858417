/**
 * `slow-server`: a server that computes for long now and then, and clients who wait, who give up, and
 * who ask for more than there is room for.
 *
 * @module
 */

import type { Client } from "@hako/ipc";
import { defineSystem, type System } from "@hako/kernel";
import type { SystemRecord } from "../record/record.ts";
import { percentile } from "./common_figures.ts";
import type { FlooderResult } from "./domains/flooder.ts";
import type { HastyResult } from "./domains/hasty.ts";
import { Tally } from "./domains/tally_protocol.ts";
import { type Check, check, type Played, type Scenario, type Stage } from "./scenario.ts";
import { type Added, adders, addUntilOver, sumsExact, tallyServer } from "./tally_at_work.ts";
import { untilCarriedOut } from "./until_carried_out.ts";

/** Clients of the slow server who wait. */
const PATIENT = { tally: "tally", count: 2 };

/** Clients of another server, which is never slow. */
const CALM = { tally: "calm", count: 1 };

/** How long the server computes when it is slow. */
const SLOW_MS = 300;

/** How long the hasty client waits. */
const TIMEOUT_MS = 50;

/** What takes so long has waited for the slow server. */
const LONG_MS = SLOW_MS / 2;

/** The shortest that the work goes on. */
const WORK_MS_MIN = 6_000;

/** Calls by which it shows that the server is fast again. */
const LATE_CALLS = 200;

/** They are done when they are over, and have nothing to come back for. */
const ONCE = { limit: 0, windowMs: 1_000 };

/** What came of the work. */
interface Slowed {
  readonly patient: Added;
  readonly calm: Added;
  readonly hasty: HastyResult;
  readonly flooder: FlooderResult;
  /** How long calls took when nothing was slow any more, in milliseconds. */
  readonly afterMs: readonly number[];
}

/** Backpressure and deadlines. */
export const slowServer: Scenario<Slowed> = {
  name: "slow-server",
  story: "a server is slow; clients wait, give up in time, or are told that it is full",
  durationMs: 0,
  faults: [`tally:slow=${SLOW_MS}ms@every=400ms,times=10`],
  manifest: (context) => {
    const { stop } = context;
    const client = { kind: "app", uses: ["tally"], restart: ONCE } as const;
    return defineSystem({
      base: import.meta.url,
      domains: {
        ...tallyServer(PATIENT),
        ...tallyServer(CALM),
        ...adders(context, PATIENT, { dozeMs: 1, longMs: LONG_MS }),
        ...adders(context, CALM, { dozeMs: 1, longMs: LONG_MS }),
        hasty: {
          ...client,
          module: "./domains/hasty.ts",
          options: { stop, timeoutMs: TIMEOUT_MS },
        },
        flooder: { ...client, module: "./domains/flooder.ts", options: { stop } },
      },
    });
  },
  workload: work,
  checks: judge,
  figures: ({ work: { hasty, flooder, afterMs } }) => [
    { name: "requests given up", value: hasty.gaveUpMs.length, unit: "" },
    { name: "given up, p50", value: percentile(hasty.gaveUpMs, 0.5), unit: "ms" },
    { name: "refusals by a full channel", value: flooder.refusedMs.length, unit: "" },
    { name: "refusal, p50", value: percentile(flooder.refusedMs, 0.5) * 1_000, unit: "us" },
    { name: "call when fast again, p50", value: percentile(afterMs, 0.5) * 1_000, unit: "us" },
  ],
};

async function work(system: System, stage: Stage): Promise<Slowed> {
  const tally = await system.connect(Tally, "tally");
  const all = Promise.all([
    addUntilOver(system, stage, PATIENT),
    addUntilOver(system, stage, CALM),
    stage.finished<HastyResult>(system, "hasty"),
    stage.finished<FlooderResult>(system, "flooder"),
  ]);
  all.catch(() => {}); // Whoever waits for it hears of it.
  await untilCarriedOut(stage, WORK_MS_MIN);
  const afterMs = await callTimes(tally, stage);
  stage.end();
  const [patient, calm, hasty, flooder] = await all;
  return { patient, calm, hasty, flooder, afterMs };
}

/** The times of calls beside all the others, once nobody makes the server slow any more. */
async function callTimes(tally: Client<Tally>, stage: Stage): Promise<number[]> {
  const times: number[] = [];
  while (times.length < LATE_CALLS && !stage.over.aborted) {
    const startMs = performance.now();
    await tally.call("marks", { token: 0 });
    const tookMs = performance.now() - startMs;
    stage.note(tookMs * 1_000);
    times.push(tookMs);
  }
  return times;
}

function judge({ work, record, status }: Played<Slowed>): Check[] {
  const { patient, calm, afterMs } = work;
  const slow = timesSlow(record);
  const waited = longOnes(patient);
  const disturbed = longOnes(calm);
  const deaths = Object.values(status.domains).reduce((sum, domain) => sum + domain.deaths, 0);
  const againMs = percentile(afterMs, 0.5);
  return [
    sumsExact(patient),
    check("who waits is answered late, and is answered", waited > 0, `${waited} waited long`),
    ...hastyChecks(work),
    ...flooderChecks(work, slow),
    check(
      "clients of another server do not wait",
      disturbed < slow / 2 && calm.results.every(({ operations }) => operations > 0),
      `${disturbed} of their calls took over ${LONG_MS} ms, the server was slow ${slow} times`,
    ),
    check(
      "it is fast again when nothing makes it slow",
      afterMs.length === LATE_CALLS && againMs < SLOW_MS / 10,
      `a call takes ${againMs.toFixed(2)} ms, half of them less`,
    ),
    check("nobody dies of it", deaths === 0, `${deaths} deaths`),
  ];
}

function timesSlow({ strikes }: SystemRecord): number {
  return strikes.filter(({ domain, kind }) => domain === PATIENT.tally && kind === "slow").length;
}

function longOnes({ results }: Added): number {
  return results.reduce((sum, result) => sum + result.longOnes, 0);
}

function hastyChecks({ hasty }: Slowed): Check[] {
  const { answered, gaveUpMs, doneOnce, neverDone, wrong, errors } = hasty;
  const typicalMs = percentile(gaveUpMs, 0.5);
  return [
    check(
      "who gives up is told ETIMEDOUT, before the slow server answers",
      gaveUpMs.length > 0 && errors.length === 0 && typicalMs < LONG_MS,
      errors[0] ?? `${gaveUpMs.length} given up, half of them after ${Math.round(typicalMs)} ms`,
    ),
    check(
      "what is given up is done once or never, all else exactly once",
      wrong === 0 && answered > 0 && doneOnce + neverDone === gaveUpMs.length,
      `${answered} answered; given up: ${doneOnce} done once, ${neverDone} never`,
    ),
  ];
}

/** Whoever waited for the slow server instead of being refused would have waited each time. */
function flooderChecks({ flooder }: Slowed, slow: number): Check[] {
  const { posted, refusedMs, codes, underWayMax, wrong } = flooder;
  const late = refusedMs.filter((tookMs) => tookMs >= LONG_MS).length;
  const typicalUs = percentile(refusedMs, 0.5) * 1_000;
  return [
    check(
      "a full channel says EAGAIN at once",
      refusedMs.length > 0 && codes.join() === "EAGAIN" && late < slow / 2,
      `${refusedMs.length} refusals, half of them within ${typicalUs.toFixed(0)} us, ${late} late`,
    ),
    check(
      "what was posted before is done once, in its turn",
      wrong === 0 && posted > 0,
      `${posted} posted, ${underWayMax} at once`,
    ),
  ];
}
