/**
 * What clients asked for and what they were told, from one power cut to the next: the history that
 * the judges read.
 *
 * Each write fills each block that it touches with a stamp of its own, so that whoever reads a sector
 * knows whose it is. Stamp 0 is zeroes.
 *
 * @module
 */

/** Sectors of a block. */
export const SECTORS = 8;

/** All sectors of a block, as bits. */
export const WHOLE = 0xff;

/** The stamp of a sector that holds a mixture: nobody wrote that. */
export const MIXTURE = 0xffff_fffe;

const SECTOR_WORDS = 128;

/** A part of one block that an operation changes. */
export interface Piece {
  /** The block. */
  readonly block: number;
  /** Which of its sectors, as bits. */
  readonly mask: number;
  /** What they are filled with. */
  readonly stamp: number;
}

/** An operation that changes blocks. */
export interface Change {
  /** Counts up. */
  readonly number: number;
  /** What it is. */
  readonly kind: "write" | "zero" | "trim" | "transact";
  /** Who asked. */
  readonly client: number;
  /** What it changes; each block once. */
  readonly pieces: readonly Piece[];
  /** Whether it is durable when it is answered. */
  readonly isForced: boolean;
  /** When it was asked for. */
  readonly startAt: number;
  /** When it was answered; `Infinity` if it never was. */
  endAt: number;
  /** What was answered. */
  outcome: "open" | "done" | "failed";
  /** Whether a flush covers it. */
  isDurable: boolean;
}

/** What somebody saw of one block. */
export interface Sight {
  /** Who looked. */
  readonly client: number;
  /** The block. */
  readonly block: number;
  /** Which of its sectors, as bits. */
  readonly mask: number;
  /** The stamp of each sector that was seen; 0 elsewhere. */
  readonly stamps: readonly number[];
  /** When it was asked for. */
  readonly startAt: number;
  /** When it was answered. */
  readonly endAt: number;
}

/** The tag of a client's last transaction. */
export interface TagSight {
  /** Whose. */
  readonly client: number;
  /** The number of the transaction; -1 if there is none. */
  readonly change: number;
  /** When it was asked for. */
  readonly startAt: number;
  /** When it was answered. */
  readonly endAt: number;
}

/** What is not as promised. */
export class Violation extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "Violation";
}

/** The history of one era: from a boot to the next power cut. */
export class Ledger {
  /** What each sector of each block may hold at the beginning; `undefined` for anything. */
  readonly base: readonly (readonly (number | undefined)[])[];
  /** Every change, by its number less {@linkcode Ledger.firstChange}. */
  readonly changes: Change[] = [];
  /** Everything that was seen. */
  readonly sights: Sight[] = [];
  /** Every tag that was seen. */
  readonly tagSights: TagSight[] = [];
  /** The number of the first change. */
  readonly firstChange: number;
  readonly #changeOf: Map<number, Change> = new Map();
  #instant = 0;
  #stamp: number;

  /** Begins an era. */
  constructor(base: readonly (readonly (number | undefined)[])[], before?: Ledger) {
    this.base = base;
    this.firstChange = before === undefined ? 1 : before.firstChange + before.changes.length;
    this.#stamp = before === undefined ? 1 : before.#stamp;
  }

  /** The next instant. */
  tick(): number {
    return this.#instant++;
  }

  /** A change is asked for; answers it, with a stamp for each of its blocks. */
  start(
    wanted: Pick<Change, "kind" | "client" | "isForced">,
    runs: readonly { readonly block: number; readonly mask: number }[],
  ): Change {
    const pieces = runs.map(({ block, mask }) => {
      return { block, mask, stamp: wanted.kind === "zero" ? 0 : this.#stamp++ };
    });
    const change: Change = {
      ...wanted,
      number: this.firstChange + this.changes.length,
      pieces,
      startAt: this.tick(),
      endAt: Infinity,
      outcome: "open",
      isDurable: false,
    };
    this.changes.push(change);
    for (const { stamp } of pieces) if (stamp !== 0) this.#changeOf.set(stamp, change);
    return change;
  }

  /** A change was answered. */
  end(change: Change, outcome: "done" | "failed"): void {
    change.endAt = this.tick();
    change.outcome = outcome;
    if (outcome === "done" && change.isForced) change.isDurable = true;
  }

  /** A flush that was asked for at `startAt` has succeeded. */
  flushed(startAt: number): void {
    for (const change of this.changes) {
      if (change.outcome === "done" && change.endAt < startAt) change.isDurable = true;
    }
  }

  /** The change of this era that a stamp is of. */
  changeOf(stamp: number): Change | undefined {
    return this.#changeOf.get(stamp);
  }

  /** The change of a number, if it is of this era. */
  changeNumbered(number: number): Change | undefined {
    return this.changes[number - this.firstChange];
  }
}

/** A change for people: `"#17 transact by client 2 of blocks 3, 9"`. */
export function describeChange({ number, kind, client, pieces }: Change): string {
  const blocks = pieces.map(({ block, mask, stamp }) => {
    const part = mask === WHOLE ? "" : `/${mask.toString(2).padStart(SECTORS, "0")}`;
    return `${block}${part}=${stamp}`;
  });
  return `#${number} ${kind} by client ${client} of ${blocks.join(", ")}`;
}

/** Fills the sectors of a block that a piece names. */
export function fillPiece(bytes: Uint8Array, stamp: number): void {
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4).fill(stamp);
}

/** The stamp of each sector. */
export function stampsOf(bytes: Uint8Array): number[] {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const stamps: number[] = [];
  for (let at = 0; at < words.length; at += SECTOR_WORDS) {
    let stamp = words[at]!;
    for (let index = at + 1; index < at + SECTOR_WORDS; index++) {
      if (words[index] !== stamp) stamp = MIXTURE;
    }
    stamps.push(stamp);
  }
  return stamps;
}
