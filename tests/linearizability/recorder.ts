/**
 * Records what a client invoked and heard, in shared memory: the record survives the client.
 *
 * Instants are tickets that everybody draws from one word, before an operation is invoked and after its
 * answer came. If one operation ended before another was invoked, its ticket is the lower one.
 *
 * @module
 */

import { SORTS } from "./object_handlers.ts";
import type { History, Operation, OperationKind } from "./history.ts";
import type { StoreRequest } from "./object_store.ts";

const KINDS: readonly OperationKind[] = ["enqueue", "dequeue", "read", "write", "swap", "add"];

/** Words of a record, by what they hold. */
const AT = {
  kind: 0,
  object: 1,
  argument: 2,
  expected: 3,
  answer: 4,
  invokedAt: 5, // 0: it was never invoked.
  endedAt: 6, // 0: nothing was heard.
  life: 7, // Which incarnation of the client, with GIVEN_UP if that did not wait for the answer.
} as const;
const RECORD_WORDS = 8;
const COUNT = 0;
const RECORDS = 8;
const GIVEN_UP = 1 << 30;

/** What a client needs to record: structured-cloneable. */
export interface LogMemory {
  /** The word from which all draw their tickets. */
  readonly tickets: SharedArrayBuffer;
  /** The records of this client's lives. */
  readonly records: SharedArrayBuffer;
}

/** A log for `operationCount` operations, beside those of others that draw from the same tickets. */
export function newLog(operationCount: number, tickets: SharedArrayBuffer): LogMemory {
  return { tickets, records: new SharedArrayBuffer(4 * (RECORDS + operationCount * RECORD_WORDS)) };
}

/** The word from which the clients of one run draw their tickets. */
export function newTickets(): SharedArrayBuffer {
  return new SharedArrayBuffer(64);
}

/** Records the operations of one life of a client. */
export class Recorder {
  readonly #tickets: Int32Array;
  readonly #words: Int32Array;
  readonly #life: number;
  readonly #capacity: number;

  /** @param life The client's incarnation: a later one is a higher number. */
  constructor({ tickets, records }: LogMemory, life: number) {
    this.#tickets = new Int32Array(tickets);
    this.#words = new Int32Array(records);
    this.#life = life;
    this.#capacity = (this.#words.length - RECORDS) / RECORD_WORDS;
  }

  /** Tickets drawn so far, by all clients. */
  get now(): number {
    return Atomics.load(this.#tickets, 0);
  }

  /** Operations that can still be recorded. */
  get room(): number {
    return Math.max(0, this.#capacity - Atomics.load(this.#words, COUNT));
  }

  /** Takes the next record: its number, distinct over all lives; -1 if there is no room. */
  reserve(): number {
    const record = Atomics.add(this.#words, COUNT, 1);
    return record < this.#capacity ? record : -1;
  }

  /** The operation is about to be invoked. */
  invoke(record: number, { kind, object, argument, expected }: StoreRequest): void {
    const words = this.#words;
    const at = RECORDS + record * RECORD_WORDS;
    words[at + AT.kind] = KINDS.indexOf(kind);
    words[at + AT.object] = object;
    words[at + AT.argument] = argument;
    words[at + AT.expected] = expected;
    words[at + AT.life] = this.#life;
    words[at + AT.invokedAt] = this.#draw();
  }

  /** The operation has been answered. */
  hear(record: number, answer: number): void {
    const at = RECORDS + record * RECORD_WORDS;
    this.#words[at + AT.answer] = answer;
    this.#words[at + AT.endedAt] = this.#draw();
  }

  /** The client does not wait for the answer any more. */
  giveUp(record: number): void {
    this.#words[RECORDS + record * RECORD_WORDS + AT.life] = this.#life | GIVEN_UP;
  }

  #draw(): number {
    return Atomics.add(this.#tickets, 0, 1) + 1;
  }
}

/**
 * The history in a log.
 *
 * An operation that was given up must not take effect after the answer to a later one of the same life:
 * requests are taken in order. One whose client died must not take effect after the first answer to a
 * later life: its channel was closed before the new one was opened.
 */
export function historyIn(thread: string, { records }: LogMemory): History {
  const words = new Int32Array(records);
  const count = Math.min(words[COUNT]!, (words.length - RECORDS) / RECORD_WORDS);
  const firstHeard = firstHeardByLife(words, count);
  const history: Operation[] = [];
  const laterHeard = new Map<number, number>(); // By life, the first answer to a later record.
  for (let record = count - 1; record >= 0; record--) {
    const at = RECORDS + record * RECORD_WORDS;
    if (words[at + AT.invokedAt] === 0) continue;
    const life = words[at + AT.life]! & ~GIVEN_UP;
    const heardAt = words[at + AT.endedAt]!;
    if (heardAt !== 0) {
      history.push(operationAt(words, at, thread, heardAt));
      laterHeard.set(life, earlier(laterHeard.get(life), heardAt));
      continue;
    }
    const givenUp = (words[at + AT.life]! & GIVEN_UP) !== 0;
    let fencedAt = givenUp ? laterHeard.get(life) ?? Infinity : Infinity;
    for (const [other, instant] of firstHeard) {
      if (other > life) fencedAt = Math.min(fencedAt, instant);
    }
    history.push(operationAt(words, at, thread, fencedAt));
  }
  return history.reverse();
}

function operationAt(words: Int32Array, at: number, thread: string, endedAt: number): Operation {
  const kind = KINDS[words[at + AT.kind]!]!;
  return {
    object: `${SORTS[kind]}-${words[at + AT.object]}`,
    thread: `${thread}#${words[at + AT.life]! & ~GIVEN_UP}`,
    kind,
    argument: words[at + AT.argument]!,
    expected: words[at + AT.expected]!,
    answer: words[at + AT.endedAt] === 0 ? undefined : words[at + AT.answer]!,
    invokedAt: words[at + AT.invokedAt]!,
    endedAt,
  };
}

function firstHeardByLife(words: Int32Array, count: number): Map<number, number> {
  const first = new Map<number, number>();
  for (let record = 0; record < count; record++) {
    const at = RECORDS + record * RECORD_WORDS;
    const heardAt = words[at + AT.endedAt]!;
    const life = words[at + AT.life]! & ~GIVEN_UP;
    if (heardAt !== 0) first.set(life, earlier(first.get(life), heardAt));
  }
  return first;
}

function earlier(known: number | undefined, instant: number): number {
  return Math.min(known ?? Infinity, instant);
}
