/**
 * One round: a system under work, whose servers die as the plan says, and what is left of it.
 *
 * @module
 */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import { boot, defineSystem, type System } from "@hako/kernel";
import { filesOnImage } from "@hako/tools";
import { checkedByE2fsck } from "../../tools/scenarios/foreign_tools.ts";
import { Board } from "./board.ts";
import type { WorkResult } from "./client_work.ts";
import { firstDifference } from "../../tools/scenarios/domains/file_work.ts";
import { ADDERS, FILERS, killedSystem } from "./killed_system.ts";
import { Killer } from "./killer.ts";
import { faultsOf, type KillPlan } from "./kill_plan.ts";
import { Tally } from "./tally_protocol.ts";
import { settledStatus } from "../../tools/systems/settled_status.ts";

/** A client finishes what it is at, and looks at all its files once more. */
const FINISH_MS_MAX = 30_000;

/** A system has halted by then, however many of its domains must be ended. */
const HALT_MS_MAX = 60_000;

/** Within that time every zombie has ended, and let go of the image. */
const LOCK_MS_MAX = 10_000;

/** What came of a round. */
export interface KillResult {
  /** Deaths by domain. */
  readonly deaths: Readonly<Record<string, number>>;
  /** Deaths by reason. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Operations that clients have done. */
  readonly operations: number;
  /** The longest that a client waited for a synchronous operation. */
  readonly longestMs: number;
  /** What was not as it should be, each in a line; empty if nothing was. */
  readonly faults: readonly string[];
  /** Whether `e2fsck` is there to judge. */
  readonly isJudged: boolean;
}

/** What a client of the tally finishes with. */
type AdderResult = WorkResult & { readonly sum: number };

/** What a client of the file system finishes with. */
type FilerResult = WorkResult & { readonly files: ReadonlyMap<string, Uint8Array> };

interface Ended {
  readonly adders: readonly AdderResult[];
  readonly filers: readonly FilerResult[];
  readonly faults: readonly string[];
}

/**
 * Plays a round in an empty directory.
 *
 * @throws {Error} If it comes to no end: a domain was given up, or the system stands still.
 */
export async function playKillRound(
  plan: KillPlan,
  directory: string,
  onProgress: (deaths: number) => void = () => {},
  signal?: AbortSignal,
): Promise<KillResult> {
  const path = `${directory}/disk-${plan.seed}.img`;
  const board = new Board();
  signal?.addEventListener("abort", () => board.end(), { once: true });
  const killer = new Killer(plan, board);
  const ended = await work(plan, path, { board, killer, onProgress });
  const results = [...ended.adders, ...ended.filers];
  const judged = await checkedByE2fsck(path);
  const files = ended.filers.flatMap((filer) => [...filer.files]);
  const faults = [
    ...results.flatMap(({ failure }) => failure === "" ? [] : [failure]),
    ...ended.faults,
    ...killer.unplanned.map((reason) => `a life ended by ${reason}`),
    ...(judged.outcome === "failed" ? [`e2fsck: ${judged.detail}`] : []),
    ...(await lostOn(path, files)),
  ];
  return {
    deaths: killer.deathsByName,
    reasons: killer.reasons,
    operations: results.reduce((sum, { operations }) => sum + operations, 0),
    longestMs: Math.max(...results.map(({ longestMs }) => longestMs)),
    faults,
    isJudged: judged.outcome !== "skipped",
  };
}

interface Stage {
  readonly board: Board;
  readonly killer: Killer;
  readonly onProgress: (deaths: number) => void;
}

/** From boot to halt. */
async function work(plan: KillPlan, path: string, stage: Stage): Promise<Ended> {
  const { board, killer } = stage;
  const system = await boot(killedSystem(path, board, plan.seed), {
    faults: faultsOf(plan),
    onEvent: (event) => killer.hear(event),
  });
  const halt = () => within(HALT_MS_MAX, system.halt(), "the system does not halt");
  try {
    const ended = await workOn(system, stage);
    await halt();
    return ended;
  } catch (error) {
    await halt().catch(() => {}); // What went wrong before says more.
    throw error;
  }
}

async function workOn(system: System, { board, killer, onProgress }: Stage): Promise<Ended> {
  try {
    await killer.run(system, onProgress);
  } finally {
    board.end();
  }
  const finished = async <R>(name: string): Promise<R> => {
    const result = within(FINISH_MS_MAX, system.finished(name), `${name} does not finish`);
    return await result.catch((error) => killer.complain(system, error)) as R;
  };
  const adders = await Promise.all(ADDERS.map((name) => finished<AdderResult>(name)));
  const filers = await Promise.all(FILERS.map((name) => finished<FilerResult>(name)));
  return { adders, filers, faults: await faultsLeftIn(system, adders) };
}

/** Rejects if a promise is not kept in time. */
async function within<T>(timeoutMs: number, promise: Promise<T>, otherwise: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(otherwise)), timeoutMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is wrong with a system whose clients have finished. */
async function faultsLeftIn(system: System, adders: readonly AdderResult[]): Promise<string[]> {
  const faults: string[] = [];
  const tally = await system.connect(Tally, "tally");
  const { sum } = await tally.call("total", {});
  const expected = adders.reduce((all, adder) => all + adder.sum, 0);
  if (sum !== expected) faults.push(`the tally is ${sum}, and ${expected} was added`);
  const { slotsInUse } = await settledStatus(system);
  if (slotsInUse !== 0) faults.push(`${slotsInUse} slots are left in use`);
  return faults;
}

/** What another boot does not find as its clients left it. */
async function lostOn(
  path: string,
  files: readonly (readonly [string, Uint8Array])[],
): Promise<string[]> {
  await using system = await bootAgain(path);
  const window = await system.window(1024 * 1024);
  const fs = new FileSystemClient(await system.connect(FileSystem, "files"), window);
  return files.flatMap(([file, content]) => {
    const at = firstDifference(fs.readFileSync(file), content);
    return at < 0 ? [] : [`after another boot ${file} differs at byte ${at}`];
  });
}

/** Boots once nobody holds the image: a zombie of the last system does so for as long as it lives. */
async function bootAgain(path: string): Promise<System> {
  const manifest = defineSystem({ base: import.meta.url, domains: filesOnImage({ path }) });
  const endMs = performance.now() + LOCK_MS_MAX;
  for (;;) {
    try {
      return await boot(manifest);
    } catch (error) {
      const isHeld = error instanceof OsError && error.code === "EBUSY";
      if (!isHeld || performance.now() > endMs) throw error;
    }
  }
}
