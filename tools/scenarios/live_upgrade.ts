/**
 * `live-upgrade`: the servers of a system at work are replaced by others that run another module, one
 * after the other; one module does not even start.
 *
 * ```text
 *   worker-1, worker-2 ──▶ fs ──▶ storage ──▶ disk        each gets two new releases
 *   buyer ──▶ office                                      a plugin's bug is mended while it crashes
 * ```
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { defineSystem, type System, type SystemManifest } from "@hako/kernel";
import { KERNEL } from "../../kernel/manifest.ts";
import type { SystemRecord } from "../record/record.ts";
import { filesOnImage } from "../systems/files_on_image.ts";
import { percentile } from "./common_figures.ts";
import type { FileWorkerResult } from "./domains/file_worker.ts";
import type { BuyerOptions, BuyerResult } from "./domains/ticket_buyer.ts";
import { filesAsLeft, filesUntilOver, fileWorkers } from "./files_at_work.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import { Tickets } from "./plugin/tickets_protocol.ts";
import {
  type Check,
  check,
  type Figure,
  type Played,
  type Scenario,
  type ScenarioContext,
  type Stage,
} from "./scenario.ts";

const MiB = 1024 * 1024;

const CLIENTS = 2;
const SHOWS = 8;
const TICKETS = 2_000;

/** Releases that every server of the stack gets. */
const RELEASES = 2;

/** Work between two replacements, so that each can be told from the next. */
const WORK_MS = 350;

/** How often a server may die: that is not what is tried. */
const LENIENT = { limit: 1_000, windowMs: 1_000 };

/** The clients' model is in their memory. */
const ONCE = { limit: 0, windowMs: 1_000 };

/** The servers of the stack, callees first. */
const STACK = ["disk", "storage", "fs"] as const;

/**
 * The next releases of each. The disk gets a driver that somebody else has written, and its own again;
 * the others get their own code from another address, which is another module to whoever loads it.
 */
const NEXT: Readonly<Record<typeof STACK[number], readonly string[]>> = {
  disk: [
    import.meta.resolve("./domains/other_disk.ts"),
    import.meta.resolve("@hako/drivers/block/host-file"),
  ],
  storage: releasesOf(import.meta.resolve("@hako/storage-server/server")),
  fs: releasesOf(import.meta.resolve("@hako/fs-server/server")),
};

/** A module that does not start, and why its lives end. */
const BROKEN_WHY = /^Deno\.exit\(\)/;
const BROKEN = import.meta.resolve("./domains/no_start.ts");

/** The plugin without its bugs. */
const MENDED = import.meta.resolve("./plugin/tickets_next.ts");

function releasesOf(module: string): string[] {
  return Array.from({ length: RELEASES }, (_, index) => `${module}?release=${index + 2}`);
}

/** What came of the work. */
interface Upgraded {
  readonly files: readonly FileWorkerResult[];
  readonly buyer: BuyerResult;
  /** Seats that the box office has sold. */
  readonly sold: number;
  /** What each upgrade to a module that does not start was answered with. */
  readonly refusals: readonly string[];
  /** Transfers that the other disk driver has done when its own successor served, and at the end. */
  readonly otherDisk: readonly [whenReplaced: number, atEnd: number];
}

/** Transfers of the other disk driver. */
const transfers = new SharedArrayBuffer(4);

/** Other code, the same channels. */
export const liveUpgrade: Scenario<Upgraded> = {
  name: "live-upgrade",
  story: "disk, storage and fs get new releases under load; one does not start",
  durationMs: 0,
  faults: [],
  manifest,
  workload: work,
  checks: judge,
  figures: ({ record }) => figures(record),
};

function manifest(context: ScenarioContext): SystemManifest {
  const { image: path, seed } = context;
  const stack = filesOnImage({ path, createBytes: 64 * MiB, restart: LENIENT });
  const { disk } = stack;
  return defineSystem({
    base: import.meta.url,
    domains: {
      ...stack,
      disk: { ...disk, options: { ...disk.options, counts: transfers } },
      ...fileWorkers(context, CLIENTS),
      office: {
        kind: "server",
        module: "./plugin/tickets.ts",
        serves: { tickets: Tickets },
        keeps: { sales: 16 * 1024 },
        restart: LENIENT,
        spare: true,
      },
      buyer: {
        kind: "app",
        module: "./domains/ticket_buyer.ts",
        uses: ["tickets"],
        options: {
          ...{ seed, shows: SHOWS, tickets: TICKETS, mistakeEvery: Infinity },
        } satisfies BuyerOptions,
        restart: ONCE,
      },
    },
  });
}

async function work(system: System, stage: Stage): Promise<Upgraded> {
  const files = filesUntilOver(system, stage, CLIENTS);
  const buyer = stage.finished<BuyerResult>(system, "buyer");
  for (const result of [files, buyer]) result.catch(() => {}); // Whoever waits for it hears of it.
  const steps = 2 * RELEASES * STACK.length + STACK.length + 2;
  let step = 0;
  const worked = async () => {
    stage.progress("replacing servers", ++step, steps);
    await workFor(WORK_MS, stage.over);
  };
  await worked();
  await upgrade(system, stage, "office", MENDED);
  await worked();
  let whenReplaced = 0;
  for (let release = 0; release < RELEASES; release++) {
    for (const name of STACK) {
      await upgrade(system, stage, name, NEXT[name][release]!);
      if (name === "disk" && release === 1) whenReplaced = transfersOfOther();
      await worked();
      stage.strike(name, "terminate");
      system.terminate(name);
      await worked();
    }
  }
  const refusals: string[] = [];
  for (const name of STACK) {
    refusals.push(await upgrade(system, stage, name, BROKEN));
    await worked();
  }
  // An upgrade is carried out though the kernel that was asked for it dies.
  const last = upgrade(system, stage, "fs", NEXT.fs[0]!);
  stage.strike(KERNEL, "terminate");
  system.terminate(KERNEL);
  await last;
  const done = await buyer;
  stage.end();
  const office = await system.connect(Tickets, "tickets");
  let sold = 0;
  for (let show = 0; show < SHOWS; show++) sold += (await office.call("sold", { show })).seats;
  return {
    ...{ files: await files, buyer: done, sold, refusals },
    otherDisk: [whenReplaced, transfersOfOther()],
  };
}

function transfersOfOther(): number {
  return Atomics.load(new Int32Array(transfers), 0);
}

async function workFor(ms: number, over: AbortSignal): Promise<void> {
  if (!over.aborted) await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Upgrades whoever lives; answers the code of the refusal, or nothing. */
async function upgrade(
  system: System,
  stage: Stage,
  name: string,
  module: string,
): Promise<string> {
  for (;;) {
    stage.strike(name, module === BROKEN ? "broken upgrade" : "upgrade");
    try {
      await system.upgrade(name, module);
      return "";
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      // It is being replaced at this very moment.
      if (error.code !== "EBUSY" || stage.over.aborted) return error.code;
    }
    while ((await system.status()).domains[name]?.state !== "ready" && !stage.over.aborted);
  }
}

async function judge({ context, work, record }: Played<Upgraded>): Promise<Check[]> {
  return [
    everyRelease(record),
    otherCodeRan(work),
    mended(work, record),
    rolledBack(work, record),
    shorterThanBoot(record),
    ofNothingElse(record),
    filesAsLeft(work.files),
    await checkedByE2fsck(context.image),
  ];
}

/** Every life that ended for an upgrade was followed by one that served, of the next number. */
function everyRelease({ lives }: SystemRecord): Check {
  const missing: string[] = [];
  for (const name of STACK) {
    for (const module of NEXT[name]) {
      const before = lives.findIndex(({ domain, why }) =>
        domain === name && why?.startsWith(`upgraded to ${module}`)
      );
      const next = before < 0
        ? undefined
        : lives.find(({ domain, epoch }) => domain === name && epoch === lives[before]!.epoch + 1);
      if (next?.readyMs === undefined) missing.push(`${name}: ${module}`);
    }
  }
  return check(
    "every release serves in the next life of its server",
    missing.length === 0,
    missing[0] ?? `${RELEASES} each of ${STACK.join(", ")}; one of them as the kernel died`,
  );
}

function otherCodeRan({ otherDisk: [whenReplaced, atEnd] }: Upgraded): Check {
  return check(
    "while somebody else's disk driver was in place, it did the transfers",
    whenReplaced > 0 && atEnd === whenReplaced,
    `${whenReplaced} transfers, ${atEnd - whenReplaced} after its own upgrade`,
  );
}

function mended({ buyer, sold }: Upgraded, { lives }: SystemRecord): Check {
  const deaths = lives.filter(({ domain, why }) => domain === "office" && why !== undefined);
  const upgradeAt = deaths.findIndex(({ why }) => why!.startsWith("upgraded"));
  const had = buyer.seats.reduce((sum, seats) => sum + seats.length, 0);
  const isMended = upgradeAt > 0 && upgradeAt === deaths.length - 1;
  return check(
    "a plugin that crashes is mended while it is at work, and nothing is lost",
    isMended && buyer.failure === "" && had === TICKETS && sold === had,
    buyer.failure ||
      `${upgradeAt} crashes before, ${
        deaths.length - 1 - upgradeAt
      } after; ${sold} of ${had} tickets`,
  );
}

function rolledBack({ refusals }: Upgraded, { lives }: SystemRecord): Check {
  const tries = lives.filter(({ why }) => BROKEN_WHY.test(why ?? ""));
  const goOn = STACK.every((name) => lives.findLast(({ domain }) => domain === name)?.readyMs);
  return check(
    "a release that does not start is refused with EIO; the one before goes on",
    refusals.length === STACK.length && refusals.every((code) => code === "EIO") &&
      tries.length > 0 && goOn,
    `${refusals.join(", ")} after ${tries.length} tries`,
  );
}

/** Whoever cannot upgrade what runs has to halt it and boot it again. */
function shorterThanBoot(record: SystemRecord): Check {
  const first = record.lives.filter(({ domain, epoch }) => {
    return epoch === 1 && STACK.some((name) => name === domain);
  });
  const bootMs = Math.max(0, ...first.map(({ readyMs = 0 }) => readyMs));
  const pauseMs = percentile(pauses(record, "upgrade"), 0.5);
  return check(
    "an upgrade holds clients up for less time than a new start of the system",
    pauseMs > 0 && pauseMs < bootMs,
    `${Math.round(pauseMs)} ms, p50; a start takes ${Math.round(bootMs)} ms`,
  );
}

/** The longest operation of the files' clients that ended between each such strike and the next. */
function pauses({ strikes, intervals }: SystemRecord, kind: string): number[] {
  return strikes.flatMap((strike, index) => {
    if (strike.kind !== kind || !STACK.some((name) => name === strike.domain)) return [];
    const endMs = strikes[index + 1]?.atMs ?? Infinity;
    const during = intervals.filter(({ atMs }) => atMs > strike.atMs && atMs <= endMs);
    return during.length === 0 ? [] : [Math.max(...during.map(({ maxUs }) => maxUs / 1_000))];
  });
}

function ofNothingElse({ lives }: SystemRecord): Check {
  const ordered = /^upgraded to|^terminated/;
  const others = lives.filter(({ domain, why }) =>
    why !== undefined && domain !== "office" && !ordered.test(why) && !BROKEN_WHY.test(why)
  );
  const words = others.map(({ domain, why }) => `${domain}: ${why!.split("\n")[0]}`);
  return check("nobody dies of anything else", others.length === 0, words[0] ?? "nobody did");
}

function figures(record: SystemRecord): Figure[] {
  const upgrades = pauses(record, "upgrade");
  const deaths = pauses(record, "terminate");
  return [
    { name: "upgrades", value: upgrades.length, unit: "" },
    { name: "pause at an upgrade, p50", value: percentile(upgrades, 0.5), unit: "ms" },
    { name: "pause at an upgrade, at most", value: Math.max(0, ...upgrades), unit: "ms" },
    { name: "pause at a kill, p50", value: percentile(deaths, 0.5), unit: "ms" },
    { name: "pause at a kill, at most", value: Math.max(0, ...deaths), unit: "ms" },
  ];
}
