/**
 * What the file server does when nobody asks for anything: brings its log to the disk, writes back
 * what clients have kept for long, and ends waits that nobody waits for any more.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { FileServer } from "./file_system.ts";

/** Between two looks; with no change in between there is time for the log. */
const LOOK_MS = 20;
/** The same while only leases may expire, or waits may have been given up. */
const RARE_LOOK_MS = 500;

/** The background of a file server, as a domain runs it. */
export class Upkeep {
  readonly #fs: FileServer;
  #nextMs = 0;
  #commitCount = 0;
  /** Nothing is ever under way whose end is waited for. */
  readonly isWaiting = false;

  /** Keeps this file server up. */
  constructor(fs: FileServer) {
    this.#fs = fs;
  }

  /** How long nothing has to be done. */
  get idleMs(): number {
    if (!this.#fs.mount.cache.isClean) return LOOK_MS;
    return this.#hasWork() ? RARE_LOOK_MS : Infinity;
  }

  /** Does what is due; answers how many things it did. Called before each turn. Hot path. */
  turn(): number {
    if (!this.#hasWork()) return 0;
    const nowMs = this.#fs.mount.nowMs();
    if (nowMs < this.#nextMs && this.#nextMs - nowMs <= LOOK_MS) return 0;
    this.#nextMs = nowMs + LOOK_MS;
    return this.#look();
  }

  /** Nothing is under way. */
  wait(): void {}

  #hasWork(): boolean {
    const { mount, locking, watching } = this.#fs;
    return !mount.cache.isClean || mount.coherence.any || locking.waitCount > 0 ||
      watching.waitCount > 0;
  }

  #look(): number {
    const { mount, changes, locking, watching } = this.#fs;
    locking.sweep();
    watching.sweep();
    const isQuiet = changes.commitCount === this.#commitCount;
    this.#commitCount = changes.commitCount;
    try {
      const done = mount.coherence.any ? mount.coherence.expire() : 0;
      if (isQuiet && !mount.cache.isClean) mount.cache.checkpoint();
      return done;
    } catch (error) {
      // Nobody is there to be told; whoever asks next or syncs meets it again.
      if (error instanceof OsError) return 0;
      throw error;
    }
  }
}
