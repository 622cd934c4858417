/**
 * A simulated world: clients, a storage server, disks and what befalls them, from a seed to a verdict.
 *
 * ```text
 *   boot -> survey -> clients at work, deaths, faults -> power cut -> boot -> ... -> last flush, cut, survey
 * ```
 *
 * @module
 */

import { DiskFaultPlan } from "../../drivers/block/faulty/fault_plan.ts";
import { BLOCK_BYTES } from "../../storage-server/protocol.ts";
import { Chance } from "./chance.ts";
import { Ledger, SECTORS, Violation } from "./ledger.ts";
import { judgeOrder } from "./order_judge.ts";
import type { WorldPlan } from "./plan.ts";
import { baseAfter, judgeRemains, type Remains } from "./power_cut_judge.ts";
import { type OperationName, Requests } from "./requests.ts";
import { type Line, Scheduler } from "./scheduler.ts";
import { SimulatedClient } from "./simulated_client.ts";
import { SimulatedDisk } from "./simulated_disk.ts";
import { SimulatedServer } from "./simulated_server.ts";
import type { StorageCode } from "./storage_code.ts";
import { judgeTags } from "./tag_judge.ts";

/** Simulated time after which a request must have been answered, once nobody dies any more. */
const ANSWER_US_MAX = 20_000_000;

/** Boots after which the power is cut no more for a death or a flush: a world must come to an end. */
const BOOTS_MAX = 20;

/** What a world came to. */
export interface Verdict {
  /** What was not as promised; `undefined` if all was. */
  readonly violation: string | undefined;
  /** What has happened, as sixteen digits: the same for the same seed. */
  readonly digest: string;
  /** Steps taken. */
  readonly steps: number;
  /** Simulated microseconds. */
  readonly nowUs: number;
  /** Requests answered. */
  readonly answers: number;
  /** Deaths of the server. */
  readonly deaths: number;
  /** Faults of the disks. */
  readonly faults: number;
  /** Death points that the server has passed. */
  readonly passed: ReadonlySet<string>;
  /** Its history, if it was kept. */
  readonly lines: readonly Line[];
}

/** Whether a history is kept, for people. */
export interface WorldOptions {
  /** Whether lines are kept; the world is the same. */
  readonly keepsLines: boolean;
}

/** Plays a world to its end. */
export function playWorld(
  plan: WorldPlan,
  code: StorageCode,
  { keepsLines }: WorldOptions = { keepsLines: false },
): Verdict {
  const world = new World(plan, code, keepsLines);
  let violation: string | undefined;
  try {
    world.play();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    violation = error instanceof Violation ? error.message : error.stack ?? error.message;
  }
  return world.verdict(violation);
}

class World {
  readonly #plan: WorldPlan;
  readonly #chance: Chance;
  readonly #scheduler: Scheduler;
  readonly #requests: Requests;
  readonly #disks: SimulatedDisk[];
  readonly #server: SimulatedServer;
  #ledger: Ledger;
  #clients: SimulatedClient[] = [];
  #answers = 0;
  #isCut = false;
  #boot = 0; // What was planned for a former boot does not happen.
  #flushFailedAt = Infinity;

  constructor(plan: WorldPlan, code: StorageCode, keepsLines: boolean) {
    const { seed } = plan;
    const named = (name: string): Chance => new Chance(seed, name);
    this.#plan = plan;
    this.#chance = named("world");
    const scheduler = this.#scheduler = new Scheduler(named("scheduler"), keepsLines);
    const requests = this.#requests = new Requests(named("requests"), plan.takesFirst);
    const disks = this.#disks = disksOf(plan).map((name, index) =>
      new SimulatedDisk(scheduler, named(name), {
        name,
        blockCount: deviceBlocks(plan),
        roomMax: plan.roomMax,
        fastZero: plan.fastZero,
        faults: index === plan.hurtDisk && plan.faults.length > 0
          ? new DiskFaultPlan(plan.faults, { seed, blockCount: deviceBlocks(plan) })
          : undefined,
        hearFlush: () => this.#flushes(),
        hearFailedFlush: () =>
          this.#flushFailedAt = Math.min(this.#flushFailedAt, this.#ledger.tick()),
      })
    );
    this.#server = new SimulatedServer({
      scheduler,
      chance: named("server"),
      requests,
      disks,
      code,
      plan,
      died: () => this.#died(),
    });
    const blocks = plan.volumeBlocks.reduce((sum, count) => sum + count, 0);
    const zero = Array<number>(SECTORS).fill(0);
    this.#ledger = new Ledger(Array.from({ length: blocks }, () => zero));
  }

  verdict(violation: string | undefined): Verdict {
    const { digest, count, nowUs, lines } = this.#scheduler;
    return {
      violation,
      digest,
      steps: count,
      nowUs,
      answers: this.#answers,
      deaths: this.#server.deaths,
      faults: this.#disks.reduce((sum, { faultCount }) => sum + faultCount, 0),
      passed: this.#server.passed,
      lines,
    };
  }

  play(): void {
    if (!this.#recover()) return; // The disk is blank.
    while (!this.#server.isInStep) {
      if (!this.#await(() => this.#isCut || this.#server.isInStep)) return;
      if (this.#isCut && !this.#recover()) return;
    }
    const { hurtDisk } = this.#plan;
    const isMirror = this.#disks.length > 1; // The last leg that holds everything is never hurt.
    this.#disks[hurtDisk]!.isFaulty = () => !isMirror || this.#server.canSpare(hurtDisk);
    for (let era = 0; era <= this.#plan.powerCuts; era++) {
      const isLast = era === this.#plan.powerCuts;
      this.#work(era, isLast);
      judgeOrder(this.#ledger);
      judgeTags(this.#ledger);
      if (!this.#plan.cutsPower || !this.#recover()) return;
    }
  }

  /** Lets the clients work until they are done, or until the power is cut. */
  #work(era: number, isLast: boolean): void {
    const { clients, requestCount, thinkUsMax } = this.#plan;
    this.#flushFailedAt = Infinity;
    this.#server.isMortal = true;
    this.#clients = clients.map((badge) => this.#client(badge, era));
    for (const client of this.#clients) client.start();
    this.#disturb();
    if (!isLast) this.#cutPowerWithin(requestCount * (600 * clients.length + thinkUsMax));
    this.#await(() => this.#isCut || this.#clients.every(({ isDone }) => isDone));
    if (this.#isCut) return;
    if (isLast) this.#server.isMortal = false;
    if (isLast && this.#chance.happens(0.7)) this.#clients[0]!.flush();
    for (const client of this.#surveyors()) client.readAll();
    this.#await(() => this.#isCut || this.#requests.unanswered === 0);
    if (!this.#isCut) this.#cutPower(isLast ? "nothing" : "by chance");
  }

  /**
   * Boots after a power cut, which may come again meanwhile, and judges what it has left; answers
   * whether the server has come up.
   */
  #recover(): boolean {
    const before = this.#ledger;
    const nothing = Array<undefined>(SECTORS).fill(undefined);
    for (let again = this.#plan.cutsPower ? this.#chance.below(3) : 0;; again--) {
      this.#requests.clear();
      this.#isCut = false;
      this.#ledger = new Ledger(before.base.map(() => nothing), before);
      this.#server.boot();
      this.#disturb();
      if (again > 0) this.#cutPowerWithin(20_000);
      const survey = this.#ledger;
      if (!this.#await(() => this.#isCut || this.#server.isServing)) return false;
      if (this.#isCut) continue;
      for (const client of this.#surveyors()) client.readAll();
      this.#await(() => this.#isCut || this.#requests.unanswered === 0);
      if (this.#isCut) continue;
      this.#boot++;
      const remains: (readonly number[] | undefined)[] = before.base.map(() => undefined);
      for (const { block, stamps } of survey.sights) remains[block] = stamps;
      this.#judge(before, remains);
      const isLying = this.#plan.damage === "silent"; // Blocks never written have no tag.
      const base = isLying ? before.base.map(() => nothing) : baseAfter(before, remains);
      this.#ledger = new Ledger(base, before);
      this.#requests.clear();
      return true;
    }
  }

  #judge(before: Ledger, remains: Remains): void {
    judgeRemains(before, remains, { ordered: !this.#plan.mayRefuse });
  }

  /** One client more for each volume. */
  #surveyors(): SimulatedClient[] {
    const surveyors = this.#plan.volumeBlocks.map((_, volume) => {
      return this.#client(90 + volume, -1, volume);
    });
    this.#clients.push(...surveyors);
    return surveyors;
  }

  #client(
    badge: number,
    era: number,
    volume = badge % this.#plan.volumeBlocks.length,
  ): SimulatedClient {
    const { seed, volumeBlocks, spanMax, mix, depthMax, requestCount, thinkUsMax } = this.#plan;
    const ledger = this.#ledger;
    return new SimulatedClient({
      badge,
      chance: new Chance(seed, `client ${badge} of era ${era}`),
      scheduler: this.#scheduler,
      requests: this.#requests,
      ledger,
      volume,
      blockCount: volumeBlocks[volume]!,
      span: Math.min(volumeBlocks[volume]!, spanMax),
      mix,
      firstBlock: volumeBlocks.slice(0, volume).reduce((sum, count) => sum + count, 0),
      depthMax,
      requestCount: era < 0 ? 0 : requestCount,
      thinkUsMax,
      refused: (operation, errno) => this.#refused(operation, errno),
      succeeded: (operation, startAt) => this.#succeeded(operation, startAt),
    });
  }

  #refused(operation: OperationName, errno: number): void {
    this.#answers++;
    if (this.#plan.damage === "none" || this.#plan.layers === "mirror") {
      throw new Violation(
        `${operation} is refused with errno ${errno} although it could be done`,
      );
    }
  }

  #succeeded(operation: OperationName, startAt: number): void {
    this.#answers++;
    if (startAt <= this.#flushFailedAt || this.#disks.length > 1) return;
    throw new Violation(`${operation} succeeds although a flush has failed before`);
  }

  #cutPower(survives: "by chance" | "nothing"): void {
    this.#scheduler.note("world", this.#boot, () => "the power is cut");
    this.#boot++;
    this.#isCut = true;
    for (const client of this.#clients) client.vanish();
    for (const disk of this.#disks) disk.cutPower((offset) => this.#tearBytes(offset), survives);
    this.#requests.clear();
    this.#server.powerOff();
  }

  /** A block of a volume is trusted to be written whole, unless the journal sees to it. */
  #tearBytes(offset: number): number {
    const isTrusted = this.#plan.atomicWrites === "device" &&
      offset < this.#ledger.base.length * BLOCK_BYTES;
    return isTrusted ? BLOCK_BYTES : this.#plan.tearBytes;
  }

  #cutPowerWithin(spanUs: number): void {
    this.#within(spanUs, () => this.#cutPower("by chance"));
  }

  #flushes(): void {
    if (this.#boot > BOOTS_MAX || !this.#chance.happens(this.#plan.powerCutAtFlush)) return;
    this.#cutPowerWithin(400);
  }

  #died(): void {
    if (this.#boot > BOOTS_MAX || !this.#chance.happens(this.#plan.powerCutAfterDeath)) return;
    this.#cutPowerWithin(this.#chance.pick([1_500, 5_000]));
  }

  /** From now on, until the power is cut, server and drivers die. */
  #disturb(): void {
    this.#disturbances(this.#plan.deathUsMean, () => this.#server.kill("it is killed"));
    this.#disturbances(this.#plan.legLossUsMean, () => this.#loseLeg());
    for (const disk of this.#disks) {
      this.#disturbances(this.#plan.driverDeathUsMean, () => disk.killDriver());
    }
  }

  /** The leg that is hurt leaves, and comes back some time. */
  #loseLeg(): void {
    const disk = this.#disks[this.#plan.hurtDisk]!;
    if (disk.isGone || !this.#server.canSpare(this.#plan.hurtDisk)) return;
    disk.leave();
    this.#scheduler.after(this.#chance.below(2 * this.#plan.legLossUsMean), () => disk.comeBack());
  }

  #disturbances(meanUs: number, disturb: () => void): void {
    if (meanUs === Infinity) return;
    this.#within(2 * meanUs, () => {
      this.#disturbances(meanUs, disturb);
      disturb();
    });
  }

  /** Does something some time within a span of time, unless it is another boot by then. */
  #within(spanUs: number, run: () => void): void {
    const boot = this.#boot;
    this.#scheduler.after(this.#chance.below(spanUs), () => {
      if (boot === this.#boot) run();
    });
  }

  /** Lets the world go on until something is so; answers false if the server has given up. */
  #await(isSo: () => boolean): boolean {
    const { nowUs } = this.#scheduler;
    const answers = this.#answers;
    let lateUs = nowUs + ANSWER_US_MAX;
    let seen = answers;
    for (;;) {
      if (this.#server.failure !== undefined) return false;
      if (isSo()) return true;
      if (this.#answers !== seen) {
        seen = this.#answers;
        lateUs = this.#scheduler.nowUs + ANSWER_US_MAX;
      }
      if (this.#scheduler.nowUs > lateUs || !this.#scheduler.step()) {
        throw new Violation(`${this.#requests.unanswered} requests are not answered`);
      }
    }
  }
}

function disksOf({ layers }: WorldPlan): string[] {
  return layers.startsWith("mirror") ? ["disk A", "disk B"] : ["disk"];
}

function deviceBlocks({ volumeBlocks, ringLength, layers }: WorldPlan): number {
  const own = volumeBlocks.reduce((sum, count) => sum + count, 0) + ringLength + 2;
  return layers === "disk" ? own : own + 40;
}
