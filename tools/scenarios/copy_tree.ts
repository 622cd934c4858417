/**
 * `copy-tree` and `copy-tree-under-fire`: a real tree copied into a real file system and read back
 * by somebody else, in peace and while the servers are terminated.
 *
 * @module
 */

import { defineSystem, type System, type SystemManifest } from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { WorkResult } from "./domains/client_work.ts";
import { checkedByE2fsck, extractedByDebugfs } from "./foreign_tools.ts";
import { imagePlan } from "./image_plan.ts";
import { plainCopyMs } from "./plain_copy.ts";
import { randomFrom } from "./random.ts";
import {
  type Check,
  check,
  type Figure,
  type Played,
  type Scenario,
  type ScenarioContext,
  type Stage,
} from "./scenario.ts";
import { differences, type HostTree, scanTree } from "./tree.ts";

/** Where the tree goes in the file system; further copies of it get a number. */
const TARGET = "/tree";

/** Fire needs work to disturb: a smaller tree is copied and read back several times. */
const ENTRIES_UNDER_FIRE_MIN = 3_000;

/** How often the result is read back again at most while deaths are still to come. */
const PASSES_MAX = 40;

/** Window of each client: paths, a directory's entries, one chunk of data. */
const BUFFER_BYTES = 4 * 1024 * 1024;

/** A client's work is done once: what it did before its death is in the file system already. */
const ONCE = { limit: 0, windowMs: 1_000 };

/** What came of the work. */
interface Copied {
  readonly tree: HostTree;
  /** How often the tree was copied. */
  readonly copies: number;
  readonly imported: WorkResult;
  /** What was read back, once and for all faults that were still to come. */
  readonly verified: readonly WorkResult[];
}

/** A tree copied in peace. */
export const copyTree: Scenario<Copied> = {
  name: "copy-tree",
  story: "copies a real tree into a new file system and reads it back through a second client",
  faults: [],
  ...copying(() => 1),
};

/** The same while its servers die. */
export const copyTreeUnderFire: Scenario<Copied> = {
  name: "copy-tree-under-fire",
  story: "the same, while storage is terminated 20 times, the disk driver 5, the file server 5",
  faults: ["storage:terminate@times=20", "disk:terminate@times=5", "fs:terminate@times=5"],
  ...copying((entryCount) => Math.ceil(ENTRIES_UNDER_FIRE_MIN / Math.max(100, entryCount))),
};

/** All that the two have in common. */
function copying(
  copiesOf: (entryCount: number) => number,
): Omit<Scenario<Copied>, "name" | "story" | "faults"> {
  return {
    durationMs: 0,
    permissions: ({ input }) => ({ read: [input] }),
    manifest(context) {
      const tree = scanTree(context.input, context.exclude);
      return manifest(context, tree, copiesOf(tree.entries.length));
    },
    async workload(system, stage) {
      const tree = scanTree(stage.context.input, stage.context.exclude);
      const copies = copiesOf(tree.entries.length);
      return { tree, copies, ...await copy(system, stage, copies * tree.entries.length) };
    },
    checks: judge,
    figures,
  };
}

function targetsFor(copies: number): string[] {
  return Array.from({ length: copies }, (_, i) => i === 0 ? TARGET : `${TARGET}-${i + 1}`);
}

function manifest(context: ScenarioContext, tree: HostTree, copies: number): SystemManifest {
  const { input, exclude } = context;
  const image = imagePlan(context.image, tree, copies);
  const targets = targetsFor(copies);
  return defineSystem({
    base: import.meta.url,
    domains: {
      // Fire is aimed; how often a server may die is not what is tried here.
      ...filesOnImage({ ...image, restart: { limit: 100, windowMs: 1_000 } }),
      importer: {
        kind: "gateway",
        module: "./domains/importer.ts",
        permissions: { read: [input] },
        uses: ["files"],
        windows: { buffers: BUFFER_BYTES },
        options: { input, exclude, targets },
        restart: ONCE,
      },
      verifier: {
        kind: "app",
        module: "./domains/verifier.ts",
        uses: ["files"],
        windows: { buffers: BUFFER_BYTES },
        options: { targets },
        restart: ONCE,
        start: "request",
      },
    },
  });
}

async function copy(
  system: System,
  stage: Stage,
  entryCount: number,
): Promise<Pick<Copied, "imported" | "verified">> {
  stage.watch("importer", (done) => stage.progress("copying", done, 2 * entryCount));
  stage.watch("verifier", (done) => {
    stage.progress("reading back", entryCount + done, 2 * entryCount);
  });
  const imported = await stage.finished<WorkResult>(system, "importer");
  let isSettled = false;
  void stage.settled().then(() => isSettled = true);
  const verified: WorkResult[] = [];
  // Where the work was done before the last planned death, its result is read back until that has
  // come: how many faults a seed stands for must not depend on the speed of a machine.
  do {
    await system.start("verifier");
    verified.push(await stage.finished<WorkResult>(system, "verifier"));
    stage.progress("reading back", 2 * entryCount, 2 * entryCount);
  } while (!isSettled && verified.length < PASSES_MAX);
  return { imported, verified };
}

async function judge({ context, work }: Played<Copied>): Promise<Check[]> {
  const { imported, verified } = work;
  const failures = [imported, ...verified].map(({ failure }) => failure).filter((text) => text);
  return [
    check("every client did all its work", failures.length === 0, failures.join("; ") || "it did"),
    sameTrees(work),
    await checkedByE2fsck(context.image),
    await extracted(context, imported),
  ];
}

function sameTrees({ tree, copies, imported, verified }: Copied): Check {
  const found = verified.flatMap(({ seen }) => differences(imported.seen, seen));
  const complete = imported.seen.length === copies * tree.entries.length;
  const files = imported.seen.filter(({ kind }) => kind === "file").length;
  const special = tree.special.length === 0
    ? ""
    : `; left out ${tree.special.length} special files`;
  const detail = found.length === 0
    ? `${files} files, ${imported.seen.length} entries, SHA-256 each${special}`
    : `${found.length} differences, first: ${found[0]}`;
  return check("everything reads back as it was written", complete && found.length === 0, detail);
}

async function extracted(context: ScenarioContext, imported: WorkResult): Promise<Check> {
  const files = imported.seen.filter(({ kind, path }) => kind === "file" && !/["\n]/.test(path));
  const file = files[Math.floor(randomFrom(context.seed)() * files.length)];
  return await extractedByDebugfs(context.image, file, context.temporaryDirectory);
}

function figures({ context, work }: Played<Copied>): Figure[] {
  const { tree, copies, imported, verified } = work;
  const plainMs = copies * plainCopyMs(context.input, tree, `${context.temporaryDirectory}/plain`);
  const rate = ({ byteLength, tookMs }: WorkResult) => byteLength / 1e6 / (tookMs / 1e3);
  const entriesPerSecond = imported.seen.length / (imported.tookMs / 1e3);
  const plainRate = imported.byteLength / 1e6 / (plainMs / 1e3);
  return [
    { name: "copy", value: rate(imported), unit: "MB/s" },
    { name: "copy, files and directories", value: entriesPerSecond, unit: "/s" },
    { name: "read back", value: rate(verified[0]!), unit: "MB/s" },
    { name: "plain Deno.copyFile loop", value: plainRate, unit: "MB/s" },
    { name: "copy against plain loop", value: plainMs / imported.tookMs, unit: "x" },
  ];
}
