/**
 * What others change, for a mount that shares its files: Linux is told, and asks again.
 *
 * Linux may have to wait when it is told, for locks that a program holds while it waits for an answer of
 * ours. So it is told in a thread of the host's, one thing at a time, and we serve meanwhile.
 *
 * @module
 */

import { CHANGE, CHANGE_RECORD, changeRecordBytes } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import type { FilesClient } from "./files.ts";
import type { MountKeep } from "./mount_keep.ts";
import type { SideWork } from "./serving.ts";
import { FuseNotification, ROOT_INODE } from "./wire/mod.ts";

/** Tells Linux something; resolves when Linux has heard it. */
export type Tell = (source: Uint8Array, byteLength: number) => Promise<unknown>;

/** The changes that Linux is told of. */
export class Invalidation implements SideWork {
  readonly #client: FilesClient;
  readonly #window: Uint8Array;
  readonly #keep: MountKeep;
  readonly #tell: Tell;
  readonly #notification: FuseNotification = new FuseNotification();
  #ticket = -1;
  #isTelling = false;
  #isOver = false;

  /** Nothing is asked yet. */
  constructor(client: FilesClient, window: Uint8Array, keep: MountKeep, tell: Tell) {
    this.#client = client;
    this.#window = window;
    this.#keep = keep;
    this.#tell = tell;
  }

  get isWaiting(): boolean {
    return !this.#isOver;
  }

  turn(): void {
    if (this.#isTelling || this.#isOver) return;
    try {
      if (this.#ticket < 0) this.#ask();
      const byteLength = this.#client.collect(this.#ticket);
      if (byteLength === undefined) return;
      this.#ticket = -1;
      if (byteLength < 0) this.#isOver = true;
      else this.#tellAll(byteLength);
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      this.#isOver = true; // The file server was given up: nobody changes anything any more.
    }
  }

  #ask(): void {
    const { lastChange: after } = this.#keep;
    this.#ticket = this.#client.post("changes", { after, target: this.#window });
  }

  /** Nothing more is asked for until Linux has heard all: then it cannot be more than the window holds. */
  async #tellAll(end: number): Promise<void> {
    this.#isTelling = true;
    const view = new DataView(this.#window.buffer, this.#window.byteOffset, end);
    for (let at = 0; at < end;) {
      const nameBytes = view.getUint32(at + CHANGE_RECORD.nameBytes, true);
      const byteLength = this.#put(view, at, nameBytes);
      if (byteLength > 0) await this.#tell(this.#notification.source, byteLength);
      this.#keep.lastChange = view.getFloat64(at + CHANGE_RECORD.number, true);
      at += changeRecordBytes(nameBytes);
    }
    this.#isTelling = false;
  }

  /** Makes a notification of a record; 0 if there is nothing to tell. */
  #put(view: DataView, at: number, nameBytes: number): number {
    const inode = view.getUint32(at + CHANGE_RECORD.inode, true);
    const generation = view.getUint32(at + CHANGE_RECORD.generation, true);
    switch (view.getUint32(at + CHANGE_RECORD.kind, true)) {
      case CHANGE.data:
        return this.#notification.invalInode(inode, generation, 0, 0);
      case CHANGE.attributes:
        return this.#notification.invalInode(inode, generation, -1, 0);
      case CHANGE.name: {
        const from = at + CHANGE_RECORD.name;
        const name = this.#window.slice(from, from + nameBytes);
        return this.#notification.invalEntry(inode, generation, name);
      }
      case CHANGE.overflow: // What was forgotten cannot be told; the root's names at least.
        return this.#notification.invalInode(ROOT_INODE, 0, 0, 0);
      default:
        return 0;
    }
  }
}
