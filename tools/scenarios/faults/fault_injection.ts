/**
 * Carries out a fault plan on a system at work. A fault whose victim is still being replaced waits
 * until that lives again, so that a plan means as many deaths as it says.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { System, SystemEvent, SystemStatus } from "@hako/kernel";
import { KERNEL } from "../../../kernel/manifest.ts";
import { type Check, check } from "../scenario.ts";
import { armedKey, type ArmedSystem, faultyName } from "./fault_arming.ts";
import { FaultSchedule, type Strike } from "./fault_schedule.ts";
import { EACH, type FaultSpec } from "./fault_text.ts";

/** What is due so shortly before the end of the work may come too late. */
const TAIL_MS = 250;

/** A victim that is not back by then will not be struck any more. */
const BACK_MS_MAX = 15_000;

/** Faults that end no life. */
const HARMLESS: ReadonlySet<string> = new Set(["slow"]);

/** Who carries out a plan. */
export class FaultInjection {
  readonly #specs: readonly FaultSpec[];
  readonly #armed: ArmedSystem;
  readonly #schedule: FaultSchedule;
  readonly #onStrike: (domain: string, kind: string) => void;
  /** Those that are being replaced. */
  readonly #down: Set<string> = new Set();
  /** Those that a fault has been ordered for which is still to be seen, and in which life of theirs. */
  readonly #awaited: Map<string, number> = new Map();
  /** The life of each that was heard of last. */
  readonly #epochs: Map<string, number> = new Map();
  /** How often each fault of a disk has come up, as the disk tells. */
  readonly #diskFaults: Map<FaultSpec, number> = new Map();
  readonly #deadly: Map<string, number> = new Map();
  readonly #struck: Set<FaultSpec> = new Set();
  #waiting: (() => void)[] = [];
  #system: System | undefined;
  #share = 0;
  #isOver = false;
  #beganMs = 0;
  /** How long the work went on. */
  #workMs = 0;
  #done: Promise<void> = Promise.resolve();

  /**
   * @param specs The plan.
   * @param armed The system that was armed with it.
   * @param seed Of all chance.
   * @param onStrike Hears of each fault when it is injected.
   */
  constructor(
    specs: readonly FaultSpec[],
    armed: ArmedSystem,
    seed: number,
    onStrike: (domain: string, kind: string) => void,
  ) {
    this.#specs = specs;
    this.#armed = armed;
    this.#schedule = new FaultSchedule(specs, armed.everybody, seed);
    this.#onStrike = onStrike;
  }

  /** Begins: the work does, now. */
  begin(system: System): void {
    this.#system = system;
    const beganMs = this.#beganMs = performance.now();
    const byTime = this.#carryOut(() => this.#schedule.nextByTime(), async ({ atMs }) => {
      await this.#until(() => performance.now() - beganMs >= atMs!, beganMs + atMs!);
    });
    const byShare = this.#carryOut(() => this.#schedule.nextByShare(), async ({ atShare }) => {
      await this.#until(() => this.#share >= atShare!);
    });
    this.#done = Promise.all([byTime, byShare]).then(() => {});
  }

  /** Hears what happens to the domains. */
  hear(event: SystemEvent): void {
    if (event.type === "report") return this.#hearDisk(event.domain, event.value);
    if (event.type === "died") {
      this.#down.add(event.domain);
      this.#awaited.delete(event.domain);
    } else if (event.type === "ready") this.#lives(event.domain, event.epoch);
    else if (event.type === "kernel-died") this.#kernelDied();
    else return;
    this.#wake();
  }

  /** The work has come so far: a share from 0 to 1. */
  reach(share: number): void {
    this.#share = share;
    this.#wake();
  }

  /** How many faults of a known number are still to come. */
  get left(): number {
    return this.#schedule.left;
  }

  /** Resolves when no fault of a known number is to come any more, or all is over. */
  async settled(): Promise<void> {
    await this.#until(() => this.#schedule.left === 0 && this.#awaited.size === 0);
  }

  /** Injects nothing more. Resolves when what is under way has been. */
  async end(): Promise<void> {
    if (!this.#isOver) this.#workMs = performance.now() - this.#beganMs;
    this.#isOver = true;
    this.#wake();
    await this.#done;
  }

  /** Whether the plan was carried out. A fault that never happened has proved nothing. */
  checks({ domains, kernelEpoch }: SystemStatus): Check[] {
    if (this.#specs.length === 0) return [];
    const missing = this.#specs.filter((spec) => !this.#hasHappened(spec, domains, kernelEpoch));
    const deaths = Object.entries(domains).map(([name, domain]) => [name, domain.deaths] as const);
    const counts = [...deaths, [KERNEL, kernelEpoch - 1] as const].filter(([, count]) => count > 0);
    const seen = counts.map(([name, count]) => `${name} died ${count} x`).join(", ");
    const later = this.#specs.filter((spec) => this.#isLater(spec)).map(({ text }) => text);
    const disks = [...this.#diskFaults].map(([{ text }, count]) => `${text} ${count} x`);
    const detail = [
      ...(missing.length === 0 ? [] : [`not seen: ${missing.map(({ text }) => text).join("; ")}`]),
      seen || "none ended a life",
      ...disks,
      ...(later.length === 0 ? [] : [`not due before the end: ${later.join("; ")}`]),
    ].join("; ");
    const holds = missing.length === 0 && later.length < this.#specs.length;
    return [check("every fault of the plan took place", holds, detail)];
  }

  #hasHappened(spec: FaultSpec, domains: SystemStatus["domains"], kernelEpoch: number): boolean {
    const { moment, fault, domain } = spec;
    // What goes by chance may not come up; what goes by number must.
    if (fault.side === "disk") return moment.type === "chance" || this.#diskFaults.has(spec);
    const deathsOf = (name: string) =>
      name === KERNEL ? kernelEpoch - 1 : domains[name]?.deaths ?? 0;
    if (moment.type === "point") return !this.#isDeadly(fault.kind, domain) || deathsOf(domain) > 0;
    if (this.#isLater(spec)) return true;
    if (!this.#struck.has(spec)) return false;
    if (isCounted(spec) && this.#schedule.isDue(spec, this.#workMs - TAIL_MS)) return false;
    const victims = domain === EACH ? this.#armed.everybody(spec) : [domain];
    return victims.every((name) => deathsOf(name) >= this.#deathsDue(name));
  }

  /** Whether nothing of a fault was due before the end of the work: somebody has cut it short. */
  #isLater(spec: FaultSpec): boolean {
    const { type } = spec.moment;
    return (type === "every" || type === "at") && !this.#struck.has(spec) &&
      !this.#schedule.isDue(spec, this.#workMs - TAIL_MS);
  }

  /**
   * How many deaths the strikes on a victim must have led to. Of several what was ordered last may
   * find no request to happen at before the work ends; and what befalls a domain while the kernel is
   * dead, too, its successor may take for one death with what came before.
   */
  #deathsDue(name: string): number {
    const deadly = this.#deadly.get(name) ?? 0;
    if (this.#deadly.has(KERNEL)) return Math.min(1, deadly);
    return Math.max(Math.min(1, deadly), deadly - (this.#awaited.has(name) ? 1 : 0));
  }

  async #carryOut(
    next: () => Strike | undefined,
    moment: (strike: Strike) => Promise<void>,
  ): Promise<void> {
    for (let strike = next(); strike !== undefined && !this.#isOver; strike = next()) {
      await moment(strike);
      const { domain } = strike;
      const isUp = () => !this.#down.has(domain) && !this.#awaited.has(domain);
      await this.#until(isUp, undefined, performance.now() + BACK_MS_MAX);
      if (this.#isOver) return;
      if (isUp() && !await this.#strike(strike)) {
        this.#down.add(domain); // It has no worker at the moment: that of the next life tells.
        continue;
      }
      this.#schedule.take(strike);
      this.#wake();
    }
  }

  /** Answers whether there was somebody to strike. */
  async #strike({ spec, domain }: Strike): Promise<boolean> {
    const system = this.#system!;
    const { fault } = spec;
    const isDeadly = this.#isDeadly(fault.kind, domain);
    if (isDeadly) this.#awaited.set(domain, this.#epochs.get(domain) ?? 0);
    try {
      if (fault.side === "inside") system.inject(this.#armed.numberOf.get(armedKey(spec, domain))!);
      else if (fault.kind === "restart") await system.restart(domain);
      else system.terminate(domain);
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      this.#awaited.delete(domain);
      return false;
    }
    this.#onStrike(domain, fault.kind);
    this.#struck.add(spec);
    if (isDeadly) this.#deadly.set(domain, (this.#deadly.get(domain) ?? 0) + 1);
    return true;
  }

  /** A disk that fails by the plan tells how often each of its rules has had its way. */
  #hearDisk(domain: string, value: unknown): void {
    if (typeof value !== "object" || value === null || !("diskFaults" in value)) return;
    const mine = this.#specs.filter(({ fault, domain: disk }) =>
      fault.side === "disk" && faultyName(disk) === domain
    );
    for (const [index, count] of (value.diskFaults as readonly number[]).entries()) {
      const spec = mine[index];
      if (spec === undefined || count <= (this.#diskFaults.get(spec) ?? 0)) continue;
      this.#diskFaults.set(spec, count);
      // A disk may be slow at every request: that is no event.
      if (spec.fault.kind !== "slow") this.#onStrike(spec.domain, spec.fault.kind);
    }
  }

  /** Of what its domains did meanwhile, the kernel's successor tells; it is asked whether it is there. */
  #kernelDied(): void {
    this.#down.add(KERNEL);
    this.#awaited.delete(KERNEL);
    this.#system?.status().then(({ domains }) => {
      this.#down.delete(KERNEL);
      for (const [name, { state, epoch }] of Object.entries(domains)) {
        if (state === "ready") this.#lives(name, epoch);
      }
      this.#wake();
    }, () => {}); // The system has halted.
  }

  /** A heap that grows is the end of those alone that have a limit. */
  #isDeadly(kind: string, domain: string): boolean {
    if (kind !== "heap") return !HARMLESS.has(kind);
    return this.#armed.manifest.domains[domain]?.memoryLimitMb !== undefined;
  }

  /** A victim is back. A kernel can die before it tells of the death: the next life tells of it, too. */
  #lives(domain: string, epoch: number): void {
    this.#down.delete(domain);
    this.#epochs.set(domain, epoch);
    if (epoch > (this.#awaited.get(domain) ?? Infinity)) this.#awaited.delete(domain);
  }

  /** Resolves when something holds, when all is over, or at a time. */
  async #until(holds: () => boolean, wakeMs?: number, endMs = Infinity): Promise<void> {
    while (!holds() && !this.#isOver && performance.now() < endMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      const atMs = Math.min(wakeMs ?? Infinity, endMs);
      const timer = atMs === Infinity
        ? undefined
        : setTimeout(resolve, Math.max(0, Math.ceil(atMs - performance.now())));
      await promise;
      clearTimeout(timer);
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function isCounted({ moment }: FaultSpec): boolean {
  return moment.type === "at" || moment.type === "times" ||
    (moment.type === "every" && moment.times !== Infinity);
}
