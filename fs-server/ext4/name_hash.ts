/**
 * The hashes of names by which a hash tree is ordered: legacy, half MD4 and TEA, each with chars
 * taken as signed or as unsigned.
 *
 * Source: Linux `fs/ext4/hash.c`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** Numbers of the hashes, as the superblock and the root of a tree have them. */
export const HASH_VERSION = { legacy: 0, halfMd4: 1, tea: 2 } as const;

/** Above every hash of a name. */
export const HASH_END = 0xffff_fffe;

const K2 = 0x5a827999 | 0;
const K3 = 0x6ed9eba1 | 0;
const DELTA = 0x9e3779b9 | 0;
const SEED: readonly number[] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

// The words of one step, padded; then the running state.
const input = new Int32Array(8);
const state = new Int32Array(4);

/** One way to hash names. `of` leaves the finer half of the hash in `minor`. */
export class NameHash {
  /** One of `HASH_VERSION`. */
  readonly version: number;
  /** The finer half of the last hash; 32 bits, unsigned. */
  minor = 0;
  readonly #isUnsigned: boolean;
  readonly #seed: Int32Array;

  /**
   * @param version One of `HASH_VERSION`.
   * @param seed Four words; all zero stands for the seed that MD4 has.
   * @param chars How bytes above 0x7f are taken.
   * @throws {OsError} `EUCLEAN` if there is no such version.
   */
  constructor(version: number, seed: Uint32Array, chars: "signed" | "unsigned") {
    if (version > HASH_VERSION.tea) throw new OsError("EUCLEAN", `hash version ${version}`);
    this.version = version;
    this.#isUnsigned = chars === "unsigned";
    this.#seed = Int32Array.from(seed.some((word) => word !== 0) ? seed : SEED);
  }

  /** The coarser half of the hash of a name: even, unsigned, less than `HASH_END`. Hot path. */
  of(bytes: Uint8Array, start: number, byteLength: number): number {
    const hash = this.#halves(bytes, start, byteLength) & ~1;
    return (hash === (HASH_END | 0) ? hash - 2 : hash) >>> 0;
  }

  #halves(bytes: Uint8Array, start: number, byteLength: number): number {
    if (this.version === HASH_VERSION.legacy) {
      // It has no finer half of its own; one is needed to tell names in an order.
      this.#mix(bytes, start, byteLength, 32);
      this.minor = (state[2] as number) >>> 0;
      return legacy(bytes, start, byteLength, this.#isUnsigned);
    }
    const isTea = this.version === HASH_VERSION.tea;
    this.#mix(bytes, start, byteLength, isTea ? 16 : 32);
    this.minor = (state[isTea ? 1 : 2] as number) >>> 0;
    return state[isTea ? 0 : 1] as number;
  }

  #mix(bytes: Uint8Array, start: number, byteLength: number, stepBytes: number): void {
    state.set(this.#seed);
    for (let done = 0; done < byteLength; done += stepBytes) {
      pad(bytes, start + done, byteLength - done, stepBytes >> 2, this.#isUnsigned);
      if (stepBytes === 16) teaStep();
      else halfMd4Step();
    }
  }
}

function legacy(bytes: Uint8Array, start: number, byteLength: number, unsigned: boolean): number {
  let previous = 0x37abe8f9;
  let hash = 0x12a3fe2d;
  for (let at = start; at < start + byteLength; at++) {
    const byte = bytes[at] as number;
    const char = unsigned ? byte : (byte << 24) >> 24;
    let next = (previous + (hash ^ Math.imul(char, 7152373))) | 0;
    if (next < 0) next = (next - 0x7fffffff) | 0;
    previous = hash;
    hash = next;
  }
  return hash << 1;
}

/** Fills `input` with the next bytes of a name, and with its length where there are none left. */
function pad(
  bytes: Uint8Array,
  start: number,
  byteLength: number,
  wordCount: number,
  isUnsigned: boolean,
): void {
  const twice = byteLength | (byteLength << 8);
  const padding = twice | (twice << 16);
  const count = Math.min(byteLength, wordCount * 4);
  let word = 0;
  let value = padding;
  for (let index = 0; index < count; index++) {
    const byte = bytes[start + index] as number;
    value = ((isUnsigned ? byte : (byte << 24) >> 24) + (value << 8)) | 0;
    if ((index & 3) === 3) {
      input[word++] = value;
      value = padding;
    }
  }
  if (word < wordCount) input[word++] = value;
  while (word < wordCount) input[word++] = padding;
}

function teaStep(): void {
  const a = input[0] as number;
  const b = input[1] as number;
  const c = input[2] as number;
  const d = input[3] as number;
  let left = state[0] as number;
  let right = state[1] as number;
  let sum = 0;
  for (let round = 0; round < 16; round++) {
    sum = (sum + DELTA) | 0;
    left = (left + (((right << 4) + a) ^ (right + sum) ^ ((right >>> 5) + b))) | 0;
    right = (right + (((left << 4) + c) ^ (left + sum) ^ ((left >>> 5) + d))) | 0;
  }
  state[0] = (state[0] as number) + left;
  state[1] = (state[1] as number) + right;
}

function halfMd4Step(): void {
  const i0 = input[0] as number;
  const i1 = input[1] as number;
  const i2 = input[2] as number;
  const i3 = input[3] as number;
  const i4 = input[4] as number;
  const i5 = input[5] as number;
  const i6 = input[6] as number;
  const i7 = input[7] as number;
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  a = rotate(a + choose(b, c, d) + i0, 3);
  d = rotate(d + choose(a, b, c) + i1, 7);
  c = rotate(c + choose(d, a, b) + i2, 11);
  b = rotate(b + choose(c, d, a) + i3, 19);
  a = rotate(a + choose(b, c, d) + i4, 3);
  d = rotate(d + choose(a, b, c) + i5, 7);
  c = rotate(c + choose(d, a, b) + i6, 11);
  b = rotate(b + choose(c, d, a) + i7, 19);
  a = rotate(a + majority(b, c, d) + i1 + K2, 3);
  d = rotate(d + majority(a, b, c) + i3 + K2, 5);
  c = rotate(c + majority(d, a, b) + i5 + K2, 9);
  b = rotate(b + majority(c, d, a) + i7 + K2, 13);
  a = rotate(a + majority(b, c, d) + i0 + K2, 3);
  d = rotate(d + majority(a, b, c) + i2 + K2, 5);
  c = rotate(c + majority(d, a, b) + i4 + K2, 9);
  b = rotate(b + majority(c, d, a) + i6 + K2, 13);
  a = rotate(a + (b ^ c ^ d) + i3 + K3, 3);
  d = rotate(d + (a ^ b ^ c) + i7 + K3, 9);
  c = rotate(c + (d ^ a ^ b) + i2 + K3, 11);
  b = rotate(b + (c ^ d ^ a) + i6 + K3, 15);
  a = rotate(a + (b ^ c ^ d) + i1 + K3, 3);
  d = rotate(d + (a ^ b ^ c) + i5 + K3, 9);
  c = rotate(c + (d ^ a ^ b) + i0 + K3, 11);
  b = rotate(b + (c ^ d ^ a) + i4 + K3, 15);
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
}

function choose(x: number, y: number, z: number): number {
  return z ^ (x & (y ^ z));
}

function majority(x: number, y: number, z: number): number {
  return ((x & y) + ((x ^ y) & z)) | 0;
}

function rotate(value: number, count: number): number {
  return (value << count) | (value >>> (32 - count));
}
