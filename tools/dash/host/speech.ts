/**
 * What the host says to its parent. It never waits for it: a machine that waits for somebody to read
 * would keep no domain alive meanwhile.
 *
 * @module
 */

import { type HostLine, hostLine } from "../lines.ts";

/** Lines that wait to be read: a parent that is so far behind hears no more until it has read. */
const WAITING_MAX = 200;

/** One stream of lines. */
export class Speech {
  readonly #mark: string;
  readonly #write: (bytes: Uint8Array) => Promise<number>;
  readonly #waiting: string[] = [];
  #writing: Promise<void> | undefined;

  /**
   * Has said nothing yet.
   *
   * @param mark Begins each line.
   * @param write Writes a part of the bytes and answers how many.
   */
  constructor(mark: string, write = (bytes: Uint8Array) => Deno.stdout.write(bytes)) {
    this.#mark = mark;
    this.#write = write;
  }

  /** Says a line, soon. */
  say(line: HostLine): void {
    if (this.#waiting.length >= WAITING_MAX) return;
    this.#waiting.push(`${hostLine(this.#mark, line)}\n`);
    this.#writing ??= this.#writeAll().finally(() => this.#writing = undefined);
  }

  /** Waits until all has been said, or nobody is there to hear it. */
  async end(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    try {
      for (let line = this.#waiting.shift(); line !== undefined; line = this.#waiting.shift()) {
        const bytes = new TextEncoder().encode(line);
        for (let written = 0; written < bytes.byteLength;) {
          written += await this.#write(bytes.subarray(written));
        }
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      this.#waiting.length = 0; // Whoever wanted to hear it is gone; the input says so, too.
    }
  }
}
