/**
 * What all clients of a program share that use one channel and one window.
 *
 * @module
 */

import { type Client, OsError, type Request } from "@hako/ipc";
import { PageCache } from "./page_cache.ts";
import { Places, PLACES_BYTES } from "./places.ts";
import { Posted, type PostedName } from "./posted.ts";
import { ask, run, runSync, type Steps } from "./steps.ts";
import type { FileSystem, operations } from "../protocol.ts";
import { SESSION_BYTES_MAX, SESSION_BYTES_MIN } from "../layouts/session.ts";

const ALIGNMENT = 4096;
const STAGING_BYTES_MIN = 64 * 1024;
const STAGING_BYTES_MAX = 1024 * 1024;

/** The smallest window that a client works with: 96 KiB. */
export const CLIENT_WINDOW_BYTES_MIN: number = PLACES_BYTES + 4 * ALIGNMENT;

/** By client: its connections, one for each window. */
const connections = new WeakMap<Client<FileSystem>, Connection[]>();

/** A channel and a window. */
export class Connection {
  /** The file server. */
  readonly client: Client<FileSystem>;
  /** The app's window. */
  readonly window: Uint8Array;
  /** For synchronous calls. */
  readonly places: Places;
  /** For what is promised, one after the other. */
  readonly promised: Places;
  readonly #posted: Posted;
  readonly #buffersMax: number;
  readonly #session: Uint8Array;
  readonly #freeRuns: FreeRuns = new FreeRuns();
  #cache: PageCache | undefined;
  #mayAttach: boolean;
  #last: Promise<unknown> = Promise.resolve();
  #buffersEnd = PLACES_BYTES;

  /** Of a program's clients with the same channel and window, all get the same. */
  static of(client: Client<FileSystem>, window: Uint8Array): Connection {
    let known = connections.get(client);
    if (known === undefined) connections.set(client, known = []);
    for (const connection of known) {
      const { buffer, byteOffset, byteLength } = connection.window;
      const isSame = buffer === window.buffer && byteOffset === window.byteOffset;
      if (isSame && byteLength === window.byteLength) return connection;
    }
    const connection = new Connection(client, window);
    known.push(connection);
    return connection;
  }

  /** Made by {@linkcode Connection.of}. */
  private constructor(client: Client<FileSystem>, window: Uint8Array) {
    const { byteLength } = window;
    if (byteLength < CLIENT_WINDOW_BYTES_MIN) {
      throw new RangeError(`Cannot use a window of ${byteLength} bytes: too small`);
    }
    const half = floor((byteLength - PLACES_BYTES) / 2);
    const quarter = Math.max(STAGING_BYTES_MIN, floor(half / 4));
    const isRoomy = half - quarter >= SESSION_BYTES_MIN && window.byteOffset % 8 === 0;
    const stagingBytes = isRoomy ? Math.min(STAGING_BYTES_MAX, quarter) : Math.min(half, quarter);
    const sessionBytes = isRoomy ? Math.min(SESSION_BYTES_MAX, floor(half - stagingBytes)) : 0;
    const stagingOffset = byteLength - stagingBytes;
    this.client = client;
    this.window = window;
    // On a page's edge of the window: frames are what disks like.
    const sessionOffset = floor(stagingOffset - sessionBytes);
    this.#buffersMax = sessionBytes === 0 ? stagingOffset : sessionOffset;
    this.#session = window.subarray(sessionOffset, sessionOffset + sessionBytes);
    this.#mayAttach = sessionBytes > 0;
    this.#posted = Posted.of(client);
    const promisedOffset = byteLength - floor(stagingBytes / 4);
    const synchronous = window.subarray(stagingOffset, promisedOffset);
    this.places = new Places(window, 0, synchronous);
    this.promised = new Places(window, 1, window.subarray(promisedOffset));
  }

  /**
   * The page cache, once somebody has opened a file and the server shares one.
   *
   * @internal
   */
  get cache(): PageCache | undefined {
    return this.#cache;
  }

  /**
   * Begins the session if none was tried yet; answers the page cache.
   *
   * @internal
   */
  *attached(): Steps<PageCache | undefined> {
    if (this.#mayAttach) {
      this.#mayAttach = false;
      try {
        yield* ask("attach", { session: this.#session });
        const cache = new PageCache(this.#session);
        if (cache.isAttached) this.#cache = cache;
      } catch (error) {
        // Everything works without, by plain requests.
        if (!(error instanceof OsError)) throw error;
      }
    }
    return this.#cache;
  }

  /**
   * Takes all steps at once.
   *
   * @internal
   */
  run<T>(steps: Steps<T>): T {
    if (this.#posted.any) this.#posted.collect();
    return runSync(this.client, steps);
  }

  /**
   * Takes the steps of one promise after the other, since they use the same places.
   *
   * @param begin Makes the steps, once they may begin.
   *
   * @internal
   */
  promise<T>(begin: () => Steps<T>): Promise<T> {
    const result = this.#last.then(() => this.promiseAtOnce(begin()));
    this.#last = result.catch(() => {});
    return result;
  }

  /**
   * Takes steps that use no places, and may wait for long.
   *
   * @internal
   */
  promiseAtOnce<T>(steps: Steps<T>): Promise<T> {
    if (this.#posted.any) this.#posted.collect();
    return run(this.client, steps);
  }

  /**
   * Has something done that nobody waits for, before what is asked for next.
   *
   * @internal
   */
  post<K extends PostedName>(operation: K, request: Request<(typeof operations)[K]>): void {
    this.#posted.post(operation, request);
  }

  /**
   * A run of the window for the program's own use.
   *
   * @throws {RangeError} The window has not that much left.
   */
  buffer(byteLength: number): Uint8Array {
    const from = this.#buffersEnd;
    const to = from + byteLength;
    const left = this.#buffersMax - from;
    if (!(byteLength >= 0) || byteLength > left) {
      throw new RangeError(`Cannot give a buffer of ${byteLength} bytes: ${left} are left`);
    }
    this.#buffersEnd = Math.min(this.#buffersMax, Math.ceil(to / ALIGNMENT) * ALIGNMENT);
    return this.window.subarray(from, to);
  }

  /** A run of whole pages of the window, until it is given back. @throws {RangeError} None is left. */
  takeRun(byteLength: number): Uint8Array {
    const pages = Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;
    return this.#freeRuns.take(pages) ?? this.buffer(pages);
  }

  /** Gives a run back. */
  putRun(run: Uint8Array): void {
    this.#freeRuns.put(run);
  }
}

/** Runs of the window that were given and came back, by their length. */
class FreeRuns {
  readonly #runs = new Map<number, Uint8Array[]>();

  take(byteLength: number): Uint8Array | undefined {
    return this.#runs.get(byteLength)?.pop();
  }

  put(run: Uint8Array): void {
    const same = this.#runs.get(run.byteLength);
    if (same === undefined) this.#runs.set(run.byteLength, [run]);
    else same.push(run);
  }
}

function floor(byteLength: number): number {
  return Math.floor(byteLength / ALIGNMENT) * ALIGNMENT;
}
