/**
 * What an incarnation keeps in transactions: the keeps of its manifest, and the answers that a
 * successor must give as it has given them.
 *
 * @module
 */

import { Answers } from "../keeps/answers.ts";
import { type Region, Transactions } from "../keeps/transactions.ts";
import type { BootMessage, ServedGrant } from "../messages.ts";

/** Regions of answers are numbered by badge, above those of the keeps. */
const FIRST_ANSWERS = 1_000;

interface OpenAnswers {
  readonly region: number;
  readonly buffer: SharedArrayBuffer;
}

/** The transactions of one incarnation. */
export class DurableState {
  readonly #transactions: Transactions;
  readonly #keeps: Map<string, Region> = new Map();
  readonly #answers: Map<number, OpenAnswers> = new Map();

  /**
   * Ends what a predecessor had committed and not yet put in its place.
   *
   * @param check Throws if this life is over.
   */
  constructor({ log, keeps, served }: BootMessage, check: () => void) {
    this.#transactions = new Transactions(log, check);
    // The order of names does not change from life to life, as that of the manifest's copies might.
    Object.keys(keeps).sort().forEach((name, index) => {
      this.#keeps.set(name, this.#transactions.region(index + 1, keeps[name]!));
    });
    for (const { badge, answers } of served) {
      this.#transactions.region(FIRST_ANSWERS + badge, answers);
    }
    this.#transactions.recover();
    for (const { badge } of served) this.#transactions.removeRegion(FIRST_ANSWERS + badge);
  }

  /** What handlers change, to be committed with their answers. */
  get changes(): Transactions {
    return this.#transactions;
  }

  /** The region of a keep. */
  region(name: string): Region | undefined {
    return this.#keeps.get(name);
  }

  /** The answers of a channel that is to be served. */
  openAnswers({ channel, badge, answers }: ServedGrant): Answers {
    const region = FIRST_ANSWERS + badge;
    this.#answers.set(channel, { region, buffer: answers });
    return new Answers(this.#transactions.region(region, answers));
  }

  /** Forgets the answers of a channel that is served no more. */
  closeAnswers(channel: number): void {
    const open = this.#answers.get(channel);
    if (open === undefined) return;
    this.#answers.delete(channel);
    const isReplaced = [...this.#answers.values()].some(({ region }) => region === open.region);
    if (!isReplaced) this.#transactions.removeRegion(open.region);
  }

  /** The memory of a channel's answers. */
  answersOf(channel: number): SharedArrayBuffer {
    return this.#answers.get(channel)!.buffer;
  }
}
