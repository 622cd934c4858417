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
import { type Channel, type MessagePlace, placeReply, placeRequest } from "./channel.ts";
import type { ClientEnvironment } from "./client.ts";
import { ERRNO, OsError } from "./errno.ts";
import { SLOT_COUNT } from "./limits.ts";
import { readFields, type WindowTable, writeFields } from "./message.ts";
import type { Operations, Protocol, RequestContext } from "./protocol.ts";
import type { Waiter } from "./wait.ts";

/** Requests taken from one channel before the next channel has its turn. */
export const TURN_BUDGET = 16;

/** A handler whose types the protocol has been checked against when it was given. */
export type UntypedHandler = (
  request: Readonly<Record<string, unknown>>,
  context: RequestContext,
) => unknown;

/** One channel being served. */
export interface ServedChannel {
  /** The channel. */
  readonly channel: Channel;
  /** The client's number, given by the kernel. */
  readonly badge: number;
  /** What the channel's client speaks. */
  readonly protocol: Protocol<Operations>;
  /** The client's word in the census of those awake. */
  readonly censusIndex: number;
  /** The server's answers, by operation name. */
  readonly handlers: Readonly<Record<string, UntypedHandler>>;
  /** The sequence that this incarnation looks at next. Its own; never read from shared memory. */
  next: number;
}

/** Serves a set of channels for one incarnation. */
export class ChannelServer {
  readonly #epoch: number;
  readonly #windows: WindowTable;
  readonly #waiter: Waiter;
  readonly #served: ServedChannel[] = [];
  readonly #request: MessagePlace = { head: 0, payloadBytes: 0, fields: 0, payload: 0 };
  readonly #reply: MessagePlace = { head: 0, payloadBytes: 0, fields: 0, payload: 0 };
  #turn = 0;

  /**
   * A server of no channel yet.
   *
   * @param epoch The incarnation's number: what it takes is labelled with it.
   * @param environment How it waits, and the windows that its clients may name.
   */
  constructor(epoch: number, { waiter, windows }: ClientEnvironment) {
    this.#epoch = epoch;
    this.#waiter = waiter;
    this.#windows = windows;
  }

  /** Starts serving a channel, from its first unfinished request on. */
  attach(accepted: Omit<ServedChannel, "next">): ServedChannel {
    const served = { ...accepted, next: accepted.channel.core.firstUnfinished() >>> 0 };
    this.#served.push(served);
    return served;
  }

  /** Stops serving a channel. What was posted on it and not taken is dropped. */
  detach(served: ServedChannel): void {
    const index = this.#served.indexOf(served);
    assert(index >= 0, "a channel is detached once");
    this.#served.splice(index, 1);
  }

  /**
   * Serves one turn of every channel, starting with another one each time. Hot path.
   *
   * @returns How many requests were answered.
   */
  serve(): number {
    const count = this.#served.length;
    let answered = 0;
    for (let i = 0; i < count; i++) {
      const served = this.#served[(this.#turn + i) % count]!;
      answered += this.#serveChannel(served);
    }
    this.#turn = count === 0 ? 0 : (this.#turn + 1) % count;
    return answered;
  }

  #serveChannel(served: ServedChannel): number {
    const { core } = served.channel;
    let answered = 0;
    // A hostile client can claim that everything was dealt with: looks are bounded as well.
    for (let looks = 0; looks < SLOT_COUNT && answered < TURN_BUDGET; looks++) {
      const outcome = core.take(served.next, this.#epoch);
      if (outcome === 0) break;
      const sequence = served.next;
      served.next = (sequence + 1) >>> 0;
      if (outcome === 1) {
        this.#answer(served, sequence);
        answered++;
      }
    }
    return answered;
  }

  #answer(served: ServedChannel, sequence: number): void {
    const { channel, protocol } = served;
    const request = this.#request;
    placeRequest(sequence, request);
    const placed = protocol.byCode.get(channel.words[request.head]!);
    let result: unknown = -ERRNO.ENOSYS;
    if (placed !== undefined) {
      const values: Record<string, unknown> = {};
      const refused = readFields(
        channel,
        request,
        placed.request,
        values,
        this.#windows,
        served.badge,
      );
      result = refused !== 0
        ? -refused
        : callHandler(served.handlers[placed.name]!, values, { badge: served.badge, sequence });
    }
    // The handler may have reused the place by calling another server through this thread.
    placeReply(sequence, this.#epoch & 1, this.#reply);
    if (typeof result === "number") {
      channel.words[this.#reply.head] = result;
    } else {
      const values = result as Readonly<Record<string, unknown>>;
      writeFields(channel, this.#reply, placed!.reply, values, this.#windows);
      channel.words[this.#reply.head] = 0;
    }
    if (channel.clientSleeps) this.#waiter.wakes(served.censusIndex);
    channel.core.complete(sequence, this.#epoch);
  }
}

/** Calls a handler; an {@linkcode OsError} that another server answered is passed on as its errno. */
function callHandler(
  handler: UntypedHandler,
  request: Readonly<Record<string, unknown>>,
  context: RequestContext,
): unknown {
  try {
    return handler(request, context);
  } catch (error) {
    if (error instanceof OsError) return -error.errno;
    throw error;
  }
}
