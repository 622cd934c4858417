import { assert, assertEquals } from "@std/assert";
import { crc32c } from "@hako/ipc";
import {
  encodeLabel,
  type Label,
  LEG_STATE,
} from "../../storage-server/integrity/layouts/label.ts";
import {
  bindingOf,
  DISCARDED,
  encodeTagBlock,
  metadataBlocks,
  tagBlocksPerRegion,
  TAGS_AT,
  TAGS_PER_BLOCK,
} from "../../storage-server/integrity/layouts/tag_block.ts";
import { SimulatedIntegrity } from "../../storage-server/integrity/simulated_integrity.ts";
import { BLOCK_WORDS } from "../../storage-server/layouts/superblock.ts";
import { makeStyle } from "../terminal/style.ts";
import type { Blocks } from "./image_file.ts";
import { inspectJournal, isDamaged } from "./inspect.ts";
import { renderJournal } from "./page.ts";
import type { JournalReport } from "./report.ts";
import { TestImage } from "./test_image.ts";

const SEQUENCE = 5;
const REGION_BLOCKS = 20;

Deno.test("inspectJournal() finds the journal on a leg, and tells of the layer", () => {
  const leg = new TestLeg();
  const { blockCount, layer, recovery } = inspect(leg);
  assertEquals([blockCount, recovery.state, recovery.records], [leg.blockCount, "replay", 1]);
  const { tags, ...rest } = layer!;
  assertEquals(rest, {
    layerId: "01000000020000000300000004000000",
    leg: 1,
    legCount: 2,
    generation: 9,
    legStates: ["in", "syncing"],
    blockCount: 66,
    regionBlocks: REGION_BLOCKS,
    isTagged: true,
    dirtyRegions: 1,
    missedRegions: 2,
  });
  assertEquals(tags, {
    good: 44, // All but the dirty region's, and the two below.
    unknown: 1,
    discarded: 1,
    inDoubt: REGION_BLOCKS,
    badBlocks: [],
    lostTagBlocks: [],
  });
  const quick = inspectJournal(leg, { path: "disk.img", verify: false });
  assertEquals([quick.layer?.tags, isDamaged(quick)], [undefined, false]);
});

Deno.test("inspectJournal() finds every block that is not what its tag says", () => {
  for (let block = 0; block < 66; block++) {
    const leg = new TestLeg();
    leg.words[block * BLOCK_WORDS + block]! ^= 1 << (block & 31);
    const report = inspect(leg);
    const isBelieved = Math.floor(block / REGION_BLOCKS) !== 1 && block !== 2 && block !== 3;
    assertEquals(report.layer?.tags?.badBlocks, isBelieved ? [block] : [], `block ${block}`);
    if (isBelieved) assert(isDamaged(report));
  }
});

Deno.test("inspectJournal() reads what a layer wrote", () => {
  const rig = new SimulatedIntegrity({ legBlocks: [72], tags: true, regionBlocks: 20 }).open();
  const image = new TestImage();
  image.append([1, 2]);
  assertEquals(rig.device.blockCount, image.blockCount);
  const bytes = new Uint8Array(image.words.buffer);
  for (let block = 0; block < image.blockCount; block++) {
    if (block < 40 && block % 7 === 0) continue;
    const view = rig.window.subarray(0, 4096);
    view.set(bytes.subarray(block * 4096, (block + 1) * 4096));
    rig.device.write(block, 1, view);
  }
  rig.device.flush();
  const dirty = inspect(blocksOf(rig.legs[0]!.bytes)).layer!;
  assertEquals([dirty.dirtyRegions, dirty.tags?.inDoubt], [4, 66]);
  rig.settle();
  const { layer, recovery } = inspect(blocksOf(rig.legs[0]!.bytes));
  assertEquals([layer?.dirtyRegions, recovery.state], [0, "replay"]);
  assertEquals([layer?.legStates, layer?.tags?.badBlocks], [["in"], []]);
  const { good, unknown } = layer!.tags!;
  assertEquals(good + unknown, 66);
  assert(good >= 56, `${good} good`);
  const rotten = rig.legs[0]!.bytes.slice();
  rotten[33 * 4096 + 11]! ^= 2;
  assertEquals(inspect(blocksOf(rotten)).layer?.tags?.badBlocks, [33]);
});

Deno.test("inspectJournal() finds the tags of regions that have several tag blocks", () => {
  const leg = new TestLeg(new TestImage(0, 2600), 1100);
  for (const block of [507, 508, 1015, 1016, 1099, 2200, 2625]) {
    leg.words[block * BLOCK_WORDS + 9]! ^= 1;
  }
  const { badBlocks, good, lostTagBlocks } = inspect(leg).layer!.tags!;
  assertEquals(badBlocks, [507, 508, 1015, 1016, 1099, 2200, 2625]);
  assertEquals([good, lostTagBlocks], [2626 - 1100 - 2 - 7, []]);
});

Deno.test("inspectJournal() finds a tag block that is not whole, or not in its place", () => {
  for (const word of [0, 1, 2, 4, 6, TAGS_AT, BLOCK_WORDS - 1]) {
    const leg = new TestLeg();
    leg.words[(leg.firstTagBlock + 2) * BLOCK_WORDS + word]! ^= 1;
    const report = inspect(leg);
    assertEquals(report.layer?.tags?.lostTagBlocks, [2], `word ${word}`);
    assert(isDamaged(report));
  }
});

Deno.test("inspectJournal() goes by the other label when the newer one is torn", () => {
  const leg = new TestLeg();
  leg.words[(leg.blockCount - 2) * BLOCK_WORDS + 10]! ^= 1;
  assertEquals(inspect(leg).layer?.generation, 8);
});

Deno.test("renderJournal() tells of a layer and of its damage in 80 columns", () => {
  const leg = new TestLeg();
  for (const block of [5, 6, 60]) leg.words[block * BLOCK_WORDS]! ^= 1;
  const page = renderJournal(inspect(leg), makeStyle({ coloured: false }), { records: false });
  for (const line of page.split("\n")) assert(line.length <= 80, line);
  const text = page.replaceAll("\n", " ");
  assert(text.includes("this is leg 1 of 0 and 1"), page);
  assert(text.includes("41 blocks match their tags"), page);
  assert(text.includes("Damaged: blocks 5-6 60."), page);
});

/** A leg that carries a test image of one record. */
class TestLeg implements Blocks {
  readonly blockCount: number;
  readonly firstTagBlock: number;
  readonly words: Uint32Array;

  constructor(image = new TestImage(), regionBlocks = REGION_BLOCKS) {
    image.append([1, 2]);
    const label: Label = {
      layerId: Uint32Array.of(1, 2, 3, 4),
      dataBlocks: image.blockCount,
      regionBlocks,
      isTagged: true,
      leg: 1,
      legCount: 2,
      generation: 9,
      states: [LEG_STATE.IN, LEG_STATE.SYNCING],
      since: 3,
      dirty: bitmap(1),
      missed: bitmap(1, 3),
    };
    const metadata = metadataBlocks(label);
    this.blockCount = image.blockCount + 3 + metadata;
    this.firstTagBlock = this.blockCount - metadata;
    this.words = new Uint32Array(this.blockCount * BLOCK_WORDS);
    this.words.set(image.words);
    for (let number = 0; number < metadata - 2; number++) this.#writeTags(label, number);
    encodeLabel(this.#block(this.blockCount - 2), label, 0);
    encodeLabel(this.#block(this.blockCount - 1), { ...label, generation: 8 }, 1);
  }

  read(first: number, count: number): Uint32Array {
    return this.words.slice(first * BLOCK_WORDS, (first + count) * BLOCK_WORDS);
  }

  #writeTags(label: Label, number: number): void {
    const words = this.#block(this.firstTagBlock + number);
    const perRegion = tagBlocksPerRegion(label);
    const region = Math.floor(number / perRegion);
    const first = region * label.regionBlocks + (number % perRegion) * TAGS_PER_BLOCK;
    const end = Math.min((region + 1) * label.regionBlocks, label.dataBlocks);
    for (let index = 0; index < TAGS_PER_BLOCK && first + index < end; index++) {
      const block = first + index;
      const at = TAGS_AT + 2 * index;
      const checksum = crc32c(this.#block(block), 0, BLOCK_WORDS, 0);
      words[at] = checksum ^ bindingOf(block, SEQUENCE);
      words[at + 1] = SEQUENCE;
      if (block === 2) words.set([0, 0], at);
      if (block === 3) words.set([DISCARDED, 0], at);
    }
    encodeTagBlock(words, label, { number, stamp: 1 });
  }

  #block(block: number): Uint32Array {
    return this.words.subarray(block * BLOCK_WORDS, (block + 1) * BLOCK_WORDS);
  }
}

function bitmap(...regions: number[]): Uint32Array {
  const words = new Uint32Array(128);
  for (const region of regions) words[region >>> 5]! |= 1 << (region & 31);
  return words;
}

function blocksOf(bytes: Uint8Array): Blocks {
  const words = new Uint32Array(bytes.slice().buffer);
  return {
    blockCount: words.length / BLOCK_WORDS,
    read: (first, count) => words.slice(first * BLOCK_WORDS, (first + count) * BLOCK_WORDS),
  };
}

function inspect(leg: Blocks): JournalReport {
  return inspectJournal(leg, { path: "disk.img", verify: true });
}
