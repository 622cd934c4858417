/**
 * Kills servers at moments of the work, as a seed has it: each when its clients have done a little
 * since it began to serve. Others may be dead at the same time, and so may the kernel.
 *
 * @module
 */

import type { System, SystemEvent, SystemStatus } from "@hako/kernel";
import { KERNEL } from "../../kernel/manifest.ts";
import { type Random, randomFrom } from "../../tools/scenarios/random.ts";
import type { Board } from "./board.ts";
import { type KillPlan, VICTIMS } from "./kill_plan.ts";

/** Operations between the beginning of a life and its end from outside, at most. */
const OPERATIONS_MAX: Readonly<Record<string, number>> = { tally: 200, files: 12 };

/** Deaths of others between two of the kernel from outside, at most. */
const BETWEEN_KERNELS_MAX = 40;

/** Nothing died and nothing was done for so long: the system stands still. */
const STALL_MS = 30_000;

/**
 * How often the killer looks how much has been done. Its thread creates the workers as well, so it is
 * not to be woken for every operation.
 */
const LOOK_MS = 4;

/** Whoever has been down for so long is asked after: a kernel can die before it tells of a life. */
const ASK_MS = 500;

/** What the kernel is told of the deaths of a plan. A crowded machine lets a lease lapse as well. */
const PLANNED =
  /^(?:terminated|restarted on request|self\.close\(\)|injected \w+|it hangs|its lease lapsed)$/;

class Victim {
  readonly name: string;
  /** Whether it lives and serves. */
  isUp = false;
  deaths = 0;
  /** The last life of which the end was heard. */
  diedEpoch = 0;
  /** How many operations are to be done before it dies. */
  dueAt = Infinity;
  changedMs = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** Who kills in one round. */
export class Killer {
  /** Deaths by the reason that the kernel was told, without what differs from death to death. */
  readonly reasons: Map<string, number> = new Map();
  readonly #plan: KillPlan;
  readonly #board: Board;
  readonly #random: Random;
  readonly #victims: Map<string, Victim> = new Map();
  #kernelDueAt: number;
  #failure: string | undefined;

  /** The killer of a plan. */
  constructor(plan: KillPlan, board: Board) {
    this.#plan = plan;
    this.#board = board;
    this.#random = randomFrom(plan.seed);
    this.#kernelDueAt = plan.kernel ? this.#chance(BETWEEN_KERNELS_MAX) : Infinity;
    const names = [...Object.keys(VICTIMS), ...(plan.kernel ? [KERNEL] : [])];
    for (const name of names) this.#victims.set(name, new Victim(name));
  }

  /** Deaths of all victims so far. */
  get deaths(): number {
    return [...this.#victims.values()].reduce((sum, { deaths }) => sum + deaths, 0);
  }

  /** Deaths by victim. */
  get deathsByName(): Record<string, number> {
    return Object.fromEntries([...this.#victims].map(([name, { deaths }]) => [name, deaths]));
  }

  /** Reasons for which nobody was to die: each is a mistake, even if no client noticed. */
  get unplanned(): string[] {
    return [...this.reasons.keys()].filter((reason) => !PLANNED.test(reason));
  }

  /** Hears what happens to the domains. */
  hear(event: SystemEvent): void {
    if (event.type === "gave-up") this.#failure ??= `${event.domain} was given up: ${event.why}`;
    if (event.type === "stopped") this.#failure ??= `the system stopped: ${event.why}`;
    if (event.type === "kernel-died") this.#note(KERNEL, event.epoch, event.why);
    if (event.type === "died") this.#note(event.domain, event.epoch, event.why);
    if (event.type === "ready") {
      const victim = this.#victims.get(event.domain);
      if (victim !== undefined && event.epoch > victim.diedEpoch) this.#serves(victim);
    }
    this.#board.change();
  }

  /**
   * Kills until there were as many deaths as planned, or the round is over for another reason.
   *
   * @throws {Error} If a domain was given up, or the system stands still.
   */
  async run(system: System, onDeath: (deaths: number) => void): Promise<void> {
    let seen = "";
    let seenMs = performance.now();
    while (this.deaths < this.#plan.deaths && !this.#board.isOver) {
      if (this.#failure !== undefined) throw new Error(this.#failure);
      const { version } = this.#board;
      for (const victim of this.#victims.values()) await this.#consider(victim, system);
      this.#considerKernel(system);
      onDeath(this.deaths);
      const now = `${this.deaths} ${this.#board.done("tally")} ${this.#board.done("files")}`;
      if (now !== seen) [seen, seenMs] = [now, performance.now()];
      if (performance.now() - seenMs > STALL_MS) {
        await this.complain(system, new Error("the system stands still"));
      }
      await this.#askAfter(system);
      await this.#board.changed(version, LOOK_MS);
    }
  }

  /** A domain or the kernel has died; told twice by a kernel and its successor it counts once. */
  #note(name: string, epoch: number, why: string): void {
    const victim = this.#victims.get(name);
    if (victim === undefined || epoch <= victim.diedEpoch) return;
    victim.diedEpoch = epoch;
    victim.isUp = false;
    victim.changedMs = performance.now();
    victim.deaths++;
    const reason = reasonOf(why);
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
  }

  #serves(victim: Victim): void {
    const operations = 1 + this.#chance(OPERATIONS_MAX[VICTIMS[victim.name]!]!);
    victim.isUp = true;
    victim.dueAt = this.#doneFor(victim) + operations;
    victim.changedMs = performance.now();
  }

  async #consider(victim: Victim, system: System): Promise<void> {
    if (!victim.isUp || this.#doneFor(victim) < victim.dueAt) return;
    if (this.deaths >= this.#plan.deaths) return;
    victim.isUp = false; // Until its successor serves.
    victim.changedMs = performance.now();
    if (this.#random() < 0.7) system.terminate(victim.name);
    else await system.restart(victim.name);
  }

  #considerKernel(system: System): void {
    if (this.deaths < this.#kernelDueAt || this.deaths >= this.#plan.deaths) return;
    this.#kernelDueAt = this.deaths + 1 + this.#chance(BETWEEN_KERNELS_MAX);
    system.terminate(KERNEL);
  }

  async #askAfter(system: System): Promise<void> {
    const sinceMs = performance.now() - ASK_MS;
    const silent = [...this.#victims.values()].filter(({ name, isUp, changedMs }) =>
      name !== KERNEL && !isUp && changedMs < sinceMs
    );
    if (silent.length === 0) return;
    const { domains }: SystemStatus = await system.status();
    for (const victim of silent) {
      const { state, epoch } = domains[victim.name]!;
      victim.changedMs = performance.now();
      if (state !== "ready") continue;
      if (epoch > victim.diedEpoch + 1) victim.diedEpoch = epoch - 1;
      this.#serves(victim);
    }
  }

  /** Throws what is wrong with the system, with what is known of it. */
  async complain(system: System, { message }: Error): Promise<never> {
    throw new Error(`${message}: ${JSON.stringify(await system.status())}`);
  }

  #doneFor({ name }: Victim): number {
    return this.#board.done(VICTIMS[name]!);
  }

  #chance(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}

/** The beginning of what the kernel was told, up to the name of a point. */
function reasonOf(why: string): string {
  return why.split("\n")[0]!.replace(/^(?:Uncaught )?(?:\(in promise\) )?(?:Error: )?/, "")
    .replace(/ at [\w.-]+$/, "");
}
