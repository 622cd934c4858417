/**
 * The client's end of a channel: typed calls that wait out the server's deaths.
 *
 * @module
 */

import { Channel, FORMERLY, OPERATION, placeReply, placeRequest, slotWord } from "./channel.ts";
import { nextTurn } from "./clock.ts";
import type { AnyValues, MessagePlace, WindowTable } from "./codec.ts";
import { deadline, GIVEN_UP, inFlight } from "./call_limits.ts";
import type {
  CallOptions,
  CallSyncOptions,
  Client,
  ClientEnvironment,
  InFlightOptions,
  StreamOptions,
} from "./client.ts";
import type { ServerPlace } from "./doorbell.ts";
import { type Errno, errnoName, OsError } from "./errno.ts";
import { FORMER } from "./layouts/channel.ts";
import { AT_ONCE_MAX, FIRST_LOOKS, POSTED_TOGETHER, SLOT_COUNT, SPIN_LOOKS } from "./limits.ts";
import { PendingCalls } from "./pending_call.ts";
import type {
  Answered,
  Counted,
  OneWay,
  Operations,
  OperationsOf,
  PlacedOperation,
  Protocol,
  Reply,
  Request,
} from "./protocol.ts";
import { inOrder } from "./stream.ts";
import { Spin, type Waiter } from "./wait.ts";

/** To whom a slot belongs, as its client knows. Ours alone, so no shared word is trusted. */
const OURS = 0;
const IN_FLIGHT = 1;
/** One-way or given up: the slot's state says when it is ours again. */
const LENT = 2;

/** A {@linkcode Client} on a channel of its own. */
export class ChannelClient<P extends Protocol<Operations>> implements Client<P> {
  readonly protocol: P;
  readonly #channel: Channel;
  readonly #server: ServerPlace;
  readonly #waiter: Waiter;
  readonly #spin: Spin;
  readonly #windows: WindowTable;
  readonly #place: MessagePlace = { near: 0, far: 0, payload: 0 };
  readonly #owners: Uint8Array = new Uint8Array(SLOT_COUNT);
  readonly #pending: PendingCalls;
  /** Posted to be collected, oldest first. */
  readonly #posted: Set<number> = new Set();
  #next: number;
  #pumping = false;
  /** How many promised calls have been answered before anybody waited. */
  #atOnce = 0;

  /** Takes over the client's end of a fresh channel to a server. */
  constructor(
    protocol: P,
    memory: WebAssembly.Memory,
    server: ServerPlace,
    { waiter, windows }: ClientEnvironment,
  ) {
    const channel = new Channel(memory, { ring: server.bell.core.ring, index: server.index });
    this.protocol = protocol;
    this.#channel = channel;
    this.#server = server;
    this.#waiter = waiter;
    this.#spin = new Spin(waiter);
    this.#windows = windows;
    this.#pending = new PendingCalls(channel.core, waiter);
    this.#next = channel.core.firstUnfinished() >>> 0;
  }

  callSync<K extends Answered<OperationsOf<P>>>(
    name: K,
    request: Request<OperationsOf<P>[K]>,
    options?: CallSyncOptions,
  ): Reply<OperationsOf<P>[K]> {
    const operation = this.#operation(name);
    const deadlineMs = deadline(this.#waiter, options);
    const sequence = this.#write(operation, request, options?.formerly);
    const looks = this.#looksBeforeWait();
    let area = this.#channel.core.call(sequence, looks);
    if (area < 0) area = this.#postAgain(operation, sequence);
    if (area === 0) area = this.#await(operation, sequence, deadlineMs, looks > 0);
    return this.#read(operation, sequence, area) as Reply<OperationsOf<P>[K]>;
  }

  callAllSync<K extends Answered<OperationsOf<P>>>(
    name: K,
    requests: readonly Request<OperationsOf<P>[K]>[],
    options?: InFlightOptions,
  ): Reply<OperationsOf<P>[K]>[] {
    const operation = this.#operation(name);
    const inFlightMax = inFlight(options);
    const replies: unknown[] = [];
    const failures: unknown[] = [];
    const first = this.#next;
    let posted = 0;
    for (let answered = 0; answered < requests.length; answered++) {
      const room = inFlightMax - (posted - answered);
      // A few at a time, so that the server has work left while the next are being written.
      if (
        posted < requests.length && room >= Math.min(POSTED_TOGETHER, inFlightMax) &&
        failures.length === 0
      ) {
        const run = requests.slice(posted, posted + room);
        posted += this.#postRun(operation, run, failures);
      }
      if (answered === posted) {
        if (failures.length === 0) failures.push(new OsError("EAGAIN", this.#what(operation)));
        break;
      }
      const sequence = (first + answered) >>> 0;
      const area = this.#channel.core.reap(sequence) ||
        this.#await(operation, sequence, Infinity, true);
      try {
        replies.push(this.#read(operation, sequence, area));
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return replies as Reply<OperationsOf<P>[K]>[];
  }

  async call<K extends Answered<OperationsOf<P>>>(
    name: K,
    request: Request<OperationsOf<P>[K]>,
    options?: CallOptions,
  ): Promise<Reply<OperationsOf<P>[K]>> {
    const operation = this.#operation(name);
    const deadlineMs = deadline(this.#waiter, options);
    if (options?.signal?.aborted) throw this.#cancelled(operation, options.signal, "never posted");
    const sequence = this.#write(operation, request, options?.formerly);
    let area = this.#channel.core.call(sequence, this.#looksBeforeWait());
    if (area < 0) area = this.#postAgain(operation, sequence);
    if (area !== 0 && ++this.#atOnce % AT_ONCE_MAX === 0) await nextTurn();
    const reply = area !== 0
      ? this.#read(operation, sequence, area)
      : await this.#replyTo(operation, sequence, deadlineMs, options?.signal);
    return reply as Reply<OperationsOf<P>[K]>;
  }

  stream<K extends Answered<OperationsOf<P>>>(
    name: K,
    requests: Iterable<Request<OperationsOf<P>[K]>> | AsyncIterable<Request<OperationsOf<P>[K]>>,
    options: StreamOptions = {},
  ): AsyncGenerator<Reply<OperationsOf<P>[K]>, void, void> {
    const { timeoutMs, signal } = options;
    const inFlightMax = inFlight(options);
    const left = new AbortController();
    const limit = {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      signal: signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]),
    };
    return inOrder(requests, {
      call: (request) => this.call(name, request, limit),
      hasRoom: (count) => count < inFlightMax && this.#hasRoom(),
      leave: () => left.abort(),
    });
  }

  send<K extends OneWay<OperationsOf<P>>>(name: K, request: Request<OperationsOf<P>[K]>): void {
    const operation = this.#operation(name);
    const sequence = this.#write(operation, request);
    this.#owners[sequence & (SLOT_COUNT - 1)] = LENT;
    this.#looksBeforeWait();
    if (this.#channel.core.post(sequence) !== 1) this.#postAgain(operation, sequence);
  }

  post<K extends Counted<OperationsOf<P>>>(name: K, request: Request<OperationsOf<P>[K]>): number {
    const operation = this.#operation(name);
    const sequence = this.#write(operation, request);
    this.#looksBeforeWait();
    if (this.#channel.core.post(sequence) !== 1) this.#postAgain(operation, sequence);
    this.#posted.add(sequence);
    return sequence;
  }

  collect(ticket: number): number | undefined {
    const area = this.#channel.core.reap(ticket);
    if (area === 0) {
      if (this.#channel.isClosed) throw this.#whyClosed(`${this.protocol.name}.collect`);
      return undefined;
    }
    if (!this.#posted.delete(ticket)) throw new RangeError(`Cannot collect ${ticket}: not posted`);
    placeReply(ticket, area - 1, this.#place);
    this.#owners[ticket & (SLOT_COUNT - 1)] = OURS;
    return this.#channel.words[this.#place.near - 1]!;
  }

  awaitAny(timeoutMs = Infinity): void {
    for (const oldest of this.#posted) {
      if (this.#spinFor(oldest) === 0) this.#sleepForAny(timeoutMs);
      return this.#waiter.arrived();
    }
  }

  get nextName(): number {
    return this.#next;
  }

  get room(): number {
    if (!this.#hasRoom()) return 0;
    for (const oldest of this.#posted) return SLOT_COUNT - ((this.#next - oldest) >>> 0);
    return SLOT_COUNT;
  }

  async idle(): Promise<void> {
    for (;;) {
      const announced = this.#channel.core.announce();
      if (this.#channel.closed !== 0 || !this.#hasLent()) return;
      this.#waiter.check();
      await this.#channel.waitAsync(announced, this.#waiter.sleepMsMax);
    }
  }

  #operation(name: string): PlacedOperation {
    const operation = this.protocol.byName.get(name);
    if (operation !== undefined) return operation;
    throw new TypeError(`Cannot call ${this.protocol.name}.${name}: no such operation`);
  }

  /** How often to look at the answer first: not at all if the post has to wake the server. */
  #looksBeforeWait(): number {
    if (!this.#server.bell.sleeps) return FIRST_LOOKS;
    this.#waiter.wakes(this.#server.censusIndex);
    return 0;
  }

  /** Whether the slot of the next request is ours. */
  #hasRoom(): boolean {
    const index = this.#next & (SLOT_COUNT - 1);
    if (this.#owners[index] === OURS) return true;
    // A promise may be answered, and the event loop not have had its turn.
    if (this.#owners[index] === IN_FLIGHT) {
      return this.#pending.settle((this.#next - SLOT_COUNT) >>> 0);
    }
    if (this.#channel.core.isFree(this.#next) === 0) return false;
    this.#owners[index] = OURS;
    return true;
  }

  /** Whether some slot is in flight, or the server has not given it back. */
  #hasLent(): boolean {
    for (let ahead = 0; ahead < SLOT_COUNT; ahead++) {
      const sequence = (this.#next + ahead) >>> 0;
      const owner = this.#owners[sequence & (SLOT_COUNT - 1)];
      if (owner === IN_FLIGHT) return true;
      if (owner === LENT && this.#channel.core.isFree(sequence) === 0) return true;
    }
    return false;
  }

  /** Writes a request into the next slot and answers its sequence. */
  #write(operation: PlacedOperation, request: Readonly<AnyValues>, formerly?: number): number {
    this.#refuseClosed(operation);
    if (!this.#hasRoom()) throw new OsError("EAGAIN", this.#what(operation));
    const sequence = this.#next;
    placeRequest(sequence, this.#place);
    operation.request.write(this.#channel, this.#place, request, this.#windows);
    if (this.#next !== sequence) {
      throw new TypeError(
        `Cannot call ${this.#what(operation)}: a getter of the request made a call`,
      );
    }
    const slot = slotWord(sequence);
    this.#channel.words[slot + OPERATION] = operation.operation.code;
    if (formerly !== undefined) {
      if (formerly >>> 0 !== formerly) throw new RangeError(`Cannot ask again as ${formerly}`);
      this.#channel.words[slot + OPERATION] = operation.operation.code | FORMER;
      this.#channel.words[slot + FORMERLY] = formerly;
    }
    this.#owners[sequence & (SLOT_COUNT - 1)] = IN_FLIGHT;
    this.#next = (sequence + 1) >>> 0;
    return sequence;
  }

  /** Writes and posts as many requests as there is room for; a bad one is told and ends the run. */
  #postRun(
    operation: PlacedOperation,
    requests: readonly Readonly<AnyValues>[],
    failures: unknown[],
  ): number {
    let first = this.#next;
    let count = 0;
    try {
      while (count < requests.length && this.#hasRoom()) {
        this.#write(operation, requests[count]!);
        if (++count % POSTED_TOGETHER === 0) first = this.#postWritten(operation, first);
      }
    } catch (error) {
      failures.push(error);
    }
    this.#postWritten(operation, first);
    return count;
  }

  /** Posts what has been written from `first` on; answers what comes next. */
  #postWritten(operation: PlacedOperation, first: number): number {
    const count = (this.#next - first) >>> 0;
    this.#looksBeforeWait();
    let posted = this.#channel.core.postMany(first, count);
    while (posted < count) this.#postAgain(operation, (first + posted++) >>> 0);
    return this.#next;
  }

  /** Posts what four fences in a row kept from being posted. */
  #postAgain(operation: PlacedOperation, sequence: number): 0 {
    let posted = this.#channel.core.post(sequence);
    while (posted === 2) posted = this.#channel.core.post(sequence);
    if (posted === 1) return 0;
    // A slot that is ours is free, unless the server's end has overwritten its state.
    throw new OsError("EPROTO", this.#what(operation));
  }

  /** Waits for an answer in this thread, and gives up at the deadline. */
  #await(
    operation: PlacedOperation,
    sequence: number,
    deadlineMs: number,
    maySpin: boolean,
  ): number {
    let area = maySpin ? this.#spinFor(sequence) : 0;
    try {
      while (area === 0) {
        this.#refuseClosed(operation);
        const leftMs = deadlineMs === Infinity ? Infinity : deadlineMs - this.#waiter.nowMs();
        if (leftMs <= 0) return this.#giveUp(operation, sequence, "ETIMEDOUT");
        area = this.#sleep(sequence, Math.ceil(Math.min(this.#waiter.sleepMsMax, leftMs)));
      }
    } finally {
      this.#waiter.arrived();
    }
    return area;
  }

  /** Announces, looks once more at everything, and only then sleeps. */
  #sleep(sequence: number, timeoutMs: number): number {
    const { core } = this.#channel;
    const announced = core.announce();
    this.#waiter.beginSleep();
    let area = core.reap(sequence);
    if (area === 0 && this.#channel.closed === 0) {
      core.wait(announced, timeoutMs);
      area = core.reap(sequence);
    }
    this.#waiter.endSleep();
    return area;
  }

  /** Sleeps until some answer is there: as {@linkcode ChannelClient.#sleep}, for all that is posted. */
  #sleepForAny(timeoutMs: number): void {
    const { core } = this.#channel;
    for (let leftMs = timeoutMs; leftMs > 0;) {
      const sleepMs = Math.min(this.#waiter.sleepMsMax, leftMs);
      const announced = core.announce();
      this.#waiter.beginSleep();
      const isAnswered = this.#isAnyAnswered();
      if (!isAnswered && this.#channel.closed === 0) core.wait(announced, sleepMs);
      this.#waiter.endSleep();
      if (isAnswered || this.#isAnyAnswered()) return;
      if (this.#channel.isClosed) throw this.#whyClosed(`${this.protocol.name}.awaitAny`);
      leftMs -= sleepMs;
    }
  }

  #isAnyAnswered(): boolean {
    for (const sequence of this.#posted) if (this.#channel.core.reap(sequence) !== 0) return true;
    return false;
  }

  #spinFor(sequence: number): number {
    if (!this.#spin.begin()) return 0;
    let area = this.#channel.core.spin(sequence, SPIN_LOOKS);
    while (area === 0 && this.#spin.again()) area = this.#channel.core.spin(sequence, SPIN_LOOKS);
    this.#spin.ended(area !== 0);
    return area;
  }

  /** Takes a request back, or leaves it to the server; answers its answer if there is one already. */
  #giveUp(operation: PlacedOperation, sequence: number, code: Errno, cause?: unknown): number {
    let outcome = this.#channel.core.cancel(sequence);
    while (outcome === 3) outcome = this.#channel.core.cancel(sequence);
    const area = outcome === 0 ? this.#channel.core.reap(sequence) : 0;
    if (area !== 0) return area;
    this.#owners[sequence & (SLOT_COUNT - 1)] = outcome === 2 ? LENT : OURS;
    // Neither posted, taken nor answered: the server's end has overwritten the slot's state.
    if (outcome === 0) throw new OsError("EPROTO", this.#what(operation));
    const options = cause === undefined ? undefined : { cause };
    throw new OsError(code, `${this.#what(operation)} (${GIVEN_UP[outcome]})`, options);
  }

  #cancelled(operation: PlacedOperation, signal: AbortSignal, state: string): OsError {
    const what = `${this.#what(operation)} (${state})`;
    return new OsError("ECANCELED", what, { cause: signal.reason });
  }

  /** The reply, as soon as it is there. */
  async #replyTo(
    operation: PlacedOperation,
    sequence: number,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const call = { sequence, operation, deadlineMs };
    const promise = this.#pending.promise(call, (area) => this.#read(operation, sequence, area));
    const abort = () => this.#abandon(sequence, "ECANCELED", signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    if (!this.#pumping) this.#pump();
    else if (deadlineMs !== Infinity) this.#channel.core.wake(); // The pump sleeps by older deadlines.
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Settles promises as answers come, for as long as any request of `call` is in flight. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.#pending.size > 0) {
        const announced = this.#channel.core.announce();
        if (this.#settle() > 0) continue;
        this.#waiter.check();
        await this.#channel.waitAsync(announced, this.#pending.untilDeadline());
      }
    } finally {
      this.#pumping = false;
    }
  }

  #settle(): number {
    let count = 0;
    for (const [sequence, { operation, deadlineMs, settle }] of this.#pending) {
      if (!this.#pending.settle(sequence)) {
        if (this.#channel.closed !== 0) {
          settle(() => {
            throw this.#whyClosed(this.#what(operation));
          });
        } else if (deadlineMs !== Infinity && deadlineMs <= this.#waiter.nowMs()) {
          this.#abandon(sequence, "ETIMEDOUT");
        } else continue;
      }
      count++;
    }
    return count;
  }

  #abandon(sequence: number, code: Errno, cause?: unknown): void {
    const pending = this.#pending.get(sequence);
    pending?.settle(() => this.#giveUp(pending.operation, sequence, code, cause));
  }

  /** Reads the answer; from here on the slot is ours. */
  #read(operation: PlacedOperation, sequence: number, area: number): unknown {
    const place = this.#place;
    placeReply(sequence, area - 1, place);
    const result = this.#channel.words[place.near - 1]!;
    this.#owners[sequence & (SLOT_COUNT - 1)] = OURS;
    if (result < 0) throw new OsError(errnoName(-result) ?? "EPROTO", this.#what(operation));
    if (operation.operation.reply === undefined) return result;
    const values = operation.reply.blank();
    const refused = operation.reply.read(this.#channel, place, values, this.#windows, 0);
    if (refused !== 0) throw new OsError("EPROTO", this.#what(operation));
    return values;
  }

  #refuseClosed(operation: PlacedOperation): void {
    if (this.#channel.isClosed) throw this.#whyClosed(this.#what(operation));
  }

  /** Whoever was fenced hears that first: its channels are closed because of it. */
  #whyClosed(what: string): unknown {
    try {
      this.#waiter.check();
    } catch (fenced) {
      return fenced;
    }
    return new OsError(errnoName(this.#channel.closed) ?? "EPIPE", what);
  }

  #what(operation: PlacedOperation): string {
    return `${this.protocol.name}.${operation.name}`;
  }
}
