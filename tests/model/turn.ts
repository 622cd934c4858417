/**
 * What a thread of the model does between two operations of the core.
 *
 * A script is a function from its variables and the answer of its last operation to its next
 * operation, and to what it does at once before that: plain accesses and entries in the log. These
 * need no interleaving of their own, because the race detector proves that their order with other
 * threads' is fixed by the atomic steps around them.
 *
 * @module
 */

/** What a thread does besides atomic steps. */
export const EFFECT = {
  /** Client: writes the fields of a request. */
  writeRequest: 0,
  /** Server: reads them. */
  readRequest: 1,
  /** Server: begins the request. */
  execute: 2,
  /** Server: writes the answer into the area of a parity. */
  writeReply: 3,
  /** Client: reads the answer in the area of a parity. */
  readReply: 4,
  /** Client: was told how its request ended. */
  cancelled: 5,
  /** Fencer: starts a thread. */
  start: 6,
} as const;

/** One of {@linkcode EFFECT}. */
export type EffectKind = typeof EFFECT[keyof typeof EFFECT];

/** Something that a thread does at once. */
export interface Effect {
  /** What it is. */
  readonly kind: EffectKind;
  /** The request, or the thread that is started. */
  readonly subject: number;
  /** The parity of an answer, or what `cancel` answered. */
  readonly detail: number;
}

/** The next operation of a thread. */
export interface Operation {
  /** An export of the core; `"look"`, `"put"` and `"claim"` are one atomic step by the script itself. */
  readonly name: string;
  /** The memory that it is called on. */
  readonly memory: number;
  /** Its operands. */
  readonly operands: readonly number[];
}

/** Collects what a script wants. */
export class Turn {
  /** What it does at once, in order. */
  readonly effects: Effect[] = [];
  /** What it calls then; ended if none. */
  operation: Operation | undefined;

  /** Does something at once. */
  do(kind: EffectKind, subject: number, detail = 0): void {
    this.effects.push({ kind, subject, detail });
  }

  /** Calls an operation of the core next. */
  call(memory: number, name: string, ...operands: readonly number[]): void {
    this.operation = { memory, name, operands };
  }

  /** Loads a word of 32 bits next. */
  look(memory: number, address: number): void {
    this.operation = { memory, name: "look", operands: [address] };
  }

  /** Stores a word of 32 bits next. */
  put(memory: number, address: number, value: number): void {
    this.operation = { memory, name: "put", operands: [address, value] };
  }

  /** Adds to a word of 32 bits next; answers what it was. */
  claim(memory: number, address: number, count: number): void {
    this.operation = { memory, name: "claim", operands: [address, count] };
  }
}

/** A thread of the model. */
export interface Script {
  /** The thread's name, as traces say it. */
  readonly name: string;
  /** Its variables at its start. */
  readonly variables: readonly number[];
  /** Of an incarnation that takes over by itself: which variable is its epoch. */
  readonly epochAt?: number;
  /**
   * Decides what comes next.
   *
   * @param variables Its variables, to be changed in place; dead ones are set to 0, so that states
   * which differ in nothing that matters are one.
   * @param answer What the last operation answered.
   * @param turn Receives what the thread does.
   * @throws {Violation} The core answered what its docs do not allow.
   */
  next(variables: number[], answer: number, turn: Turn): void;
}
