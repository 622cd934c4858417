/**
 * The lasting link to an export: connects, connects again when the connection breaks, and sends again
 * what was not answered. All requests of NBD are idempotent, and whoever posts them here keeps those
 * that overlap in order; so doing one twice is no harm.
 *
 * ```
 *            ┌──────────── back-off ◄───────────┐
 *            ▼                                  │ refused, silent, garbled, another export
 *        connect ──► negotiate ──► transmission ┘
 * ```
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { NBD_ERROR } from "../../nbd/wire.ts";
import { type ByteStream, StreamReader } from "./byte_stream.ts";
import { type Command, Connection } from "./connection.ts";
import { type ExportFacts, negotiate } from "./negotiation.ts";

/** How a request ended that no server has answered. */
export const UNANSWERED = {
  /** The connection broke, and it is not one that is sent again. */
  LOST: -1,
  /** It took too long. */
  GIVEN_UP: -2,
  /** Nobody waited for it any more; it was not sent. */
  DROPPED: -3,
} as const;

/** A request, as it is posted. */
export interface LinkRequest
  extends Pick<Command, "command" | "flags" | "offset" | "byteLength" | "source" | "target"> {
  /** Whether it is sent again after the connection broke. */
  readonly isResent: boolean;
  /** Whether nobody waits for it any more. */
  isAbandoned(): boolean;
  /** Hears how it ended: 0, an `NBD_ERROR`, or an `UNANSWERED`. */
  ended(outcome: number): void;
}

/** How long things may take, in milliseconds. */
export interface LinkLimits {
  /** To connect and negotiate. */
  readonly connectMs: number;
  /** For the server to answer anything, while requests are under way. */
  readonly silenceMs: number;
  /** For a request, however often it is sent. */
  readonly giveUpMs: number;
}

/** What a link needs of the host, and tells. */
export interface LinkHost {
  /** Connects. @throws {OsError} Or what the host throws. */
  connect(): Promise<ByteStream>;
  /** A clock. */
  nowMs(): number;
  /** Calls back after so many milliseconds, unless what it answers is called before. */
  after(ms: number, call: () => void): () => void;
  /** Hears that there is a connection; may refuse it by throwing an `OsError`. */
  connected(facts: ExportFacts): void;
  /** Hears that the connection broke, before anything is sent again. */
  lost(reason: unknown): void;
}

/** The first wait before it connects again, and the longest. */
const RETRY_MS = { first: 10, most: 1_000 } as const;

/** How often in a limit is looked whether it has passed. */
const LOOKS = 4;

/** A link to one export. */
export class ExportLink {
  readonly #name: string;
  readonly #limits: LinkLimits;
  readonly #host: LinkHost;
  readonly #errands: Set<Errand> = new Set();
  #connection: Connection | undefined;
  /** Made before the link began. */
  #first: Connection | undefined;
  #facts: ExportFacts | undefined;
  #waiting: { readonly deadlineMs: number; readonly heard: (isOpen: boolean) => void }[] = [];
  #failure: unknown;
  #isClosed = false;
  #wake: () => void = () => {};
  #isWatching = false;
  #cancelWatch: () => void = () => {};
  #answers = 0;
  #progressMs = 0;

  /**
   * A link that has not begun: see {@linkcode ExportLink.run}.
   *
   * @param name The export.
   * @param limits How long things may take.
   * @param host What it needs of the host.
   */
  constructor(name: string, limits: LinkLimits, host: LinkHost) {
    this.#name = name;
    this.#limits = limits;
    this.#host = host;
  }

  /** What the server told of the export, once there has been a connection. */
  get facts(): ExportFacts | undefined {
    return this.#facts;
  }

  /** Why there is no connection. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Resolves when there has been a connection: `false` if that takes longer than a request may. */
  opened(): Promise<boolean> {
    if (this.#facts !== undefined) return Promise.resolve(true);
    const deadlineMs = this.#host.nowMs() + this.#limits.giveUpMs;
    return new Promise((heard) => {
      this.#waiting.push({ deadlineMs, heard });
      this.#watch();
    });
  }

  /** Sends a request, now or when there is a connection. */
  post(request: LinkRequest): void {
    const deadlineMs = this.#host.nowMs() + this.#limits.giveUpMs;
    const errand = new Errand(this, request, deadlineMs);
    if (this.#errands.size === 0) this.#progressMs = this.#host.nowMs();
    this.#errands.add(errand);
    this.#connection?.post(errand);
    this.#watch();
  }

  /** Connects, and connects again, until closed. */
  async run(): Promise<void> {
    let retryMs: number = RETRY_MS.first;
    while (!this.#isClosed) {
      const hasServed = await this.#serve();
      if (hasServed) retryMs = RETRY_MS.first;
      else {
        await this.#pause(retryMs);
        retryMs = Math.min(2 * retryMs, RETRY_MS.most);
      }
    }
  }

  /** Tries once to connect. @throws {OsError} Why it cannot. */
  async open(): Promise<void> {
    this.#first = await this.#connect();
  }

  /** Ends the connection in order. Requests that are under way are given up. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelWatch();
    this.#wake();
    await this.#connection?.disconnect();
    for (const errand of [...this.#errands]) this.#end(errand, UNANSWERED.GIVEN_UP);
    for (const { heard } of this.#waiting.splice(0)) heard(false);
  }

  /** One connection from begin to end; answers whether the server has answered anything. */
  async #serve(): Promise<boolean> {
    let connection: Connection;
    try {
      connection = this.#first ?? await this.#connect();
    } catch (error) {
      this.#failure = error;
      return false;
    }
    this.#first = undefined;
    this.#connection = connection;
    if (this.#isClosed) connection.break(new OsError("ESHUTDOWN", "serve"));
    this.#progressMs = this.#host.nowMs();
    for (const errand of [...this.#errands]) connection.post(errand);
    this.#failure = await connection.run();
    this.#connection = undefined;
    if (this.#isClosed) return false;
    this.#host.lost(this.#failure);
    for (const errand of [...this.#errands]) {
      if (!errand.request.isResent) this.#end(errand, UNANSWERED.LOST);
    }
    return connection.answers > 0;
  }

  async #connect(): Promise<Connection> {
    const { connectMs } = this.#limits;
    let stream: ByteStream | undefined;
    let isLate = false;
    const late = new OsError("ETIMEDOUT", `connect and negotiate within ${connectMs} ms`);
    let expire: () => void = () => {};
    const expired = new Promise<never>((_, reject) => expire = () => reject(late));
    const cancel = this.#host.after(connectMs, () => {
      isLate = true;
      stream?.close();
      expire();
    });
    try {
      const connecting = this.#host.connect();
      connecting.then((made) => isLate ? made.close() : undefined, () => {});
      stream = await Promise.race([connecting, expired]);
      const reader = new StreamReader(stream);
      const facts = await Promise.race([negotiate(stream, reader, this.#name), expired]);
      this.#host.connected(facts);
      this.#facts = facts;
      for (const { heard } of this.#waiting.splice(0)) heard(true);
      return new Connection(stream, reader, facts);
    } catch (error) {
      if (!isLate) stream?.close();
      throw isLate ? late : error;
    } finally {
      cancel();
      expired.catch(() => {});
    }
  }

  /** An errand was answered. */
  answered(errand: Errand, error: number): void {
    if (error !== NBD_ERROR.ESHUTDOWN) return this.#end(errand, error);
    // It stays, and is sent to whoever comes after this server.
    this.#connection?.break(new OsError("ESHUTDOWN", "serve: the server is about to end"));
  }

  /** An errand was not sent. */
  dropped(errand: Errand): void {
    this.#end(errand, UNANSWERED.DROPPED);
  }

  #end(errand: Errand, outcome: number): void {
    if (this.#errands.delete(errand)) errand.request.ended(outcome);
  }

  #pause(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#host.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Looks at the limits from time to time, while there is anything that they limit. */
  #watch(): void {
    if (this.#isWatching || this.#isClosed) return;
    this.#isWatching = true;
    const { silenceMs, giveUpMs } = this.#limits;
    const lookMs = Math.max(1, Math.floor(Math.min(silenceMs, giveUpMs) / LOOKS));
    this.#cancelWatch = this.#host.after(lookMs, () => {
      this.#isWatching = false;
      this.#look(this.#host.nowMs());
      if (this.#errands.size + this.#waiting.length > 0) this.#watch();
    });
  }

  #look(nowMs: number): void {
    const { silenceMs } = this.#limits;
    const connection = this.#connection;
    if (connection !== undefined) {
      if (connection.answers !== this.#answers || connection.underWay === 0) {
        this.#answers = connection.answers;
        this.#progressMs = nowMs;
      } else if (nowMs - this.#progressMs >= silenceMs) {
        connection.break(new OsError("ETIMEDOUT", `hear from the server within ${silenceMs} ms`));
      }
    }
    for (const errand of [...this.#errands]) {
      if (errand.deadlineMs > nowMs) continue;
      // The server may still do it: then nothing that comes after may share its connection.
      connection?.break(new OsError("ETIMEDOUT", "wait for an answer"));
      this.#end(errand, UNANSWERED.GIVEN_UP);
    }
    const late = this.#waiting.filter(({ deadlineMs }) => deadlineMs <= nowMs);
    this.#waiting = this.#waiting.filter(({ deadlineMs }) => deadlineMs > nowMs);
    for (const { heard } of late) heard(false);
  }
}

/** A request on its way, as each of its connections sees it. */
class Errand implements Command {
  readonly request: LinkRequest;
  readonly deadlineMs: number;
  readonly command: number;
  readonly flags: number;
  readonly offset: number;
  readonly byteLength: number;
  readonly source?: Uint8Array;
  readonly target?: Uint8Array;
  readonly #link: ExportLink;

  constructor(link: ExportLink, request: LinkRequest, deadlineMs: number) {
    this.#link = link;
    this.request = request;
    this.deadlineMs = deadlineMs;
    this.command = request.command;
    this.flags = request.flags;
    this.offset = request.offset;
    this.byteLength = request.byteLength;
    if (request.source !== undefined) this.source = request.source;
    if (request.target !== undefined) this.target = request.target;
  }

  isAbandoned(): boolean {
    return this.request.isAbandoned();
  }

  answered(error: number): void {
    this.#link.answered(this, error);
  }

  dropped(): void {
    this.#link.dropped(this);
  }
}
