import { assert, assertEquals, assertThrows } from "@std/assert";
import { BLOCK_WORDS } from "../../storage-server/layouts/superblock.ts";
import { UsageError } from "../command_line/command.ts";
import { makeStyle, stripStyle } from "../terminal/style.ts";
import { inspectJournal } from "./inspect.ts";
import { renderJournal } from "./page.ts";
import type { JournalReport } from "./report.ts";
import { AREA_BLOCKS, RING_BLOCKS, TestImage } from "./test_image.ts";

const TAG = { badge: 2, sequence: 31, tagBadge: 3, tagSequence: 17, result: -5 };

Deno.test("inspectJournal() tells of a clean journal: superblocks, volumes, nothing to replay", () => {
  const image = new TestImage();
  image.append([1, 2]);
  image.checkpoint();
  const report = inspect(image);
  assertEquals(report.superblocks, [
    {
      which: 0,
      block: 64,
      state: "in force",
      generation: 3,
      checkpoint: { sequence: 2, position: 3 },
    },
    {
      which: 1,
      block: 65,
      state: "older",
      generation: 2,
      checkpoint: { sequence: 1, position: 0 },
    },
  ]);
  assertEquals(report.deviceId, "00112233445566778899aabbccddeeff");
  assertEquals(report.volumes.map(({ name }) => name), ["root", "home"]);
  assertEquals(report.ring, { first: AREA_BLOCKS, blockCount: RING_BLOCKS });
  assertEquals([report.records, report.verified], [[], true]);
  assertEquals(report.recovery, {
    state: "clean",
    records: 0,
    images: 0,
    next: { sequence: 2, position: 3 },
    tornTail: false,
  });
});

Deno.test("inspectJournal() tells of every record from the checkpoint on, across the ring's end", () => {
  const image = new TestImage(RING_BLOCKS - 3);
  image.append([4], [TAG]);
  image.append([0, 1, 2, 39]); // Its header is the ring's last block.
  image.append([5]);
  const report = inspect(image);
  assertEquals(report.records, [
    {
      sequence: 1,
      position: 21,
      epoch: 7,
      headerBlocks: 1,
      blocks: [4],
      badBlocks: [],
      tags: [TAG],
    },
    {
      sequence: 2,
      position: 23,
      epoch: 7,
      headerBlocks: 1,
      blocks: [0, 1, 2, 39],
      badBlocks: [],
      tags: [],
    },
    { sequence: 3, position: 4, epoch: 7, headerBlocks: 1, blocks: [5], badBlocks: [], tags: [] },
  ]);
  assertEquals(report.recovery, {
    state: "replay",
    records: 3,
    images: 6,
    next: { sequence: 4, position: 6 },
    tornTail: false,
  });
});

Deno.test("inspectJournal() reads a long record, whose header and images go round the ring's end", () => {
  for (const position of [0, 100, 397, 398, 399]) {
    const image = new TestImage(position, 900, 400);
    const blocks = Array.from({ length: 390 }, (_, index) => 2 * index);
    image.append(blocks, [TAG]);
    const { records, recovery } = inspect(image);
    assertEquals(records.map(({ headerBlocks, badBlocks }) => [headerBlocks, badBlocks]), [[
      2,
      [],
    ]]);
    assertEquals([records[0]!.blocks, recovery.state], [blocks, "replay"]);
    for (const index of [0, 255, 256, 389]) image.ringBlock(position + 2 + index)[5]! ^= 1;
    assertEquals(inspect(image).records[0]!.badBlocks, [0, 510, 512, 778]);
  }
});

Deno.test("inspectJournal() finds a whole record that does not follow the one before it", () => {
  const gap = new TestImage();
  gap.append([1]);
  gap.next = { ...gap.next, sequence: 5 };
  gap.append([2]);
  assertEquals(
    inspect(gap).recovery.damage,
    "record 5 at position 2 is whole, but record 2 at position 2 is not",
  );
  const stranger = new TestImage();
  stranger.append([1]);
  stranger.next = { ...stranger.next, chain: 1 };
  stranger.append([2]);
  assertEquals(
    inspect(stranger).recovery.damage,
    "record 2 at position 2 does not follow the one before it",
  );
});

Deno.test("inspectJournal() finds that the last record overlaps the first, not that it meets it", () => {
  for (
    const [images, damage] of [[15, undefined], [16, "record 3 at position 8 overlaps"]] as const
  ) {
    const image = new TestImage();
    for (const blocks of [[1, 2, 3], [4, 5, 6]]) image.append(blocks);
    // The header of the first record is the last image of the last one.
    image.append(Array.from({ length: images }, (_, index) => index), [], "as they lie");
    const { records, recovery } = inspect(image);
    assertEquals(records.length, 3);
    assertEquals(recovery.damage?.slice(0, damage?.length), damage);
  }
});

Deno.test("inspectJournal() takes the records of an earlier lap for what they are", () => {
  const image = new TestImage();
  for (let lap = 0; lap < 20; lap++) {
    image.append([lap, lap + 1]);
    if (lap % 3 === 0) image.checkpoint();
  }
  const { records, recovery } = inspect(image);
  assertEquals([records.map(({ sequence }) => sequence), recovery.state], [[20], "replay"]);
});

Deno.test("inspectJournal() finds an image that is not what was written, and only if it shall", () => {
  for (const bit of [0, 1, 17, 32 * BLOCK_WORDS - 1]) {
    const image = new TestImage();
    image.append([4, 8]);
    image.append([9]);
    image.ringBlock(2)[bit >>> 5]! ^= 1 << (bit & 31);
    const report = inspect(image);
    assertEquals(report.records.map(({ badBlocks }) => badBlocks), [[8], []]);
    assertEquals(report.recovery.state, "damaged");
    assertEquals(report.recovery.records, 0);
    assertEquals(
      report.recovery.damage,
      "the image of block 8 in record 1 at position 0 does not match its checksum",
    );
    const quick = inspectJournal(image, { path: "disk.img", verify: false });
    assertEquals([quick.recovery.state, quick.records[0]!.badBlocks], ["replay", undefined]);
  }
});

Deno.test("inspectJournal() takes the last header, torn, for a record that never happened", () => {
  for (let word = 0; word < 24; word++) {
    const image = new TestImage();
    image.append([1]);
    image.append([2], [TAG]);
    const header = image.ringBlock(2);
    if (header[word] === 0) continue;
    header[word] = 0;
    const { records, recovery } = inspect(image);
    assertEquals(records.map(({ sequence }) => sequence), [1], `word ${word}`);
    assertEquals([recovery.state, recovery.next], ["replay", { sequence: 2, position: 2 }]);
    // Where nothing says that a header starts there, nobody can tell that one was begun.
    const isHeader = ![0, 1, 2, 4, 5, 6, 7, 13].includes(word);
    assertEquals(recovery.tornTail, isHeader, `word ${word}`);
  }
});

Deno.test("inspectJournal() finds that a record before a whole one is lost", () => {
  for (let position = 0; position < 4; position++) {
    for (let word = 0; word < 24; word++) {
      const image = new TestImage();
      for (const block of [1, 2, 3]) image.append([block]);
      image.ringBlock(position)[word]! ^= 0x8000_0000;
      const { recovery } = inspect(image);
      assertEquals(recovery.state, "damaged", `word ${word} of position ${position}`);
      if (position % 2 === 1) continue; // An image.
      const lost = position / 2 + 1;
      assertEquals(
        recovery.damage,
        `record ${lost + 1} at position ${position + 2} is whole, but ` +
          `record ${lost} at position ${position} is not`,
      );
    }
  }
});

Deno.test("inspectJournal() goes by the other superblock when one is torn", () => {
  for (let word = 0; word < 60; word++) {
    const image = new TestImage();
    image.append([1]);
    image.checkpoint();
    image.block(64)[word]! ^= 1;
    const { superblocks, recovery } = inspect(image);
    assertEquals(superblocks.map(({ state }) => state), ["not valid", "in force"]);
    assertEquals([recovery.state, recovery.records], ["replay", 1]);
  }
});

Deno.test("inspectJournal() says why a file is no image", () => {
  const blank = new TestImage();
  blank.words.fill(0);
  const first = new TestImage();
  const garbage = new TestImage();
  for (const which of [64, 65]) {
    first.block(which)[1] = 0x314c_4f56;
    garbage.block(which).fill(0x5a5a_5a5a);
  }
  for (
    const [blocks, why] of [
      [{ blockCount: 1, read: () => new Uint32Array() }, "it has 1 blocks of 4 KiB"],
      [blank, "its last two blocks are blank"],
      [first, "it is of format 1, and this program reads format 2"],
      [garbage, "its last two blocks are no valid superblocks"],
    ] as const
  ) assertThrows(() => inspect(blocks), UsageError, why);
});

Deno.test("inspectJournal() ends on any bytes, and says nothing of what is not there", () => {
  let state = 1;
  for (let round = 0; round < 300; round++) {
    const image = new TestImage(round % RING_BLOCKS);
    image.append([3, 7], [TAG]);
    image.append([11]);
    for (let fault = 0; fault <= round % 4; fault++) {
      state = (Math.imul(state, 0x41c6_4e6d) + 12345) >>> 0;
      const word = (state >>> 4) % (RING_BLOCKS * BLOCK_WORDS);
      image.words[AREA_BLOCKS * BLOCK_WORDS + word] = state;
    }
    const { records, recovery } = inspect(image);
    assert(records.length <= 2);
    assertEquals(recovery.state === "damaged", recovery.damage !== undefined);
    if (recovery.state === "replay") assertEquals(recovery.records, records.length);
  }
});

Deno.test("renderJournal() fits 80 columns and says the same without colour", () => {
  const image = new TestImage();
  image.append(Array.from({ length: 15 }, (_, index) => 2 * index), [TAG, { ...TAG, badge: 9 }]);
  image.append([1, 2, 3]);
  const report = inspect(image);
  const long = { ...report.records[0]!, blocks: Array.from({ length: 50 }, (_, n) => 3 * n) };
  for (const line of renderRecords([long])) assert(line.length <= 80, line);
  const plain = renderJournal(report, makeStyle({ coloured: false }), { records: true });
  const coloured = renderJournal(report, makeStyle({ coloured: true }), { records: true });
  assert(coloured !== plain);
  assertEquals(stripStyle(coloured), plain);
  for (const line of plain.split("\n")) assert(line.length <= 80, line);
  for (
    const text of [
      "S0             64           1  record 1, position 0  older",
      "root              0      30  120 KiB",
      "     2        16      7       1       3  ok                0",
      "record 2: blocks 1-3",
      "client 2, request 31: tag 3/17, result -5",
      "A recovery would replay 2 records (18 images), all whole, and go on at record 3,",
    ]
  ) assert(plain.includes(text), `${text}\n\n${plain}`);
});

Deno.test("renderJournal() writes no control characters that an image holds", () => {
  const image = new TestImage();
  const report = inspect(image);
  const volumes = [{ name: "\u001b[2Jboo\u202e", first: 0, blockCount: 1 }];
  const page = renderJournal({ ...report, volumes }, makeStyle({ coloured: false }), {
    records: false,
  });
  assert(page.includes("?[2Jboo?"), page);
});

function renderRecords(records: JournalReport["records"]): string[] {
  const report = { ...inspect(new TestImage()), records };
  const style = makeStyle({ coloured: false });
  return renderJournal(report, style, { records: true }).split("\n");
}

function inspect(image: Parameters<typeof inspectJournal>[0]): JournalReport {
  return inspectJournal(image, { path: "disk.img", verify: true });
}
