/**
 * What a client of an endpoint can do.
 *
 * @module
 */

import type { StagedChanges } from "./answer_log.ts";
import type { WindowTable } from "./codec.ts";
import type {
  Answered,
  Counted,
  OneWay,
  Operations,
  OperationsOf,
  Protocol,
  Reply,
  Request,
} from "./protocol.ts";
import type { RequestTrace } from "./request_trace.ts";
import type { Waiter } from "./wait.ts";

/** How long a synchronous call may take. */
export interface CallSyncOptions {
  /** Milliseconds after which the request is given up with `ETIMEDOUT`. None: for ever. */
  readonly timeoutMs?: number;
  /**
   * The name under which an earlier life of this domain may have posted this very request: see
   * {@linkcode Client.nextName}. What it was answered is answered again; if it was never done, it is
   * done now. Only for what may not be done twice, and whose handler answers without a promise: what
   * one has promised to the earlier life goes on.
   */
  readonly formerly?: number;
}

/** How long a call may take, and who may give it up. */
export interface CallOptions extends CallSyncOptions {
  /** Gives the request up with `ECANCELED` when it aborts. */
  readonly signal?: AbortSignal;
}

/** How many requests may be under way at once. */
export interface InFlightOptions {
  /** From 1 to the number of slots, which is 64. 32 if not given. */
  readonly inFlightMax?: number;
}

/** How a stream goes: its limits are those of each call. */
export interface StreamOptions extends CallOptions, InFlightOptions {}

/**
 * A connection to one endpoint that speaks the protocol `P`. It outlives the server's deaths.
 *
 * A request that is given up, by time or by signal, has been done, is being done, or is never done:
 * the error's message says if it was never begun. While it is being done its slot, and the windows
 * that it names, stay the server's; {@linkcode Client.idle} waits for that.
 */
export interface Client<P extends Protocol<Operations>> {
  /** What it speaks. Without it a client of one protocol would pass for one of any other. */
  readonly protocol: P;

  /**
   * Calls and waits, asleep or spinning, until the server has answered.
   *
   * @throws {OsError} What the server answered; `EAGAIN` when the channel is full; `ETIMEDOUT`; the
   * reason for which the channel was closed, as `ESHUTDOWN` or `EPIPE`.
   */
  callSync<K extends Answered<OperationsOf<P>>>(
    operation: K,
    request: Request<OperationsOf<P>[K]>,
    options?: CallSyncOptions,
  ): Reply<OperationsOf<P>[K]>;

  /**
   * Posts many requests with one ring, and waits until all are answered: the fewest steps for each.
   * More than fit in the channel are posted as those before them are answered.
   *
   * @throws {OsError} What the first failing one answered, after all have been dealt with; otherwise
   * as {@linkcode Client.callSync}.
   */
  callAllSync<K extends Answered<OperationsOf<P>>>(
    operation: K,
    requests: readonly Request<OperationsOf<P>[K]>[],
    options?: InFlightOptions,
  ): Reply<OperationsOf<P>[K]>[];

  /**
   * Calls and answers by a promise; the caller's event loop goes on.
   *
   * @throws {OsError} As {@linkcode Client.callSync} does; `ECANCELED` if the signal aborts.
   */
  call<K extends Answered<OperationsOf<P>>>(
    operation: K,
    request: Request<OperationsOf<P>[K]>,
    options?: CallOptions,
  ): Promise<Reply<OperationsOf<P>[K]>>;

  /**
   * Calls for each request, some at a time, and answers in the order of the requests. Whoever stops
   * reading gives up those under way.
   */
  stream<K extends Answered<OperationsOf<P>>>(
    operation: K,
    requests: Iterable<Request<OperationsOf<P>[K]>> | AsyncIterable<Request<OperationsOf<P>[K]>>,
    options?: StreamOptions,
  ): AsyncGenerator<Reply<OperationsOf<P>[K]>, void, void>;

  /**
   * Posts a one-way request, which is done once whoever dies, and answers nothing.
   *
   * @throws {OsError} `EAGAIN` when the channel is full, or why it was closed.
   */
  send<K extends OneWay<OperationsOf<P>>>(
    operation: K,
    request: Request<OperationsOf<P>[K]>,
  ): void;

  /**
   * Posts a request and goes on. Its answer is to be collected by {@linkcode Client.collect} in this
   * thread, which is how a server keeps several requests of its own under way without an event loop.
   *
   * @returns A ticket.
   * @throws {OsError} `EAGAIN` when the channel is full, or why it was closed.
   */
  post<K extends Counted<OperationsOf<P>>>(
    operation: K,
    request: Request<OperationsOf<P>[K]>,
  ): number;

  /**
   * The answer to what was posted: a count, or `-errno`; `undefined` while there is none. Once it has
   * been collected the ticket means nothing more.
   *
   * @throws {OsError} Why the channel was closed.
   */
  collect(ticket: number): number | undefined;

  /**
   * Waits until something that was posted is answered, or `timeoutMs` are over. Nothing posted is
   * nothing to wait for.
   *
   * @throws {OsError} Why the channel was closed.
   */
  awaitAny(timeoutMs?: number): void;

  /**
   * The name that the next request will have. Who writes it to a keep, with what is to be asked, can
   * ask again in its next life, as if it had not died (`formerly`): then first of all that may not be
   * done twice, since a later one may take the place of its recorded answer.
   */
  readonly nextName: number;

  /** How many requests can be posted now. */
  readonly room: number;

  /** Resolves when the server has given back every slot, and with them every window it was lent. */
  idle(): Promise<void>;
}

/** What the clients of a domain, and its server, stand on. A client needs the first two. */
export interface ClientEnvironment {
  /** How it waits. */
  readonly waiter: Waiter;
  /** The windows that it may name. */
  readonly windows: WindowTable;
  /** Where its server says which request is in its handler: see {@linkcode PROGRESS}. */
  readonly progress?: Int32Array;
  /** Told of each answered request while somebody looks. */
  readonly trace?: RequestTrace;
  /**
   * What its handlers change and its server commits when they have answered; forgotten when they
   * answer an errno. A handler that returns a promise commits itself, before each wait.
   */
  readonly changes?: StagedChanges;
  /**
   * Visited at `runtime.request` (before a handler), `runtime.answer` (after it, before the commit)
   * and `runtime.committed` (before the answer is published). Left out when no fault is armed.
   */
  readonly point?: (name: string) => void;
}
