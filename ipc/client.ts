/**
 * The client's end of a channel: typed calls that wait out the server's deaths.
 *
 * @module
 */

import { assert } from "./assert.ts";
import { Channel, type MessagePlace, placeReply, placeRequest } from "./channel.ts";
import type { ServerPlace } from "./doorbell.ts";
import { errnoName, OsError } from "./errno.ts";
import { SLOT_COUNT, SPIN_LOOKS } from "./limits.ts";
import { readFields, type WindowTable, writeFields } from "./message.ts";
import type {
  Operations,
  OperationsOf,
  PlacedOperation,
  Protocol,
  Reply,
  Request,
} from "./protocol.ts";
import { Spin, type Waiter } from "./wait.ts";

/** A connection to one endpoint that speaks the protocol `P`. It outlives the server's deaths. */
export interface Client<P extends Protocol<Operations>> {
  /**
   * Calls and waits, asleep or spinning, until the server has answered.
   *
   * @throws {OsError} What the server answered; `EAGAIN` when the channel is full; `ESHUTDOWN` when
   * the endpoint is gone for good.
   */
  callSync<K extends keyof OperationsOf<P> & string>(
    operation: K,
    request: Request<OperationsOf<P>[K]>,
  ): Reply<OperationsOf<P>[K]>;

  /**
   * Calls and answers by a promise; the caller's event loop goes on.
   *
   * @throws {OsError} As {@linkcode Client.callSync} does.
   */
  call<K extends keyof OperationsOf<P> & string>(
    operation: K,
    request: Request<OperationsOf<P>[K]>,
  ): Promise<Reply<OperationsOf<P>[K]>>;
}

/** What a client stands on in its domain. */
export interface ClientEnvironment {
  /** How it waits. */
  readonly waiter: Waiter;
  /** The windows that it may name. */
  readonly windows: WindowTable;
}

interface Pending {
  readonly operation: PlacedOperation;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A {@linkcode Client} on a channel of its own. */
export class ChannelClient<P extends Protocol<Operations>> implements Client<P> {
  readonly #protocol: P;
  readonly #channel: Channel;
  readonly #server: ServerPlace;
  readonly #waiter: Waiter;
  readonly #spin: Spin;
  readonly #windows: WindowTable;
  readonly #place: MessagePlace = { head: 0, payloadBytes: 0, fields: 0, payload: 0 };
  /** By slot index: 1 while a request of ours is in it. Ours alone, so no shared word is trusted. */
  readonly #busy: Uint8Array = new Uint8Array(SLOT_COUNT);
  readonly #pending: Map<number, Pending> = new Map();
  #next: number;
  #pumping = false;

  /** Takes over the client's end of a fresh channel to a server. */
  constructor(
    protocol: P,
    memory: WebAssembly.Memory,
    server: ServerPlace,
    { waiter, windows }: ClientEnvironment,
  ) {
    const channel = new Channel(memory, server.bell.ring);
    this.#protocol = protocol;
    this.#channel = channel;
    this.#server = server;
    this.#waiter = waiter;
    this.#spin = new Spin(waiter);
    this.#windows = windows;
    this.#next = channel.core.firstUnfinished() >>> 0;
  }

  callSync<K extends keyof OperationsOf<P> & string>(
    name: K,
    request: Request<OperationsOf<P>[K]>,
  ): Reply<OperationsOf<P>[K]> {
    const operation = this.#operation(name);
    const sequence = this.#write(operation, request);
    if (this.#server.bell.sleeps) this.#waiter.wakes(this.#server.censusIndex);
    const spins = this.#spin.begin();
    let area = this.#channel.core.call(sequence, spins ? SPIN_LOOKS : 0);
    assert(area >= 0, "a slot that its client reaped is free");
    while (spins && area === 0 && this.#spin.again()) {
      area = this.#channel.core.spin(sequence, SPIN_LOOKS);
    }
    while (area === 0) {
      const seen = this.#channel.clientBell;
      area = this.#channel.core.poll(sequence);
      if (area !== 0) break;
      this.#refuseClosed(operation);
      this.#waiter.beginSleep();
      this.#channel.sleep(seen, this.#waiter.sleepMsMax);
      this.#waiter.endSleep();
      area = this.#channel.core.poll(sequence);
    }
    this.#waiter.arrived();
    return this.#read(operation, sequence, area) as Reply<OperationsOf<P>[K]>;
  }

  async call<K extends keyof OperationsOf<P> & string>(
    name: K,
    request: Request<OperationsOf<P>[K]>,
  ): Promise<Reply<OperationsOf<P>[K]>> {
    const operation = this.#operation(name);
    const sequence = this.#write(operation, request);
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(sequence, { operation, resolve, reject });
    });
    if (this.#server.bell.sleeps) this.#waiter.wakes(this.#server.censusIndex);
    const posted = this.#channel.core.post(sequence);
    assert(posted === 1, "a slot that its client reaped is free");
    if (!this.#pumping) this.#pump();
    return await answer as Reply<OperationsOf<P>[K]>;
  }

  /** Settles promises as answers come, for as long as any request of `call` is in flight. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.#pending.size > 0) {
        const seen = this.#channel.clientBell;
        if (this.#settle() > 0) continue;
        this.#waiter.check();
        await this.#channel.sleepAsync(seen, this.#waiter.sleepMsMax);
      }
    } finally {
      this.#pumping = false;
    }
  }

  #settle(): number {
    let count = 0;
    for (const [sequence, pending] of this.#pending) {
      const area = this.#channel.core.poll(sequence);
      if (area === 0 && this.#channel.closed === 0) continue;
      this.#pending.delete(sequence);
      count++;
      try {
        if (area === 0) this.#refuseClosed(pending.operation);
        pending.resolve(this.#read(pending.operation, sequence, area));
      } catch (error) {
        pending.reject(error);
      }
    }
    return count;
  }

  #operation(name: string): PlacedOperation {
    const operation = this.#protocol.byName.get(name);
    if (operation === undefined) {
      throw new TypeError(`Cannot call ${this.#protocol.name}.${name}: no such operation`);
    }
    return operation;
  }

  /** Writes a request into the next slot and answers its sequence. */
  #write(operation: PlacedOperation, request: Readonly<Record<string, unknown>>): number {
    this.#refuseClosed(operation);
    const sequence = this.#next;
    const index = sequence & (SLOT_COUNT - 1);
    if (this.#busy[index] !== 0) throw new OsError("EAGAIN", this.#what(operation));
    placeRequest(sequence, this.#place);
    writeFields(this.#channel, this.#place, operation.request, request, this.#windows);
    this.#channel.words[this.#place.head] = operation.operation.code;
    this.#busy[index] = 1;
    this.#next = (sequence + 1) >>> 0;
    return sequence;
  }

  /** Reads the answer, then gives the slot back. */
  #read(operation: PlacedOperation, sequence: number, area: number): unknown {
    const place = this.#place;
    placeReply(sequence, area - 1, place);
    const result = this.#channel.words[place.head]!;
    let answer: unknown = result;
    let refused = 0;
    if (result >= 0 && operation.operation.reply !== undefined) {
      const values: Record<string, unknown> = {};
      refused = readFields(this.#channel, place, operation.reply, values, this.#windows, 0);
      answer = values;
    }
    const reaped = this.#channel.core.reap(sequence);
    assert(reaped === 1, "an answered request is reaped once");
    this.#busy[sequence & (SLOT_COUNT - 1)] = 0;
    if (result < 0) throw new OsError(errnoName(-result) ?? "EPROTO", this.#what(operation));
    if (refused !== 0) throw new OsError("EPROTO", this.#what(operation));
    return answer;
  }

  #refuseClosed(operation: PlacedOperation): void {
    const closed = this.#channel.closed;
    if (closed === 0) return;
    throw new OsError(errnoName(closed) ?? "EPIPE", this.#what(operation));
  }

  #what(operation: PlacedOperation): string {
    return `${this.#protocol.name}.${operation.name}`;
  }
}
