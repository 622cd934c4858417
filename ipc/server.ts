/**
 * The server's end of its channels: takes requests in rotation, decodes, calls the handler,
 * answers.
 *
 * With C clients and a budget of B requests per turn, no request at the head of its channel waits
 * for more than (C-1)*B others.
 *
 * @module
 */

import { ANSWER_WORDS_MAX, copyAnswer, placeAnswer, type StagedChanges } from "./answer_log.ts";
import { assert } from "./assert.ts";
import { takeBegun } from "./begun.ts";
import { callHandler, errnoOf } from "./call_handler.ts";
import { FORMERLY, OPERATION, placeRequest, slotWord, TAKEN_AT } from "./channel.ts";
import type { ClientEnvironment } from "./client.ts";
import type { MessagePlace, WindowTable } from "./codec.ts";
import type { Doorbell } from "./doorbell.ts";
import { ERRNO } from "./errno.ts";
import { FORMER } from "./layouts/channel.ts";
import { READY_CHANNELS_MAX, SLOT_COUNT, TURN_BUDGET } from "./limits.ts";
import { ReadyBits } from "./ready_bits.ts";
import { ReplyWriter } from "./reply_writer.ts";
import { PROGRESS, PROGRESS_WORDS, type RequestTrace } from "./request_trace.ts";
import {
  type AcceptedChannel,
  type AnswerLate,
  LateAnswer,
  type LateFailure,
  type NamedRequest,
  OpenChannel,
  type ServedChannel,
  type ServedOperation,
  ServedRequest,
} from "./served_channel.ts";
import type { Waiter } from "./wait.ts";

const { CHANNEL, SEQUENCE, CODE, ANSWERED } = PROGRESS; // A property costs a load at each use.

/** In place of a time: nobody looks at the request. */
const UNTRACED = -1;
/** Others' handlers run while one waits, and would commit a half of what is not theirs. */
const UNCOMMITTED = "a handler that waits commits itself what it changes, before it waits or ends";

/** Serves a set of channels for one incarnation. */
export class ChannelServer {
  /** What its clients ring. */
  readonly bell: Doorbell;
  /** How it waits. */
  readonly waiter: Waiter;
  readonly #windows: WindowTable;
  readonly #served: OpenChannel[] = [];
  readonly #request: MessagePlace = { near: 0, far: 0, payload: 0 };
  readonly #replies: ReplyWriter;
  readonly #ready: ReadyBits<OpenChannel>;
  /** Who is next: an index among those served. The order of channels is always the same. */
  #cursor = 0;
  /** The same where ready bits are in use: an index among the bits. */
  #bit = 0;
  /** The channel that was answered last: its client is the likeliest to call next. */
  #recent: OpenChannel | undefined;
  /** Whether the last turn found no request: only then is one channel looked at out of turn. */
  #isIdle = false;
  #promises = 0;
  readonly #answerLate: AnswerLate = (request, result) => this.#answerDeferred(request, result);
  #failure: LateFailure | undefined;
  #hasWoken = false;
  /** Whether answers are finished without a ring: a run of alike requests is rung for together. */
  #isQuiet = false;
  /** Channels whose clients are still to be woken. */
  readonly #unrung: AcceptedChannel[] = [];
  /** The code of the last request. */
  #code = 0;
  /** Numbers what is taken, in every channel: a successor goes by it. */
  #taken = 0;
  readonly #progress: Int32Array;
  readonly #trace: RequestTrace | undefined;
  /** Its first word is not 0 while somebody looks. */
  readonly #observed: Int32Array;
  readonly #changes: StagedChanges | undefined;
  readonly #point: ((name: string) => void) | undefined;
  readonly #answerWords: Int32Array = new Int32Array(ANSWER_WORDS_MAX);

  /**
   * A server of no channel yet.
   *
   * @param bell What its clients ring.
   * @param environment How it waits, the windows that its clients may name, who looks on.
   */
  constructor(bell: Doorbell, environment: ClientEnvironment) {
    this.bell = bell;
    this.waiter = environment.waiter;
    this.#windows = environment.windows;
    this.#replies = new ReplyWriter(environment.windows);
    this.#progress = environment.progress ?? new Int32Array(PROGRESS_WORDS);
    this.#trace = environment.trace;
    this.#observed = environment.trace?.observed ?? new Int32Array(1);
    this.#changes = environment.changes;
    this.#point = environment.point;
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
    if (this.#failure === undefined) return;
    const { error, channel, sequence, code } = this.#failure;
    this.#enter(channel, sequence, code);
    throw error;
  }

  /** Whether it has woken a client since it was last asked. */
  hasWoken(): boolean {
    const hasWoken = this.#hasWoken;
    this.#hasWoken = false;
    return hasWoken;
  }

  /** Wakes the clients whose answers nobody has rung for. Called before each sleep. */
  wakeClients(): void {
    this.#isQuiet = false;
    for (const { channel, censusIndex } of this.#unrung) {
      if (channel.clientSleeps) {
        this.waiter.wakes(censusIndex);
        this.#hasWoken = true;
      }
      channel.core.wake();
    }
    this.#unrung.length = 0;
  }

  /** Starts serving a channel, from its first unfinished request on. */
  attach(accepted: AcceptedChannel): ServedChannel {
    if (accepted.answers) assert(this.#changes !== undefined, "answers are kept with the changes");
    const served = new OpenChannel(accepted, this.#answerLate);
    this.#served.push(served);
    this.#ready.add(served, accepted.index);
    return served;
  }

  /**
   * Does what predecessors had begun, of all channels, in the order in which they had taken it, before
   * anything that they had not: effects of it may have been seen already, and must not come back
   * after what was begun later.
   *
   * @param progressed Called after each request.
   */
  resume(progressed: () => void): void {
    const begun = takeBegun(this.#served);
    for (const { served, sequence } of begun) {
      this.#answer(served, sequence);
      progressed();
    }
    const last = begun.at(-1);
    if (last !== undefined) this.#taken = (last.taken + 1) | 0;
  }

  /** Stops serving a channel. What was posted on it and not taken is dropped. */
  detach(served: ServedChannel): void {
    const index = this.#served.findIndex((open) => open === served);
    assert(index >= 0, "a channel is detached once");
    const [closed] = this.#served.splice(index, 1);
    this.#ready.remove(closed!, closed!.accepted.index);
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
    if (!this.#isIdle || recent === undefined) return this.serve();
    const answered = this.#serveChannel(recent, looks);
    if (answered === 0) return this.serve();
    this.#isIdle = false;
    this.#cursor = this.#served.indexOf(recent) + 1;
    this.#bit = recent.accepted.index % READY_CHANNELS_MAX + 1;
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
    const { channel: { core, words }, epoch } = served.accepted;
    let answered = 0;
    let outcome = looks > 1
      ? core.spinTake(served.next, epoch, looks)
      : core.take(served.next, epoch);
    // A hostile client can claim that everything was dealt with: such looks are bounded as well.
    for (let looked = 0; outcome !== 0 && looked < SLOT_COUNT; looked++) {
      const sequence = served.next;
      served.next = (sequence + 1) >>> 0;
      if (outcome === 1) {
        words[slotWord(sequence) + TAKEN_AT] = this.#taken++;
        this.#answer(served, sequence);
        if (++answered >= TURN_BUDGET) break;
        this.#isQuiet = true; // The first answer is rung for at once, those that follow it together.
      }
      outcome = core.take(served.next, epoch);
    }
    this.#isQuiet = false;
    if (this.#unrung.length > 0) this.wakeClients();
    if (answered > 0) this.#recent = served;
    return answered;
  }

  #answer(served: OpenChannel, sequence: number): void {
    const { accepted } = served;
    const { channel, badge } = accepted;
    const startMs = this.#observed[0] === 0 ? UNTRACED : this.waiter.nowMs();
    const slot = slotWord(sequence);
    const word = channel.words[slot + OPERATION]!;
    const code = (word & ~FORMER) >>> 0;
    const name = word < 0 ? channel.words[slot + FORMERLY]! >>> 0 : sequence;
    const operation = code < served.operations.length ? served.operations[code] : undefined;
    if (code !== this.#code && this.#unrung.length > 0) this.wakeClients(); // It may take longer.
    this.#code = code;
    if (operation === undefined) {
      return this.#refuse(served, sequence, served.refusal(code), startMs, served.forbidden(code));
    }
    const isPlain = this.#isPlain(accepted, operation);
    if (!isPlain && this.#isSettled(served, operation, { sequence, name }, startMs)) return;
    const { values, placed } = operation;
    placeRequest(sequence, this.#request);
    const refused = placed.request.read(channel, this.#request, values, this.#windows, badge);
    if (refused !== 0) return this.#refuse(served, sequence, refused, startMs, operation);
    const { context } = served;
    context.sequence = operation.logged === undefined ? sequence : name;
    context.posted = sequence;
    this.#enter(accepted.index + 1, name, code);
    const changes = this.#changes;
    if (changes !== undefined) assert(changes.isEmpty, UNCOMMITTED);
    if (!isPlain) this.#point?.("runtime.request");
    this.waiter.check(); // Who was held up until its successor served must not begin any more.
    const outcome = callHandler(operation.handler, values, context);
    if (outcome instanceof LateAnswer) return this.#defer(outcome, operation, sequence, startMs);
    if (outcome instanceof Promise) {
      return this.#promised(served, operation, { sequence, name }, startMs, outcome);
    }
    const result = isPlain && (changes === undefined || changes.isEmpty)
      ? this.#replies.write(accepted, operation, sequence, outcome)
      : this.#commitReply(accepted, operation, { sequence, name }, outcome);
    this.#complete(accepted, operation, sequence);
    this.#progress[CHANNEL] = 0;
    if (startMs !== UNTRACED) this.#tell(badge, code, sequence, startMs, result);
  }

  /** Whether a request needs nothing but its handler. */
  #isPlain(accepted: AcceptedChannel, operation: ServedOperation): boolean {
    return operation.logged === undefined && this.#point === undefined &&
      accepted.poisoned === undefined;
  }

  /** Says which request is in its handler; the channel last, since it alone says that one is. */
  #enter(channel: number, sequence: number, code: number): void {
    const progress = this.#progress;
    progress[SEQUENCE] = sequence;
    progress[CODE] = code;
    progress[CHANNEL] = channel;
  }

  /** Answers a request that is not one of the protocol. */
  #refuse(
    served: OpenChannel,
    sequence: number,
    errno: number,
    startMs: number,
    operation?: ServedOperation,
  ): void {
    const { accepted } = served;
    this.#replies.write(accepted, operation, sequence, -errno);
    this.#complete(accepted, operation, sequence);
    if (startMs === UNTRACED) return;
    const code = operation === undefined ? 0 : operation.placed.operation.code;
    this.#tell(accepted.badge, code, sequence, startMs, -errno);
  }

  /** Answers without the handler what a predecessor has answered, or what has killed too many. */
  #isSettled(
    { accepted, first }: OpenChannel,
    operation: ServedOperation,
    { sequence, name }: NamedRequest,
    startMs: number,
  ): boolean {
    const { channel, epoch, badge } = accepted;
    const answer = this.#answerWords;
    // Of this channel's own requests, only the first of each slot can have been answered before.
    const mayBeLogged = name !== sequence || ((sequence - first) >>> 0) < SLOT_COUNT;
    if (operation.logged !== undefined && mayBeLogged) {
      const count = accepted.answers!.recall(name, answer);
      if (count > 0) {
        const { words, payloadWords } = operation.logged;
        const isWhole = count === 1 + words + payloadWords;
        // Another operation's answer is none: what it lacks would be read from another client's.
        if (answer[0]! >= 0 && !isWhole) answer[0] = -ERRNO.EPROTO;
        placeAnswer(channel, this.#replies.placeOf(sequence, epoch), operation.logged, answer);
        this.#complete(accepted, operation, sequence);
        this.#tell(badge, operation.placed.operation.code, sequence, startMs, answer[0]!);
        return true;
      }
    }
    if (accepted.poisoned?.includes(name) !== true) return false;
    const result = -ERRNO.ENOTRECOVERABLE;
    this.#commitReply(accepted, operation, { sequence, name }, result);
    this.#complete(accepted, operation, sequence);
    this.#tell(badge, operation.placed.operation.code, sequence, startMs, result);
    return true;
  }

  /** Leaves a request unanswered: if this incarnation dies first, its successor does it again. */
  #defer(late: LateAnswer, operation: ServedOperation, sequence: number, startMs: number): void {
    assert(operation.logged === undefined, "what is answered later is idempotent");
    assert(late.sequence === sequence, "a handler returns the answer of its own request");
    assert(this.#changes?.isEmpty ?? true, UNCOMMITTED);
    late.operation = operation;
    late.startMs = startMs;
    this.#progress[CHANNEL] = 0;
  }

  #answerDeferred(late: LateAnswer, result: number): void {
    const { accepted, operation, sequence, startMs } = late;
    assert(operation !== undefined, "a request is answered later once, after its handler returned");
    late.operation = undefined;
    this.#replies.write(accepted, operation, sequence, result);
    this.#finish(accepted, operation, sequence);
    this.#tell(accepted.badge, operation.placed.operation.code, sequence, startMs, result);
  }

  /** The handler goes on: what it was given is its own now. */
  #promised(
    served: OpenChannel,
    operation: ServedOperation,
    request: NamedRequest,
    startMs: number,
    outcome: Promise<unknown>,
  ): void {
    if (this.#changes !== undefined) assert(this.#changes.isEmpty, UNCOMMITTED);
    operation.values = operation.placed.request.blank();
    served.context = new ServedRequest(served.accepted, this.#answerLate);
    this.#promises++;
    this.#progress[CHANNEL] = 0;
    this.#answerPromised(served.accepted, operation, request, startMs, outcome);
  }

  async #answerPromised(
    accepted: AcceptedChannel,
    operation: ServedOperation,
    request: NamedRequest,
    startMs: number,
    promise: Promise<unknown>,
  ): Promise<void> {
    const { code } = operation.placed.operation;
    const { sequence } = request;
    try {
      const outcome = await promise.catch(errnoOf);
      if (this.#changes !== undefined) assert(this.#changes.isEmpty, UNCOMMITTED);
      const result = this.#commitReply(accepted, operation, request, outcome);
      this.#complete(accepted, operation, sequence);
      this.#tell(accepted.badge, code, sequence, startMs, result);
    } catch (error) {
      this.#failure ??= { error, channel: accepted.index + 1, sequence, code };
      this.bell.ring(); // The loop throws it, as if the handler had answered at once.
    }
    this.#promises--;
  }

  /** Writes an answer into its slot and keeps it, and all that its handler changed, in one commit. */
  #commitReply(
    accepted: AcceptedChannel,
    operation: ServedOperation,
    { sequence, name }: NamedRequest,
    outcome: unknown,
  ): number {
    const result = this.#replies.write(accepted, operation, sequence, outcome);
    this.#point?.("runtime.answer");
    const changes = this.#changes;
    if (changes !== undefined) {
      if (result < 0 && !changes.isEmpty) changes.abort();
      if (operation.logged !== undefined) {
        const words = copyAnswer(
          accepted.channel,
          this.#replies.place,
          operation.logged,
          this.#answerWords,
        );
        accepted.answers!.stage(name, this.#answerWords, words);
      }
      if (!changes.isEmpty) changes.commit();
    }
    this.#point?.("runtime.committed");
    return result;
  }

  /** Publishes the answer that lies in its slot, and leaves the ring for later. Hot path. */
  #finish(
    accepted: AcceptedChannel,
    operation: ServedOperation | undefined,
    sequence: number,
  ): void {
    const { channel: { core }, epoch } = accepted;
    core.finish(sequence, epoch, operation === undefined ? 0 : operation.oneWay);
    this.#progress[ANSWERED]!++;
    if (this.#unrung[this.#unrung.length - 1] !== accepted) this.#unrung.push(accepted);
  }

  /** Publishes the answer that lies in its slot. Hot path. */
  #complete(
    accepted: AcceptedChannel,
    operation: ServedOperation | undefined,
    sequence: number,
  ): void {
    if (this.#isQuiet) return this.#finish(accepted, operation, sequence);
    const { channel, epoch, censusIndex } = accepted;
    if (channel.clientSleeps) {
      this.waiter.wakes(censusIndex);
      this.#hasWoken = true;
    }
    channel.core.complete(sequence, epoch, operation === undefined ? 0 : operation.oneWay);
    this.#progress[ANSWERED]!++;
  }

  #tell(badge: number, code: number, sequence: number, startMs: number, result: number): void {
    if (startMs === UNTRACED || this.#trace === undefined) return;
    this.#trace.answered(badge, code, sequence, startMs, this.waiter.nowMs(), result);
  }
}
