/**
 * Requests whose runs overlap, done in the order in which they came: what a driver promises that has
 * several requests under way at once.
 *
 * @module
 */

/** Keeps the order. A run that only reads may pass others that only read. */
export class RunOrder {
  readonly #live: Set<Turn> = new Set();

  /** How many turns have not ended. */
  get underWay(): number {
    return this.#live.size;
  }

  /**
   * Puts a request behind those that came before it and touch one of its blocks. Some steps for each
   * that has not ended.
   *
   * @param first The run's first block.
   * @param count How many blocks.
   * @param access What it does to them.
   */
  take(first: number, count: number, access: "read" | "write"): Turn {
    const turn = new Turn(this.#live, { first, count, access });
    for (const earlier of this.#live) if (earlier.precedes(turn)) turn.waitFor(earlier);
    this.#live.add(turn);
    return turn;
  }
}

interface Run {
  readonly first: number;
  readonly count: number;
  readonly access: "read" | "write";
}

/** A request's place among others. Whoever has taken one ends it, whatever happens. */
export class Turn {
  readonly #live: Set<Turn>;
  readonly #run: Run;
  readonly #later: Turn[] = [];
  #before = 0;
  #begin: () => void = () => {};

  /** A place behind none. */
  constructor(live: Set<Turn>, run: Run) {
    this.#live = live;
    this.#run = run;
  }

  /** Whether some that come before have not ended. */
  get waits(): boolean {
    return this.#before > 0;
  }

  /** Resolves when all that come before have ended. Awaited once, and only by a turn that waits. */
  begun(): Promise<void> {
    return new Promise((resolve) => this.#begin = resolve);
  }

  /** Whether it must be done before a later one. */
  precedes(later: Turn): boolean {
    const { first, count, access } = this.#run;
    const other = later.#run;
    return first < other.first + other.count && other.first < first + count &&
      count > 0 && other.count > 0 &&
      (access === "write" || other.access === "write");
  }

  /** Comes after an earlier one. */
  waitFor(earlier: Turn): void {
    earlier.#later.push(this);
    this.#before++;
  }

  /** Makes way for those behind it. */
  end(): void {
    if (!this.#live.delete(this)) return;
    for (const later of this.#later) if (--later.#before === 0) later.#begin();
  }
}
