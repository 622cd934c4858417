/**
 * `hang`: servers that stop answering without dying, several of them at once.
 *
 * @module
 */

import { defineSystem, type System } from "@hako/kernel";
import type { LifeRecord, StrikeRecord, SystemRecord } from "../record/record.ts";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { FileWorkerResult } from "./domains/file_worker.ts";
import { filesAsLeft, filesUntilOver, fileWorkers } from "./files_at_work.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import { type Check, check, type Figure, type Played, type Scenario } from "./scenario.ts";
import { type Added, adders, addUntilOver, sumsExact, tallyServer } from "./tally_at_work.ts";
import { untilCarriedOut } from "./until_carried_out.ts";

const IMAGE_BYTES = 64 * 1024 * 1024;

const FILE_CLIENTS = 2;
const CROWD = { tally: "tally", count: 2 };

/** A server that computes for so long without a sign of life is taken to hang. */
const HANG_MS = 500;

/** A hang is noticed within so many times its limit; so is each that it has to wait for. */
const NOTICED_LIMITS = 4;

/** The shortest that the work goes on. */
const WORK_MS_MIN = 6_000;

/** A thread that has not woken by then will not. */
const AWAKE_MS_MAX = 10_000;

/** How often a server may die: that is not what is tried. */
const LENIENT = { limit: 100, windowMs: 1_000 };

/** What came of the work. */
interface Hung {
  readonly files: readonly FileWorkerResult[];
  readonly added: Added;
}

/** Servers hang and are found out; their clients wait, and their threads wake too late. */
export const hang: Scenario<Hung> = {
  name: "hang",
  story: "servers stop answering without dying, several at once; threads wake too late",
  durationMs: 0,
  faults: [
    // The tally and the files' servers have nothing to do with each other: these two hang at once.
    "tally:busy-loop@at=1s,for=1500ms",
    "storage:blocked@at=1s,for=2s",
    "*:blocked@every=1200ms,times=4,for=1500ms",
    "*:busy-loop@every=1200ms,times=4,for=1500ms",
  ],
  manifest: (context) => {
    const { image: path } = context;
    const life = { restart: LENIENT, hangMs: HANG_MS };
    const stack = filesOnImage({ path, createBytes: IMAGE_BYTES, ...life });
    return defineSystem({
      base: import.meta.url,
      domains: {
        ...stack,
        ...tallyServer(CROWD, { hangMs: HANG_MS }),
        ...fileWorkers(context, FILE_CLIENTS),
        ...adders(context, CROWD, { dozeMs: 1 }),
      },
    });
  },
  async workload(system, stage) {
    const files = filesUntilOver(system, stage, FILE_CLIENTS);
    const added = addUntilOver(system, stage, CROWD);
    const work = Promise.all([files, added]);
    work.catch(() => {}); // Whoever waits for it hears of it.
    await untilCarriedOut(stage, WORK_MS_MIN);
    // What a thread does that wakes too late must not be found by anybody: the last look comes after.
    await allAwake(system, stage.over);
    stage.end();
    return { files: await files, added: await added };
  },
  checks: judge,
  figures: ({ record }) => figures(record),
};

/** Waits until no fenced thread is left that has not said that it is gone; for a while. */
async function allAwake(system: System, over: AbortSignal): Promise<void> {
  const endMs = performance.now() + AWAKE_MS_MAX;
  while (!over.aborted && performance.now() < endMs && (await system.status()).zombies > 0);
}

async function judge({ context, work, record, status }: Played<Hung>): Promise<Check[]> {
  const hangs = hangsOf(record);
  const late = hangs.filter(({ noticedMs, allowedMs }) => noticedMs > allowedMs);
  const atOnce = hangs.filter((one) => hangs.some((other) => isDuring(one, other)));
  const slowest = Math.max(0, ...hangs.map(({ noticedMs }) => noticedMs));
  const longestMs = Math.max(0, ...record.intervals.map(({ maxUs }) => maxUs / 1_000));
  const words = late.map(({ domain, noticedMs }) => `${domain} after ${Math.round(noticedMs)} ms`);
  return [
    check(
      `each hang is noticed within ${NOTICED_LIMITS} times its limit`,
      hangs.length > 0 && late.length === 0,
      words.join(", ") || `${hangs.length} hangs, the slowest after ${Math.round(slowest)} ms`,
    ),
    check("several hang at once", atOnce.length > 0, `${atOnce.length} began while another hung`),
    check(
      "clients wait until the hang is over",
      longestMs >= HANG_MS,
      `the longest operation took ${Math.round(longestMs)} ms`,
    ),
    check(
      "every thread that hung woke, and found that its life was over",
      status.zombies === 0,
      `${status.zombies} are still there`,
    ),
    filesAsLeft(work.files),
    sumsExact(work.added),
    await checkedByE2fsck(context.image),
  ];
}

/** One hang, from the order for it to the end of the life that it befell. */
interface Hang {
  readonly domain: string;
  readonly startMs: number;
  readonly endMs: number;
  /** How long it took until it was noticed. */
  readonly noticedMs: number;
  /** How long it may have taken. */
  readonly allowedMs: number;
}

/**
 * The hangs of a record. A hang begins with the next request, and that comes only when those hang no
 * more who are to make it: so it may take the limits of all that are under way beside it.
 */
function hangsOf({ strikes, lives }: SystemRecord): Hang[] {
  const spans = strikes.flatMap((strike) => {
    const life = endedBy(strike, lives);
    return life === undefined ? [] : [{ ...strike, startMs: strike.atMs, endMs: life.endMs! }];
  });
  return spans.map((span) => {
    const { domain, startMs, endMs } = span;
    const beside = spans.filter((other) => other.startMs < endMs && other.endMs > startMs);
    return {
      domain,
      startMs,
      endMs,
      noticedMs: endMs - startMs,
      allowedMs: beside.length * HANG_MS * NOTICED_LIMITS,
    };
  });
}

/** The life that a hang befell: the first of its domain to end of that. */
function endedBy({ domain, atMs }: StrikeRecord, lives: readonly LifeRecord[]) {
  return lives.find((life) =>
    life.domain === domain && life.endMs !== undefined && life.endMs >= atMs
  );
}

function isDuring(one: Hang, other: Hang): boolean {
  return one.domain !== other.domain && one.startMs >= other.startMs && one.startMs < other.endMs;
}

function figures(record: SystemRecord): Figure[] {
  const noticed = hangsOf(record).map(({ noticedMs }) => noticedMs);
  return [
    { name: "hangs", value: noticed.length, unit: "" },
    { name: "hang to noticed, at most", value: Math.max(0, ...noticed), unit: "ms" },
  ];
}
