/**
 * A channel as its server sees it: what the server was told of it, and what is next.
 *
 * @module
 */

import { type AnswerLog, type AnswerSize, answerSize } from "./answer_log.ts";
import type { Channel } from "./channel.ts";
import type { AnyValues } from "./codec.ts";
import { ERRNO } from "./errno.ts";
import type { Later, Operations, PlacedOperation, Protocol, RequestContext } from "./protocol.ts";

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
  /**
   * The codes of the operations that the channel's client may ask for; all when left out. Others are
   * answered with `EPERM`, and neither their values nor their handler are looked at.
   */
  readonly operations?: ReadonlySet<number>;
  /**
   * Answers that outlive the incarnation: with it an operation that is not idempotent is done once.
   * Needs the environment's `changes`, which keep them.
   */
  readonly answers?: AnswerLog;
  /** Sequences of requests that have killed too many: answered `ENOTRECOVERABLE` without a handler. */
  readonly poisoned?: readonly number[];
}

/** An operation as one channel's requests meet it. */
export interface ServedOperation {
  /** The operation with its codecs. */
  readonly placed: PlacedOperation;
  /** What answers it. */
  readonly handler: UntypedHandler;
  /** 1 if nobody waits for an answer. */
  readonly oneWay: number;
  /** The size of an answer that is to be logged; `undefined` where doing it twice is no harm. */
  readonly logged: AnswerSize | undefined;
  /** The values of the request at hand. Used again, unless a handler keeps them in a promise. */
  values: AnyValues;
}

/** One channel being served. */
export interface ServedChannel {
  /** The channel, and what the server was told of it. */
  readonly accepted: AcceptedChannel;
}

/** The same, as its server sees it. */
export class OpenChannel implements ServedChannel {
  /** The channel, and what the server was told of it. */
  readonly accepted: AcceptedChannel;
  /** The operations by code. */
  readonly operations: readonly (ServedOperation | undefined)[];
  /** The sequence that this incarnation looks at next. Its own; never read from shared memory. */
  next: number;
  /** Where the predecessor left off: it can have answered this one and those in the other slots. */
  readonly first: number;
  /** Names the request at hand. Used again, unless a handler keeps it in a promise. */
  context: ServedRequest;
  readonly #forbidden: readonly (ServedOperation | undefined)[];

  /**
   * Begins where the predecessor left off: at the first unfinished request.
   *
   * @param accepted The channel.
   * @param answerLate What answers a request whose handler has returned.
   */
  constructor(accepted: AcceptedChannel, answerLate: AnswerLate) {
    this.accepted = accepted;
    const operations: (ServedOperation | undefined)[] = [];
    const forbidden: (ServedOperation | undefined)[] = [];
    for (const [code, placed] of accepted.protocol.byCode) {
      const handler = accepted.handlers[placed.name];
      if (handler === undefined) continue;
      const oneWay = placed.operation.oneWay ? 1 : 0;
      const isLogged = accepted.answers !== undefined && !placed.operation.idempotent;
      const logged = isLogged ? answerSize(placed.operation) : undefined;
      const operation = { placed, handler, oneWay, logged, values: placed.request.blank() };
      if (accepted.operations?.has(code) ?? true) operations[code] = operation;
      else forbidden[code] = operation;
    }
    this.operations = operations;
    this.#forbidden = forbidden;
    this.first = accepted.channel.core.firstUnfinished() >>> 0;
    this.next = this.first;
    this.context = new ServedRequest(accepted, answerLate);
  }

  /** An operation that its client may not ask for, if it is one: a one-way request is given back so. */
  forbidden(code: number): ServedOperation | undefined {
    return this.#forbidden[code];
  }

  /** The errno of a code that is served to nobody here. A limited client is not told which exist. */
  refusal(code: number): number {
    return this.accepted.operations?.has(code) ?? true ? ERRNO.ENOSYS : ERRNO.EPERM;
  }
}

/** A request of a channel. */
export interface NamedRequest {
  /** Its number in its channel. */
  readonly sequence: number;
  /** Under which its answer is logged: that number, or the one that it had in an earlier life. */
  readonly name: number;
}

/** Gives the answer of a request whose handler has returned. */
export type AnswerLate = (request: LateAnswer, result: number) => void;

/** A request whose handler has returned and promised to answer. */
export class LateAnswer implements Later {
  /** Its channel. */
  readonly accepted: AcceptedChannel;
  /** Its number. */
  readonly sequence: number;
  /** Its operation, as the server notes when the handler returns. */
  operation: ServedOperation | undefined;
  /** When it was taken, or below 0 if nobody looks. */
  startMs = -1;
  readonly #answerLate: AnswerLate;

  /** Not answered yet. */
  constructor(accepted: AcceptedChannel, sequence: number, answerLate: AnswerLate) {
    this.accepted = accepted;
    this.sequence = sequence;
    this.#answerLate = answerLate;
  }

  /** Answers. */
  answer(result: number): void {
    this.#answerLate(this, result);
  }

  /** Whether nobody waits for the answer any more. */
  isAbandoned(): boolean {
    const { channel, epoch } = this.accepted;
    return channel.core.isAbandoned(this.sequence, epoch) !== 0;
  }
}

/** What a handler threw after it had promised an answer. */
export interface LateFailure {
  /** What it threw. */
  readonly error: unknown;
  /** The words of progress that name its request: the channel and one more, */
  readonly channel: number;
  /** the request's number in it, */
  readonly sequence: number;
  /** and its operation. */
  readonly code: number;
}

/** The request at hand. */
export class ServedRequest implements RequestContext {
  /** The client's number. */
  readonly badge: number;
  /** Its name: its number in its channel, or what its client gave it in an earlier life. */
  sequence = 0;
  /** Its number in its channel. */
  posted = 0;
  readonly #accepted: AcceptedChannel;
  readonly #answerLate: AnswerLate;

  /** A request of this channel, which one is said by its sequence. */
  constructor(accepted: AcceptedChannel, answerLate: AnswerLate) {
    this.badge = accepted.badge;
    this.#accepted = accepted;
    this.#answerLate = answerLate;
  }

  /** An answer to be given when the handler has returned. */
  later(): Later {
    return new LateAnswer(this.#accepted, this.posted, this.#answerLate);
  }

  /** Whether nobody waits for the answer any more. */
  isAbandoned(): boolean {
    const { channel, epoch } = this.#accepted;
    return channel.core.isAbandoned(this.posted, epoch) !== 0;
  }
}
