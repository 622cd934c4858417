/**
 * How long a run will take: by what its rows took when their ratios were stored, then by what they
 * take now.
 *
 * @module
 */

/** A row that is to be measured. */
export interface ExpectedRow {
  /** Its name. */
  readonly name: string;
  /** Sides that a round of it measures. */
  readonly sideCount: number;
}

/** Seconds that a side takes of which nobody knows. */
const SIDE_SECONDS = 1.5;

/** The expected time of a run. */
export class ExpectedTime {
  readonly #rows: readonly ExpectedRow[];
  readonly #rounds: number;
  readonly #stored: (name: string) => number | undefined;
  /** Seconds measured of each row that has begun. */
  readonly #seconds = new Map<string, { sides: number; total: number }>();
  readonly #over = new Set<string>();

  /** @param stored Seconds that a round of a row took once. */
  constructor(
    rows: readonly ExpectedRow[],
    rounds: number,
    stored: (name: string) => number | undefined,
  ) {
    this.#rows = rows;
    this.#rounds = rounds;
    this.#stored = stored;
  }

  /** Takes down that a side of a row was measured. */
  measured(name: string, seconds: number): void {
    const { sides, total } = this.#seconds.get(name) ?? { sides: 0, total: 0 };
    this.#seconds.set(name, { sides: sides + 1, total: total + seconds });
  }

  /** Takes down that nothing more of a row will be measured. */
  over(name: string): void {
    this.#over.add(name);
  }

  /** Seconds that the whole run takes, as far as is known now. */
  get totalSeconds(): number {
    return this.doneSeconds + this.leftSeconds;
  }

  /** Seconds that were measured. */
  get doneSeconds(): number {
    return [...this.#seconds.values()].reduce((sum, { total }) => sum + total, 0);
  }

  /** Seconds that are left. */
  get leftSeconds(): number {
    const pace = this.#pace();
    return this.#rows.reduce((sum, row) => {
      if (this.#over.has(row.name)) return sum;
      const { sides, total } = this.#seconds.get(row.name) ?? { sides: 0, total: 0 };
      // A single side says little: the other may take ten times as long.
      const known = sides >= row.sideCount ? total / sides : this.#expected(row) * pace;
      return sum + Math.max(0, this.#rounds * row.sideCount - sides) * known;
    }, 0);
  }

  /** Seconds that a side of a row is expected to take. */
  #expected({ name, sideCount }: ExpectedRow): number {
    return (this.#stored(name) ?? SIDE_SECONDS * sideCount) / sideCount;
  }

  /** How much slower this run is than expected, by the rows that are over. */
  #pace(): number {
    let took = 0;
    let expected = 0;
    for (const row of this.#rows) {
      const seconds = this.#seconds.get(row.name);
      if (seconds === undefined || !this.#over.has(row.name)) continue;
      took += seconds.total;
      expected += this.#expected(row) * seconds.sides;
    }
    return expected === 0 ? 1 : took / expected;
  }
}
