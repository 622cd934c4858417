/**
 * The operation that waits for changes.
 *
 * @module
 */

import { ERRNO, type Later, OsError } from "@hako/ipc";
import { WATCH_BYTES_MIN } from "../../layouts/watch_event.ts";
import type { Caller } from "../caller.ts";
import type { OpenTable } from "../open_table.ts";
import type { Watches } from "../watches.ts";

/** Waits for changes of what is open. */
export class Watching {
  readonly #table: OpenTable;
  readonly #watches: Watches;

  /** Watches what is open in the table. */
  constructor(table: OpenTable, watches: Watches) {
    this.#table = table;
    this.#watches = watches;
  }

  /** How many requests wait. */
  get waitCount(): number {
    return this.#watches.waitCount;
  }

  /** Tells what has happened behind a number: at once, or when something has. */
  watch(
    { handle, after, target }: { handle: number; after: number; target: Uint8Array },
    wait: () => Later,
    { client, sequence }: Caller,
  ): number | Later {
    const inode = this.#table.inode(this.#table.index(handle, client));
    if (target.byteLength < WATCH_BYTES_MIN) throw new OsError("EINVAL", "watch: a small window");
    return this.#watches.watch({ inode, handle, client, sequence, after, target }, wait);
  }

  /** A handle is closed: whoever waits through it is told. Hot path. */
  closed(handle: number): void {
    if (!this.#watches.isIdle) this.#watches.closed(handle, ERRNO.EBADF);
  }

  /** Clients are gone: only these are left. */
  onlyLeft(clients: ReadonlySet<number>): void {
    this.#watches.forgetOthersThan(clients);
  }

  /** A client has made a further request: ends those of its waits that have lasted long enough. */
  outlived(caller: Caller): void {
    this.#watches.outlived(caller);
  }

  /** Ends waits that nobody waits for any more. */
  sweep(): void {
    this.#watches.sweep(ERRNO.ECANCELED);
  }
}
