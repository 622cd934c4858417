/**
 * `kill-each-server`: files at work while every server, and the kernel, dies in every way.
 *
 * @module
 */

import { defineSystem, type DomainManifest } from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { FileWorkerResult } from "./domains/file_worker.ts";
import { filesAsLeft, filesUntilOver, fileWorkers } from "./files_at_work.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import type { Scenario } from "./scenario.ts";

const IMAGE_BYTES = 64 * 1024 * 1024;

const CLIENTS = 2;

/** A server that computes for so long without a sign of life is taken to hang. */
const HANG_MS = 400;

/** How often a server may die: that is not what is tried. */
const LENIENT = { limit: 100, windowMs: 1_000 };

/** Every server, every kind of death, while files are at work. */
export const killEachServer: Scenario<readonly FileWorkerResult[]> = {
  name: "kill-each-server",
  story: "every server, and the kernel, dies in every way while two clients work on files",
  durationMs: 12_000,
  faults: [
    "*:terminate@every=400ms",
    "*:throw@every=900ms",
    "*:reject@every=1100ms",
    "*:exit@every=1300ms",
    "*:restart@every=1700ms",
  ],
  manifest: (context) => {
    const { image: path } = context;
    const stack = filesOnImage({ path, createBytes: IMAGE_BYTES, restart: LENIENT });
    const servers = Object.entries(stack).map(([name, domain]): [string, DomainManifest] => [
      name,
      { ...domain, hangMs: HANG_MS },
    ]);
    return defineSystem({
      base: import.meta.url,
      domains: { ...Object.fromEntries(servers), ...fileWorkers(context, CLIENTS) },
    });
  },
  workload: (system, stage) => filesUntilOver(system, stage, CLIENTS),
  checks: async ({ context, work }) => [
    filesAsLeft(work),
    await checkedByE2fsck(context.image),
  ],
};
