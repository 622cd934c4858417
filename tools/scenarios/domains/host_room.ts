/**
 * The room that a host has left for an image, in memory that the driver and the program share.
 *
 * @module
 */

/** Words before the map of blocks: room left, writes refused. */
const WORDS = { LEFT: 0, REFUSED: 1, ALL: 2 } as const;

/** More than any image needs. */
const PLENTY = 2 ** 30;

/** The room left. */
export class HostRoom {
  readonly #words: Int32Array;
  /** A byte for each block: 1 if it has been written. */
  readonly #written: Uint8Array;

  /** Takes memory as {@linkcode roomFor} made it. */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, WORDS.ALL);
    this.#written = new Uint8Array(memory, 4 * WORDS.ALL);
  }

  /** Writes that were refused. */
  get refused(): number {
    return Atomics.load(this.#words, WORDS.REFUSED);
  }

  /** From now on there is room for so many blocks more. */
  limit(blocks: number): void {
    Atomics.store(this.#words, WORDS.LEFT, blocks);
  }

  /** Whether there is room for what a write needs: it takes it. */
  take(first: number, count: number): boolean {
    const run = this.#written.subarray(first, first + count);
    const fresh = run.reduce((sum, written) => sum + (written === 0 ? 1 : 0), 0);
    if (fresh > 0 && Atomics.load(this.#words, WORDS.LEFT) < fresh) {
      Atomics.add(this.#words, WORDS.REFUSED, 1);
      return false;
    }
    Atomics.sub(this.#words, WORDS.LEFT, fresh);
    run.fill(1);
    return true;
  }
}

/** Memory for a host with plenty of room for an image of so many blocks. */
export function roomFor(blockCount: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(4 * WORDS.ALL + blockCount);
  giveRoom(new HostRoom(memory));
  return memory;
}

/** Gives a host plenty of room again. */
export function giveRoom(room: HostRoom): void {
  room.limit(PLENTY);
}
