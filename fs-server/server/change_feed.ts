/**
 * What has changed, for clients that keep copies of everything: each is told what the others did.
 *
 * A client that has asked once has a list of what happened since: alike changes are one, the last. It
 * is in memory; the number of the last change is in the keep. A client of whom there is no list, since
 * the server died or too much happened, is told of an overflow. A list that nobody comes for ends
 * when it is full, so that from then on changes cost nothing.
 *
 * @module
 */

import type { Later } from "@hako/ipc";
import { CHANGE_RECORD, changeRecordBytes } from "../layouts/change_record.ts";
import { CHANGE, WAIT_REQUESTS_MAX } from "../protocol.ts";
import type { Caller } from "./caller.ts";
import { HEADER } from "./layouts/open_keep.ts";

/** Most changes that are kept for a client: who asks later is told of an overflow. */
export const CHANGES_MAX = 1024;

/** Something that has changed. */
interface Change {
  readonly number: number;
  /** One of `CHANGE`. */
  readonly kind: number;
  /** The file, or the directory in which the name stands. */
  readonly inode: number;
  readonly generation: number;
  /** The name in the directory, a char for each byte; empty for the file itself. */
  readonly name: string;
}

/** A request that waits for a change. */
interface Waiter {
  readonly sequence: number;
  readonly after: number;
  readonly target: Uint8Array;
  readonly later: Later;
}

/** A client that is told. */
interface Listener {
  readonly badge: number;
  /** Changes up to this number are not known. */
  readonly forgotten: number;
  /** By what it is, the oldest first. */
  readonly changes: Map<string, Change>;
  waiters: Waiter[];
}

/** A request for what has changed. */
export interface ChangesRequest {
  /** The number of the last change that is known; 0 for what happens from now on. */
  readonly after: number;
  readonly target: Uint8Array;
}

/** Who listens, and what they are to be told. */
export class ChangeFeed {
  readonly #last: Float64Array;
  readonly #generationOf: (inode: number) => number;
  /** By badge. */
  readonly #listeners = new Map<number, Listener>();

  /**
   * @param head The keep's header, which knows the number of the last change.
   * @param generationOf The generation of an inode, in use or not.
   */
  constructor(head: Uint32Array, generationOf: (inode: number) => number) {
    this.#last = new Float64Array(head.buffer, head.byteOffset + HEADER.lastChange * 4, 1);
    // 0 is no number that a client could name.
    this.#last[0] = Math.max(1, this.#lastNumber);
    this.#generationOf = generationOf;
  }

  /** How many requests wait. */
  get waitCount(): number {
    let count = 0;
    for (const { waiters } of this.#listeners.values()) count += waiters.length;
    return count;
  }

  /** Something has been changed by a client. Hot path. */
  note(kind: number, inode: number, name: string, badge: number): void {
    if (this.#listeners.size > 0) this.#tellOthers(kind, inode, name, badge);
  }

  /** Tells what others have changed behind a number: at once if there is something, else later. */
  changes(request: ChangesRequest, wait: () => Later, caller: Caller): number | Later {
    const { badge, sequence } = caller;
    const { target } = request;
    const listener = this.#listenerOf(badge, request.after);
    const after = request.after === 0 ? this.#lastNumber : request.after;
    const count = this.#tell(listener, after, target);
    if (count > 0) return count;
    const later = wait();
    listener.waiters.push({ sequence, after, target, later });
    return later;
  }

  /** A client's life is over: nobody waits for what it has asked for; it may come back for the rest. */
  clientGone(badge: number, mayComeBack: boolean): void {
    const listener = this.#listeners.get(badge);
    if (listener === undefined) return;
    listener.waiters = [];
    if (!mayComeBack) this.#listeners.delete(badge);
  }

  /** Ends the waits that have outlived too many further requests of their client. */
  outlived({ badge, sequence }: Caller): void {
    const listener = this.#listeners.get(badge);
    if (listener === undefined) return;
    settle(listener, (waiter) => {
      const further = (sequence - waiter.sequence) >>> 0;
      return further < WAIT_REQUESTS_MAX ? 0 : this.#tellNothing(CHANGE.none, waiter.target);
    });
  }

  /** Ends the waits of requests that nobody waits for any more. */
  sweep(errno: number): void {
    for (const listener of this.#listeners.values()) {
      settle(listener, ({ later }) => later.isAbandoned() ? -errno : 0);
    }
  }

  get #lastNumber(): number {
    return this.#last[0] ?? 1;
  }

  #listenerOf(badge: number, after: number): Listener {
    const known = this.#listeners.get(badge);
    if (known !== undefined && after !== 0) return known;
    // Whoever names a change that a list ended with, or a predecessor told of, has missed some.
    if (known === undefined) this.#last[0] = this.#lastNumber + 1;
    const forgotten = this.#lastNumber;
    const listener = { badge, forgotten, changes: new Map(), waiters: known?.waiters ?? [] };
    this.#listeners.set(badge, listener);
    return listener;
  }

  #tellOthers(kind: number, inode: number, name: string, badge: number): void {
    let change: Change | undefined;
    for (const listener of this.#listeners.values()) {
      if (listener.badge === badge) continue;
      if (change === undefined) {
        const number = this.#last[0] = this.#lastNumber + 1;
        change = { number, kind, inode, generation: this.#generationOf(inode), name };
      }
      this.#add(listener, change);
      settle(listener, ({ after, target }) => this.#tell(listener, after, target));
    }
  }

  #add(listener: Listener, change: Change): void {
    const { changes } = listener;
    const key = `${change.kind} ${change.inode} ${change.name}`;
    changes.delete(key);
    changes.set(key, change);
    if (changes.size > CHANGES_MAX) this.#listeners.delete(listener.badge);
  }

  /** Packs what has changed; answers the bytes, 0 if nothing has. */
  #tell({ forgotten, changes }: Listener, after: number, target: Uint8Array): number {
    if (after < forgotten) return this.#tellNothing(CHANGE.overflow, target);
    let at = 0;
    for (const [key, change] of changes) {
      if (change.number <= after) {
        changes.delete(key);
        continue;
      }
      if (at + changeRecordBytes(change.name.length) > target.byteLength) break;
      at = put(target, at, change);
    }
    return at;
  }

  #tellNothing(kind: number, target: Uint8Array): number {
    return put(target, 0, { number: this.#lastNumber, kind, inode: 0, generation: 0, name: "" });
  }
}

/** Answers those of a client for whom there is an answer other than 0. */
function settle(listener: Listener, answerOf: (waiter: Waiter) => number): void {
  if (listener.waiters.length === 0) return;
  const left: Waiter[] = [];
  for (const waiter of listener.waiters) {
    const answer = answerOf(waiter);
    if (answer === 0) left.push(waiter);
    else waiter.later.answer(answer);
  }
  listener.waiters = left;
}

/** Packs a change; answers where the next one begins. */
function put(target: Uint8Array, at: number, change: Change): number {
  const view = new DataView(target.buffer, target.byteOffset + at);
  const { name } = change;
  view.setFloat64(CHANGE_RECORD.number, change.number, true);
  view.setUint32(CHANGE_RECORD.kind, change.kind, true);
  view.setUint32(CHANGE_RECORD.inode, change.inode, true);
  view.setUint32(CHANGE_RECORD.generation, change.generation, true);
  view.setUint32(CHANGE_RECORD.nameBytes, name.length, true);
  const end = at + changeRecordBytes(name.length);
  target.fill(0, at + CHANGE_RECORD.name, end);
  for (let index = 0; index < name.length; index++) {
    target[at + CHANGE_RECORD.name + index] = name.charCodeAt(index);
  }
  return end;
}
