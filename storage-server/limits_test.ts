import { assert, assertEquals, assertThrows } from "@std/assert";
import { ERRNO, OsError } from "@hako/ipc";
import { ringLengthFor } from "./format.ts";
import {
  imagesMaxOf,
  RECORD_IMAGES_MAX,
  RECORD_TAGS_MAX,
  recordBlocksOf,
} from "./layouts/record.ts";
import { encodeSuperblock } from "./layouts/superblock.ts";
import { tailShape } from "./layouts/tail.ts";
import { JournalTail } from "./journal_tail.ts";
import { readOptions } from "./options.ts";
import { SimulatedVolume } from "./simulated_volume.ts";

const DEVICE_BLOCKS = 64;
const OPTIONS = { deviceBlocks: DEVICE_BLOCKS, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const RING_FIRST = 38;

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

Deno.test("a transaction larger than the journal is refused with ENOSPC, and the next one is not", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const large = { kind: "transact", blocks: range(0, 13), stamp: 1 } as const;
  assertEquals(simulated.execute(large, 1), -ERRNO.ENOSPC);
  assertEquals(simulated.execute({ ...large, blocks: range(0, 12) }, 2), 12);
  assertEquals(simulated.execute({ ...large, blocks: range(12, 12), stamp: 2 }, 3), 12);
  assertEquals(simulated.execute({ ...large, blocks: range(6, 12), stamp: 3 }, 4), 12);
  assertEquals([...simulated.readStamps().subarray(5, 19)], [1, ...range(0, 12).fill(3), 2]);
});

Deno.test("a block that is written over and over stays in the tail and off the disk", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const before = simulated.device.events.length;
  for (let stamp = 1; stamp <= 5000; stamp++) {
    simulated.execute({ kind: "transact", blocks: [1, 2, 3], stamp }, stamp);
  }
  assertEquals(simulated.device.events.length, before);
  assertEquals([...simulated.open().readStamps().subarray(0, 5)], [0, 5000, 5000, 5000, 0]);
});

Deno.test("a plain write over more pinned blocks than the tail holds unpins them", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: range(0, 12), stamp: 1 }, 1);
  simulated.execute({ kind: "flush" }, 2);
  simulated.execute({ kind: "transact", blocks: range(12, 12), stamp: 2 }, 3);
  assertEquals(simulated.execute({ kind: "write", first: 0, count: 30, stamp: 3 }, 4), 122_880);
  assertEquals([...simulated.readStamps().subarray(0, 31)], [...range(0, 30).fill(3), 0]);
  simulated.execute({ kind: "flush" }, 5);
  simulated.boot(simulated.device.bytes.slice());
  assertEquals([...simulated.readStamps().subarray(0, 31)], [...range(0, 30).fill(3), 0]);
});

Deno.test("sequences up to 2^53 are told apart", () => {
  for (const sequence of [2 ** 32 - 3, 2 ** 53 - 40]) {
    const bytes = new Uint8Array(DEVICE_BLOCKS * 4096);
    const volumes = [{ name: "volume", first: 0, blockCount: RING_FIRST }];
    const ring = { ringFirst: RING_FIRST, ringLength: 24 };
    const geometry = { areaBlockCount: RING_FIRST, ...ring, volumes };
    const place = { sequence, position: 23, chain: 5 };
    const deviceId = Uint32Array.of(1, 2, 3, 4);
    encodeSuperblock(
      new Uint32Array(bytes.buffer, (DEVICE_BLOCKS - 2) * 4096, 1024),
      { deviceId, ...geometry, ...place, generation: 2 ** 32 - 3 },
      0,
    );
    const simulated = new SimulatedVolume(OPTIONS, bytes).open();
    for (let round = 1; round <= 30; round++) { // The ring wraps several times.
      const blocks = range(round % 20, 1 + round % 7);
      simulated.execute({ kind: "transact", blocks, stamp: round }, round);
      assertEquals(simulated.execute({ kind: "flush" }, round), 0);
      const expected = simulated.readStamps();
      simulated.open();
      assertEquals(simulated.readStamps(), expected);
      const later = new SimulatedVolume(OPTIONS, simulated.device.bytes.slice()).open();
      assertEquals(later.recovery.damage, undefined);
      assertEquals(later.readStamps(), expected);
    }
  }
});

Deno.test("a full host disk is told, loses nothing, and is forgotten when there is room", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: [1, 2], stamp: 10 }, 1);
  simulated.device.faults.fault = (operation, first) =>
    operation === "write" && first < RING_FIRST ? "ENOSPC" : undefined;
  assertEquals(
    simulated.execute({ kind: "write", first: 5, count: 1, stamp: 11 }, 2),
    -ERRNO.ENOSPC,
  );
  assertEquals(simulated.execute({ kind: "flush" }, 3), 0); // Durable in the journal.
  assertEquals(
    simulated.execute({ kind: "transact", blocks: [2, 3], stamp: 20 }, 4),
    -ERRNO.ENOSPC,
  );
  assertEquals([...simulated.readStamps().subarray(0, 6)], [0, 10, 10, 0, 0, 0]);
  simulated.open();
  assertEquals([...simulated.readStamps().subarray(0, 6)], [0, 10, 10, 0, 0, 0]);
  delete simulated.device.faults.fault;
  assertEquals(simulated.execute({ kind: "transact", blocks: [2, 3], stamp: 20 }, 4), 2);
  simulated.volumes.halt();
  simulated.boot(simulated.device.bytes.slice());
  assertEquals([...simulated.readStamps().subarray(0, 6)], [0, 10, 20, 20, 0, 0]);
});

Deno.test("a failed flush ends all writing, for successors, too; reads go on", () => {
  for (let failing = 0; failing < 2; failing++) {
    const simulated = new SimulatedVolume(OPTIONS).open();
    simulated.execute({ kind: "transact", blocks: [1, 2], stamp: 10 }, 1);
    let flushes = 0;
    simulated.device.faults.fault = (operation) =>
      operation === "flush" && flushes++ === failing ? "EIO" : undefined;
    assertEquals(simulated.execute({ kind: "flush" }, 2), -ERRNO.EIO);
    for (let life = 0; life < 3; life++) {
      assertEquals(simulated.execute({ kind: "flush" }, 3), -ERRNO.EIO);
      const transact = { kind: "transact", blocks: [3], stamp: 20 } as const;
      assertEquals(simulated.execute(transact, 4), -ERRNO.EROFS);
      assertEquals(
        simulated.execute({ kind: "write", first: 3, count: 1, stamp: 20 }, 5),
        -ERRNO.EROFS,
      );
      assertThrows(() => simulated.volumes.halt(), OsError, "EROFS");
      assertEquals([...simulated.readStamps().subarray(0, 5)], [0, 10, 10, 0, 0]);
      simulated.open();
    }
  }
});

Deno.test("failures of single device operations never tear a transaction or stop the volume", () => {
  for (let failing = 0; failing < 60; failing++) {
    const simulated = new SimulatedVolume(OPTIONS).open();
    let writes = 0;
    simulated.device.faults.fault = (operation) =>
      operation === "write" && writes++ === failing ? "EIO" : undefined;
    for (let round = 1; round <= 12; round++) {
      const blocks = range(round % 4, 5);
      const before = simulated.readStamps();
      const result = simulated.execute({ kind: "transact", blocks, stamp: round }, round);
      const after = simulated.readStamps();
      const expected = before.slice();
      if (result >= 0) { for (const block of blocks) expected[block] = round; }
      assertEquals(after, expected);
      if (round % 2 === 0) simulated.execute({ kind: "flush" }, round);
      assertEquals(simulated.readStamps(), after);
    }
    const expected = simulated.readStamps();
    assertEquals(simulated.open().readStamps(), expected);
  }
});

Deno.test("a read-only device serves reads if there is nothing to replay, else the boot fails", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: [1, 2], stamp: 10 }, 1);
  simulated.execute({ kind: "flush" }, 2);
  const dirty = simulated.device.bytes.slice();
  simulated.volumes.halt();
  const clean = simulated.device.bytes.slice();
  const readOnly = new SimulatedVolume(OPTIONS, clean);
  readOnly.device.faults.fault = (operation) => operation === "write" ? "EROFS" : undefined;
  readOnly.open();
  assertEquals([...readOnly.readStamps().subarray(0, 4)], [0, 10, 10, 0]);
  assertEquals(readOnly.execute({ kind: "transact", blocks: [1], stamp: 2 }, 1), -ERRNO.EROFS);
  assertEquals(readOnly.execute({ kind: "write", first: 1, count: 1, stamp: 2 }, 2), -ERRNO.EROFS);
  assertEquals(readOnly.execute({ kind: "flush" }, 3), 0);
  const refused = new SimulatedVolume(OPTIONS, dirty);
  refused.device.faults.fault = readOnly.device.faults.fault!;
  const error = assertThrows(() => refused.open(), OsError);
  assertEquals(error.code, "EROFS");
});

Deno.test("a failed read answers EIO and the volume goes on", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.device.faults.fault = () => "EIO";
  assertThrows(() => simulated.readBytes(0, 4096), Error, "answered -5");
  delete simulated.device.faults.fault;
  assertEquals([...simulated.readStamps().subarray(0, 2)], [0, 0]);
});

Deno.test("sizes fit: rings, records, keeps", () => {
  assertEquals(RECORD_IMAGES_MAX, 4012);
  assertEquals([ringLengthFor(4096), ringLengthFor(65_536), ringLengthFor(1 << 20)], [
    1024,
    2058,
    8192,
  ]);
  for (const ringLength of [8, 24, 256, 2058, 8192]) {
    const images = imagesMaxOf(ringLength);
    assert(recordBlocksOf(images, RECORD_TAGS_MAX) <= ringLength);
    assert(
      images === RECORD_IMAGES_MAX || recordBlocksOf(images + 1, RECORD_TAGS_MAX) > ringLength,
    );
  }
  for (const byteLength of [40_960, 1 << 20, (16 << 20) + 5, 64 << 20]) {
    const { slotCount, entryCount, slotsOffset } = tailShape(byteLength);
    assert(slotsOffset + slotCount * 4096 <= byteLength && slotCount >= 1);
    assert(entryCount >= 2 * slotCount + 64 + 16, "a compacted log takes one more transaction");
  }
  assertThrows(() => new JournalTail(new Uint8Array(20_000)), RangeError);
  const small = new SimulatedVolume({ ...OPTIONS, deviceBlocks: 16, ringLength: 15 });
  assertThrows(() => small.open(), OsError, "EINVAL");
});

Deno.test("readOptions() refuses what is of no use", () => {
  assertEquals(readOptions({}), {
    devices: ["disk"],
    tags: false,
    absentLeg: "refuse",
    scrubBlocksPerSecond: 0,
    format: "never",
    journalBlocks: undefined,
    volumes: undefined,
    atomicWrites: "device",
  });
  const { devices, volumes } = readOptions({ device: ["a", "b"], volumes: { x: { blocks: 5 } } });
  assertEquals([devices, volumes], [["a", "b"], { x: { blocks: 5 } }]);
  const useless = [
    { device: 1 },
    { device: [] },
    { device: ["a", "a"] },
    { device: ["a", "b", "c"] },
    { format: "always" },
    { journalBlocks: "9" },
    { journalBlocks: -1 },
    { tags: 1 },
    { absentLeg: true },
    { scrubBlocksPerSecond: 0.5 },
    { atomicWrites: "never" },
    { volumes: {} },
    { volumes: ["x"] },
    { volumes: { x: 5 } },
    { volumes: { x: { blocks: "5" } } },
  ];
  for (const options of useless) assertThrows(() => readOptions(options), TypeError);
});
