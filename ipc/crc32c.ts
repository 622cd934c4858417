/**
 * CRC-32C (Castagnoli; RFC 3720, appendix B.4), eight bytes a step.
 *
 * Slicing by eight (Kounavis and Berry, 2005): eight tables of 256 entries let the eight bytes of
 * two words be looked up independently of each other. All our formats are whole little-endian
 * words, so the input is a `Uint32Array` and a range of it, which costs no view per call.
 *
 * @module
 */

const POLYNOMIAL = 0x82f63b78; // Reflected.
const TABLES = buildTables();

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
  const t = TABLES;
  let crc = ~seed;
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
  return ~crc >>> 0;
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
