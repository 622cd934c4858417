/**
 * The named points of one incarnation, and what happens there by a plan.
 *
 * @module
 */

import { Doorbell } from "@hako/ipc";
import type { ArmedFault } from "./point_fault.ts";
import { growHeap } from "./heap.ts";
import { type Holdings, Scribbler } from "./scribbler.ts";

/** How long a fault that can be stopped sleeps between two looks at its word. */
const STOP_LOOK_MS = 20;

/** The longest that the core can be told to sleep, about 50 days: a blocked worker is not to wake. */
const SLEEP_FOR_EVER_MS = 0xffff_ffff;

/**
 * How long a zombie that has seen its fence waits before it writes anywhere. Until the kernel has
 * closed its channels at the servers that it called, what it asks for there still counts as the last
 * that its life has done, so garbage would be its own fault and no zombie's.
 */
const ZOMBIE_REST_MS = 1_000;

/** The word of a fault that is to happen at the next visit. The machine writes it, the point takes it. */
export const ORDERED = 1;

/** What a fault needs of the incarnation that it happens to. */
export interface FaultBody {
  /** Asks for the worker's end from outside, and sleeps as the runtime does until it has come. */
  terminate(point: string): never;
  /** Ends the worker from inside, so that nobody is told. */
  exit(): never;
  /** Lets the incarnation fail, at its next turn, of a promise that was rejected with `error`. */
  reject(error: Error): void;
  /** Whether this life is over: what everybody but a zombie obeys. */
  isFenced(): boolean;
  /** What a zombie may still write to. */
  holdings(): Holdings;
}

/** The armed points of one incarnation. */
export class FaultPoints {
  readonly #faults: readonly ArmedFault[] | undefined;
  readonly #visits: Int32Array;
  readonly #body: FaultBody;

  /**
   * Arms the points of one incarnation.
   *
   * @param faults The faults of its domain.
   * @param visits A word for each fault of the system. Outlives the incarnation.
   * @param body The incarnation.
   */
  constructor(faults: readonly ArmedFault[], visits: Int32Array, body: FaultBody) {
    this.#faults = faults.length === 0 ? undefined : faults;
    this.#visits = visits;
    this.#body = body;
  }

  /** Whether anything may happen at all. */
  get isArmed(): boolean {
    return this.#faults !== undefined;
  }

  /** Passes a point: one look at a field if nothing is armed. Hot path. */
  visit(point: string): void {
    if (this.#faults !== undefined) this.#visitArmed(this.#faults, point);
  }

  #visitArmed(faults: readonly ArmedFault[], point: string): void {
    let due: ArmedFault | undefined;
    for (const fault of faults) {
      if (fault.point !== point) continue;
      if (this.#isDue(fault)) due = fault; // All are counted before one happens.
    }
    if (due !== undefined) happen(due, this.#body);
  }

  #isDue({ index, visit = 1 }: ArmedFault): boolean {
    if (visit === "ordered") {
      return Atomics.compareExchange(this.#visits, index, ORDERED, 0) === ORDERED;
    }
    return Atomics.add(this.#visits, index, 1) + 1 === visit;
  }
}

function happen(fault: ArmedFault, body: FaultBody): void {
  switch (fault.kind) {
    case "throw":
      throw new Error(`injected fault at ${fault.point}`);
    case "reject":
      return body.reject(new Error(`injected rejection at ${fault.point}`));
    case "terminate":
      return body.terminate(fault.point);
    case "exit":
      return body.exit();
    case "busy-loop":
      return computeUntil(endOf(fault));
    case "blocked":
      return sleep(fault);
    case "slow":
      return computeUntil(afterMs(fault.slowMs ?? 0));
    case "heap":
      return growHeap(fault.heapMb ?? Infinity);
    case "zombie":
      return goOn(endOf(fault), body);
  }
}

/** Whether something that lasts is over. */
type IsOver = () => boolean;

function afterMs(lastsMs: number): IsOver {
  const endMs = performance.now() + lastsMs;
  return () => performance.now() >= endMs;
}

/** When a fault ends that need not end. */
type Limits = Pick<ArmedFault, "lastsMs" | "stop">;

/** By time, by the stop word, or never. */
function endOf({ lastsMs = Infinity, stop }: Limits): IsOver {
  const isLate = afterMs(lastsMs);
  if (stop === undefined) return isLate;
  const word = new Int32Array(stop);
  return () => Atomics.load(word, 0) !== 0 || isLate();
}

function computeUntil(isOver: IsOver): void {
  while (!isOver());
}

/** Sleeps on a bell that nobody rings, and sees neither fence nor control message meanwhile. */
function sleep(fault: Limits): void {
  const { lastsMs = SLEEP_FOR_EVER_MS, stop } = fault;
  const bell = Doorbell.create();
  if (stop === undefined) {
    bell.wait(bell.announce(), lastsMs);
    return;
  }
  const isOver = endOf(fault);
  while (!isOver()) bell.wait(bell.announce(), STOP_LOOK_MS);
}

/** Sees its fence and does not care. */
function goOn(isOver: IsOver, body: FaultBody): void {
  while (!body.isFenced() && !isOver());
  const hasRested = afterMs(ZOMBIE_REST_MS);
  while (!hasRested() && !isOver());
  if (isOver()) return;
  const scribbler = new Scribbler(body.holdings());
  while (!isOver()) scribbler.scribble();
}
