/**
 * Who has how much of a table of fixed size, so that nobody can take it from the others: each owner
 * has a reserve that is kept free for it, and a limit to what it may take of the rest.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import { refuse } from "./refusal.ts";

/** How a table is shared out. */
export interface ShareLimits {
  /** Rows in all. */
  readonly rows: number;
  /** How many owners there are, numbered from 0. */
  readonly owners: number;
  /** Rows that an owner can always have. */
  readonly reserved: number;
  /** Rows that one owner may have. */
  readonly held: number;
  /** What the rows are, as `"capabilities"`. */
  readonly what: string;
}

/** The rows that each owner pays for. */
export class Shares {
  readonly #limits: ShareLimits;
  readonly #counts: Uint32Array;
  #used = 0;
  /** Rows that are free, but kept for owners that have not taken up their reserve. */
  #kept: number;

  /** Nobody has a row yet. */
  constructor(limits: ShareLimits) {
    const { rows, owners, reserved } = limits;
    assert(owners * reserved <= rows, "there is a reserve for every owner");
    this.#limits = limits;
    this.#counts = new Uint32Array(owners);
    this.#kept = owners * reserved;
  }

  /** How many rows an owner pays for. */
  of(owner: number): number {
    return this.#counts[owner] ?? 0;
  }

  /**
   * @throws {Refusal} `EMFILE` if the owner would have more than its limit; `ENFILE` if what is left of
   * the table is kept for others.
   */
  check(owner: number, count: number): void {
    const { rows, reserved, held, what } = this.#limits;
    const has = this.of(owner);
    if (count > held - has) refuse("EMFILE", `have more than ${held} ${what}`);
    const keptForOthers = this.#kept - Math.max(0, reserved - has);
    if (count > rows - this.#used - keptForOthers) {
      refuse("ENFILE", `add to a full table of ${what}`);
    }
  }

  /**
   * Whether one owner can take over from another what that pays for now.
   *
   * @throws {Refusal} `EMFILE` or `ENFILE`, as {@linkcode check}.
   */
  checkTransfer(from: number, to: number): void {
    this.release(from); // A row that falls back into the giver's reserve is not the taker's to have.
    try {
      this.check(to, 1);
    } finally {
      this.charge(from);
    }
  }

  /** An owner takes a row; it was checked that it can. */
  charge(owner: number): void {
    assert(owner < this.#limits.owners, "an owner is the program or one of the domains");
    if (this.of(owner) < this.#limits.reserved) this.#kept--;
    this.#counts[owner] = this.of(owner) + 1;
    this.#used++;
  }

  /** An owner gives a row back. */
  release(owner: number): void {
    assert(this.of(owner) > 0, "a row is given back once");
    this.#counts[owner] = this.of(owner) - 1;
    this.#used--;
    if (this.of(owner) < this.#limits.reserved) this.#kept++;
  }
}
