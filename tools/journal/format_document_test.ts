/** Compares the tables of docs/formats/journal.md with what the code writes. */

import { assert, assertEquals } from "@std/assert";
import { RING_BLOCKS_MAX, RING_BLOCKS_MIN } from "../../storage-server/format.ts";
import { encodeLabel, LEG_STATE } from "../../storage-server/integrity/layouts/label.ts";
import {
  encodeTagBlock,
  TAGS_AT,
  TAGS_PER_BLOCK,
} from "../../storage-server/integrity/layouts/tag_block.ts";
import {
  decodeRecord,
  encodeRecord,
  HEADER_BLOCKS_MAX,
  headerBlocksOf,
  RECORD_IMAGES_MAX,
  RECORD_TAGS_MAX,
} from "../../storage-server/layouts/record.ts";
import {
  BLOCK_WORDS,
  encodeSuperblock,
  type Geometry,
  VOLUME_BLOCKS_MAX,
  VOLUME_NAME_BYTES,
  VOLUMES_MAX,
} from "../../storage-server/layouts/superblock.ts";
import {
  ENTRY_KIND,
  ENTRY_WORDS,
  TAIL_DEVICE_ID,
  tailShape,
} from "../../storage-server/layouts/tail.ts";

const DOCUMENT = Deno.readTextFileSync(`${import.meta.dirname}/../../docs/formats/journal.md`);

const ID = Uint32Array.of(0x1111_1111, 0x2222_2222, 0x3333_3333, 0x4444_4444);
const FAR = 2 ** 40;
const FAR_WORDS = [0, 256];

const GEOMETRY: Geometry = {
  deviceId: ID,
  areaBlockCount: FAR + 77,
  ringFirst: FAR + 78,
  ringLength: 79,
  volumes: [{ name: "root", first: FAR + 1, blockCount: FAR + 2 }, {
    name: "x".repeat(32),
    first: FAR + 4,
    blockCount: 5,
  }],
};
const PLACE = { position: 80, sequence: FAR + 81, chain: 82 };

/** A row of a table of words. */
interface Field {
  readonly at: number;
  readonly length: number;
  readonly what: string;
}

Deno.test("the document has each word of a superblock where it is", () => {
  const words = new Uint32Array(BLOCK_WORDS);
  encodeSuperblock(words, { ...GEOMETRY, ...PLACE, generation: FAR + 83 }, 1);
  const fields = wordTable("## The superblock", 0);
  checkWords(words, fields, [
    ["magic, the bytes `HAKOVOL2`", asWords("HAKOVOL2")],
    ["version, 2", [2]],
    ["which of the two", [1]],
    ["device id", [...ID]],
    ["blocks for volumes", [77, 256]],
    ["first block of the ring", [78, 256]],
    ["ring length", [79]],
    ["checkpoint, position", [80]],
    ["checkpoint, sequence", [81, 256]],
    ["checkpoint, checksum", [82]],
    ["checksum of all", [words[17]!]],
    ["generation", [83, 256]],
    ["number of volumes, 1 to 8", [2]],
  ]);
  const volumes = fields.at(-1)!;
  const volumeWords = volumes.length / VOLUMES_MAX;
  assert(volumes.what.endsWith(`${volumeWords} words each`));
  assert(volumes.at + volumes.length <= 128, "all lies in the first 512 bytes");
  const second = words.subarray(volumes.at + volumeWords, volumes.at + 2 * volumeWords);
  checkWords(second, wordTable("## The superblock", 1), [
    ["name, 1 to 32 bytes", asWords("x".repeat(32))],
    ["first block", [4, 256]],
    ["block count", [5, 0]],
  ]);
});

Deno.test("the document has each word of a record's header where it is", () => {
  const tag = { badge: 91, sequence: 92, tagBadge: 93, tagSequence: 94, result: -95 };
  const words = new Uint32Array(BLOCK_WORDS);
  const blocks = Float64Array.of(7, FAR + 8);
  const checksums = Uint32Array.of(0xaaaa_aaaa, 0xbbbb_bbbb);
  encodeRecord(words, GEOMETRY, PLACE, { epoch: 84, blocks, checksums, tags: [tag] });
  const fields = wordTable("## The record's header", 0);
  checkWords(words, fields, [
    ["magic, the bytes `HAKOREC2`", asWords("HAKOREC2")],
    ["version, 2", [2]],
    ["epoch", [84]],
    ["device id", [...ID]],
    ["sequence", [81, 256]],
    ["checksum of the record before", [82]],
    ["number of images", [2]],
    ["position", [80]],
    ["blocks of this header", [1]],
    ["checksum of the whole header", [words[14]!]],
    ["number of tags, m, 0 to 64", [1]],
  ]);
  const table = fields.at(-1)!;
  assert(table.what.includes("n entries of 4 words, then m tags of 5 words"));
  checkWords(words.subarray(table.at + 4, table.at + 8), wordTable("## The record's header", 1), [
    ["block of the device", [8, ...FAR_WORDS.slice(1)]],
    ["checksum of the image", [0xbbbb_bbbb]],
  ]);
  checkWords(words.subarray(table.at + 8, table.at + 13), wordTable("## The record's header", 2), [
    ["badge", [91]],
    ["sequence", [92]],
    ["tag badge", [93]],
    ["tag sequence", [94]],
    ["result", [-95 >>> 0]],
  ]);
  for (const [n, m] of [[1, 0], [252, 0], [253, 0], [900, 64]] as const) {
    assertEquals(headerBlocksOf(n, m), Math.ceil((table.at + 4 * n + 5 * m) / BLOCK_WORDS));
  }
});

Deno.test("the document's dump is a record, and what it says of it is so", () => {
  const words = new Uint32Array(BLOCK_WORDS);
  const bytes = new Uint8Array(words.buffer);
  for (const [, offset, line] of DOCUMENT.matchAll(/^([\da-f]{8}) {2}([\da-f ]{48}) {2}\|/gm)) {
    bytes.set(line!.trim().split(/ +/).map((byte) => parseInt(byte, 16)), parseInt(offset!, 16));
  }
  const geometry = { ...GEOMETRY, deviceId: words.slice(4, 8), ringLength: 2048 };
  const record = decodeRecord(words, geometry, 45)!;
  const { sequence, epoch, chain, blocks, tags } = record;
  assertEquals([sequence, epoch, chain.toString(16)], [6, 1, "a09f2a01"]);
  assertEquals([...blocks], [0, 1, 2, 3, 4, 100]);
  assertEquals(tags, [{ badge: 2, sequence: 31, tagBadge: 3, tagSequence: 17, result: 10_000 }]);
});

Deno.test("the document has the journal's tail as it is", () => {
  assertEquals(wordTable("## The journal's tail", 0).map(({ at }) => at), [0, TAIL_DEVICE_ID]);
  const entry = wordTable("## The journal's tail", 1);
  assertEquals(entry.at(-1)!.at + entry.at(-1)!.length, ENTRY_WORDS);
  const kinds = tables("## The journal's tail")[2]!.map(([kind, name]) => [name, Number(kind)]);
  assertEquals(Object.fromEntries(kinds), ENTRY_KIND);
  for (const byteLength of [2 ** 20, 2 ** 24, 10_000_000]) {
    const { slotCount, entryCount, slotsOffset } = tailShape(byteLength);
    assertEquals(entryCount, Math.ceil((2 * slotCount + 128) / 128) * 128);
    assertEquals(slotsOffset, 4096 + 2 * entryCount * ENTRY_WORDS * 4);
  }
});

Deno.test("the document has the limits as they are", () => {
  const limits = tables("## Limits")[0]!.map(([, value]) => Number(value!.replaceAll(",", "")));
  assertEquals(limits, [
    VOLUMES_MAX,
    VOLUME_NAME_BYTES,
    VOLUME_BLOCKS_MAX,
    RING_BLOCKS_MIN,
    RING_BLOCKS_MAX,
    HEADER_BLOCKS_MAX,
    RECORD_IMAGES_MAX,
    RECORD_TAGS_MAX,
  ]);
});

Deno.test("the document has the integrity layer's blocks as they are", () => {
  const shape = { layerId: ID, dataBlocks: FAR + 85, regionBlocks: 86, isTagged: true };
  const words = new Uint32Array(BLOCK_WORDS);
  encodeLabel(words, {
    ...shape,
    leg: 1,
    legCount: 2,
    generation: FAR + 87,
    states: [LEG_STATE.IN, LEG_STATE.OUT],
    since: FAR + 88,
    dirty: new Uint32Array(128).fill(0xd),
    missed: new Uint32Array(128).fill(0xe),
  }, 1);
  checkWords(words, wordTable("## The integrity layer", 0), [
    ["magic, the bytes `HAKOLEG1`", asWords("HAKOLEG1")],
    ["version, 1", [1]],
    ["which of the two", [1]],
    ["layer id", [...ID]],
    ["number of this leg", [1]],
    ["number of legs", [2]],
    ["generation (u64), counted", [87, 256]],
    ["state of each leg: 0 none, 1 in, 2 syncing, 3 out", [1, 3]],
    ["generation (u64) up to which", [88, 256]],
    ["block count of the layer", [85, 256]],
    ["blocks of a region", [86]],
    ["tags: 1", [1]],
    ["checksum of all", [words[20]!]],
    ["dirty regions", Array(128).fill(0xd)],
    ["missed regions", Array(128).fill(0xe)],
  ]);
  assertEquals({ ...LEG_STATE }, { NONE: 0, IN: 1, SYNCING: 2, OUT: 3 });

  const tagBlock = new Uint32Array(BLOCK_WORDS);
  tagBlock.fill(0xf, TAGS_AT);
  encodeTagBlock(tagBlock, shape, { number: FAR + 89, stamp: FAR + 90 });
  checkWords(tagBlock, wordTable("## The integrity layer", 1), [
    ["magic, the bytes `TAGS`", asWords("TAGS")],
    ["checksum of all", [tagBlock[1]!]],
    ["number of this tag block", [89, 256]],
    ["stamp", [90, 256]],
    ["first word of the layer id", [ID[0]!]],
    [`${TAGS_PER_BLOCK} tags of 2 words`, Array(2 * TAGS_PER_BLOCK).fill(0xf)],
  ]);
});

/**
 * Checks that each field stands where a table says, and that nothing stands where it says nothing.
 * A row whose content is not given is passed over.
 */
function checkWords(
  words: Uint32Array,
  fields: readonly Field[],
  expected: readonly (readonly [what: string, words: readonly number[]])[],
): void {
  for (const [index, [what, value]] of expected.entries()) {
    const { at, length, what: said } = fields[index]!;
    assert(said.startsWith(what), `row ${index} says "${said}", not "${what}"`);
    assertEquals([...words.subarray(at, at + length)], value, said);
  }
  const rest = words.slice();
  for (const { at, length } of fields) rest.fill(0, at, at + (length || rest.length));
  assert(rest.every((word) => word === 0), "what is not in the table is zero");
  const last = fields.at(-1)!;
  assert(expected.length === fields.length || last === fields[expected.length], last.what);
}

function asWords(text: string): number[] {
  return [...new Uint32Array(new TextEncoder().encode(text).buffer)];
}

/** The table of words with this number in a section. */
function wordTable(heading: string, number: number): Field[] {
  return tables(heading)[number]!.map(([at, length, what]) => ({
    at: Number(at),
    length: length === "-" ? 0 : Number(length),
    what: what!,
  }));
}

/** The cells of the tables of a section, without their heads. */
function tables(heading: string): string[][][] {
  const section = DOCUMENT.split(`\n${heading}\n`)[1]!.split("\n## ")[0]!;
  const blocks = section.trim().split("\n\n").filter((block) => block.startsWith("|"));
  return blocks.map((block) =>
    block.trim().split("\n").slice(2).map((row) =>
      row.split("|").slice(1, -1).map((cell) => cell.trim())
    )
  );
}
