/**
 * A client at work: random operations by seed, one at a time and several at once, by every way of
 * calling, each recorded.
 *
 * @module
 */

import { type CallSyncOptions, type Client, OsError } from "@hako/ipc";
import type { Random } from "../../tools/scenarios/random.ts";
import type { OperationKind } from "./history.ts";
import type { StoreRequest } from "./object_store.ts";
import { OBJECT_COUNTS, type Objects, STAMP_BYTES } from "./objects_protocol.ts";
import type { Recorder } from "./recorder.ts";

/** Operations that a client has under way at once, at most. */
const BURST_MAX = 5;

/** The limit of a call that may be given up. */
const SHORT: CallSyncOptions = { timeoutMs: 1 };

/** The limit of any other: an answer that takes longer will never come, and the run has failed. */
const LONG: CallSyncOptions = { timeoutMs: 30_000 };

/** Errors that mean: this life of the client, or the whole system, is over. */
const OVER = ["EPIPE", "EHOSTDOWN"];

/** The shares of the ways of calling, of 1 in all; the rest is one synchronous call at a time. */
export interface Ways {
  /** Several promises at once. */
  readonly burst: number;
  /** Several requests posted with one ring. */
  readonly batch: number;
  /** A stream of requests. */
  readonly stream: number;
  /** A synchronous call that may be given up. */
  readonly timed: number;
}

/** A client of the objects that records what it does. */
export class Worker {
  readonly #client: Client<Objects>;
  readonly #recorder: Recorder;
  readonly #number: number;
  readonly #random: Random;
  readonly #seen: number[] = new Array(OBJECT_COUNTS.register).fill(0);

  /**
   * @param client Its connection.
   * @param recorder Where it records.
   * @param by Its number among the clients, below 16, for values that no other writes; its chance.
   */
  constructor(
    client: Client<Objects>,
    recorder: Recorder,
    by: { readonly number: number; readonly random: Random },
  ) {
    this.#client = client;
    this.#recorder = recorder;
    this.#number = by.number;
    this.#random = by.random;
  }

  /**
   * Does some operations in a way of chance.
   *
   * @returns Whether to go on: not when the log is full, or this life is over.
   */
  async act(ways: Ways): Promise<boolean> {
    let choice = this.#random();
    const drawn = (share: number): boolean => (choice -= share) < 0;
    try {
      if (drawn(ways.burst)) return await this.#burst();
      if (drawn(ways.batch)) return this.#batch();
      if (drawn(ways.stream)) return await this.#stream();
      return this.#single(drawn(ways.timed) ? SHORT : LONG);
    } catch (error) {
      if (error instanceof OsError && OVER.includes(error.code)) return false;
      throw error;
    }
  }

  #single(limit: CallSyncOptions): boolean {
    const record = this.#recorder.reserve();
    if (record < 0) return false;
    const request = this.#draw(record);
    this.#recorder.invoke(record, request);
    try {
      this.#hear(record, request, callSync(this.#client, request, record, limit));
    } catch (error) {
      this.#giveUpOrThrow(record, error, limit);
    }
    return true;
  }

  async #burst(): Promise<boolean> {
    const count = 2 + Math.floor(this.#random() * (BURST_MAX - 1));
    const outcomes = await Promise.allSettled(Array.from({ length: count }, () => this.#one()));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    return this.#recorder.room > 0;
  }

  async #one(): Promise<void> {
    const record = this.#recorder.reserve();
    if (record < 0) return;
    const request = this.#draw(record);
    this.#recorder.invoke(record, request);
    const limit = this.#random() < 0.02 ? SHORT : LONG;
    try {
      this.#hear(record, request, await call(this.#client, request, record, limit));
    } catch (error) {
      this.#giveUpOrThrow(record, error, limit);
    }
  }

  /** Several additions at once: the requests of a batch share their operation. */
  #batch(): boolean {
    const records = this.#reserve(2 + Math.floor(this.#random() * (BURST_MAX - 1)));
    const requests = records.map((record) => this.#drawOf("add", record));
    records.forEach((record, i) => this.#recorder.invoke(record, requests[i]!));
    const sums = this.#client.callAllSync("add", requests);
    records.forEach((record, i) => this.#hear(record, requests[i]!, sums[i]!));
    return this.#recorder.room > 0;
  }

  /** A stream of dequeues and one of enqueues: answers in the order of the requests. */
  async #stream(): Promise<boolean> {
    const kind = this.#random() < 0.45 ? "enqueue" : "dequeue";
    const records: number[] = [];
    const requests = this.#reserve(BURST_MAX).map((record) => {
      return { ...this.#drawOf(kind, record), record };
    });
    const recorder = this.#recorder;
    function* invoked() {
      for (const request of requests) {
        recorder.invoke(request.record, request);
        records.push(request.record);
        yield request;
      }
    }
    let heard = 0;
    for await (const answer of this.#client.stream(kind, invoked(), { ...LONG, inFlightMax: 4 })) {
      this.#hear(records[heard]!, requests[heard]!, answer);
      heard++;
    }
    return recorder.room > 0;
  }

  #reserve(count: number): number[] {
    return Array.from({ length: count }, () => this.#recorder.reserve())
      .filter((record) => record >= 0);
  }

  #hear(record: number, request: StoreRequest, answer: number): void {
    this.#recorder.hear(record, answer);
    if (request.kind === "read") this.#seen[request.object] = answer;
    if (request.kind === "write") this.#seen[request.object] = request.argument;
  }

  #giveUpOrThrow(record: number, error: unknown, limit: CallSyncOptions): void {
    const isGivenUp = error instanceof OsError && error.code === "ETIMEDOUT" && limit === SHORT;
    if (!isGivenUp) throw error;
    this.#recorder.giveUp(record);
  }

  #draw(record: number): StoreRequest {
    const choice = this.#random();
    if (choice < 0.2) return this.#drawOf("enqueue", record);
    if (choice < 0.45) return this.#drawOf("dequeue", record);
    if (choice < 0.6) return this.#drawOf("read", record);
    if (choice < 0.7) return this.#drawOf("write", record);
    if (choice < 0.85) return this.#drawOf("swap", record);
    return this.#drawOf("add", record);
  }

  #drawOf(kind: OperationKind, record: number): StoreRequest {
    const sort = kind === "add" ? "counter" : kind.endsWith("queue") ? "queue" : "register";
    const object = Math.floor(this.#random() * OBJECT_COUNTS[sort]);
    const takes = kind === "read" || kind === "dequeue";
    // No two operations of all clients put in the same value.
    const value = (record + 1) * 16 + this.#number;
    const argument = takes ? 0 : kind === "add" ? 1 + Math.floor(this.#random() * 9) : value;
    return { kind, object, argument, expected: kind === "swap" ? this.#seen[object]! : 0 };
  }
}

function callSync(
  client: Client<Objects>,
  request: StoreRequest,
  record: number,
  limit: CallSyncOptions,
): number {
  const { kind, object } = request;
  if (kind === "read") {
    return valueOf(client.callSync(kind, { object, stamp: stampOf(record) }, limit), record);
  }
  if (kind === "dequeue") return client.callSync(kind, { object }, limit);
  return client.callSync(kind, request, limit);
}

async function call(
  client: Client<Objects>,
  request: StoreRequest,
  record: number,
  limit: CallSyncOptions,
): Promise<number> {
  const { kind, object } = request;
  if (kind === "read") {
    return valueOf(await client.call(kind, { object, stamp: stampOf(record) }, limit), record);
  }
  if (kind === "dequeue") return await client.call(kind, { object }, limit);
  return await client.call(kind, request, limit);
}

/** Bytes that belong to one request alone, more or fewer of them. */
function stampOf(record: number): Uint8Array {
  return new Uint8Array(record % (STAMP_BYTES + 1)).fill(record);
}

/** The value read; throws if the stamp is not the request's own. */
function valueOf(reply: { readonly value: number; readonly stamp: Uint8Array }, record: number) {
  const stamp = stampOf(record);
  const own = stamp.length === reply.stamp.length &&
    stamp.every((byte, i) => byte === reply.stamp[i]);
  if (own) return reply.value;
  throw new Error(`the answer to request ${record} carries the stamp ${reply.stamp}, not ${stamp}`);
}
