/**
 * Changes of a directory or a file, as they are told.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Connection } from "./connection.ts";
import { textOf } from "./file_error.ts";
import { ask } from "./steps.ts";
import { WATCH_EVENT_HEAD, watchEventBytes } from "../layouts/watch_event.ts";
import { WATCH_EVENT } from "../protocol.ts";

/** Bytes of events that are told at once. */
const EVENTS_BYTES = 4096;

/** Something that has changed. */
export interface WatchEvent {
  /** Rises with each event of the file system. */
  readonly number: number;
  /** A value of `WATCH_EVENT`; an overflow says that events were lost: look at everything anew. */
  readonly kind: number;
  /** The name in the watched directory; empty for what is watched itself. */
  readonly name: string;
  /** The same as bytes. */
  readonly nameBytes: Uint8Array;
}

/** Tells of changes until it is closed; as `Deno.FsWatcher`. */
export class FileWatcher implements AsyncIterable<WatchEvent>, Disposable {
  readonly #connection: Connection;
  readonly #handle: number;
  #isClosed = false;

  /** Made by `AsyncFileSystemClient.watch`. */
  constructor(connection: Connection, handle: number) {
    this.#connection = connection;
    this.#handle = handle;
  }

  /** The changes from the first `next` on. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<WatchEvent> {
    const target = this.#connection.takeRun(EVENTS_BYTES);
    try {
      for (let after = 0; !this.#isClosed;) {
        const asked = ask("watch", { handle: this.#handle, after, target });
        const count = await this.#connection.promiseAtOnce(asked);
        for (const event of readEvents(target.slice(0, count))) {
          after = event.number;
          if (event.kind !== WATCH_EVENT.none) yield event;
        }
      }
    } catch (error) {
      const isOver = this.#isClosed && error instanceof OsError && error.code === "EBADF";
      if (!isOver) throw error;
    } finally {
      this.close();
      this.#connection.putRun(target);
    }
  }

  /** Ends it, and the loop that reads it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.post("close", { handle: this.#handle });
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The events that `watch` packed. */
function readEvents(bytes: Uint8Array): WatchEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: WatchEvent[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const nameByteLength = view.getUint32(at + WATCH_EVENT_HEAD.nameBytes, true);
    const from = at + WATCH_EVENT_HEAD.name;
    const nameBytes = bytes.subarray(from, from + nameByteLength);
    events.push({
      number: view.getFloat64(at + WATCH_EVENT_HEAD.number, true),
      kind: view.getUint32(at + WATCH_EVENT_HEAD.kind, true),
      name: textOf(nameBytes),
      nameBytes,
    });
    at += watchEventBytes(nameByteLength);
  }
  return events;
}
