/**
 * Requests as clients post them and the server takes them: a model of channels that knows slots, not
 * words.
 *
 * ```text
 *   posted --take--> taken --answer--> done
 *     ^---- the taker has died ----'
 * ```
 *
 * @module
 */

import type { Chance } from "./chance.ts";

/** The operations of a volume. */
export type OperationName =
  | "read"
  | "write"
  | "flush"
  | "transact"
  | "lastTag"
  | "zero"
  | "trim"
  | "readVector"
  | "writeVector"
  | "extent";

/** What a handler answers with, if it is no count: the reply of `lastTag` or `extent`. */
export type ReplyValues = Readonly<Record<string, number>>;

/** One request in a slot. */
export interface PostedRequest {
  /** The client's number, as the kernel tells it. */
  readonly badge: number;
  /** Its number in its channel. */
  readonly sequence: number;
  /** The volume that it is for. */
  readonly volume: number;
  /** What is asked for. */
  readonly operation: OperationName;
  /** The request's fields. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Hears the answer, once. */
  readonly hear: (answer: number | ReplyValues) => void;
  /** How far it is. */
  state: "posted" | "taken" | "done";
  /** Whether a dead incarnation has taken it. */
  wasTaken: boolean;
  /** When it was taken first, among all. */
  takenAt: number;
}

/** All channels of one server. */
export class Requests {
  readonly #channels: PostedRequest[][] = [];
  readonly #chance: Chance;
  readonly #takesFirst: "taken" | "any";
  #taken = 0;
  #start = 0; // Several requests of a channel are taken in a row.
  #onPosted: () => void = () => {};

  /**
   * No channels.
   *
   * @param takesFirst What a successor takes first: what its predecessors had taken, in the order in
   *   which they had; or whatever comes.
   */
  constructor(chance: Chance, takesFirst: "taken" | "any") {
    this.#chance = chance;
    this.#takesFirst = takesFirst;
  }

  /** Hears whenever something is posted. */
  set onPosted(hear: () => void) {
    this.#onPosted = hear;
  }

  /** Opens a channel; answers its number. */
  open(): number {
    return this.#channels.push([]) - 1;
  }

  /** How many requests are not answered. */
  get unanswered(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.length, 0);
  }

  /** Whether anything waits to be taken. */
  get isAnyPosted(): boolean {
    return this.#channels.some((channel) => channel.some(({ state }) => state === "posted"));
  }

  /** Posts a request. */
  post(channel: number, request: PostedRequest): void {
    this.#channels[channel]!.push(request);
    this.#onPosted();
  }

  /** Takes the next request of a channel of chance; `undefined` if nothing waits. */
  take(): PostedRequest | undefined {
    const request = this.#begunFirst() ?? this.#next();
    if (request === undefined) return undefined;
    if (!request.wasTaken) request.takenAt = ++this.#taken;
    request.state = "taken";
    return request;
  }

  /** What was taken first of all that a dead incarnation has taken. */
  #begunFirst(): PostedRequest | undefined {
    if (this.#takesFirst === "any") return undefined;
    const begun = this.#channels.flat().filter(({ state, wasTaken }) => {
      return state === "posted" && wasTaken;
    });
    return begun.sort((one, other) => one.takenAt - other.takenAt)[0];
  }

  #next(): PostedRequest | undefined {
    if (this.#chance.happens(0.3)) this.#start = this.#chance.below(this.#channels.length);
    for (let index = 0; index < this.#channels.length; index++) {
      const channel = this.#channels[(this.#start + index) % this.#channels.length]!;
      const request = channel.find((posted) => posted.state === "posted");
      if (request !== undefined) return request;
    }
    return undefined;
  }

  /** Answers a request. */
  answer(request: PostedRequest, answer: number | ReplyValues): void {
    if (request.state !== "taken") throw new Error("a request is answered twice");
    request.state = "done";
    for (const channel of this.#channels) {
      const index = channel.indexOf(request);
      if (index >= 0) channel.splice(index, 1);
    }
    request.hear(answer);
  }

  /** The server has died: what it has not answered waits again. */
  requeue(): void {
    for (const channel of this.#channels) {
      for (const request of channel) {
        request.wasTaken ||= request.state === "taken";
        request.state = "posted";
      }
    }
  }

  /** Every client is gone. */
  clear(): void {
    this.#channels.length = 0;
  }
}
