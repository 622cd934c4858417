/**
 * Watches: what happens to files and to names in directories, numbered, for those who wait for it.
 *
 * The last events are kept in memory, and the number of the last one in the keep. A successor knows
 * none of its predecessor's events and skips a number, so that whoever asks for what came after one
 * of those is told of an overflow.
 *
 * @module
 */

import type { Later } from "@hako/ipc";
import { WATCH_EVENT_HEAD, watchEventBytes } from "../layouts/watch_event.ts";
import { WAIT_REQUESTS_MAX, WATCH_EVENT } from "../protocol.ts";
import type { Caller } from "./caller.ts";
import { HEADER } from "./layouts/open_keep.ts";

/** Most events that are kept: who asks later is told of an overflow. */
export const EVENTS_MAX = 1024;

/** Something that has happened. */
interface WatchEvent {
  readonly number: number;
  /** The file, or the directory in which the name stands. */
  readonly inode: number;
  /** One of `WATCH_EVENT`. */
  readonly kind: number;
  /** The name in the directory, a char for each byte; empty for the file itself. */
  readonly name: string;
}

/** A request that waits for an event. */
interface Watcher {
  readonly inode: number;
  readonly handle: number;
  readonly badge: number;
  readonly sequence: number;
  readonly after: number;
  readonly target: Uint8Array;
  readonly later: Later;
}

/** A request for what has happened to an open file. */
export interface WatchRequest {
  readonly inode: number;
  readonly handle: number;
  readonly badge: number;
  /** The number of the request among those of its client. */
  readonly sequence: number;
  /** The number of the last event that is known; 0 for what happens from now on. */
  readonly after: number;
  readonly target: Uint8Array;
}

/** Where a file was found. */
export interface FoundPlace {
  readonly directory: number;
  readonly name: string;
}

/** What is watched, and what has happened to it. */
export class Watches {
  readonly #last: Float64Array;
  /** Events up to this number are not known any more. */
  #forgotten: number;
  readonly #events: WatchEvent[] = [];
  #watchers: Watcher[] = [];
  /** By handle: the inodes that are watched, from the first request on until the handle closes. */
  readonly #watched = new Map<number, number>();
  /** By inode: how many handles watch it. */
  readonly #counts = new Map<number, number>();
  /** Where open files were found: in which directory, and by what name. */
  readonly #places = new Map<number, FoundPlace>();

  /** @param head The keep's header, which knows the number of the last event. */
  constructor(head: Uint32Array) {
    this.#last = new Float64Array(head.buffer, head.byteOffset + HEADER.lastEvent * 4, 1);
    this.#last[0] = this.#lastNumber + 1;
    this.#forgotten = this.#lastNumber;
  }

  /** How many requests wait. */
  get waitCount(): number {
    return this.#watchers.length;
  }

  /** Whether nobody watches anything. Hot path. */
  get isIdle(): boolean {
    return this.#counts.size === 0;
  }

  /** Whether somebody watches a file, or the directory in which it was found. Hot path. */
  isWatched(inode: number): boolean {
    if (this.isIdle) return false;
    const place = this.#places.get(inode);
    return this.#counts.has(inode) || place !== undefined && this.#counts.has(place.directory);
  }

  /** Remembers where a file was found that is open now. Hot path. */
  found(inode: number, directory: number, name: string): void {
    this.#places.set(inode, { directory, name });
  }

  /** Forgets where a file was found that is open no more. Hot path. */
  forget(inode: number): void {
    this.#places.delete(inode);
  }

  /** A name in a directory has come, gone, or leads elsewhere. Hot path. */
  renamed(directory: number, name: string): void {
    if (!this.isIdle) this.#note(directory, WATCH_EVENT.rename, name);
  }

  /** A file has lost a name. */
  removed(inode: number): void {
    this.forget(inode);
    if (!this.isIdle) this.#note(inode, WATCH_EVENT.rename, "");
  }

  /** A file has got another name. */
  moved(inode: number, directory: number, name: string): void {
    if (this.#places.has(inode)) this.found(inode, directory, name);
    if (!this.isIdle) this.#note(inode, WATCH_EVENT.rename, "");
  }

  /** An inode's content or attributes have changed; it was found at this place. Hot path. */
  changed(inode: number, place: FoundPlace | undefined = this.#places.get(inode)): void {
    if (this.isIdle) return;
    this.#note(inode, WATCH_EVENT.change, "");
    if (place !== undefined) this.#note(place.directory, WATCH_EVENT.change, place.name);
  }

  /** Tells what has happened behind a number: at once if there is something, else later. */
  watch(request: WatchRequest, wait: () => Later): number | Later {
    const { handle, inode } = request;
    if (!this.#watched.has(handle)) {
      this.#watched.set(handle, inode);
      this.#counts.set(inode, (this.#counts.get(inode) ?? 0) + 1);
    }
    const after = request.after === 0 ? this.#lastNumber : request.after;
    const count = this.#tell({ ...request, after });
    if (count > 0) return count;
    const later = wait();
    this.#watchers.push({ ...request, after, later });
    return later;
  }

  /** A handle is closed: whoever waits through it is told. */
  closed(handle: number, errno: number): void {
    const inode = this.#watched.get(handle);
    if (inode === undefined) return;
    this.#watched.delete(handle);
    const count = (this.#counts.get(inode) ?? 1) - 1;
    if (count > 0) this.#counts.set(inode, count);
    else this.#counts.delete(inode);
    this.#settle((watcher) => watcher.handle === handle ? -errno : 0);
  }

  /** Forgets the waits of a client that is gone: there is nobody to be answered. */
  forgetWaits(badge: number): void {
    this.#watchers = this.#watchers.filter((watcher) => watcher.badge !== badge);
  }

  /** Ends the waits that have outlived too many further requests of their client. */
  outlived({ badge, sequence }: Caller): void {
    this.#settle((watcher) => {
      const further = (sequence - watcher.sequence) >>> 0;
      if (watcher.badge !== badge || further < WAIT_REQUESTS_MAX) return 0;
      const { after: number, inode, target } = watcher;
      return put(target, 0, { number, inode, kind: WATCH_EVENT.none, name: "" });
    });
  }

  /** Ends the waits of requests that nobody waits for any more. */
  sweep(errno: number): void {
    this.#settle(({ later }) => later.isAbandoned() ? -errno : 0);
  }

  get #lastNumber(): number {
    return this.#last[0] ?? 0;
  }

  #note(inode: number, kind: number, name: string): void {
    if (!this.#counts.has(inode)) return;
    const number = this.#lastNumber + 1;
    this.#last[0] = number;
    const before = this.#events.at(-1);
    // A run of alike changes is one event: the last.
    const isAlike = before?.inode === inode && before.kind === kind && before.name === name;
    if (isAlike && kind === WATCH_EVENT.change) this.#events.pop();
    this.#events.push({ number, inode, kind, name });
    if (this.#events.length > EVENTS_MAX) this.#forgotten = this.#events.shift()?.number ?? number;
    this.#settle((watcher) => watcher.inode === inode ? this.#tell(watcher) : 0);
  }

  /** Answers those for whom there is an answer other than 0. */
  #settle(answerOf: (watcher: Watcher) => number): void {
    const left: Watcher[] = [];
    for (const watcher of this.#watchers) {
      const answer = answerOf(watcher);
      if (answer === 0) left.push(watcher);
      else watcher.later.answer(answer);
    }
    this.#watchers = left;
  }

  /** Packs what has happened; answers the bytes, 0 if nothing has. */
  #tell({ inode, after, target }: Pick<WatchRequest, "inode" | "after" | "target">): number {
    if (after < this.#forgotten) {
      const number = this.#lastNumber;
      return put(target, 0, { number, inode, kind: WATCH_EVENT.overflow, name: "" });
    }
    let at = 0;
    for (const event of this.#events) {
      if (event.number <= after || event.inode !== inode) continue;
      if (at + watchEventBytes(event.name.length) > target.byteLength) break;
      at = put(target, at, event);
    }
    return at;
  }
}

/** Packs an event; answers where the next one begins. */
function put(target: Uint8Array, at: number, event: WatchEvent): number {
  const view = new DataView(target.buffer, target.byteOffset + at);
  const byteLength = watchEventBytes(event.name.length);
  view.setFloat64(WATCH_EVENT_HEAD.number, event.number, true);
  view.setUint32(WATCH_EVENT_HEAD.kind, event.kind, true);
  view.setUint32(WATCH_EVENT_HEAD.nameBytes, event.name.length, true);
  const end = at + byteLength;
  target.fill(0, at + WATCH_EVENT_HEAD.name, end);
  for (let index = 0; index < event.name.length; index++) {
    target[at + WATCH_EVENT_HEAD.name + index] = event.name.charCodeAt(index);
  }
  return end;
}
