/**
 * What must hold when all who live have done what they can.
 *
 * Any set of threads that the scenario lets die is tried in every state: if everyone else has ended
 * or sleeps, that state is an end for that set. So each thread dies before each of its steps.
 *
 * @module
 */

import { PHASE } from "../../ipc/layouts/channel.ts";
import { SLOT_COUNT } from "../../ipc/limits.ts";
import { LOCAL } from "./automaton.ts";
import type { Word } from "./memory_map.ts";
import type { Request } from "./scenario.ts";
import { type Property, Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** Finds ends among states. */
export class Ending {
  readonly #world: World;
  readonly #deadSets: readonly number[];
  readonly #servers: readonly number[];
  readonly #fencers: readonly number[];

  /** Takes from the scenario who may die. */
  constructor(world: World) {
    this.#world = world;
    const threads = world.cast.map((_, thread) => thread);
    this.#servers = threads.filter((thread) => world.cast[thread]!.role === "server");
    this.#fencers = threads.filter((thread) =>
      ["fencer", "mourner"].includes(world.cast[thread]!.role)
    );
    this.#deadSets = deadSets(world);
  }

  /**
   * Checks a state as an end, for each set of dead threads for which it is one.
   *
   * @returns Sleepers, as bits, that only a time-out can help: the hint for them died with a thread.
   * @throws {Violation} Something that must hold at an end does not.
   */
  check(state: Int32Array): number {
    let running = 0;
    for (let thread = 0; thread < this.#world.cast.length; thread++) {
      if (this.#world.isRunnable(state, thread)) running |= 1 << thread;
    }
    let stranded = 0;
    for (let i = 0; i < this.#deadSets.length; i++) {
      const dead = this.#deadSets[i]!;
      if (this.#isEnd(state, dead, running & ~dead)) stranded |= this.#judge(state, dead);
    }
    return stranded;
  }

  #isEnd(state: Int32Array, dead: number, living: number): boolean {
    if (living !== 0) {
      // A fence that nobody needs yet may also never begin.
      for (const fencer of this.#fencers) {
        if ((living >>> fencer & 1) === 0 || this.#hasBegun(state, fencer)) continue;
        if (!this.#isNeeded(state, dead, fencer)) living &= ~(1 << fencer);
      }
      if (living !== 0) return false;
    }
    // Dead means: inside something that others may wait for.
    for (let thread = 0; dead >>> thread !== 0; thread++) {
      if ((dead >>> thread & 1) === 0) continue;
      const local = this.#world.localOf(state, thread);
      if (local < LOCAL.initial || this.#world.isGone(state, thread)) return false;
      if (this.#fencers.includes(thread) && local === LOCAL.initial) return false;
    }
    return true;
  }

  #hasBegun(state: Int32Array, fencer: number): boolean {
    return this.#world.localOf(state, fencer) !== LOCAL.initial;
  }

  #isNeeded(state: Int32Array, dead: number, fencer: number): boolean {
    const { scenario, cast } = this.#world;
    const { role, index, mourns } = cast[fencer]!;
    // Who has died elsewhere has taken no announcement away, or none that another ring needs.
    if (role === "mourner") {
      return (dead >>> mourns & 1) !== 0 && this.#world.isInsideRing(state, mourns);
    }
    const { after } = scenario.fencers[index]!;
    const isDead = (thread: number) => {
      return (dead >>> thread & 1) !== 0 || this.#world.isGone(state, thread);
    };
    if (after === undefined) {
      return this.#servers.some(isDead) || !scenario.servers.some(({ running }) => running);
    }
    if (isDead(this.#fencers[after]!)) return true;
    const { starts } = scenario.fencers[after]!;
    const ended = this.#world.localOf(state, this.#fencers[after]!) === LOCAL.ended;
    return ended && starts !== undefined && isDead(this.#servers[starts]!);
  }

  /** Judges an end. Answers the sleepers whose hint died. */
  #judge(state: Int32Array, dead: number): number {
    const found = this.#findProblem(state, dead);
    if (found === undefined) return 0;
    const stranded = this.#strandedBy(state, dead);
    if (stranded !== 0) return stranded;
    const names = this.#world.cast.filter((_, thread) => (dead >>> thread & 1) !== 0)
      .map(({ script }) => script.name);
    const who = names.length === 0 ? "while all live" : `when ${names.join(" and ")} stopped here`;
    throw new Violation(found.property, `${found.what}, ${who}`);
  }

  #findProblem(
    state: Int32Array,
    dead: number,
  ): { readonly property: Property; readonly what: string } | undefined {
    const world = this.#world;
    for (const server of this.#servers) {
      if ((dead >>> server & 1) !== 0 || !world.isAsleep(state, server)) continue;
      const { script } = world.cast[server]!;
      const epoch = world.epochOf(state, server);
      const fenced = world.map.words.some((word) => {
        return word.role === "epoch" && state[word.at] !== epoch;
      });
      if (fenced) return { property: "fenced-ends", what: `${script.name} sleeps although fenced` };
    }
    for (const request of world.requests) {
      if ((dead >>> request.channel & 1) !== 0 || world.isGone(state, request.channel)) continue;
      if (state[world.map.named("closed", request.channel).at] !== 0) {
        if (!world.isAsleep(state, request.channel)) continue; // It was told that it is over.
        const { script } = world.cast[request.channel]!;
        return { property: "no-lost-wake-up", what: `${script.name} sleeps on a closed channel` };
      }
      const found = this.#problemOf(state, dead, request);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #problemOf(state: Int32Array, dead: number, request: Request) {
    const world = this.#world;
    const word = world.map.slotOf(request);
    const phase = state[word.at]! & 7;
    const sequence = state[word.at + 1]!;
    const { script } = world.cast[request.channel]!;
    const name = `request ${request.sequence >>> 0} of ${script.name}`;
    const lost = (what: string) => ({ property: "no-lost-request" as const, what });
    const slept = (what: string) => ({ property: "no-lost-wake-up" as const, what });
    const isLast = world.requests.findLast((other) => {
      return other.channel === request.channel && other.slot === request.slot;
    }) === request;
    if (!world.ledger.isPosted(state, request)) {
      const free = phase === PHASE.FREE && sequence === (request.sequence | 0);
      return free ? slept(`${name} could be posted`) : lost(`${name} is never posted`);
    }
    const wantsAnswer = request.kind !== "oneWay";
    if (wantsAnswer && !world.ledger.isSettled(state, request)) {
      if (phase === PHASE.DONE) return slept(`${name} is answered and its client sleeps`);
      if (phase === PHASE.POSTED && this.#isAnyoneCurrent(state, dead, word)) {
        return slept(`${name} waits and the server sleeps`);
      }
      return lost(`${name} is never answered`);
    }
    if (!isLast) return undefined;
    if (phase === PHASE.POSTED && this.#isAnyoneCurrent(state, dead, word)) {
      return slept(`${name} waits and the server sleeps`);
    }
    return this.#isConserved(state, request, word)
      ? undefined
      : { property: "slots-conserved" as const, what: `the slot of ${name} is not given back` };
  }

  #isConserved(state: Int32Array, request: Request, word: Word): boolean {
    const phase = state[word.at]! & 7;
    const ahead = (state[word.at + 1]! - request.sequence) | 0;
    const epoch = state[this.#world.map.named("epoch", request.channel).at]!;
    if (state[word.at]! >>> 8 !== epoch) return false;
    return phase === PHASE.DONE ? ahead === 0 : phase === PHASE.FREE && ahead === SLOT_COUNT;
  }

  /** Whether a living server of the slot's epoch sleeps. */
  #isAnyoneCurrent(state: Int32Array, dead: number, word: Word): boolean {
    return this.#servers.some((server) => {
      return (dead >>> server & 1) === 0 && this.#world.isAsleep(state, server) &&
        this.#world.epochOf(state, server) === state[word.at]! >>> 8;
    });
  }

  /**
   * Living sleepers on a bell that a fenced incarnation has advanced and told nobody of: it went on
   * after its fence and died there, and nobody has heard of that yet. Nothing else may be lost with a
   * thread: any other hint is given again by whoever treats it as dead.
   */
  #strandedBy(state: Int32Array, dead: number): number {
    const world = this.#world;
    if (world.scenario.misuse === "sleep-for-ever") return 0;
    const silent = new Set<number>();
    for (const server of this.#servers) {
      if ((dead >>> server & 1) === 0 || !world.lateRings.isLate(state, server)) continue;
      silent.add(world.insideOf(state, server)!.step.memory);
    }
    let stranded = 0;
    for (let thread = 0; thread < world.cast.length; thread++) {
      if ((dead >>> thread & 1) !== 0 || !world.isAsleep(state, thread)) continue;
      if (world.hasTimedOut(state, thread)) continue;
      if (silent.has(world.insideOf(state, thread)!.word!.memory)) stranded |= 1 << thread;
    }
    return stranded;
  }
}

function deadSets({ scenario, cast }: World): readonly number[] {
  const bits = scenario.mayDie.map((name) => {
    const thread = cast.findIndex(({ script }) => script.name === name);
    if (thread < 0) throw new RangeError(`Cannot let ${name} die: no such thread`);
    return 1 << thread;
  });
  const sets = new Set([0]);
  for (const one of bits) for (const other of bits) sets.add(one | other);
  return [...sets];
}
