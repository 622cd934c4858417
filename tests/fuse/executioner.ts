/**
 * Ends lives at equal times: the victims in turn, in an order of chance by seed.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { System, SystemEvent } from "@hako/kernel";
import { KERNEL } from "../../kernel/manifest.ts";
import { type Random, randomFrom, shuffled } from "../../tools/scenarios/random.ts";

/** How often a victim is replaced as if it had died, instead of ended from outside. */
const RESTART_SHARE = 0.25;

/** Who kills, and counts. */
export class Executioner {
  readonly #victims: readonly string[];
  readonly #random: Random;
  readonly #ready: Set<string>;
  readonly #deaths: Map<string, number> = new Map();
  /** The last life of each of which the end was heard: one kernel may tell of it, and the next. */
  readonly #epochs: Map<string, number> = new Map();
  #turn: string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(victims: readonly string[], seed: number) {
    this.#victims = victims;
    this.#random = randomFrom(seed);
    this.#ready = new Set(victims);
  }

  /** Hears who lives. */
  hear(event: SystemEvent): void {
    if (event.type === "ready") this.#ready.add(event.domain);
    if (event.type === "died") {
      this.#ready.delete(event.domain);
      this.#note(event.domain, event.epoch);
    }
    if (event.type !== "kernel-died") return;
    this.#note(KERNEL, event.epoch);
    for (const victim of this.#victims) this.#ready.add(victim); // Of some it could not tell.
  }

  /** Deaths so far, of the victim that died least. */
  get deathsMin(): number {
    return Math.min(...this.#victims.map((victim) => this.#deaths.get(victim) ?? 0));
  }

  /** Kills one every `everyMs`; nobody if that is 0. */
  begin(system: System, everyMs: number): void {
    if (everyMs > 0) this.#timer = setInterval(() => void this.#kill(system), everyMs);
  }

  /** Lets live whoever still does. */
  end(): void {
    clearInterval(this.#timer);
  }

  async #kill(system: System): Promise<void> {
    if (this.#turn.length === 0) this.#turn = shuffled(this.#victims, this.#random);
    const victim = this.#turn.shift()!;
    if (!this.#ready.has(victim)) return; // Dead already: by a fault of its own, or still.
    if (victim !== KERNEL) this.#ready.delete(victim);
    try {
      const isRestart = victim !== KERNEL && this.#random() < RESTART_SHARE;
      if (isRestart) await system.restart(victim);
      else system.terminate(victim);
    } catch (error) {
      if (!(error instanceof OsError)) throw error; // It has no worker at the moment.
    }
  }

  #note(name: string, epoch: number): void {
    if (epoch <= (this.#epochs.get(name) ?? 0)) return;
    this.#epochs.set(name, epoch);
    this.#deaths.set(name, (this.#deaths.get(name) ?? 0) + 1);
  }
}
