/**
 * The label of a leg: what layer it belongs to, how current it is, and which regions are in doubt.
 *
 * ```
 * block 0                  D                   N-2-T            N-2   N-1   N
 *   | the layer's D blocks | (a larger leg's   | tag blocks, T  | L0  | L1  |
 *   |                      |  unused blocks)   | (tag_block.ts) |     |     |
 *   +----------------------+-------------------+----------------+-----+-----+
 * ```
 *
 * The layer's blocks come first, so that the leg stays a valid image for other tools. Each label
 * write goes to the older of L0 and L1 with a higher generation, and is flushed before the next one;
 * so a torn one leaves the other. The valid one of the higher generation counts.
 *
 * A label is one block of little-endian words, zero where not listed:
 *
 * ```
 * word  0   magic "HAKOLEG1"         word 14  generation up to which a leg that is not in
 *       2   version, 1                        had followed (u64)
 *       3   which of the two, 0 or 1      16  block count of the layer (u64)
 *       4   layer id, 16 bytes            18  blocks of a region
 *       8   number of this leg            19  1 if there are tags, else 0
 *       9   number of legs, 1 or 2        20  checksum: CRC-32C of words 0..1023, this one as 0
 *      10   generation (u64)              32  dirty regions: 4,096 bits
 *      12   state of each leg            160  missed regions: 4,096 bits
 * ```
 *
 * @module
 */

import { crc32c } from "@hako/ipc";
import { readU64, writeU64 } from "../../layouts/u64.ts";
import { BLOCK_WORDS } from "../../layouts/superblock.ts";

/** Label blocks at the end of a leg. */
export const LABELS = 2;

/** Words in a layer id. */
export const LAYER_ID_WORDS = 4;

/** Most regions of a layer: the bits of one bitmap. */
export const REGIONS_MAX = 4096;

/** Words in a bitmap of regions. */
export const BITMAP_WORDS: number = REGIONS_MAX / 32;

/** How current a leg is. */
export const LEG_STATE = {
  /** There is no such leg. */
  NONE: 0,
  /** It holds everything. */
  IN: 1,
  /** It gets every write, but has not got all of the regions that it missed. */
  SYNCING: 2,
  /** It gets no writes. */
  OUT: 3,
} as const;

/** A value of {@linkcode LEG_STATE}. */
export type LegState = typeof LEG_STATE[keyof typeof LEG_STATE];

const MAGIC_LOW = 0x4f4b_4148; // "HAKO"
const MAGIC_HIGH = 0x3147_454c; // "LEG1"
const VERSION = 1;
const SLOT = 3;
const LAYER_ID = 4;
const LEG = 8;
const LEG_COUNT = 9;
const GENERATION = 10;
const STATES = 12;
const SINCE = 14;
const DATA_BLOCKS = 16;
const REGION_BLOCKS = 18;
const TAGGED = 19;
const CHECKSUM = 20;
const HEADER_END = 21;
const DIRTY = 32;
const MISSED: number = DIRTY + BITMAP_WORDS;
const WORDS_USED: number = MISSED + BITMAP_WORDS;

/** What never changes about a layer, but that a second leg may be added. */
export interface LayerShape {
  /** Chosen at random when the layer was made; binds legs and tags to it. */
  readonly layerId: Uint32Array;
  /** Blocks of the layer. */
  readonly dataBlocks: number;
  /** Blocks of a region; the last one may be shorter. */
  readonly regionBlocks: number;
  /** Whether each block has a tag. */
  readonly isTagged: boolean;
}

/** What a label says. */
export interface Label extends LayerShape {
  /** The number of the leg that bears it. */
  readonly leg: number;
  /** How many legs the layer has. */
  readonly legCount: number;
  /** Counts the label writes of the layer, over all legs. */
  readonly generation: number;
  /** How current each leg is. */
  readonly states: readonly LegState[];
  /** A leg that is not in lacks just the missed regions if its own generation is at least this. */
  readonly since: number;
  /** Regions that may have been written since the tags in place were. */
  readonly dirty: Uint32Array;
  /** Regions that a leg which is not in has not got. */
  readonly missed: Uint32Array;
}

/**
 * Writes a label into one block.
 *
 * @param words One block of words.
 * @param slot The place it is written to: 0 or 1.
 */
export function encodeLabel(words: Uint32Array, label: Label, slot: number): void {
  words.fill(0);
  words[0] = MAGIC_LOW;
  words[1] = MAGIC_HIGH;
  words[2] = VERSION;
  words[SLOT] = slot;
  words.set(label.layerId, LAYER_ID);
  words[LEG] = label.leg;
  words[LEG_COUNT] = label.legCount;
  writeU64(words, GENERATION, label.generation);
  words.set(label.states, STATES);
  writeU64(words, SINCE, label.since);
  writeU64(words, DATA_BLOCKS, label.dataBlocks);
  words[REGION_BLOCKS] = label.regionBlocks;
  words[TAGGED] = label.isTagged ? 1 : 0;
  words.set(label.dirty, DIRTY);
  words.set(label.missed, MISSED);
  words[CHECKSUM] = crc32c(words, 0, BLOCK_WORDS, 0);
}

/**
 * Reads a label out of one block, copied before it is checked.
 *
 * @param slot The place it was read from: 0 or 1.
 * @returns `undefined` unless every field is right.
 */
export function decodeLabel(source: Uint32Array, slot: number): Label | undefined {
  const words = source.slice(0, BLOCK_WORDS);
  const checksum = words[CHECKSUM]!;
  words[CHECKSUM] = 0;
  if (words[0] !== MAGIC_LOW || words[1] !== MAGIC_HIGH || words[2] !== VERSION) return undefined;
  if (crc32c(words, 0, BLOCK_WORDS, 0) !== checksum || words[SLOT] !== slot) return undefined;
  const states = [words[STATES]!, words[STATES + 1]!];
  const label: Label = {
    layerId: words.slice(LAYER_ID, LAYER_ID + LAYER_ID_WORDS),
    leg: words[LEG]!,
    legCount: words[LEG_COUNT]!,
    generation: readU64(words, GENERATION),
    states: states as LegState[],
    since: readU64(words, SINCE),
    dataBlocks: readU64(words, DATA_BLOCKS),
    regionBlocks: words[REGION_BLOCKS]!,
    isTagged: words[TAGGED] === 1,
    dirty: words.slice(DIRTY, DIRTY + BITMAP_WORDS),
    missed: words.slice(MISSED, MISSED + BITMAP_WORDS),
  };
  const legs = (label.legCount === 1 || label.legCount === 2) && label.leg < label.legCount &&
    states.every((state, leg) =>
      isState(state) && (state !== LEG_STATE.NONE) === leg < label.legCount
    );
  const counts = label.generation > 0 && label.since >= 0 && label.dataBlocks > 0 &&
    label.regionBlocks > 0 && label.dataBlocks <= label.regionBlocks * REGIONS_MAX;
  const rest = words.subarray(HEADER_END, DIRTY).every(isZero) && words[TAGGED]! <= 1 &&
    words.subarray(WORDS_USED).every(isZero);
  return legs && counts && rest && states.includes(LEG_STATE.IN) ? label : undefined;
}

/** Whether a block that holds no valid label still shows that it was one of a layer's. */
export function wasLabelOf(words: Uint32Array, layerId: Uint32Array): boolean {
  const id = layerId.every((word, index) => words[LAYER_ID + index] === word);
  return words[0] === MAGIC_LOW && words[1] === MAGIC_HIGH || id;
}

/**
 * Whether a block may be what a power cut has left of a leg's first label, which was written over
 * zeroes: each word is zero, or such as that label can have. Then all regions are missed, or none.
 *
 * @param slot The place it was read from: 0 or 1.
 */
export function isTornFirstLabel(
  words: Uint32Array,
  shape: Omit<LayerShape, "layerId">,
  slot: number,
): boolean {
  return words.every((word, at) => word === 0 || isWordOfFirst(word, at, shape, slot));
}

function isWordOfFirst(
  word: number,
  at: number,
  { dataBlocks, regionBlocks }: Omit<LayerShape, "layerId">,
  slot: number,
): boolean {
  if (at >= WORDS_USED) return false;
  if (at >= DIRTY) {
    const left = Math.ceil(dataBlocks / regionBlocks) - 32 * ((at - DIRTY) % BITMAP_WORDS);
    const all = 2 ** Math.min(32, Math.max(0, left)) - 1;
    return at < MISSED ? word <= all : word === all || ~word === 0;
  }
  if (at >= LAYER_ID && at < LAYER_ID + LAYER_ID_WORDS) return true;
  if (at === GENERATION || at === SINCE || at === CHECKSUM) return true;
  if (at === STATES || at === STATES + 1) return isState(word);
  const exact: Record<number, number> = {
    [0]: MAGIC_LOW,
    [1]: MAGIC_HIGH,
    [2]: VERSION,
    [SLOT]: slot,
    [DATA_BLOCKS]: dataBlocks % 2 ** 32,
    [DATA_BLOCKS + 1]: Math.floor(dataBlocks / 2 ** 32),
    [REGION_BLOCKS]: regionBlocks,
    [TAGGED]: 1,
    [LEG]: 1,
  };
  return at === LEG_COUNT ? word <= 2 : exact[at] === word;
}

/** Whether two labels are of the same layer. */
export function isSameLayer(one: LayerShape, other: LayerShape): boolean {
  return one.layerId.every((word, index) => word === other.layerId[index]) &&
    one.dataBlocks === other.dataBlocks && one.regionBlocks === other.regionBlocks &&
    one.isTagged === other.isTagged;
}

function isState(value: number): boolean {
  return value <= LEG_STATE.OUT;
}

function isZero(word: number): boolean {
  return word === 0;
}
