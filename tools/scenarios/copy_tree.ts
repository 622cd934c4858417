/**
 * `copy-tree` and `copy-tree-under-fire`: a real tree copied into a real file system and read back
 * by somebody else, in peace and while the servers are terminated.
 *
 * @module
 */

import {
  boot,
  defineSystem,
  type System,
  type SystemEvent,
  type SystemManifest,
} from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { WorkReport, WorkResult } from "./domains/client_work.ts";
import { type Deaths, Fire } from "./fire.ts";
import { checkedByE2fsck, extractedByDebugfs } from "./foreign_tools.ts";
import { imagePlan } from "./image_plan.ts";
import { type LongCall, pausesAt, percentile } from "./pauses.ts";
import { plainCopyMs } from "./plain_copy.ts";
import { randomFrom } from "./random.ts";
import { type Check, check, type Figure, type Outcome, type Scenario } from "./scenario.ts";
import type { ScenarioContext } from "./scenario.ts";
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

/** What is under way has ended by then. */
const SETTLED_MS_MAX = 5_000;

/** More than this resident and the system is not worth its promise. */
const RESIDENT_BYTES_MAX = 1.5 * 1024 ** 3;

/** A tree copied in peace. */
export const copyTree: Scenario = {
  name: "copy-tree",
  story: "copies a real tree into a new file system and reads it back through a second client",
  run: (context) => play(context, {}),
};

/** The same while its servers die. */
export const copyTreeUnderFire: Scenario = {
  name: "copy-tree-under-fire",
  story: "the same, while storage is terminated 20 times, the disk driver 5, the file server 5",
  run: (context) => play(context, { storage: 20, disk: 5, fs: 5 }),
};

async function play(context: ScenarioContext, deaths: Deaths): Promise<Outcome> {
  const tree = scanTree(context.input, context.exclude);
  const targets = targetsFor(tree, deaths);
  const work = { tree, entryCount: tree.entries.length * targets.length };
  const observer = new Observer(context, work, new Fire(deaths, randomFrom(context.seed)));
  const startMs = performance.now();
  await using system = await boot(manifest(context, tree, targets), {
    onEvent: (event) => observer.hear(event),
  });
  const bootMs = performance.now() - startMs;
  observer.watch((share) => observer.fire.reach(share, system));
  const imported = await observer.until(system.finished("importer"));
  await system.start("verifier");
  const verified = await observer.until(system.finished("verifier"));
  const again = await readAgainUnderFire(system, observer);
  const status = await settledStatus(system);
  const haltStartMs = performance.now();
  await system.halt();
  const haltMs = performance.now() - haltStartMs;

  const checks = [
    check(
      "no client saw an error",
      [imported, verified, ...again].every(({ failure }) => failure === ""),
      failures(imported, verified, ...again),
    ),
    sameTrees(work, imported, [verified, ...again]),
    check(
      "no request is left in any channel",
      status.slotsInUse === 0,
      `${status.slotsInUse} in use`,
    ),
    ...deathChecks(deaths, observer, status.domains),
    check(
      "the process stays below 1.5 GiB resident",
      observer.residentBytesMax < RESIDENT_BYTES_MAX,
      `${Math.round(observer.residentBytesMax / 1024 ** 2)} MiB at most`,
    ),
    await checkedByE2fsck(context.image),
    await extracted(context, imported),
  ];
  const plainMs = targets.length *
    plainCopyMs(context.input, tree, `${context.temporaryDirectory}/plain`);
  return { checks, figures: figures(observer, { bootMs, haltMs, plainMs }, imported, verified) };
}

/**
 * Where the work was done before the last planned death, its result is read back until that has
 * come: how many faults a seed stands for must not depend on the speed of a machine.
 */
async function readAgainUnderFire(system: System, observer: Observer): Promise<WorkResult[]> {
  const results: WorkResult[] = [];
  observer.watch(() => observer.fire.reach(1, system));
  while (observer.fire.left > 0 && results.length < PASSES_MAX) {
    await system.start("verifier");
    results.push(await observer.until(system.finished("verifier")));
  }
  return results;
}

/** What there is to do. */
interface Work {
  readonly tree: HostTree;
  /** Entries of all copies together. */
  readonly entryCount: number;
}

function targetsFor(tree: HostTree, deaths: Deaths): string[] {
  if (Object.keys(deaths).length === 0) return [TARGET];
  const copies = Math.ceil(ENTRIES_UNDER_FIRE_MIN / Math.max(100, tree.entries.length));
  return Array.from({ length: copies }, (_, i) => i === 0 ? TARGET : `${TARGET}-${i + 1}`);
}

function manifest(
  context: ScenarioContext,
  tree: HostTree,
  targets: readonly string[],
): SystemManifest {
  const { input, exclude } = context;
  const image = imagePlan(context.image, tree, targets.length);
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

/** Watches the clients at work: progress, long calls, memory, deaths. */
class Observer {
  readonly fire: Fire;
  readonly longCalls: LongCall[] = [];
  readonly recoveriesMs: number[] = [];
  residentBytesMax = 0;
  readonly #context: ScenarioContext;
  readonly #entryCount: number;
  readonly #plannedDeaths: number;
  #weighedMs = -Infinity;
  #onShare: (share: number) => void = () => {};

  constructor(context: ScenarioContext, { entryCount }: Work, fire: Fire) {
    this.#context = context;
    this.#entryCount = entryCount;
    this.fire = fire;
    this.#plannedDeaths = fire.left;
  }

  /** From here on the share of the work done is told to `onShare`. */
  watch(onShare: (share: number) => void): void {
    this.#onShare = onShare;
  }

  hear(event: SystemEvent): void {
    this.fire.hear(event);
    if (event.type === "ready" && event.epoch > 1) this.recoveriesMs.push(event.tookMs);
    if (event.type !== "report") return;
    const base = event.domain === "verifier" ? this.#entryCount : 0;
    if (event.domain !== "verifier" && event.domain !== "importer") return;
    const { done, longCalls } = event.value as WorkReport;
    this.longCalls.push(...longCalls);
    this.#weigh();
    const label = base === 0 ? "copying" : "reading back";
    const deaths = this.#plannedDeaths === 0
      ? ""
      : `, ${this.fire.deathsMs.length}/${this.#plannedDeaths} deaths`;
    this.#context.progress(label + deaths, done, this.#entryCount);
    this.#onShare((base + done) / (2 * Math.max(1, this.#entryCount)));
  }

  /** Looks at the memory of the process, ten times a second. */
  #weigh(): void {
    const nowMs = performance.now();
    if (nowMs - this.#weighedMs < 100) return;
    this.#weighedMs = nowMs;
    this.residentBytesMax = Math.max(this.residentBytesMax, Deno.memoryUsage().rss);
  }

  /** Waits for a client's result, or for the user to have enough. */
  async until(finished: Promise<unknown>): Promise<WorkResult> {
    const { signal } = this.#context;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    try {
      return await Promise.race([finished, aborted.promise]) as WorkResult;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}

function failures(...results: readonly WorkResult[]): string {
  return results.map(({ failure }) => failure).filter((text) => text !== "").join("; ") || "none";
}

function sameTrees(
  { tree, entryCount }: Work,
  imported: WorkResult,
  verified: readonly WorkResult[],
): Check {
  const found = verified.flatMap(({ seen }) => differences(imported.seen, seen));
  const complete = imported.seen.length === entryCount;
  const files = imported.seen.filter(({ kind }) => kind === "file").length;
  const special = tree.special.length === 0
    ? ""
    : `; left out ${tree.special.length} special files`;
  const detail = found.length === 0
    ? `${files} files, ${imported.seen.length} entries, SHA-256 each${special}`
    : `${found.length} differences, first: ${found[0]}`;
  return check("everything reads back as it was written", complete && found.length === 0, detail);
}

function deathChecks(
  deaths: Deaths,
  { fire }: Observer,
  domains: Readonly<Record<string, { readonly deaths: number }>>,
): Check[] {
  const names = Object.keys(deaths);
  if (names.length === 0) return [];
  const counts = names.map((name) => `${name} ${domains[name]!.deaths}/${deaths[name]}`).join(", ");
  const all = fire.left === 0 && names.every((name) => domains[name]!.deaths >= deaths[name]!);
  return [check("every planned death took place", all, counts)];
}

async function extracted(context: ScenarioContext, imported: WorkResult): Promise<Check> {
  const files = imported.seen.filter(({ kind, path }) => kind === "file" && !/["\n]/.test(path));
  const file = files[Math.floor(randomFrom(context.seed)() * files.length)];
  return await extractedByDebugfs(context.image, file, context.temporaryDirectory);
}

function figures(
  { fire, longCalls, recoveriesMs }: Observer,
  { bootMs, haltMs, plainMs }: { bootMs: number; haltMs: number; plainMs: number },
  imported: WorkResult,
  verified: WorkResult,
): Figure[] {
  const pauses = pausesAt(fire.deathsMs, longCalls);
  const rate = ({ byteLength, tookMs }: WorkResult) => byteLength / 1e6 / (tookMs / 1e3);
  return [
    { name: "start to ready", value: bootMs, unit: "ms" },
    { name: "copy", value: rate(imported), unit: "MB/s" },
    {
      name: "copy, files and directories",
      value: imported.seen.length / (imported.tookMs / 1e3),
      unit: "/s",
    },
    { name: "read back", value: rate(verified), unit: "MB/s" },
    {
      name: "plain Deno.copyFile loop",
      value: imported.byteLength / 1e6 / (plainMs / 1e3),
      unit: "MB/s",
    },
    { name: "copy against plain loop", value: plainMs / imported.tookMs, unit: "x" },
    { name: "halt, everything flushed", value: haltMs, unit: "ms" },
    ...(pauses.length === 0 ? [] : [
      { name: "pause at a death, p50", value: percentile(pauses, 0.5), unit: "ms" },
      { name: "pause at a death, p99", value: percentile(pauses, 0.99), unit: "ms" },
      { name: "successor ready, p50", value: percentile(recoveriesMs, 0.5), unit: "ms" },
    ]),
  ];
}

/** The system's status once no request is under way: closes that nobody waits for come to an end. */
async function settledStatus(system: System): ReturnType<System["status"]> {
  const endMs = performance.now() + SETTLED_MS_MAX;
  for (;;) {
    const status = await system.status();
    if (status.slotsInUse === 0 || performance.now() > endMs) return status;
  }
}
