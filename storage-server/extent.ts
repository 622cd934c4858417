/**
 * How far the start of a run holds nothing but zeroes, or goes without a block of zeroes.
 *
 * @module
 */

import type { BlockView } from "./block_view.ts";
import { BLOCK_BYTES } from "./protocol.ts";

/** Most blocks that one question looks at: 1 MiB, so that it takes a bounded time. */
export const EXTENT_BLOCKS_MAX = 256;

/** Blocks that are read at once: most answers are known after a few. */
const PIECE_BLOCKS = 32;

/** A run of blocks that are alike. */
export interface Extent {
  /** How many blocks, from 1 up. */
  readonly blockCount: number;
  /** Whether all of them are zero; else none of them is. */
  readonly isZero: boolean;
}

/**
 * Looks at the blocks of a run until one is not like the first.
 *
 * @param view The blocks.
 * @param first The first block.
 * @param count How many blocks there are to look at, from 1 up.
 * @param scratch A window of at least one block, 8-byte aligned.
 * @throws {OsError} What the device said.
 */
export function findExtent(
  view: BlockView,
  first: number,
  count: number,
  scratch: Uint8Array,
): Extent {
  const end = Math.min(count, EXTENT_BLOCKS_MAX);
  const piece = Math.min(PIECE_BLOCKS, Math.floor(scratch.byteLength / BLOCK_BYTES));
  let isZero: boolean | undefined;
  for (let from = 0; from < end; from += piece) {
    const length = Math.min(piece, end - from);
    const target = scratch.subarray(0, length * BLOCK_BYTES);
    view.read(first + from, length, target);
    for (let index = 0; index < length; index++) {
      const found = isZeroBlock(target, index * BLOCK_BYTES);
      isZero ??= found;
      if (found !== isZero) return { blockCount: from + index, isZero };
    }
  }
  return { blockCount: end, isZero: isZero === true };
}

function isZeroBlock(bytes: Uint8Array, offset: number): boolean {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + offset, BLOCK_BYTES / 4);
  for (let index = 0; index < words.length; index += 4) {
    const four = words[index]! | words[index + 1]! | words[index + 2]! | words[index + 3]!;
    if (four !== 0) return false;
  }
  return true;
}
