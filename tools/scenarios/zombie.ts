/**
 * `zombie`: lives that go on beside their successors, and write to all that they still hold.
 *
 * @module
 */

import { defineSystem } from "@hako/kernel";
import type { SystemRecord } from "../record/record.ts";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { FileWorkerResult } from "./domains/file_worker.ts";
import { filesAsLeft, filesUntilOver, fileWorkers } from "./files_at_work.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import { type Check, check, type Played, type Scenario, skipped } from "./scenario.ts";
import { untilCarriedOut } from "./until_carried_out.ts";

const IMAGE_BYTES = 64 * 1024 * 1024;

const CLIENTS = 2;

/** A server that computes for so long without a sign of life is taken to hang. */
const HANG_MS = 600;

/** How often a server may die: that is not what is tried. */
const LENIENT = { limit: 100, windowMs: 1_000 };

/**
 * The shortest that the work goes on. The last zombie is due after 3.6 s; it rests for a second when
 * it has seen its fence, and then writes until the end.
 */
const WORK_MS_MIN = 9_000;

/** A zombie of each server, all three at the end; none of them ends before its process does. */
export const zombie: Scenario<readonly FileWorkerResult[]> = {
  name: "zombie",
  story: "dead servers go on beside their successors and write to all that they hold",
  durationMs: 0,
  faults: ["*:zombie@every=800ms,times=3,for=10min"],
  manifest: (context) => {
    const { image: path } = context;
    const life = { restart: LENIENT, hangMs: HANG_MS };
    const stack = filesOnImage({ path, createBytes: IMAGE_BYTES, ...life });
    return defineSystem({
      base: import.meta.url,
      domains: { ...stack, ...fileWorkers(context, CLIENTS) },
    });
  },
  async workload(system, stage) {
    const files = filesUntilOver(system, stage, CLIENTS);
    files.catch(() => {}); // Whoever waits for it hears of it.
    await untilCarriedOut(stage, WORK_MS_MIN);
    stage.end();
    return await files;
  },
  checks: judge,
};

async function judge(
  { context, work, record, status }: Played<readonly FileWorkerResult[]>,
): Promise<Check[]> {
  const turned = turnedOf(record);
  const beside = turned.filter(({ hasSuccessor }) => hasSuccessor);
  return [
    check(
      "every zombie is replaced while it goes on",
      turned.length > 0 && beside.length === turned.length,
      beside.map(({ domain }) => domain).join(", ") || "there is none",
    ),
    check(
      "all of them are still at work when the work is done",
      status.zombies === turned.length,
      `${status.zombies} threads beside ${turned.length} successors`,
    ),
    filesAsLeft(work),
    await checkedByE2fsck(context.image),
    skipped(
      "no zombie writes to a window that an app has lent to it",
      "not tried: nobody can take such a window back (README, limits)",
    ),
  ];
}

/** Lives that became zombies: ended, fenced, and not gone. */
function turnedOf({ lives, strikes }: SystemRecord) {
  const struck = new Set(
    strikes.filter(({ kind }) => kind === "zombie").map(({ domain }) => domain),
  );
  return lives.filter(({ domain, isGone }) => struck.has(domain) && isGone === false)
    .map(({ domain, epoch }) => ({
      domain,
      hasSuccessor: lives.some((next) =>
        next.domain === domain && next.epoch > epoch && next.readyMs !== undefined
      ),
    }));
}
