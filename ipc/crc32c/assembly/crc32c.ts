// Shortens a block of 4 KiB to 128 bytes of the same CRC-32C. See ../folding.ts for why it may.
//
// The memory is one page, private to the instance:
//
//   0      lookups of the fold
//   4096   the block, which is overwritten: its last 128 bytes are what is left (BLOCK)
//   16384  its eliminated vectors (GONE), with zeroes before and after for those that never were
//
// Everything is counted in bytes; a vector is 16 of them.

import { D0, D1, D2, D3, D4, D5, D6, FOLD } from "./constants";

const BLOCK: u32 = 4096;
const GONE: u32 = 16384;
const BLOCK_BYTES: u32 = 4096;
const CHUNK_BYTES: u32 = 128;
const KEPT: u32 = BLOCK_BYTES - 10 * CHUNK_BYTES; // From here on nothing is eliminated.
const STEP: u32 = 64; // Four vectors: D0 is one step, D1 two, so that those stay in registers.

/** What the vectors gone long before `at` add to it. */
// @ts-ignore: decorator of AssemblyScript
@inline
function far(at: u32): v128 {
  return v128.xor(
    v128.xor(v128.load(at, GONE - D3), v128.load(at, GONE - D4)),
    v128.xor(v128.load(at, GONE - D5), v128.load(at, GONE - D6)),
  );
}

/** The vector at `at`, and what the vector gone 21 before adds to it. */
// @ts-ignore: decorator of AssemblyScript
@inline
function near(at: u32): v128 {
  return v128.xor(v128.load(at, BLOCK), v128.load(at, GONE - D2));
}

/** Eliminates all vectors up to KEPT, and adds them to those after it. */
// @ts-ignore: decorator of AssemblyScript
@inline
function eliminate(): void {
  let a0 = i32x4.splat(0), a1 = a0, a2 = a0, a3 = a0; // Gone one step before.
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0; // Gone two steps before.
  for (let at: u32 = 0; at < KEPT; at += STEP) {
    let c0 = v128.xor(near(at), v128.xor(a0, b0));
    let c1 = v128.xor(near(at + 16), v128.xor(a1, b1));
    let c2 = v128.xor(near(at + 32), v128.xor(a2, b2));
    let c3 = v128.xor(near(at + 48), v128.xor(a3, b3));
    if (at >= D3 - 16) { // Before, there was nothing yet; that `far` finds zeroes saves the rest.
      c0 = v128.xor(c0, far(at));
      c1 = v128.xor(c1, far(at + 16));
      c2 = v128.xor(c2, far(at + 32));
      c3 = v128.xor(c3, far(at + 48));
    }
    v128.store(at, c0, GONE);
    v128.store(at, c1, GONE + 16);
    v128.store(at, c2, GONE + 32);
    v128.store(at, c3, GONE + 48);
    b0 = a0, b1 = a1, b2 = a2, b3 = a3;
    a0 = c0, a1 = c1, a2 = c2, a3 = c3;
  }
  keep(KEPT, v128.xor(a0, b0));
  keep(KEPT + 16, v128.xor(a1, b1));
  keep(KEPT + 32, v128.xor(a2, b2));
  keep(KEPT + 48, v128.xor(a3, b3));
  keep(KEPT + 64, a0);
  keep(KEPT + 80, a1);
  keep(KEPT + 96, a2);
  keep(KEPT + 112, a3);
  for (let at: u32 = KEPT + D1; at < BLOCK_BYTES; at += 16) {
    v128.store(at, v128.xor(near(at), far(at)), BLOCK);
  }
}

/** Adds to a vector that stays what is left of those gone. */
// @ts-ignore: decorator of AssemblyScript
@inline
function keep(at: u32, latest: v128): void {
  v128.store(at, v128.xor(v128.xor(near(at), far(at)), latest), BLOCK);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function low(bytes: v128): v128 {
  return v128.and(bytes, i8x16.splat(15));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function high(bytes: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), i8x16.splat(15));
}

/** What a nibble of 16 columns adds to a plane of their products. */
// @ts-ignore: decorator of AssemblyScript
@inline
function part(nibble: u32, plane: u32, nibbles: v128): v128 {
  return i8x16.swizzle(v128.load(FOLD + nibble * 64 + plane * 16), nibbles);
}

/** One plane of the products of 16 columns, whose low and high nibbles are given by plane. */
// @ts-ignore: decorator of AssemblyScript
@inline
function product(
  plane: u32,
  l0: v128,
  h0: v128,
  l1: v128,
  h1: v128,
  l2: v128,
  h2: v128,
  l3: v128,
  h3: v128,
): v128 {
  return v128.xor(
    v128.xor(
      v128.xor(part(0, plane, l0), part(1, plane, h0)),
      v128.xor(part(2, plane, l1), part(3, plane, h1)),
    ),
    v128.xor(
      v128.xor(part(4, plane, l2), part(5, plane, h2)),
      v128.xor(part(6, plane, l3), part(7, plane, h3)),
    ),
  );
}

/** Folds 16 columns of the chunk at `at` into those of the next chunk. */
// @ts-ignore: decorator of AssemblyScript
@inline
function foldColumns(at: u32): void {
  const p0 = v128.load(at), p1 = v128.load(at, 32), p2 = v128.load(at, 64), p3 = v128.load(at, 96);
  const l0 = low(p0), l1 = low(p1), l2 = low(p2), l3 = low(p3);
  const h0 = high(p0), h1 = high(p1), h2 = high(p2), h3 = high(p3);
  const q0 = v128.xor(v128.load(at, CHUNK_BYTES), product(0, l0, h0, l1, h1, l2, h2, l3, h3));
  const q1 = v128.xor(v128.load(at, CHUNK_BYTES + 32), product(1, l0, h0, l1, h1, l2, h2, l3, h3));
  const q2 = v128.xor(v128.load(at, CHUNK_BYTES + 64), product(2, l0, h0, l1, h1, l2, h2, l3, h3));
  const q3 = v128.xor(v128.load(at, CHUNK_BYTES + 96), product(3, l0, h0, l1, h1, l2, h2, l3, h3));
  v128.store(at, q0, CHUNK_BYTES);
  v128.store(at, q1, CHUNK_BYTES + 32);
  v128.store(at, q2, CHUNK_BYTES + 64);
  v128.store(at, q3, CHUNK_BYTES + 96);
}

/** Shortens the block to its last 128 bytes. */
export function shorten(): void {
  eliminate();
  for (let at: u32 = BLOCK + KEPT; at < BLOCK + BLOCK_BYTES - CHUNK_BYTES; at += CHUNK_BYTES) {
    foldColumns(at);
    foldColumns(at + 16);
  }
}
