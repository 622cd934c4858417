/**
 * Requests that wait for what was posted for them.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Ask } from "./ask.ts";
import type { FilesClient } from "./files.ts";

/** What has been posted and not been answered, oldest first. */
export class Posted {
  readonly #client: FilesClient;
  readonly #asks: Ask[] = [];

  /** Nothing yet. */
  constructor(client: FilesClient) {
    this.#client = client;
  }

  /** How many there are. Hot path. */
  get count(): number {
    return this.#asks.length;
  }

  /** A request waits from now on. Hot path. */
  add(ask: Ask): void {
    this.#asks.push(ask);
  }

  /**
   * Hears of the answers that are there. Hot path.
   *
   * @param ended Is told of each: a count, or a negative errno. It may add the request again.
   * @returns How many there were.
   */
  collect(ended: (ask: Ask, result: number) => void): number {
    const asks = this.#asks;
    const count = asks.length;
    let left = 0;
    for (let index = 0; index < count; index++) {
      const ask = asks[index]!;
      const result = this.#resultOf(ask);
      if (result === undefined) asks[left++] = ask;
      else ended(ask, result);
    }
    if (left === count) return 0;
    asks.splice(left, count - left); // What was added meanwhile stands behind.
    return count - left;
  }

  /** Waits for an answer. */
  wait(timeoutMs: number): void {
    try {
      this.#client.awaitAny(timeoutMs);
    } catch (error) {
      if (!(error instanceof OsError)) throw error; // Whoever collects is told.
    }
  }

  #resultOf({ ticket }: Ask): number | undefined {
    try {
      return this.#client.collect(ticket);
    } catch (error) {
      if (error instanceof OsError) return -error.errno;
      throw error;
    }
  }
}
