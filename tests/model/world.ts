/**
 * The whole system of a scenario as one array of numbers, and the steps of its threads.
 *
 * ```text
 * hot words | cold content | local state of each thread | flags | late rings | race sets | log
 * ```
 *
 * @module
 */

import { applyAtomic, KIND, type Kind, type Read } from "./atomic_step.ts";
import { Automaton, type Counts, type Edge, LOCAL, type Local } from "./automaton.ts";
import { castOf, type Member } from "./cast.ts";
import { ColdMemory } from "./cold_memory.ts";
import type { InstrumentedCore } from "./instrument.ts";
import { LateRings } from "./late_rings.ts";
import { Ledger } from "./ledger.ts";
import { MemoryMap, type Word } from "./memory_map.ts";
import { RaceDetector } from "./race_detector.ts";
import { epochsOf, type Request, requestsOf, type Scenario, slotAtStart } from "./scenario.ts";
import { Stepper } from "./stepper.ts";
import { EFFECT } from "./turn.ts";
import { Unseen } from "./unseen.ts";
import type { Property } from "./violation.ts";

/** Flags of each thread, in one number: who is asleep, who is gone, whose sleep has timed out. */
const GONE_SHIFT = 10;
const TIMED_OUT_SHIFT = 20;

/** Answers of a wait. */
const WOKEN = 0;
const NOT_EQUAL = 1;
const TIMED_OUT = 2;

/** What a thread may do in a state, beside its next step: the choice of who is woken comes first. */
export const CHOICE = {
  /** Its sleep times out. */
  timeout: 7,
} as const;

/** Who sees each atomic step, for traces. */
export interface StepSeen {
  /** Whose step. */
  readonly thread: number;
  /** Where the thread was. */
  readonly local: Local;
  /** What the instruction read. */
  readonly before: Read;
  /** The word after it. */
  readonly after: readonly [low: number, high: number];
  /** Whether it is a time-out instead. */
  readonly timesOut: boolean;
}

/** More contents of the cold slots than any scenario makes. */
const COLD_CONTENTS_MAX = 2 ** 16;

/** What steps on cold slots lead to. */
interface ColdRun {
  readonly target: number;
  readonly content: number;
  readonly stepCount: number;
}

/** How a world is explored. */
export interface WorldOptions {
  /** Properties that are not looked at. */
  readonly ignored: readonly Property[];
  /** Whether steps that nobody sees are steps of their own, but for those on cold slots. */
  readonly unreduced: boolean;
}

/** A scenario, ready to be explored. */
export class World {
  /** What is explored. */
  readonly scenario: Scenario;
  /** The requests of all clients. */
  readonly requests: readonly Request[];
  /** The threads. */
  readonly cast: readonly Member[];
  /** The hot words. */
  readonly map: MemoryMap;
  /** The threads as automata. */
  readonly automata: readonly Automaton[];
  /** What has happened to the requests. */
  readonly ledger: Ledger;
  /** Which rings take an announcement away that no fence will make good. */
  readonly lateRings: LateRings;
  /** Numbers in a state. */
  readonly length: number;
  /** The most steps and swaps that each operation took. */
  readonly counts: Counts = { steps: new Map(), tries: new Map() };
  /** Sees every atomic step, when set. */
  observer: ((seen: StepSeen) => void) | undefined;
  /** Atomic steps done so far. */
  stepsDone = 0;
  readonly #cold: ColdMemory;
  readonly #races: RaceDetector;
  readonly #coldAt: number;
  readonly #localsAt: number;
  readonly #flagsAt: number;
  readonly #firstServer: number;
  readonly #firstFencer: number;
  readonly #read: Read = { low: 0, high: 0, wrote: false };
  /** By thread: where the steps on cold slots lead, from a local state and a cold content. */
  readonly #coldRuns: readonly Map<number, ColdRun>[];
  /** By thread that writes cold slots: what a run of steps on them has led to. */
  readonly #coldTargets: readonly Map<number, Local | undefined>[];
  readonly #unseen: Unseen;
  readonly #unreduced: boolean;
  /** Threads whose end somebody relies on. */
  readonly #buried: ReadonlySet<number>;
  /** Every epoch that a slot may get. */
  readonly #epochs: readonly number[];
  /** By thread: whether it may write cold slots. */
  readonly #writesCold: readonly boolean[];

  /** Prepares a scenario for one core. */
  constructor(scenario: Scenario, core: InstrumentedCore, { ignored, unreduced }: WorldOptions) {
    this.#unreduced = unreduced;
    this.scenario = scenario;
    this.requests = requestsOf(scenario);
    this.cast = castOf(scenario);
    this.map = new MemoryMap(scenario.channels.length, this.requests);
    const stepper = new Stepper(core, scenario.channels.length);
    this.automata = this.cast.map(({ script }) => {
      return new Automaton(script, stepper, this.map, this.counts);
    });
    this.#cold = new ColdMemory(scenario);
    this.#coldRuns = this.cast.map(() => new Map());
    this.#coldTargets = this.cast.map(() => new Map());
    this.#coldAt = this.map.length;
    this.#localsAt = this.#coldAt + 1;
    this.#flagsAt = this.#localsAt + this.cast.length;
    this.#races = new RaceDetector(this.#flagsAt + 2, this.map.slotCount, this.cast.length);
    this.lateRings = new LateRings(this.#flagsAt + 1, this.cast, scenario.channels.length);
    const ledgerAt = this.#flagsAt + 2 + this.#races.length;
    const { map, requests, cast } = this;
    const epochOf = this.epochOf.bind(this);
    this.ledger = new Ledger(ledgerAt, {
      ...{ map, requests, cast, ignored, epochOf },
      races: this.#races,
    });
    this.length = ledgerAt + this.ledger.length;
    this.#firstServer = scenario.channels.length;
    this.#firstFencer = this.#firstServer + scenario.servers.length;
    this.#unseen = new Unseen(scenario, this);
    this.#buried = new Set(
      scenario.fencers.flatMap(({ buries = [] }) => buries.map((it) => this.#firstServer + it)),
    );
    this.#writesCold = this.cast.map(({ fences }) => fences);
    this.#epochs = epochsOf(scenario);
  }

  /** The state at the start. */
  initial(): Int32Array {
    const state = new Int32Array(this.length);
    const { scenario } = this;
    for (const word of this.map.words) {
      const bell = scenario.bell ?? 0;
      if (word.role === "bell" || word.role === "doorbell") state[word.at] = bell;
      if (word.role === "epoch") state[word.at] = scenario.epoch;
      const asked = scenario.usesReady && !scenario.servers[0]!.running;
      if (word.role === "usesReady" && asked) state[word.at] = 1;
    }
    for (const request of this.requests) {
      state.set(slotAtStart(scenario, request.channel, request.slot), this.map.slotOf(request).at);
    }
    this.cast.forEach(({ role, index }, thread) => {
      const { running, takesOver } = scenario.servers[index] ?? {};
      const unborn = role === "server" && !running && !takesOver;
      state[this.#localsAt + thread] = unborn ? LOCAL.unborn : LOCAL.initial;
    });
    this.ledger.begin(state, scenario);
    return state;
  }

  /** The local state of a thread, by number. */
  localOf(state: Int32Array, thread: number): number {
    return state[this.#localsAt + thread]!;
  }

  /** The local state of a thread, if it is inside an operation. */
  insideOf(state: Int32Array, thread: number): Local | undefined {
    return this.automata[thread]!.locals[state[this.#localsAt + thread]!];
  }

  /** The epoch of a thread; 0 while it has none. */
  epochOf(state: Int32Array, thread: number): number {
    const { epoch, script } = this.cast[thread]!;
    if (epoch !== 0 || script.epochAt === undefined) return epoch;
    return this.insideOf(state, thread)?.variables[script.epochAt] ?? 0;
  }

  /** Whether a thread stands between the two steps of a ring. */
  isInsideRing(state: Int32Array, thread: number): boolean {
    return this.insideOf(state, thread)?.step.kind === KIND.notify;
  }

  /** Whether a thread sleeps. */
  isAsleep(state: Int32Array, thread: number): boolean {
    return ((state[this.#flagsAt]! >>> thread) & 1) !== 0;
  }

  /** Whether a thread has stopped for good, and is known to. */
  isGone(state: Int32Array, thread: number): boolean {
    return ((state[this.#flagsAt]! >>> (GONE_SHIFT + thread)) & 1) !== 0;
  }

  /** Whether a sleep of the thread has timed out already. */
  hasTimedOut(state: Int32Array, thread: number): boolean {
    return ((state[this.#flagsAt]! >>> (TIMED_OUT_SHIFT + thread)) & 1) !== 0;
  }

  /** Whether a thread can do its next step. */
  isRunnable(state: Int32Array, thread: number): boolean {
    const local = state[this.#localsAt + thread]!;
    if (local < LOCAL.initial || this.isAsleep(state, thread) || this.isGone(state, thread)) {
      return false;
    }
    if (local !== LOCAL.initial || thread < this.#firstFencer) return true;
    if (this.cast[thread]!.role === "mourner") return this.#mayMourn(state, thread);
    const { after, onlyIfCutOff } = this.scenario.fencers[thread - this.#firstFencer]!;
    if (after === undefined) return true;
    const other = state[this.#localsAt + this.#firstFencer + after]!;
    return other !== LOCAL.initial && !(onlyIfCutOff && other === LOCAL.ended);
  }

  /**
   * Whether somebody has died inside a ring, and was fenced if it is a server. Deaths at other places
   * need no mourner: that is how an end is judged.
   */
  #mayMourn(state: Int32Array, thread: number): boolean {
    const { mourns } = this.cast[thread]!;
    if (!this.isInsideRing(state, mourns) || this.isGone(state, mourns)) return false;
    return mourns < this.#firstServer ||
      this.scenario.fencers.some((_, index) => {
        return state[this.#localsAt + this.#firstFencer + index] === LOCAL.ended;
      });
  }

  /** How many choices a runnable thread has: more than one if it can wake one of several. */
  choiceCount(state: Int32Array, thread: number): number {
    const { step, word } = this.insideOf(state, thread)!;
    if (step.kind !== KIND.notify || step.low === -1) return 1;
    return Math.max(1, this.#sleepersOn(state, word!).length);
  }

  /** Does a thread's next step, and with it those of its steps that nobody sees. */
  perform(state: Int32Array, thread: number, choice: number): void {
    const number = state[this.#localsAt + thread]!;
    if (number === LOCAL.initial && thread >= this.#firstFencer) this.#bury(state, thread);
    const local = this.automata[thread]!.locals[number]!;
    if (choice === CHOICE.timeout) this.#timeOut(state, thread, local);
    else this.#step(state, thread, local, choice);
    this.#goOnUnseen(state, thread);
  }

  #goOnUnseen(state: Int32Array, thread: number): void {
    if (this.isAsleep(state, thread)) return;
    for (;;) {
      const number = state[this.#localsAt + thread]!;
      const local = this.automata[thread]!.locals[number];
      if (local === undefined) return;
      if (local.word === undefined) {
        this.#runCold(state, thread, number);
        continue;
      }
      if (this.#unreduced) return;
      if (!this.#unseen.isUnseen(state, thread, number, this.#living(state))) return;
      this.#step(state, thread, local, 0);
    }
  }

  #step(state: Int32Array, thread: number, local: Local, choice: number): void {
    const { step } = local;
    const word = local.word;
    if (word === undefined) return void this.#stepCold(state, thread, local);
    if (step.kind === KIND.notify) return this.#notify(state, thread, local, choice);
    if (step.kind === KIND.wait) return this.#wait(state, thread, local);
    const read = this.#read;
    applyAtomic(state, word.at, step, read);
    const { low, high } = read;
    if (word.slot >= 0) this.#order(state, thread, word.slot, step.kind);
    this.#see(state, thread, local, read);
    if (step.kind === KIND.add && !word.wide) {
      this.#forgetTimeOuts(state, word);
      this.lateRings.advanced(state, thread, word.memory);
    }
    if (read.wrote && word.role === "slot") {
      const mover = { thread, epoch: this.epochOf(state, thread) };
      this.ledger.moved(state, mover, word, low, high);
    }
    this.#advance(state, thread, low, high);
  }

  /** Passes on what is known to have happened before, through the state word of a slot. */
  #order(state: Int32Array, thread: number, slot: number, kind: Kind): void {
    if (kind === KIND.store) return this.#races.replace(state, thread, slot);
    if (thread < this.#firstFencer) this.#races.acquire(state, thread, slot);
    if (this.#read.wrote) this.#races.release(state, thread, slot);
  }

  /** Does all steps on cold slots up to the next on a hot word, by heart if it did them before. */
  #runCold(state: Int32Array, thread: number, number: number): void {
    const key = number * COLD_CONTENTS_MAX + state[this.#coldAt]!;
    const known = this.#coldRuns[thread]!.get(key);
    if (known !== undefined) {
      state[this.#localsAt + thread] = known.target;
      state[this.#coldAt] = known.content;
      this.stepsDone += known.stepCount;
      return;
    }
    const before = this.stepsDone;
    let local = this.automata[thread]!.locals[number];
    let isSilent = true;
    while (isSilent && local !== undefined && local.word === undefined) {
      isSilent = this.#stepCold(state, thread, local).effects.length === 0;
      local = this.insideOf(state, thread);
    }
    if (!isSilent) return; // What it does besides has to be done each time.
    if (this.#writesCold[thread]!) this.#proveSteady(thread, number, local);
    const content = state[this.#coldAt]!;
    if (content >= COLD_CONTENTS_MAX) throw new RangeError("Cannot number so many cold contents");
    const target = state[this.#localsAt + thread]!;
    const stepCount = this.stepsDone - before;
    this.#coldRuns[thread]!.set(key, { target, content, stepCount });
  }

  /** Fences may run over cold slots in one go only if the same step follows, whatever stands there. */
  #proveSteady(thread: number, number: number, reached: Local | undefined): void {
    const first = this.#coldTargets[thread]!.get(number);
    if (first === undefined) return void this.#coldTargets[thread]!.set(number, reached);
    if (placeOf(first) === placeOf(reached)) return;
    throw new RangeError("Cannot keep a slot cold: what follows on its fence depends on it");
  }

  #stepCold(state: Int32Array, thread: number, local: Local): Edge {
    const read = this.#read;
    state[this.#coldAt] = this.#cold.apply(state[this.#coldAt]!, local.cold, local.step, read);
    const { low, high } = read;
    if (!this.#writesCold[thread]!) this.#proveBlind(thread, state, low, high);
    return this.#advance(state, thread, low, high);
  }

  /** A cold slot may be read unseen only if the reader does the same whatever the epoch is. */
  #proveBlind(thread: number, state: Int32Array, low: number, high: number): void {
    const automaton = this.automata[thread]!;
    const number = state[this.#localsAt + thread]!;
    const { target } = automaton.follow(number, low, high);
    for (const epoch of this.#epochs) {
      const other = automaton.follow(number, (low & 0xff) | (epoch << 8), high);
      if (other.target === target) continue;
      throw new RangeError("Cannot keep a slot cold: its reader depends on the slot's epoch");
    }
  }

  #wait(state: Int32Array, thread: number, local: Local): void {
    const { word, step } = local;
    const equal = state[word!.at] === step.low;
    this.#see(state, thread, local, { low: state[word!.at]!, high: 0, wrote: false });
    if (equal) state[this.#flagsAt]! |= 1 << thread;
    else this.#advance(state, thread, NOT_EQUAL, 0);
  }

  #notify(state: Int32Array, thread: number, local: Local, choice: number): void {
    const sleepers = this.#sleepersOn(state, local.word!);
    const woken = local.step.low === -1 ? sleepers : sleepers.slice(choice, choice + 1);
    this.#see(state, thread, local, { low: woken.length, high: 0, wrote: false });
    this.lateRings.notified(state, thread, local.word!.memory);
    for (const sleeper of woken) {
      this.#wakeUp(state, sleeper);
      state[this.#flagsAt]! &= ~(1 << (TIMED_OUT_SHIFT + sleeper));
      this.#advance(state, sleeper, WOKEN, 0);
      this.#goOnUnseen(state, sleeper);
    }
    this.#advance(state, thread, woken.length, 0);
  }

  #timeOut(state: Int32Array, thread: number, local: Local): void {
    this.#see(state, thread, local, { low: 0, high: 0, wrote: false }, true);
    this.#wakeUp(state, thread);
    state[this.#flagsAt]! |= 1 << (TIMED_OUT_SHIFT + thread);
    this.#advance(state, thread, TIMED_OUT, 0);
  }

  /** Whoever half rings a bell and dies may strand its sleepers, and may do so more than once. */
  #forgetTimeOuts(state: Int32Array, word: Word): void {
    for (const sleeper of this.#sleepersOn(state, word)) {
      state[this.#flagsAt]! &= ~(1 << (TIMED_OUT_SHIFT + sleeper));
    }
  }

  #wakeUp(state: Int32Array, thread: number): void {
    state[this.#flagsAt]! &= ~(1 << thread);
  }

  #advance(state: Int32Array, thread: number, low: number, high: number): Edge {
    this.stepsDone++;
    const edge = this.automata[thread]!.follow(state[this.#localsAt + thread]!, low, high);
    state[this.#localsAt + thread] = edge.target;
    const { effects } = edge;
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i]!;
      if (effect.kind === EFFECT.start) this.#startThread(state, thread, effect.subject);
      else this.ledger.enter(state, thread, effect);
    }
    if (edge.target === LOCAL.ended && !this.#buried.has(thread)) this.#races.forget(state, thread);
    return edge;
  }

  #startThread(state: Int32Array, starter: number, thread: number): void {
    if (state[this.#localsAt + thread] !== LOCAL.unborn) return;
    state[this.#localsAt + thread] = LOCAL.initial;
    this.#races.pass(state, starter, thread);
    this.#goOnUnseen(state, thread);
  }

  /** Who is over when a thread begins: whom it mourns, whose place it takes, what it buries. */
  #goneBefore(thread: number): readonly number[] {
    const { role, mourns } = this.cast[thread]!;
    if (role === "mourner") return [mourns];
    const { after, besides, buries = [] } = this.scenario.fencers[thread - this.#firstFencer]!;
    const over = buries.map((server) => this.#firstServer + server);
    if (after !== undefined && !besides) over.push(this.#firstFencer + after);
    return over;
  }

  #bury(state: Int32Array, thread: number): void {
    for (const other of this.#goneBefore(thread)) {
      this.#wakeUp(state, other);
      state[this.#flagsAt]! |= 1 << (GONE_SHIFT + other);
      this.#races.pass(state, other, thread);
    }
  }

  #sleepersOn(state: Int32Array, word: Word): number[] {
    const sleepers: number[] = [];
    for (let thread = 0; thread < this.cast.length; thread++) {
      if (!this.isAsleep(state, thread)) continue;
      if (this.insideOf(state, thread)!.word === word) sleepers.push(thread);
    }
    return sleepers;
  }

  #see(state: Int32Array, thread: number, local: Local, read: Read, timesOut = false): void {
    if (this.observer === undefined) return;
    const { word } = local;
    const after = [state[word!.at]!, word!.wide ? state[word!.at + 1]! : 0] as const;
    this.observer({ thread, local, before: { ...read }, after, timesOut });
  }

  /** The threads that have not ended, as bits. */
  #living(state: Int32Array): number {
    let living = 0;
    for (let thread = 0; thread < this.cast.length; thread++) {
      if (state[this.#localsAt + thread] !== LOCAL.ended) living |= 1 << thread;
    }
    return living & ~(state[this.#flagsAt]! >>> GONE_SHIFT);
  }
}

/** Which instruction comes next, and in which operation: not how many steps led there. */
function placeOf(local: Local | undefined): string {
  if (local === undefined) return "";
  const { variables, operation, step } = local;
  return `${variables}|${operation.memory} ${operation.name}|${Object.values(step)}`;
}
