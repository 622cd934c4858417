/**
 * The loop of the gateway: takes requests as they come, answers what can be answered, and has the rest
 * under way meanwhile.
 *
 * ```
 * read ──▶ perform ──▶ answer                 most requests: one call of the file server each
 *             └──────▶ posted ──▶ answer      what moves data or waits for a disk
 *             └──────▶ waits ──▶ answer       locks
 * ```
 *
 * @module
 */

import { ERRNO, OsError } from "@hako/ipc";
import type { Ask } from "./ask.ts";
import type { Gateway } from "./gateway.ts";
import type { Line, LineState } from "./line.ts";
import { perform } from "./operations/mod.ts";
import type { Posted } from "./posted.ts";

/** So long it works before others of its thread have their turn. */
const SLICE_MS = 10;

/** So long it waits for an answer of the file server before it looks for requests. */
const ANSWER_WAIT_MS = 0.2;

/** So long it waits for requests. */
const IDLE_MS = 50;

/** The same, while something else may come that it has to look for. */
const LOOKING_IDLE_MS = 5;

/** Requests that are taken before answers are looked for. */
const BURST_MAX = 16;

/** Requests of the file server that one of Linux needs at most. */
const ROOM_MIN = 12;

/** What the loop does besides requests. */
export interface SideWork {
  /** Whether it has to be looked at from time to time. */
  readonly isWaiting: boolean;
  /** Does what there is to do. */
  turn(): void;
}

/** What a loop is made of. */
export interface ServingParts {
  readonly line: Line;
  readonly gateway: Gateway;
  readonly posted: Posted;
  /** Places for requests. */
  readonly asks: readonly Ask[];
  readonly sideWork: readonly SideWork[];
  readonly nowMs: () => number;
}

/** The loop of one life. */
export class Serving {
  readonly #line: Line;
  readonly #gateway: Gateway;
  readonly #posted: Posted;
  readonly #free: Ask[];
  readonly #sideWork: readonly SideWork[];
  readonly #nowMs: () => number;
  readonly #ended = (ask: Ask, result: number) => this.#goOn(ask, result);

  /** Nothing is under way yet. */
  constructor({ line, gateway, posted, asks, sideWork, nowMs }: ServingParts) {
    this.#line = line;
    this.#gateway = gateway;
    this.#posted = posted;
    this.#free = [...asks];
    this.#sideWork = sideWork;
    this.#nowMs = nowMs;
  }

  /** Serves for a moment; answers whether more requests can come. */
  slice(): LineState {
    const until = this.#nowMs() + SLICE_MS;
    while (this.#line.state === "open" && this.#nowMs() < until) {
      this.#answer();
      const hasMore = this.#takeSome();
      if (!hasMore && this.#line.state === "open") this.#wait();
    }
    return this.#line.state;
  }

  /** A place for a request that somebody else reads; to be given to `handle` or `giveBack`. */
  takePlace(): Ask | undefined {
    return this.#free.pop();
  }

  /** Gives back a place. Hot path. */
  giveBack(ask: Ask): void {
    this.#free.push(ask);
  }

  /** Does what a request asks for, and answers it if that is possible now. Hot path. */
  handle(ask: Ask): void {
    this.#makeRoom();
    ask.begin();
    let byteLength: number;
    try {
      byteLength = perform(ask, this.#gateway);
    } catch (error) {
      byteLength = ask.reply.error(errnoOf(error));
      ask.ending = undefined;
    }
    if (byteLength > 0) return this.#send(ask, byteLength);
    if (ask.ending === undefined) return this.giveBack(ask);
    this.#posted.add(ask);
    this.#gateway.files.point("fuse.request.posted");
  }

  /** Refuses what is no request. */
  refuse(ask: Ask): void {
    const { request, reply } = ask;
    const hasNumber = request.uniqueLow !== 0 || request.uniqueHigh !== 0;
    if (hasNumber && request.isAnswered) this.#send(ask, reply.error(ERRNO.EPROTO));
    else this.giveBack(ask);
  }

  /** Takes requests; answers whether there may be more that can be taken. Hot path. */
  #takeSome(): boolean {
    for (let count = 0; count < BURST_MAX; count++) {
      const ask = this.#free.pop();
      if (ask === undefined) return false;
      const byteLength = this.#line.read(ask.request);
      if (byteLength === 0) {
        this.#free.push(ask);
        return false;
      }
      if (!ask.request.take(byteLength)) {
        this.refuse(ask);
        continue;
      }
      if (ask.request.isAnswered) this.#line.owe(ask.request);
      this.#gateway.files.point("fuse.request.read");
      this.handle(ask);
    }
    return true;
  }

  /** Answers what has been answered, and does what else there is to do. Hot path. */
  #answer(): void {
    const { waits, held } = this.#gateway;
    if (this.#posted.count > 0) this.#posted.collect(this.#ended);
    if (held.hasToClose) held.closeAll(this.#close);
    if (waits.count > 0) {
      this.#makeRoom();
      waits.turn();
    }
    this.#turnSides();
  }

  #goOn(ask: Ask, result: number): void {
    const { ending } = ask;
    this.#gateway.files.point("fuse.request.collected");
    let byteLength: number;
    try {
      byteLength = ending!.ended(ask, this.#gateway, result);
    } catch (error) {
      byteLength = ask.reply.error(errnoOf(error));
    }
    if (byteLength === 0) this.#posted.add(ask);
    else this.#send(ask, byteLength);
  }

  #send(ask: Ask, byteLength: number): void {
    const { files, held } = this.#gateway;
    files.point("fuse.request.called");
    const isTaken = this.#line.send(ask.request, ask.reply, byteLength);
    if (!isTaken && ask.opened !== 0) held.closeLater(ask.opened);
    files.point("fuse.request.answered");
    this.giveBack(ask);
  }

  /** Closes what nobody knows of any more. */
  readonly #close = (handle: number): void => {
    try {
      this.#makeRoom();
      this.#gateway.files.client.callSync("close", { handle });
    } catch (error) {
      if (!(error instanceof OsError)) throw error; // Closed already, or all is.
    }
  };

  /** Slots come round: one that is under way for long is waited for. Hot path. */
  #makeRoom(): void {
    const { client } = this.#gateway.files;
    while (client.room < ROOM_MIN) {
      this.#posted.wait(ANSWER_WAIT_MS);
      this.#turnSides();
      if (this.#posted.count > 0) this.#posted.collect(this.#ended);
    }
  }

  #turnSides(): void {
    const works = this.#sideWork;
    for (let index = 0; index < works.length; index++) works[index]!.turn();
  }

  #isLooking(): boolean {
    return this.#sideWork.some(({ isWaiting }) => isWaiting);
  }

  #wait(): void {
    if (this.#posted.count > 0) return this.#posted.wait(ANSWER_WAIT_MS);
    const isLooking = this.#gateway.waits.count > 0 || this.#isLooking();
    this.#line.wait(isLooking ? LOOKING_IDLE_MS : IDLE_MS);
  }
}

/** What a request is answered that failed. Anything else is ours, or the end of this life. */
function errnoOf(error: unknown): number {
  if (!(error instanceof OsError)) throw error;
  return GIVEN_UP.includes(error.errno) ? ERRNO.EIO : error.errno;
}

/** Why the channel was closed, which programs do not expect of files. */
const GIVEN_UP: readonly number[] = [ERRNO.ESHUTDOWN, ERRNO.EPIPE, ERRNO.EHOSTDOWN];
