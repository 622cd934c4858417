/**
 * The server's end of its channels: takes requests in rotation, decodes, calls the handler,
 * answers.
 *
 * With C clients and a budget of B requests per turn, no request at the head of its channel waits
 * for more than (C-1)*B others.
 *
 * @module
 */

import { assert } from "./assert.ts";
import { type Channel, OPERATION, placeReply, placeRequest, slotWord } from "./channel.ts";
import type { ClientEnvironment } from "./client.ts";
import type { AnyValues, MessagePlace, WindowTable } from "./codec.ts";
import type { Doorbell } from "./doorbell.ts";
import { ERRNO, OsError } from "./errno.ts";
import {
  HINTED_TURNS_MAX,
  READY_CHANNELS_MAX,
  SCAN_CHANNELS_MAX,
  SLOT_COUNT,
  TURN_BUDGET,
} from "./limits.ts";
import type { Operations, PlacedOperation, Protocol, RequestContext } from "./protocol.ts";
import type { Waiter } from "./wait.ts";

/** A handler whose types the protocol has been checked against when it was given. */
export type UntypedHandler = (
  request: Readonly<AnyValues>,
  context: RequestContext,
) => unknown;

/** A channel to be served. */
export interface AcceptedChannel {
  /** The channel. */
  readonly channel: Channel;
  /** The incarnation that serves it: what it takes is labelled with this number. */
  readonly epoch: number;
  /** The client's number, given by the channel's owner. */
  readonly badge: number;
  /** The channel's index at the server's doorbell. */
  readonly index: number;
  /** What the channel's client speaks. */
  readonly protocol: Protocol<Operations>;
  /** The client's word in the census of those awake. */
  readonly censusIndex: number;
  /** The server's answers, by operation name. */
  readonly handlers: Readonly<Record<string, UntypedHandler>>;
}

/** An operation as one channel's requests meet it. */
interface ServedOperation {
  readonly placed: PlacedOperation;
  readonly handler: UntypedHandler;
  readonly oneWay: number;
  /** The values of the request at hand. Used again, unless a handler keeps them in a promise. */
  values: AnyValues;
}

/** One channel being served. */
export interface ServedChannel {
  /** The channel, and what the server was told of it. */
  readonly accepted: AcceptedChannel;
}

/** The same, as its server sees it. */
class OpenChannel implements ServedChannel {
  readonly accepted: AcceptedChannel;
  /** The operations by code. */
  readonly operations: readonly (ServedOperation | undefined)[];
  /** The sequence that this incarnation looks at next. Its own; never read from shared memory. */
  next: number;
  /** Names the request at hand. Used again, unless a handler keeps it in a promise. */
  context: ServedRequest;

  /** Begins where the predecessor left off: at the first unfinished request. */
  constructor(accepted: AcceptedChannel) {
    this.accepted = accepted;
    const operations: (ServedOperation | undefined)[] = [];
    for (const [code, placed] of accepted.protocol.byCode) {
      const handler = accepted.handlers[placed.name];
      if (handler === undefined) continue;
      const oneWay = placed.operation.oneWay ? 1 : 0;
      operations[code] = { placed, handler, oneWay, values: placed.request.blank() };
    }
    this.operations = operations;
    this.next = accepted.channel.core.firstUnfinished() >>> 0;
    this.context = new ServedRequest(accepted);
  }
}

/** The request at hand. */
class ServedRequest implements RequestContext {
  readonly badge: number;
  sequence = 0;
  readonly #accepted: AcceptedChannel;

  constructor(accepted: AcceptedChannel) {
    this.badge = accepted.badge;
    this.#accepted = accepted;
  }

  isAbandoned(): boolean {
    const { channel, epoch } = this.#accepted;
    return channel.core.isAbandoned(this.sequence, epoch) !== 0;
  }
}

/** Serves a set of channels for one incarnation. */
export class ChannelServer {
  /** What its clients ring. */
  readonly bell: Doorbell;
  /** How it waits. */
  readonly waiter: Waiter;
  readonly #windows: WindowTable;
  readonly #served: OpenChannel[] = [];
  readonly #request: MessagePlace = { near: 0, far: 0, payload: 0 };
  readonly #reply: MessagePlace = { near: 0, far: 0, payload: 0 };
  readonly #ready: ReadyBits;
  /** Who is next: an index among those served. The order of channels is always the same. */
  #cursor = 0;
  /** The same where ready bits are in use: an index among the bits. */
  #bit = 0;
  /** The channel that was answered last: its client is the likeliest to call next. */
  #recent: OpenChannel | undefined;
  /** Whether the last turn found no request: only then is one channel looked at out of turn. */
  #isIdle = false;
  #promises = 0;
  /** What a handler threw after it had promised an answer. */
  #failure: { readonly error: unknown } | undefined;
  #hasWoken = false;

  /**
   * A server of no channel yet.
   *
   * @param bell What its clients ring.
   * @param environment How it waits, and the windows that its clients may name.
   */
  constructor(bell: Doorbell, { waiter, windows }: ClientEnvironment) {
    this.bell = bell;
    this.waiter = waiter;
    this.#windows = windows;
    this.#ready = new ReadyBits(bell);
  }

  /** The channels being served. */
  get channels(): readonly ServedChannel[] {
    return this.#served;
  }

  /** How many handlers have promised an answer that is not there yet. */
  get promises(): number {
    return this.#promises;
  }

  /** Throws what a handler has thrown since it promised an answer. Called before each turn. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Whether it has woken a client since it was last asked. */
  hasWoken(): boolean {
    const hasWoken = this.#hasWoken;
    this.#hasWoken = false;
    return hasWoken;
  }

  /** Starts serving a channel, from its first unfinished request on. */
  attach(accepted: AcceptedChannel): ServedChannel {
    const served = new OpenChannel(accepted);
    this.#served.push(served);
    this.#ready.add(served);
    return served;
  }

  /** Stops serving a channel. What was posted on it and not taken is dropped. */
  detach(served: ServedChannel): void {
    const index = this.#served.findIndex((open) => open === served);
    assert(index >= 0, "a channel is detached once");
    const [closed] = this.#served.splice(index, 1);
    this.#ready.remove(closed!);
    if (this.#cursor > index) this.#cursor--;
    if (this.#recent === served) this.#recent = undefined;
  }

  /**
   * Serves one turn of every channel that may have requests. Between two turns of a channel every
   * other one has at most one, of at most {@linkcode TURN_BUDGET} requests. Hot path.
   *
   * @returns How many requests were answered.
   */
  serve(): number {
    if (!this.#ready.inUse || this.#ready.isStale()) return this.serveAll();
    const answered = this.#serveReady();
    this.#isIdle = answered === 0;
    return answered;
  }

  /** Serves one turn of every channel, whatever the ready bits say. Hot path. */
  serveAll(): number {
    let answered = 0;
    if (this.#ready.inUse) {
      this.#ready.setAll();
      answered = this.#serveReady();
    } else answered = this.#serveEach();
    this.#isIdle = answered === 0;
    return answered;
  }

  #serveEach(): number {
    let answered = 0;
    for (let left = this.#served.length; left > 0 && this.#served.length > 0; left--) {
      if (this.#cursor >= this.#served.length) this.#cursor = 0;
      answered += this.#serveChannel(this.#served[this.#cursor++]!, 1);
    }
    return answered;
  }

  /**
   * After a turn without a request: looks `looks` times at the likeliest channel, and then serves a
   * turn of it in the order of all. Hot path.
   *
   * @returns How many requests were answered.
   */
  lookOut(looks: number): number {
    const recent = this.#recent;
    if (this.#ready.inUse || !this.#isIdle || recent === undefined) return this.serve();
    const answered = this.#serveChannel(recent, looks);
    if (answered === 0) return this.serveAll();
    this.#isIdle = false;
    this.#cursor = this.#served.indexOf(recent) + 1;
    return answered;
  }

  /** Goes once around all bits, from where the last turn ended, and looks at each word as it comes. */
  #serveReady(): number {
    const count = this.#ready.words << 5;
    let answered = 0;
    for (let passed = 0; passed < count;) {
      if (this.#bit >= count) this.#bit = 0;
      const word = this.#bit >> 5;
      const first = this.#bit & 31;
      const bits = this.#ready.look(word) & (-1 << first);
      const bit = bits === 0 ? 32 : 31 - Math.clz32(bits & -bits);
      const next = Math.min((word << 5) + bit + 1, (word + 1) << 5);
      passed += next - this.#bit;
      this.#bit = next;
      if (bit < 32) answered += this.#serveBit(word, bit);
    }
    return answered;
  }

  #serveBit(word: number, bit: number): number {
    let answered = 0;
    const wasSaid = this.#ready.clear(word, bit);
    for (const served of this.#ready.channelsOf(word, bit)) {
      const count = this.#serveChannel(served, 1);
      if (count >= TURN_BUDGET) this.#ready.keep(word, bit);
      answered += count;
    }
    if (answered > 0 && !wasSaid) this.#ready.distrust();
    return answered;
  }

  #serveChannel(served: OpenChannel, looks: number): number {
    const { channel: { core }, epoch } = served.accepted;
    let answered = 0;
    let outcome = looks > 1
      ? core.spinTake(served.next, epoch, looks)
      : core.take(served.next, epoch);
    // A hostile client can claim that everything was dealt with: such looks are bounded as well.
    for (let looked = 0; outcome !== 0 && looked < SLOT_COUNT; looked++) {
      const sequence = served.next;
      served.next = (sequence + 1) >>> 0;
      if (outcome === 1) {
        this.#answer(served, sequence);
        if (++answered >= TURN_BUDGET) break;
      }
      outcome = core.take(served.next, epoch);
    }
    if (answered > 0) this.#recent = served;
    return answered;
  }

  #answer(served: OpenChannel, sequence: number): void {
    const { channel, badge } = served.accepted;
    const code = channel.words[slotWord(sequence) + OPERATION]! >>> 0;
    const operation = code < served.operations.length ? served.operations[code] : undefined;
    if (operation === undefined) return this.#publish(served, undefined, sequence, -ERRNO.ENOSYS);
    const { values, placed } = operation;
    placeRequest(sequence, this.#request);
    const refused = placed.request.read(channel, this.#request, values, this.#windows, badge);
    if (refused !== 0) return this.#publish(served, operation, sequence, -refused);
    const { context } = served;
    context.sequence = sequence;
    const outcome = callHandler(operation.handler, values, context);
    if (!(outcome instanceof Promise)) return this.#publish(served, operation, sequence, outcome);
    // The handler goes on: what it was given is its own now.
    operation.values = placed.request.blank();
    served.context = new ServedRequest(served.accepted);
    this.#promises++;
    this.#answerLate(served, operation, sequence, outcome);
  }

  async #answerLate(
    served: OpenChannel,
    operation: ServedOperation,
    sequence: number,
    outcome: Promise<unknown>,
  ): Promise<void> {
    try {
      this.#publish(served, operation, sequence, await outcome.catch(errnoOf));
    } catch (error) {
      this.#failure = { error };
      this.bell.ring(); // The loop throws it, as if the handler had answered at once.
    }
    this.#promises--;
  }

  #publish(
    served: OpenChannel,
    operation: ServedOperation | undefined,
    sequence: number,
    outcome: unknown,
  ): void {
    const { channel, epoch, censusIndex } = served.accepted;
    const reply = this.#reply;
    placeReply(sequence, epoch & 1, reply);
    const hasReply = operation?.placed.operation.reply !== undefined;
    let result = 0;
    if (typeof outcome === "number") {
      assert(
        (outcome | 0) === outcome,
        "a handler answers a count below 2^31, or an errno below 0",
      );
      assert(outcome < 0 || !hasReply, "a handler with a reply to give answers it, or an errno");
      result = outcome;
    } else if (hasReply) {
      operation.placed.reply.write(channel, reply, outcome as AnyValues, this.#windows);
    } else {
      assert(operation?.oneWay === 1, "a handler without a reply to give answers a count");
    }
    channel.words[reply.near - 1] = result;
    if (channel.clientSleeps) {
      this.waiter.wakes(censusIndex);
      this.#hasWoken = true;
    }
    channel.core.complete(sequence, epoch, operation === undefined ? 0 : operation.oneWay);
  }
}

/** Calls a handler; an {@linkcode OsError} that another server answered is passed on as its errno. */
function callHandler(
  handler: UntypedHandler,
  request: Readonly<AnyValues>,
  context: RequestContext,
): unknown {
  try {
    return handler(request, context);
  } catch (error) {
    return errnoOf(error);
  }
}

function errnoOf(error: unknown): number {
  if (error instanceof OsError) return -error.errno;
  throw error;
}

/** Which channels of one server have said that they have posted. */
class ReadyBits {
  /** Whether the clients have been asked to say so. */
  inUse = false;
  /** Words of 32 bits that some channel uses. */
  words = 0;
  readonly #bell: Doorbell;
  readonly #channels: OpenChannel[][] = [];
  /** Bits taken from the clients' words and not dealt with. */
  readonly #kept: Uint32Array = new Uint32Array(READY_CHANNELS_MAX / 32);
  /** Of those, the bits that no client has set. */
  readonly #unsaid: Uint32Array = new Uint32Array(READY_CHANNELS_MAX / 32);
  #count = 0;
  #hintedTurns = 0;
  #hintedTurnsMax = HINTED_TURNS_MAX;

  constructor(bell: Doorbell) {
    this.#bell = bell;
  }

  add(served: OpenChannel): void {
    const index = served.accepted.index % READY_CHANNELS_MAX;
    (this.#channels[index] ??= []).push(served);
    this.words = Math.max(this.words, (index >> 5) + 1);
    this.keep(index >> 5, index & 31); // What its client posted before it was asked has no bit.
    if (++this.#count <= SCAN_CHANNELS_MAX || this.inUse) return;
    this.inUse = true;
    this.#bell.core.useReady();
    this.setAll();
  }

  remove(served: OpenChannel): void {
    const channels = this.#channels[served.accepted.index % READY_CHANNELS_MAX]!;
    channels.splice(channels.indexOf(served), 1);
    this.#count--;
  }

  /** Whether it is time to look at every channel: a hint may have died with its client. */
  isStale(): boolean {
    return ++this.#hintedTurns > this.#hintedTurnsMax;
  }

  /** Sets the bit of every channel. */
  setAll(): void {
    this.#hintedTurns = 0;
    this.#hintedTurnsMax = Math.min(HINTED_TURNS_MAX, 2 * this.#hintedTurnsMax + 1);
    for (let word = 0; word < this.words; word++) this.#unsaid[word] = ~this.look(word);
    for (const [index, channels] of this.#channels.entries()) {
      if (channels !== undefined && channels.length > 0) this.keep(index >> 5, index & 31);
    }
  }

  /** A request was found of which no bit said so: for a while every channel is looked at each turn. */
  distrust(): void {
    this.#hintedTurnsMax = 0;
  }

  /** Keeps a bit for the next turn. */
  keep(word: number, bit: number): void {
    this.#kept[word]! |= 1 << bit;
  }

  /** The bits of one word: those kept, and those that clients have set since. Hot path. */
  look(word: number): number {
    const bits = this.#kept[word]! | this.#bell.core.takeReady(word);
    this.#kept[word] = bits;
    return bits;
  }

  /** Clears a bit, before its channel is served; answers whether its client had set it. */
  clear(word: number, bit: number): boolean {
    const wasSaid = (this.#unsaid[word]! & (1 << bit)) === 0;
    this.#kept[word]! &= ~(1 << bit);
    this.#unsaid[word]! &= ~(1 << bit);
    return wasSaid;
  }

  channelsOf(word: number, bit: number): readonly OpenChannel[] {
    return this.#channels[(word << 5) | bit] ?? [];
  }
}
