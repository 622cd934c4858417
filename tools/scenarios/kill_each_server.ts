/**
 * `kill-each-server`: files at work while every server, and the kernel, dies in every way.
 *
 * @module
 */

import { defineSystem } from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";
import { diedOfEachKind, diedOfNothingElse } from "./death_kinds.ts";
import type { FileWorkerResult } from "./domains/file_worker.ts";
import { filesAsLeft, filesUntilOver, fileWorkers } from "./files_at_work.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import type { Scenario } from "./scenario.ts";
import { untilCarriedOut } from "./until_carried_out.ts";

const IMAGE_BYTES = 64 * 1024 * 1024;

const CLIENTS = 2;

/** A server that computes for so long without a sign of life is taken to hang. */
const HANG_MS = 600;

/** A server dies of more heap than this, alone. */
const HEAP_MB = 32;

/** How often a server may die: that is not what is tried. */
const LENIENT = { limit: 100, windowMs: 1_000 };

/** How long the work goes on at most, on a machine that needs long for each death. */
const DURATION_MS = 25_000;

/** The shortest that it goes on, unless the user says how long. */
const WORK_MS_MIN = 8_000;

/**
 * Three times each of what befalls a server, so that it is the turn of every one; the kernel is among
 * those that somebody ends from outside, and has faults of its own. A heap takes its time to fill, so
 * that comes first. A hang must outlast its limit, and twice that if a kernel dies meanwhile. All of it
 * is due within 9 s.
 */
const FAULTS = [
  `disk:heap=${2 * HEAP_MB}@at=50ms`,
  `storage:heap=${2 * HEAP_MB}@at=100ms`,
  `fs:heap=${2 * HEAP_MB}@at=150ms`,
  "*:terminate@every=2s,times=4",
  "*:restart@every=2s,times=3",
  "*:throw@every=2s,times=3",
  "*:reject@every=2s,times=3",
  "*:exit@every=2s,times=3",
  "*:blocked@every=2s,times=3,for=2500ms",
  "*:busy-loop@every=2s,times=3,for=2500ms",
  "*:zombie@every=2s,times=3,for=2500ms",
  "kernel:throw@at=2s",
  "kernel:exit@at=4s",
];

/** Every server, every kind of death, while files are at work. */
export const killEachServer: Scenario<readonly FileWorkerResult[]> = {
  name: "kill-each-server",
  story: "every server, and the kernel, dies in every way while two clients work on files",
  durationMs: DURATION_MS,
  faults: FAULTS,
  manifest: (context) => {
    const { image: path } = context;
    const life = { restart: LENIENT, hangMs: HANG_MS, memoryLimitMb: HEAP_MB };
    const stack = filesOnImage({ path, createBytes: IMAGE_BYTES, ...life });
    return defineSystem({
      base: import.meta.url,
      domains: { ...stack, ...fileWorkers(context, CLIENTS) },
    });
  },
  workload(system, stage) {
    // Who says how long it is to go on wants that, and no end before.
    const isFree = stage.context.durationMs === DURATION_MS;
    if (isFree) void untilCarriedOut(stage, WORK_MS_MIN).then(() => stage.end());
    return filesUntilOver(system, stage, CLIENTS);
  },
  checks: async ({ context, work, record }) => [
    filesAsLeft(work),
    diedOfEachKind(record),
    diedOfNothingElse(record),
    await checkedByE2fsck(context.image),
  ],
};
