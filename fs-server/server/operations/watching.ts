/**
 * The operations that wait for changes: of what is open, or of anything.
 *
 * @module
 */

import { ERRNO, type Later, OsError } from "@hako/ipc";
import { CHANGE_RECORD_BYTES_MAX } from "../../layouts/change_record.ts";
import { WATCH_BYTES_MIN } from "../../layouts/watch_event.ts";
import type { Caller } from "../caller.ts";
import type { ChangeFeed, ChangesRequest } from "../change_feed.ts";
import type { OpenTable } from "../open_table.ts";
import type { Watches } from "../watches.ts";

/** Waits for changes. */
export class Watching {
  readonly #table: OpenTable;
  readonly #watches: Watches;
  readonly #feed: ChangeFeed;

  /** Watches what is open in the table, and hears of everything. */
  constructor(table: OpenTable, watches: Watches, feed: ChangeFeed) {
    this.#table = table;
    this.#watches = watches;
    this.#feed = feed;
  }

  /** How many requests wait. */
  get waitCount(): number {
    return this.#watches.waitCount + this.#feed.waitCount;
  }

  /** Tells what has happened behind a number: at once, or when something has. */
  watch(
    { handle, after, target }: { handle: number; after: number; target: Uint8Array },
    wait: () => Later,
    { badge, client, sequence }: Caller,
  ): number | Later {
    const inode = this.#table.inode(this.#table.index(handle, client));
    if (target.byteLength < WATCH_BYTES_MIN) throw new OsError("EINVAL", "watch: a small window");
    return this.#watches.watch({ inode, handle, badge, sequence, after, target }, wait);
  }

  /** Tells what other clients have changed behind a number: at once, or when one has. */
  changes(request: ChangesRequest, wait: () => Later, caller: Caller): number | Later {
    if (request.target.byteLength < CHANGE_RECORD_BYTES_MAX) {
      throw new OsError("EINVAL", "changes: a small window");
    }
    return this.#feed.changes(request, wait, caller);
  }

  /** A handle is closed: whoever waits through it is told. Hot path. */
  closed(handle: number): void {
    if (!this.#watches.isIdle) this.#watches.closed(handle, ERRNO.EBADF);
  }

  /** A client's life is over: nobody waits for what it has asked for; but it may come back. */
  clientGone(badge: number, mayComeBack: boolean): void {
    this.#watches.forgetWaits(badge);
    this.#feed.clientGone(badge, mayComeBack);
  }

  /** A client has made a further request: ends those of its waits that have lasted long enough. */
  outlived(caller: Caller): void {
    this.#watches.outlived(caller);
    this.#feed.outlived(caller);
  }

  /** Ends waits that nobody waits for any more. */
  sweep(): void {
    this.#watches.sweep(ERRNO.ECANCELED);
    this.#feed.sweep(ERRNO.ECANCELED);
  }
}
