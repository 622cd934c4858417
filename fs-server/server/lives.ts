/**
 * Whose is what is open: each life of a client has a number of its own, and what it opened and locked
 * is its own and ends with it. A client that keeps things open goes on, in its next lives, under the
 * number that it had when it said so; there is a record of that in the keep `openFiles`.
 *
 * ```
 * free ── keep ──▶ KEPT ── end ──▶ ENDING ── that life is over ──▶ free
 *                   ▲└── its lives come and go ──┘└── keep ──▶ KEPT
 * ```
 * Numbers of lives are never given twice, so a number that outlives its life is nobody else's.
 *
 * Nobody can tell a client that is to come back from one that is not. What the latter has open stays
 * so until the system halts; its record is free for others when nothing is open.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  KEPT_CLIENT as KEPT,
  KEPT_CLIENT_COUNT,
  KEPT_CLIENT_STATE as STATE,
  KEPT_CLIENT_WORD,
  KEPT_CLIENT_WORDS,
} from "./layouts/open_keep.ts";

/** The lives of clients. */
export class Lives {
  readonly #words: Uint32Array;
  /** By badge: the number of the present life. */
  readonly #present: ReadonlyMap<number, number> | undefined;
  /** By badge: the record of a client that keeps things open, or did in this life. */
  readonly #records = new Map<number, number>();

  /**
   * Takes over what stands in the keep.
   *
   * @param head The keep's head.
   * @param present By badge: the numbers of the clients' lives, as they come and go; without it a
   *   badge is its own.
   */
  constructor(head: Uint32Array, present: ReadonlyMap<number, number> | undefined) {
    this.#words = head.subarray(KEPT_CLIENT_WORD);
    this.#present = present;
    for (let record = 0; record < KEPT_CLIENT_COUNT; record++) {
      const state = this.#word(record, KEPT.state);
      if (state === STATE.free) continue;
      const badge = this.#word(record, KEPT.badge);
      const isOver = state === STATE.ending && this.#life(badge) !== this.#word(record, KEPT.life);
      if (isOver) this.#setState(record, STATE.free);
      else this.#records.set(badge, record);
    }
  }

  /** The number under which a client opens and locks. Hot path. */
  of(badge: number): number {
    if (this.#records.size > 0) {
      const record = this.#records.get(badge);
      if (record !== undefined) return this.#word(record, KEPT.client);
    }
    return this.#life(badge);
  }

  /**
   * What a client has open is also its next life's.
   *
   * @param hasOpen Whether anything is open under a number.
   * @throws {OsError} `ENOMEM` if too many clients have asked for that.
   */
  keep(badge: number, hasOpen: (client: number) => boolean): void {
    const known = this.#records.get(badge);
    if (known !== undefined) return this.#setState(known, STATE.kept);
    const record = this.#take(hasOpen);
    if (record === undefined) throw new OsError("ENOMEM", "keep files open");
    const life = this.#life(badge);
    this.#set(record, KEPT.badge, badge);
    this.#set(record, KEPT.client, life);
    this.#set(record, KEPT.life, life);
    this.#setState(record, STATE.kept);
    this.#records.set(badge, record);
  }

  /** What a client has open ends with its present life. */
  end(badge: number): void {
    const record = this.#records.get(badge);
    if (record === undefined) return;
    this.#set(record, KEPT.life, this.#life(badge));
    this.#setState(record, STATE.ending);
  }

  /** A client's life is over. */
  gone(badge: number): void {
    const record = this.#records.get(badge);
    if (record !== undefined && this.#word(record, KEPT.state) === STATE.ending) {
      this.#free(record);
    }
  }

  /** Whether a client lives, or may come back to what it has open. */
  isLiving(badge: number): boolean {
    return this.#present === undefined || this.#present.has(badge) || this.#records.has(badge);
  }

  /** The numbers under which something may be open; `undefined` if clients have no lives. */
  living(): ReadonlySet<number> | undefined {
    if (this.#present === undefined) return undefined;
    const living = new Set<number>();
    for (const badge of this.#present.keys()) living.add(this.of(badge));
    for (const badge of this.#records.keys()) living.add(this.of(badge));
    return living;
  }

  #life(badge: number): number {
    return this.#present?.get(badge) ?? badge;
  }

  /** A record that is free, or that of a client that is not there and has nothing open. */
  #take(hasOpen: (client: number) => boolean): number | undefined {
    for (let record = 0; record < KEPT_CLIENT_COUNT; record++) {
      if (this.#word(record, KEPT.state) === STATE.free) return record;
    }
    for (const [badge, record] of this.#records) {
      if (this.#present?.has(badge) !== false) continue;
      if (hasOpen(this.#word(record, KEPT.client))) continue;
      this.#free(record);
      return record;
    }
    return undefined;
  }

  #free(record: number): void {
    this.#setState(record, STATE.free);
    this.#records.delete(this.#word(record, KEPT.badge));
  }

  #word(record: number, field: number): number {
    return this.#words[record * KEPT_CLIENT_WORDS + field] ?? 0;
  }

  #set(record: number, field: number, value: number): void {
    this.#words[record * KEPT_CLIENT_WORDS + field] = value;
  }

  #setState(record: number, state: number): void {
    Atomics.store(this.#words, record * KEPT_CLIENT_WORDS + KEPT.state, state);
  }
}
