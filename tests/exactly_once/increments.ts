/**
 * A client's increments, in every manner of calling, and what it holds against the answers.
 *
 * @module
 */

import type { Client } from "@hako/ipc";
import type { Ledger } from "./ledger.ts";
import type { Tally } from "./tally_protocol.ts";

/** How a client calls: one request after the other, or as many at once as a channel holds. */
export const MANNERS = ["one by one", "in batches", "by promises"] as const;

/** One of {@linkcode MANNERS}. */
export type Manner = typeof MANNERS[number];

/** As many slots as a channel has. */
const AT_ONCE = 64;

/** The increments of one client. */
export class Increments {
  readonly #tally: Client<Tally>;
  readonly #ledger: Ledger;
  #last = 0;

  /** A client that has made none yet. */
  constructor(tally: Client<Tally>, ledger: Ledger) {
    this.#tally = tally;
    this.#ledger = ledger;
  }

  /**
   * Makes so many increments, unless the round is stopped.
   *
   * @param onStep Told how many are done, between two of them or between two batches.
   * @throws {Error} At the first answer that cannot be right.
   */
  async make(
    count: number,
    manner: Manner,
    onStep: (done: number) => void = () => {},
  ): Promise<void> {
    const atOnce = manner === "one by one" ? 1 : AT_ONCE;
    for (let done = 0; done < count && !this.#ledger.isStopped; done += atOnce) {
      const now = Math.min(atOnce, count - done);
      await this.#step(now, manner);
      onStep(done + now);
    }
  }

  async #step(count: number, manner: Manner): Promise<void> {
    if (manner === "one by one") return this.#note(this.#tally.callSync("add", { amount: 1 }));
    const requests = Array.from({ length: count }, () => ({ amount: 1 }));
    const replies = manner === "in batches"
      ? this.#tally.callAllSync("add", requests)
      : await Promise.all(requests.map((request) => this.#tally.call("add", request)));
    for (const reply of replies) this.#note(reply);
  }

  /** A client's requests are done in the order in which it made them. */
  #note({ value }: { readonly value: number }): void {
    if (value <= this.#last) throw new Error(`the total is ${value} after ${this.#last}`);
    this.#last = value;
    this.#ledger.enter(value);
  }
}
