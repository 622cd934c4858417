/**
 * The objects in a memory that survives its server, each request done exactly once.
 *
 * ```text
 *   word 0     which copy counts; written by one store, which commits
 *   word 1     1 once the memory is in use
 *   word 16    copy 0: queues | registers | counters | last request of each client
 *   ...        copy 1
 * ```
 *
 * A request is done on the copy that does not count, together with its name and answer; whoever dies
 * before the commit has done nothing. A client's requests are taken in order and one at a time, so the
 * last one is all that a successor can be given again.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import { QUEUE_CAPACITY } from "./fifo.ts";
import type { OperationKind } from "./history.ts";
import { DONE, NOTHING } from "./model.ts";
import { OBJECT_COUNTS } from "./objects_protocol.ts";

const COMMIT = 0;
const IN_USE = 1;
const COPIES = 16;
const QUEUE_WORDS = 2 + QUEUE_CAPACITY; // Head, count, values in a ring.
const CLIENTS_MAX = 64;
const CLIENT_WORDS = 3; // Badge, sequence, answer.
const REGISTERS = OBJECT_COUNTS.queue * QUEUE_WORDS;
const COUNTERS = REGISTERS + OBJECT_COUNTS.register;
const CLIENTS = COUNTERS + OBJECT_COUNTS.counter;
const COPY_WORDS = CLIENTS + CLIENTS_MAX * CLIENT_WORDS;

/** Bytes that a store takes. */
export const STORE_BYTES = 4096;

/** Where a server may die in a request. */
export const STORE_POINTS = ["store.before", "store.between", "store.after"] as const;

/** One request to an object. */
export interface StoreRequest {
  /** What to do. */
  readonly kind: OperationKind;
  /** The object's number among those of its sort. */
  readonly object: number;
  /** The value that goes in. */
  readonly argument: number;
  /** For `swap`: the value that must stand there. */
  readonly expected: number;
}

/** Who asks: names the request for ever. */
export interface RequestName {
  /** The client's number. */
  readonly badge: number;
  /** The request's number among the client's. */
  readonly sequence: number;
}

/** The objects of one incarnation. */
export class ObjectStore {
  readonly #words: Int32Array;
  readonly #point: (name: string) => void;

  /**
   * @param memory {@linkcode STORE_BYTES} bytes, zeroed before the first use.
   * @param point Called at each of {@linkcode STORE_POINTS}.
   */
  constructor(memory: SharedArrayBuffer, point: (name: string) => void = () => {}) {
    this.#words = new Int32Array(memory);
    this.#point = point;
    Atomics.store(this.#words, IN_USE, 1);
  }

  /**
   * Goes on with what the latest predecessor left in its own memory, which a zombie may still write:
   * one request, since it has been fenced; so the copy that counts stays as it is.
   *
   * @param memories The memories of all incarnations; the last one is this one's.
   * @param point Called at each of {@linkcode STORE_POINTS}.
   */
  static takeOver(
    memories: readonly SharedArrayBuffer[],
    point: (name: string) => void,
  ): ObjectStore {
    const [own, ...others] = memories.toReversed().map((memory) => new Int32Array(memory));
    const latest = others.find((words) => Atomics.load(words, IN_USE) === 1);
    if (latest !== undefined) {
      const from = COPIES + Atomics.load(latest, COMMIT) * COPY_WORDS;
      own!.set(latest.subarray(from, from + COPY_WORDS), COPIES);
    }
    return new ObjectStore(own!.buffer as SharedArrayBuffer, point);
  }

  /** Whether the incarnation with this memory has begun a request. */
  static isInUse(memory: SharedArrayBuffer): boolean {
    return Atomics.load(new Int32Array(memory), IN_USE) === 1;
  }

  /** Does a request, or answers it again: `-EPROTO` if a later one of its client was done already. */
  answer(request: StoreRequest, { badge, sequence }: RequestName): number {
    const words = this.#words;
    const counting = Atomics.load(words, COMMIT);
    const done = COPIES + counting * COPY_WORDS;
    const last = done + CLIENTS + (badge % CLIENTS_MAX) * CLIENT_WORDS;
    if (words[last] === badge) {
      const ahead = (sequence - words[last + 1]!) | 0;
      if (ahead === 0) return words[last + 2]!;
      if (ahead < 0) return -ERRNO.EPROTO;
    }
    this.#point("store.before");
    const next = COPIES + (1 - counting) * COPY_WORDS;
    words.copyWithin(next, done, done + COPY_WORDS);
    const answer = this.#apply(next, request);
    this.#point("store.between");
    words.set([badge, sequence, answer], last - done + next);
    Atomics.store(words, COMMIT, 1 - counting);
    this.#point("store.after");
    return answer;
  }

  #apply(copy: number, { kind, object, argument, expected }: StoreRequest): number {
    const words = this.#words;
    switch (kind) {
      case "enqueue":
        return this.#enqueue(copy + object * QUEUE_WORDS, argument);
      case "dequeue":
        return this.#dequeue(copy + object * QUEUE_WORDS);
      case "read":
        return words[copy + REGISTERS + object]!;
      case "write":
        words[copy + REGISTERS + object] = argument;
        return DONE;
      case "swap":
        if (words[copy + REGISTERS + object] !== expected) return NOTHING;
        words[copy + REGISTERS + object] = argument;
        return DONE;
      case "add":
        return words[copy + COUNTERS + object]! += argument;
    }
  }

  #enqueue(queue: number, value: number): number {
    const words = this.#words;
    const count = words[queue + 1]!;
    if (count === QUEUE_CAPACITY) return NOTHING;
    words[queue + 2 + (words[queue]! + count) % QUEUE_CAPACITY] = value;
    words[queue + 1] = count + 1;
    return DONE;
  }

  #dequeue(queue: number): number {
    const words = this.#words;
    if (words[queue + 1] === 0) return NOTHING;
    const head = words[queue]!;
    words[queue] = (head + 1) % QUEUE_CAPACITY;
    words[queue + 1]!--;
    return words[queue + 2 + head]!;
  }
}
