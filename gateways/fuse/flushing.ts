/**
 * What makes durable what nobody asks for: sync(2) says nothing to a FUSE file system, and many programs
 * say nothing either. So it is asked for some seconds after a change, as file systems of disks do it.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Files } from "./files.ts";
import type { SideWork } from "./serving.ts";

/** So long a change may be lost by a cut of the power. */
const FLUSH_MS = 5_000;

/** Flushes after changes. */
export class Flushing implements SideWork {
  readonly isWaiting = false;
  readonly #files: Files;
  readonly #nowMs: () => number;
  #ticket = -1;
  /** When the first change was seen that has not been flushed; 0 if there is none. */
  #sinceMs: number;

  /** A predecessor's changes count. */
  constructor(files: Files, nowMs: () => number) {
    this.#files = files;
    this.#nowMs = nowMs;
    this.#sinceMs = nowMs();
  }

  turn(): void {
    try {
      if (this.#ticket >= 0) {
        if (this.#files.client.collect(this.#ticket) === undefined) return;
        this.#ticket = -1;
      }
      if (this.#sinceMs === 0) {
        if (this.#files.hasChanged) this.#sinceMs = this.#nowMs();
      } else if (this.#nowMs() - this.#sinceMs >= FLUSH_MS) this.#flush();
    } catch (error) {
      if (!(error instanceof OsError)) throw error; // Whoever asks himself is told.
      this.#ticket = -1;
    }
  }

  #flush(): void {
    this.#sinceMs = 0;
    this.#files.hasChanged = false;
    this.#ticket = this.#files.client.post("fsync", { handle: 0, dataOnly: false });
  }
}
