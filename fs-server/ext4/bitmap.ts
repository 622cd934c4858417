/**
 * Bitmaps in blocks: bit `i` is bit `i % 32` of little-endian word `i / 32`; set means taken.
 *
 * @module
 */

/** A run of bits. */
export interface BitRun {
  /** The first bit. */
  start: number;
  /** How many; 0 when none was found. */
  count: number;
}

/** Whether a bit is set. */
export function isSet(words: Uint32Array, bit: number): boolean {
  return (((words[bit >> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
}

/**
 * Sets a run of bits.
 *
 * @returns Whether all of them were clear before; if not, nothing says which were changed.
 */
export function setRun(words: Uint32Array, start: number, count: number): boolean {
  let wereClear = true;
  eachWord(start, count, (index, mask) => {
    const word = words[index] ?? 0;
    if ((word & mask) !== 0) wereClear = false;
    words[index] = word | mask;
  });
  return wereClear;
}

/**
 * Clears a run of bits.
 *
 * @returns Whether all of them were set before; if not, nothing says which were changed.
 */
export function clearRun(words: Uint32Array, start: number, count: number): boolean {
  let wereSet = true;
  eachWord(start, count, (index, mask) => {
    const word = words[index] ?? 0;
    if ((word & mask) >>> 0 !== mask >>> 0) wereSet = false;
    words[index] = word & ~mask;
  });
  return wereSet;
}

/** Calls `visit` for each word that the run touches, with the mask of the run's bits in it. */
function eachWord(start: number, count: number, visit: (index: number, mask: number) => void) {
  const end = start + count;
  for (let bit = start; bit < end;) {
    const from = bit & 31;
    const upTo = Math.min(32, from + end - bit);
    const mask = ((upTo === 32 ? -1 : (1 << upTo) - 1) & ~((1 << from) - 1)) >>> 0;
    visit(bit >> 5, mask);
    bit += upTo - from;
  }
}

/** Marks of a group that no run may touch, besides those of its bitmap. */
const NO_MARKS = new Uint32Array(1024);

/**
 * How many bits from `start` on are clear in both bitmaps, at most `wanted`.
 *
 * @param also A second bitmap of bits that do not count as clear.
 */
export function clearLength(
  words: Uint32Array,
  start: number,
  end: number,
  wanted: number,
  also: Uint32Array = NO_MARKS,
): number {
  const last = Math.min(end, start + wanted);
  let bit = start;
  while (bit < last) {
    const word = (words[bit >> 5] ?? 0) | (also[bit >> 5] ?? 0);
    if ((bit & 31) === 0 && word === 0) {
      bit += 32;
    } else if (((word >>> (bit & 31)) & 1) === 0) {
      bit++;
    } else {
      break;
    }
  }
  return Math.min(bit, last) - start;
}

/**
 * The first run of `wanted` clear bits in `[from, end)`, else the longest run there.
 *
 * @param also A second bitmap of bits that do not count as clear.
 * @returns A run with `count` at most `wanted`; 0 if no bit is clear.
 */
export function findClearRun(
  words: Uint32Array,
  from: number,
  end: number,
  wanted: number,
  also: Uint32Array = NO_MARKS,
): BitRun {
  const best: BitRun = { start: 0, count: 0 };
  let bit = from;
  while (bit < end) {
    const word = (words[bit >> 5] ?? 0) | (also[bit >> 5] ?? 0);
    const rest = word >> (bit & 31); // Arithmetic: a full word stays full.
    if (rest === -1) {
      bit = (bit | 31) + 1;
      continue;
    }
    bit += Math.clz32(~rest & (rest + 1)) ^ 31; // To the lowest clear bit.
    if (bit >= end) break;
    const count = clearLength(words, bit, end, wanted, also);
    if (count > best.count) {
      best.start = bit;
      best.count = count;
      if (count === wanted) break;
    }
    bit += Math.max(count, 1);
  }
  return best;
}
