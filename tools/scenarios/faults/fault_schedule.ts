/**
 * When the faults of a plan happen: by seed, so that the same seed is the same plan on every machine.
 *
 * @module
 */

import { type Random, randomFrom, shuffled } from "../random.ts";
import { EACH, type FaultSpec } from "./fault_text.ts";

/** One fault at its moment. */
export interface Strike {
  /** Which fault of the plan. */
  readonly spec: FaultSpec;
  /** Whom it befalls. */
  readonly domain: string;
  /** Milliseconds after the work began; or, if it goes by the share of the work, undefined. */
  readonly atMs?: number;
  /** The share of the work that is done when it happens, from 0 to 1. */
  readonly atShare?: number;
}

/** Seeds of the faults of one plan are so far apart: the golden ratio of 32 bits. */
const SEED_STEP = 0x9e3779b9;

/** Strikes by share lie within the work: there is work left to disturb. */
const SHARE_MIN = 0.01;
const SHARE_MAX = 0.95;

/**
 * The strikes of a plan, one after the other: those by the clock and those by the share of the work
 * each in their order.
 */
export class FaultSchedule {
  readonly #timed: TimedStrikes[];
  readonly #shared: Strike[];

  /**
   * @param specs The plan. Faults at points and of disks have no moments of ours.
   * @param everybody Whom `*` means for a fault.
   * @param seed Of all chance.
   */
  constructor(
    specs: readonly FaultSpec[],
    everybody: (spec: FaultSpec) => readonly string[],
    seed: number,
  ) {
    const randoms = specs.map((_, index) => randomFrom((seed + index * SEED_STEP) >>> 0));
    this.#timed = specs.flatMap((spec, index) =>
      spec.moment.type === "every" || spec.moment.type === "at"
        ? [new TimedStrikes(spec, everybody(spec), randoms[index]!)]
        : []
    );
    this.#shared = specs.flatMap((spec, index) => byShare(spec, everybody(spec), randoms[index]!))
      .sort((a, b) => a.atShare! - b.atShare!);
  }

  /** The next strike by the clock; undefined if there is none to come. */
  nextByTime(): Strike | undefined {
    return this.#first()?.next;
  }

  /** The next strike by the share of the work. */
  nextByShare(): Strike | undefined {
    return this.#shared[0];
  }

  /** Strikes that must come before the plan has been carried out: those of a known number. */
  get left(): number {
    return this.#shared.length + this.#timed.reduce((sum, { left }) => sum + left, 0);
  }

  /** Whether a fault was still due at a moment of the work that has been done. */
  isDue(spec: FaultSpec, atMs: number): boolean {
    const byTime = this.#timed.find((strikes) => strikes.spec === spec)?.next;
    if (byTime !== undefined) return byTime.atMs! <= atMs;
    return this.#shared.some((strike) => strike.spec === spec);
  }

  /** Takes a strike off the schedule. */
  take(strike: Strike): void {
    if (strike.atShare !== undefined) this.#shared.shift();
    else this.#first()?.take();
  }

  #first(): TimedStrikes | undefined {
    let first: TimedStrikes | undefined;
    for (const strikes of this.#timed) {
      const at = strikes.next?.atMs;
      if (at !== undefined && at < (first?.next?.atMs ?? Infinity)) first = strikes;
    }
    return first;
  }
}

/** The strikes of one fault by the clock, found one by one: some have no end. */
class TimedStrikes {
  next: Strike | undefined;
  readonly spec: FaultSpec;
  readonly #victims: Victims;
  readonly #random: Random;
  #times: number;
  #atMs = 0;

  constructor(spec: FaultSpec, domains: readonly string[], random: Random) {
    this.spec = spec;
    this.#victims = new Victims(spec.domain, domains, random);
    this.#random = random;
    this.#times = spec.moment.type === "every" ? spec.moment.times : 1;
    this.#draw();
  }

  get left(): number {
    if (this.next === undefined || this.#times === Infinity) return 0;
    return this.#times + 1;
  }

  take(): void {
    this.#draw();
  }

  #draw(): void {
    const { moment } = this.spec;
    if (this.#times === 0) {
      this.next = undefined;
      return;
    }
    this.#times--;
    // Between half of the interval and one and a half: deaths in step with the work find little.
    if (moment.type === "every") this.#atMs += moment.everyMs * (0.5 + this.#random());
    else if (moment.type === "at") this.#atMs = moment.atMs;
    this.next = { spec: this.spec, domain: this.#victims.next(), atMs: this.#atMs };
  }
}

/** Whose turn it is: everybody's, in an order of chance, before anybody's again. */
class Victims {
  readonly #domain: string;
  readonly #domains: readonly string[];
  readonly #random: Random;
  #turn: string[] = [];

  constructor(domain: string, domains: readonly string[], random: Random) {
    this.#domain = domain;
    this.#domains = domains;
    this.#random = random;
  }

  next(): string {
    if (this.#domain !== EACH) return this.#domain;
    if (this.#turn.length === 0) this.#turn = shuffled(this.#domains, this.#random);
    return this.#turn.pop()!;
  }
}

function byShare(spec: FaultSpec, domains: readonly string[], random: Random): Strike[] {
  if (spec.moment.type !== "times") return [];
  const victims = new Victims(spec.domain, domains, random);
  return Array.from({ length: spec.moment.times }, () => {
    const atShare = SHARE_MIN + (SHARE_MAX - SHARE_MIN) * random();
    return { spec, domain: victims.next(), atShare };
  });
}
