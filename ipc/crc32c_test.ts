import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { crc32c, crc32cBytes } from "./crc32c.ts";
import { DISTANCES, shifted } from "./crc32c/folding.ts";

const BLOCK_WORDS = 1024;

/** RFC 3720, appendix B.4: 32 bytes of zeroes, of ones, counting up, counting down. */
const VECTORS: readonly (readonly [string, (index: number) => number, number])[] = [
  ["zeroes", () => 0, 0x8a9136aa],
  ["ones", () => 0xff, 0x62a8ab43],
  ["counting up", (index) => index, 0x46dd794e],
  ["counting down", (index) => 31 - index, 0x113fdb5c],
];

for (const [name, byteAt, expected] of VECTORS) {
  Deno.test(`crc32c() agrees with RFC 3720: ${name}`, () => {
    const words = new Uint32Array(Uint8Array.from({ length: 32 }, (_, i) => byteAt(i)).buffer);
    assertEquals(crc32c(words, 0, 8, 0), expected);
    for (let split = 0; split <= 8; split++) { // Odd runs, too.
      assertEquals(crc32c(words, split, 8 - split, crc32c(words, 0, split, 0)), expected);
    }
  });
}

Deno.test("crc32c() is the bitwise sum of any run, in plain and in shared memory", () => {
  const plain = noise(5 * BLOCK_WORDS, 1);
  const shared = new Uint32Array(new SharedArrayBuffer(plain.byteLength));
  shared.set(plain);
  const run = fc.record({
    first: fc.nat(2 * BLOCK_WORDS),
    count: fc.oneof(
      fc.nat(64),
      fc.integer({ min: BLOCK_WORDS - 3, max: BLOCK_WORDS + 3 }),
      fc.nat(3 * BLOCK_WORDS),
    ),
    seed: fc.nat(0xffff_ffff),
  });
  fc.assert(
    fc.property(run, ({ first, count, seed }) => {
      const expected = bitwise(bytesOf(plain.subarray(first, first + count)), seed);
      assertEquals(crc32c(plain, first, count, seed), expected);
      assertEquals(crc32c(shared, first, count, seed), expected);
    }),
    { numRuns: 150 },
  );
});

Deno.test("crc32c() goes on from a seed wherever a run of blocks is split", () => {
  const words = noise(3 * BLOCK_WORDS, 2);
  const whole = crc32c(words, 0, words.length, 0);
  assertEquals(whole, bitwise(bytesOf(words), 0));
  for (let split = 0; split <= words.length; split += 61) {
    assertEquals(
      crc32c(words, split, words.length - split, crc32c(words, 0, split, 0)),
      whole,
      `split at ${split}`,
    );
  }
});

Deno.test("crc32cBytes() sees every bit of a block", () => {
  const block = new Uint8Array(4096);
  const nothing = crc32cBytes(block);
  assertEquals(nothing, bitwise(block, 0));
  // The sum is affine: what a bit adds depends on nothing but how far it is from the end.
  let added = shifted(1 << 7, 1);
  for (let bit = 8 * block.length - 1; bit >= 0; bit--) {
    block[bit >>> 3] = 1 << (bit & 7);
    if ((crc32cBytes(block) ^ nothing) >>> 0 !== added) throw new Error(`bit ${bit} is lost`);
    block[bit >>> 3] = 0;
    added = (added & 1 ? (added >>> 1) ^ 0x82f6_3b78 : added >>> 1) >>> 0;
  }
});

Deno.test("crc32cBytes() agrees with crc32c() at any offset, from any seed", () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(3 * 4096));
  bytes.set(bytesOf(noise(3 * BLOCK_WORDS, 3)));
  const aligned = new Uint32Array(BLOCK_WORDS);
  for (const offset of [0, 1, 2, 3, 4, 17, 4095, 4096, 8192]) {
    const block = bytes.subarray(offset, offset + 4096);
    bytesOf(aligned).set(block);
    for (const seed of [0, 1, 0x8000_0000, 0xffff_ffff]) {
      assertEquals(crc32cBytes(block, seed), crc32c(aligned, 0, BLOCK_WORDS, seed));
      assertEquals(crc32cBytes(block, seed), bitwise(block, seed));
    }
  }
});

Deno.test("crc32c() keeps blocks apart that are 4 MiB from each other", () => {
  const words = new Uint32Array(1024 * BLOCK_WORDS + 2 * BLOCK_WORDS);
  words.set(noise(words.length - 1024 * BLOCK_WORDS, 4), 1024 * BLOCK_WORDS);
  const zeroes = crc32c(words, 0, BLOCK_WORDS, 0);
  const other = crc32c(words, 1024 * BLOCK_WORDS, BLOCK_WORDS, 0);
  assert(zeroes !== other);
  assertEquals(crc32c(words, 0, BLOCK_WORDS, 0), zeroes);
  assertEquals(other, bitwise(bytesOf(words.subarray(1024 * BLOCK_WORDS, 1025 * BLOCK_WORDS)), 0));
});

Deno.test("crc32c() refuses a run of blocks that leaves the array", () => {
  const words = new Uint32Array(2 * BLOCK_WORDS);
  assertThrows(() => crc32c(words, 1, 2 * BLOCK_WORDS, 0), Error, "the words lie in their array");
});

Deno.test("crc32cBytes() refuses what is no block", () => {
  for (const length of [0, 4095, 4097, 8192]) {
    assertThrows(() => crc32cBytes(new Uint8Array(length)), Error, "a block has 4096 bytes");
  }
});

Deno.test("the polynomial by which blocks are shortened is a multiple of the CRC's", () => {
  const degree = DISTANCES.at(-1)!;
  const one = 0x8000_0000; // x^0, reflected.
  const sum = [0, ...DISTANCES]
    .map((distance) => shifted(one, 16 * (degree - distance)))
    .reduce((total, power) => total ^ power, 0);
  assertEquals(sum >>> 0, 0);
  assert(shifted(one, 16 * degree) !== one, "it is no power of x that is 1");
});

/** CRC-32C by its definition, one bit after the other. */
function bitwise(bytes: Uint8Array, seed: number): number {
  let crc = ~seed;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Words that look random: xorshift32. */
function noise(count: number, seed: number): Uint32Array<ArrayBuffer> {
  let state = seed * 0x9e37_79b9;
  return Uint32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  });
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
