/**
 * CRC-32C (Castagnoli; RFC 3720, appendix B.4).
 *
 * Blocks of 4 KiB go through a wasm core with a private memory, which shortens them to 128 bytes of
 * the same checksum; `crc32c/folding.ts` says how. What is left, and all that is shorter than a
 * block, is sliced by eight (Kounavis and Berry, 2005): eight tables of 256 entries let the eight
 * bytes of two words be looked up independently of each other.
 *
 * All our formats are whole little-endian words, so the input is a `Uint32Array` and a range of it,
 * which costs no view per call. It may lie in shared memory: each word of a block is read once.
 * Tables and core are made when they are first needed: most domains never need them.
 *
 * @module
 */

import { assert } from "./assert.ts";
import { CRC32C_BASE64 } from "./crc32c/crc32c_bytes.ts";

const POLYNOMIAL = 0x82f63b78; // Reflected.
const BLOCK_BYTES = 4096;
const BLOCK_WORDS = BLOCK_BYTES / 4;
const SHORTENED_WORDS = 32;
const VIEWS_MAX = 1024; // Of one array: 4 MiB of it.

let tables: Int32Array | undefined;
let core: BlockCore | undefined;
let views: WeakMap<Uint32Array, Uint32Array[]> | undefined;

/** The wasm core, and its block. */
interface BlockCore {
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  /** Shortens the block to its last words. Overwrites all of it. */
  shorten(): void;
}

/**
 * The CRC-32C of `count` words. Hot path.
 *
 * @param words Little-endian words.
 * @param first Index of the first word.
 * @param count Number of words.
 * @param seed The result of an earlier call, to go on from there; 0 to start.
 *
 * @example
 * ```ts
 * import { crc32c } from "@hako/ipc";
 *
 * if (crc32c(new Uint32Array(8), 0, 8, 0) !== 0x8a9136aa) throw new Error("wrong sum");
 * ```
 */
export function crc32c(words: Uint32Array, first: number, count: number, seed: number): number {
  if (count < BLOCK_WORDS) return ~slicedByEight(words, first, count, ~seed) >>> 0;
  const { words: block } = core ??= makeCore();
  let crc = seed;
  let left = count;
  for (let from = first; left >= BLOCK_WORDS; from += BLOCK_WORDS, left -= BLOCK_WORDS) {
    block.set(words.length === BLOCK_WORDS ? words : viewOf(words, from));
    crc = shortened(crc);
  }
  return ~slicedByEight(words, first + count - left, left, ~crc) >>> 0;
}

/**
 * The CRC-32C of one block of 4 KiB: faster than {@linkcode crc32c} where the view exists already.
 * Hot path.
 *
 * @param block 4096 bytes, at any offset of plain or shared memory.
 * @param seed The result of an earlier call, to go on from there; 0 to start.
 */
export function crc32cBytes(block: Uint8Array, seed = 0): number {
  assert(block.byteLength === BLOCK_BYTES, "a block has 4096 bytes");
  const { bytes } = core ??= makeCore();
  bytes.set(block);
  return shortened(seed);
}

/** The checksum of the block that lies in the core. */
function shortened(seed: number): number {
  const { words, shorten } = core!;
  words[0] = words[0]! ^ ~seed;
  shorten();
  return ~slicedByEight(words, BLOCK_WORDS - SHORTENED_WORDS, SHORTENED_WORDS, 0) >>> 0;
}

/**
 * The block of an array that starts at a word. Its view is kept for as long as the array is, since
 * the same windows are summed again and again: a view for each call would be garbage, and copying
 * word by word takes as long as the sum. Hot path.
 */
function viewOf(words: Uint32Array, first: number): Uint32Array {
  const known = (views ??= new WeakMap()).get(words) ?? keepViewsOf(words);
  const index = (first >>> 10) % VIEWS_MAX;
  const view = known[index];
  if (view !== undefined && view.byteOffset === words.byteOffset + 4 * first) return view;
  const made = words.subarray(first, first + BLOCK_WORDS);
  assert(made.length === BLOCK_WORDS, "the words lie in their array");
  known[index] = made;
  return made;
}

function keepViewsOf(words: Uint32Array): Uint32Array[] {
  const known: Uint32Array[] = [];
  views!.set(words, known);
  return known;
}

/** Takes the register `before` over `count` words. */
function slicedByEight(words: Uint32Array, first: number, count: number, before: number): number {
  const t = tables ??= buildTables();
  let crc = before;
  let index = first;
  const end = first + count;
  for (const pairsEnd = end - 1; index < pairsEnd; index += 2) {
    const low = crc ^ words[index]!;
    const high = words[index + 1]!;
    crc = t[1792 + (low & 255)]! ^ t[1536 + ((low >>> 8) & 255)]! ^
      t[1280 + ((low >>> 16) & 255)]! ^ t[1024 + (low >>> 24)]! ^
      t[768 + (high & 255)]! ^ t[512 + ((high >>> 8) & 255)]! ^
      t[256 + ((high >>> 16) & 255)]! ^ t[high >>> 24]!;
  }
  if (index < end) {
    const low = crc ^ words[index]!;
    crc = t[768 + (low & 255)]! ^ t[512 + ((low >>> 8) & 255)]! ^
      t[256 + ((low >>> 16) & 255)]! ^ t[low >>> 24]!;
  }
  return crc;
}

/** Table `n` at `n * 256`: the CRC of one byte followed by `n` zero bytes. */
function buildTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index++) {
    const shorter = tables[index - 256]!;
    tables[index] = (shorter >>> 8) ^ tables[shorter & 255]!;
  }
  return tables;
}

function makeCore(): BlockCore {
  const characters = atob(CRC32C_BASE64);
  const code = new Uint8Array(characters.length);
  for (let index = 0; index < code.length; index++) code[index] = characters.charCodeAt(index);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  const { shorten } = instance.exports as unknown as { shorten(): void };
  const words = new Uint32Array(memory.buffer, BLOCK_BYTES, BLOCK_WORDS);
  return { words, bytes: new Uint8Array(memory.buffer, BLOCK_BYTES, BLOCK_BYTES), shorten };
}
