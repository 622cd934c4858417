/**
 * What has happened to each request and lies in each plain region, and the checks on it.
 *
 * @module
 */

import { AGAIN, PHASE } from "../../ipc/layouts/channel.ts";
import { SLOT_COUNT } from "../../ipc/limits.ts";
import { type Member, requestOf } from "./cast.ts";
import { type MemoryMap, renderValue, type Word } from "./memory_map.ts";
import type { Access, RaceDetector } from "./race_detector.ts";
import type { Request, Scenario } from "./scenario.ts";
import { EFFECT, type Effect } from "./turn.ts";
import { type Property, Violation } from "./violation.ts";

/** What is known of a request: bits. Those of its beginnings follow, one for each incarnation. */
const POSTED = 1;
const COMPLETED = 2;
const ANSWERED = 4;
const CANCELLED = 8; // In time: it must never be begun.
const BEGUN_SHIFT = 8;

/** Plain regions of a slot, by number: the request, the even answer, the odd one. */
const REGIONS = 3;
const REQUEST = 0;

/** Who moves a slot. */
export interface Mover {
  /** The thread. */
  readonly thread: number;
  /** Its epoch. */
  readonly epoch: number;
}

/** The log of a scenario, inside its states. */
export class Ledger {
  /** Numbers that the log takes in a state. */
  readonly length: number;
  readonly #at: number;
  readonly #regionsAt: number;
  readonly #requests: readonly Request[];
  readonly #cast: readonly Member[];
  readonly #races: RaceDetector;
  readonly #slots: readonly Word[];
  readonly #firstServer: number;
  readonly #checksMoves: boolean;
  readonly #epochOf: (state: Int32Array, thread: number) => number;

  /** Lays the log out in a state from `at` on. */
  constructor(
    at: number,
    { map, requests, cast, races, ignored, epochOf }: {
      readonly map: MemoryMap;
      readonly requests: readonly Request[];
      readonly cast: readonly Member[];
      readonly races: RaceDetector;
      readonly ignored: readonly Property[];
      readonly epochOf: (state: Int32Array, thread: number) => number;
    },
  ) {
    this.#at = at;
    this.#requests = requests;
    this.#cast = cast;
    this.#races = races;
    this.#epochOf = epochOf;
    this.#checksMoves = !ignored.includes("legal-move");
    this.#slots = requests.map((request) => map.slotOf(request));
    this.#firstServer = cast.findIndex(({ role }) => role === "server");
    this.#regionsAt = at + requests.length;
    this.length = requests.length + map.slotCount * REGIONS;
  }

  /** Enters what has happened before the start. */
  begin(state: Int32Array, scenario: Scenario): void {
    for (const { id, channel, before } of this.#requests) {
      if (before === undefined) continue;
      const slot = this.#slots[id]!;
      state[this.#at + id] = before === "cancelled" ? POSTED | ANSWERED : POSTED;
      if (before === "cancelled") continue;
      state[this.#regionOf(slot, 0)] = id + 1;
      const access = { thread: channel, slot: slot.slot, region: REQUEST, writes: true };
      this.#races.assume(state, access);
    }
    if (scenario.servers.length > 8) throw new RangeError("Cannot log more than 8 incarnations");
  }

  /** Whether a client was told how its request ended. */
  isSettled(state: Int32Array, request: Request): boolean {
    return (state[this.#at + request.id]! & ANSWERED) !== 0;
  }

  /** Whether the request was posted by anyone. */
  isPosted(state: Int32Array, request: Request): boolean {
    return (state[this.#at + request.id]! & POSTED) !== 0;
  }

  /** A thread wrote a slot's state word, which was `low` and `high`. */
  moved(state: Int32Array, mover: Mover, word: Word, low: number, high: number): void {
    const member = this.#cast[mover.thread]!;
    const newLow = state[word.at]!;
    const newHigh = state[word.at + 1]!;
    if (this.#checksMoves && !isLegal(member, mover.epoch, { low, high, newLow, newHigh })) {
      throw new Violation(
        "legal-move",
        `${member.script.name} moves ${word.name} from ${renderValue(word, low, high)} to ` +
          renderValue(word, newLow, newHigh),
      );
    }
    const from = low & 7;
    const to = newLow & 7;
    if (from === to) return;
    const request = requestOf(this.#requests, word.memory, to === PHASE.POSTED ? newHigh : high);
    if (request === undefined) {
      if (!this.#checksMoves) return;
      throw new Violation("legal-move", `${word.name} moves for a request that is nobody's`);
    }
    const at = this.#at + request.id;
    if (member.role === "client") {
      if (to === PHASE.POSTED) state[at]! |= POSTED;
      if (to === PHASE.FREE) state[at]! |= CANCELLED;
    } else if (to === PHASE.DONE || to === PHASE.FREE) state[at]! |= COMPLETED;
  }

  /** A thread does something besides an atomic step. */
  enter(state: Int32Array, thread: number, effect: Effect): void {
    const request = this.#requests[effect.subject]!;
    switch (effect.kind) {
      case EFFECT.writeRequest:
        return this.#write(state, thread, request, 0);
      case EFFECT.readRequest:
        return this.#read(state, thread, request, 0);
      case EFFECT.writeReply:
        return this.#write(state, thread, request, 1 + effect.detail);
      case EFFECT.readReply:
        this.#read(state, thread, request, 1 + effect.detail);
        return this.#settle(state, request);
      case EFFECT.cancelled:
        if (effect.detail !== 0) this.#settle(state, request);
        return;
      case EFFECT.execute:
        return this.#execute(state, thread, request);
    }
  }

  #execute(state: Int32Array, thread: number, request: Request): void {
    const known = state[this.#at + request.id]!;
    const begun = 1 << (BEGUN_SHIFT + thread - this.#firstServer);
    const name = this.#name(request);
    if ((known & POSTED) === 0) {
      throw new Violation("script", `${name} is begun before it is posted`);
    }
    if ((known & CANCELLED) !== 0) {
      throw new Violation(
        "cancelled-stays-out",
        `${name} is begun although it was cancelled in time`,
      );
    }
    if ((known & COMPLETED) !== 0) {
      throw new Violation("not-after-completion", `${name} is begun again after its completion`);
    }
    if ((known & begun) !== 0) {
      throw new Violation("executed-once", `${name} is begun twice by one incarnation`);
    }
    this.#checkBegunFirst(state, thread, request);
    for (const earlier of this.#requests) {
      if (earlier.channel !== request.channel || earlier.id >= request.id) continue;
      const other = state[this.#at + earlier.id]!;
      // What was cancelled while begun, or before the start, is not waiting either.
      if ((other & (begun | COMPLETED | CANCELLED | ANSWERED)) !== 0) continue;
      throw new Violation("in-order", `${name} is begun before ${this.#name(earlier)}`);
    }
    state[this.#at + request.id] = known | begun;
  }

  /** Whatever a predecessor has begun, in any channel, comes before what none has. */
  #checkBegunFirst(state: Int32Array, thread: number, request: Request): void {
    const epoch = this.#epochOf(state, thread);
    let older = 0;
    this.#cast.forEach(({ role }, other) => {
      if (role !== "server" || other === thread) return;
      if (this.#epochOf(state, other) < epoch) {
        older |= 1 << (BEGUN_SHIFT + other - this.#firstServer);
      }
    });
    if ((state[this.#at + request.id]! & older) !== 0) return;
    const own = 1 << (BEGUN_SHIFT + thread - this.#firstServer);
    for (const { id } of this.#requests) {
      const other = state[this.#at + id]!;
      if ((other & older) === 0) continue;
      if ((other & (own | COMPLETED | CANCELLED | ANSWERED)) !== 0) continue;
      const begun = this.#name(this.#requests[id]!);
      throw new Violation(
        "begun-first",
        `${this.#name(request)} is begun before ${begun}, which a predecessor had begun`,
      );
    }
  }

  #settle(state: Int32Array, request: Request): void {
    const at = this.#at + request.id;
    if ((state[at]! & ANSWERED) !== 0) {
      throw new Violation("answered-once", `${this.#name(request)} is answered twice`);
    }
    state[at]! |= ANSWERED;
  }

  #write(state: Int32Array, thread: number, request: Request, part: number): void {
    const slot = this.#slots[request.id]!;
    this.#access(state, slot, { thread, slot: slot.slot, region: part, writes: true });
    state[this.#regionOf(slot, part)] = request.id + 1;
  }

  #read(state: Int32Array, thread: number, request: Request, part: number): void {
    const slot = this.#slots[request.id]!;
    this.#access(state, slot, { thread, slot: slot.slot, region: part, writes: false });
    const found = state[this.#regionOf(slot, part)]!;
    if (found === request.id + 1 || this.#isFenced(state, slot, thread)) return;
    const what = found === 0
      ? "nothing"
      : `what belongs to ${this.#name(this.#requests[found - 1]!)}`;
    throw new Violation(
      "right-answer",
      `${this.#cast[thread]!.script.name} reads ${what} in place of ${this.#name(request)}`,
    );
  }

  #access(state: Int32Array, slot: Word, access: Access): void {
    for (const other of this.#races.access(state, access)) {
      // The one exception: what a fenced incarnation reads in a request counts for nothing.
      const reader = access.writes ? other : access;
      const isRequest = access.region === REQUEST;
      if (isRequest && !reader.writes && this.#isFenced(state, slot, reader.thread)) continue;
      const [writer, second] = access.writes ? [access, other] : [other, access];
      const part = ["the request", "the even answer", "the odd answer"][access.region];
      throw new Violation(
        "no-race",
        `${this.#nameOf(writer)} writes ${part} of ${slot.name}, and no atomic step orders that ` +
          `with ${this.#nameOf(second)} ${second.writes ? "writing" : "reading"} it`,
      );
    }
  }

  /** Whether the slot belongs to a newer incarnation than this thread is. */
  #isFenced(state: Int32Array, slot: Word, thread: number): boolean {
    const member = this.#cast[thread]!;
    return member.role === "server" && state[slot.at]! >>> 8 > this.#epochOf(state, thread);
  }

  #nameOf({ thread }: Access): string {
    return this.#cast[thread]!.script.name;
  }

  #name({ channel, sequence }: Request): string {
    return `request ${sequence >>> 0} of client ${String.fromCharCode(65 + channel)}`;
  }

  #regionOf(slot: Word, part: number): number {
    return this.#regionsAt + slot.slot * REGIONS + part;
  }
}

interface Move {
  readonly low: number;
  readonly high: number;
  readonly newLow: number;
  readonly newHigh: number;
}

/** Whether a move is an arrow of a slot's life, and by whom it belongs to. */
function isLegal(member: Member, ownEpoch: number, move: Move): boolean {
  const from = move.low & 7;
  const to = move.newLow & 7;
  const epoch = move.low >>> 8;
  const newEpoch = move.newLow >>> 8;
  const advance = (move.newHigh - move.high) | 0;
  const label = move.newLow & 0xf8;
  if (member.fences && epoch < newEpoch) {
    if (newEpoch !== ownEpoch) return false;
    if (from === PHASE.TAKEN) return to === PHASE.POSTED && advance === 0 && label === AGAIN;
    if (from === PHASE.CANCELLED) return to === PHASE.FREE && advance === SLOT_COUNT;
    return from === to && advance === 0 && label === (move.low & 0xf8);
  }
  switch (member.role) {
    case "client":
      if (epoch !== newEpoch || label !== 0) return false;
      if (to === PHASE.POSTED) {
        return from === PHASE.FREE ? advance === 0 : from === PHASE.DONE && advance === SLOT_COUNT;
      }
      if (from === PHASE.POSTED) return to === PHASE.FREE && advance === SLOT_COUNT;
      return from === PHASE.TAKEN && to === PHASE.CANCELLED && advance === 0;
    case "server":
      if (epoch !== ownEpoch || newEpoch !== epoch) return false;
      if (to === PHASE.FREE) {
        const mayFree = from === PHASE.TAKEN || from === PHASE.CANCELLED;
        return mayFree && advance === SLOT_COUNT && label === 0;
      }
      if (advance !== 0) return false;
      if (from === PHASE.POSTED) return to === PHASE.TAKEN && label === 0;
      return from === PHASE.TAKEN && to === PHASE.DONE && label === ((epoch & 1) << 3);
    default:
      return false;
  }
}
