import { assert, assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import { decodeRecord } from "./layouts/record.ts";
import { VOLUME_FLAG, WRITE_FLAG } from "./protocol.ts";
import { readSuperblock } from "./format.ts";
import { SimulatedVolume } from "./simulated_volume.ts";
import { VolumeModel } from "./volume_model.ts";
import { type Operation, randomWorkload, seededRandom } from "./workload.ts";

const OPTIONS = { deviceBlocks: 64, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const LARGE = { deviceBlocks: 2048, ringLength: 64, keepBytes: 20_480 + 40 * 4224 };
const VOLUME_BLOCKS = 38;
const BLOCK = 4096;
const SPAN = { blockCount: 14 };

for (const atomicWrites of ["device", "journal"] as const) {
  Deno.test(`any requests leave what a model says (whole by the ${atomicWrites})`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const simulated = new SimulatedVolume({ ...OPTIONS, atomicWrites }).open();
      const model = new VolumeModel(new Uint32Array(VOLUME_BLOCKS * 8));
      const workload = randomWorkload(seededRandom(seed), 120, { blockCount: VOLUME_BLOCKS });
      for (const [index, operation] of workload.entries()) {
        assert(simulated.execute(operation, index + 1) >= 0);
        model.answered(operation);
        assertEquals(model.compare(simulated.readSectors()), undefined, `seed ${seed}, ${index}`);
      }
    }
  });
}

Deno.test("reads of any range tell what lies there, images or not", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const workload = randomWorkload(seededRandom(3), 60, { blockCount: VOLUME_BLOCKS });
  workload.forEach((operation, index) => simulated.execute(operation, index + 1));
  const whole = simulated.readBytes(0, VOLUME_BLOCKS * BLOCK);
  const random = seededRandom(8);
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let round = 0; round < 300; round++) {
    const offset = below(VOLUME_BLOCKS * 8) * 512;
    const byteLength = (1 + below((whole.byteLength - offset) / 512)) * 512;
    assertEquals(simulated.readBytes(offset, byteLength), whole.slice(offset, offset + byteLength));
    const target = new Uint8Array(new SharedArrayBuffer(BLOCK)).subarray(0, 1024);
    const table = new Uint8Array(32);
    const view = new DataView(table.buffer);
    const other = below(VOLUME_BLOCKS * 8) * 512;
    [offset, 512, other, 512].forEach((value, at) =>
      view.setBigUint64(at * 8, BigInt(value), true)
    );
    assertEquals(simulated.volume.readVector({ count: 2, table, target: target.fill(1) }), 1024);
    const expected = [...whole.slice(offset, offset + 512), ...whole.slice(other, other + 512)];
    assertEquals([...target], expected);
  }
});

Deno.test("whole blocks leave no image, parts and pinned blocks do", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const written = (operation: Operation): number => {
    const before = simulated.device.events.length;
    assert(simulated.execute(operation, 1) >= 0);
    return simulated.device.events.length - before;
  };
  assertEquals(written({ kind: "write", first: 1, count: 3, stamp: 1 }), 1);
  assertEquals(written({ kind: "scatter", runs: [{ first: 9, count: 1 }], stamp: 2 }), 0);
  assertEquals(written({ kind: "write", first: 1, count: 1, stamp: 3 }), 0);
  assertEquals(written({ kind: "write", first: 1, count: 3, stamp: 4 }), 1);
  assertEquals(written({ kind: "zero", run: { first: 8, count: 8 } }), 0);
  assertEquals(written({ kind: "zero", run: { first: 16, count: 8 } }), 1);
  assertEquals(written({ kind: "trim", run: { first: 8, count: 8 } }), 0);
  assertEquals(written({ kind: "trim", run: { first: 7, count: 18 } }), 1);
  assertEquals(written({ kind: "trim", run: { first: 17, count: 14 } }), 0); // No whole block.
});

Deno.test("with the journal for whole blocks, nothing is written in place but from a record", () => {
  const simulated = new SimulatedVolume({ ...OPTIONS, atomicWrites: "journal" }).open();
  const before = simulated.device.events.length;
  simulated.execute({ kind: "write", first: 0, count: 30, stamp: 1 }, 1); // More than the tail holds.
  const { events } = simulated.device;
  const firstInPlace = events.findIndex((event, index) =>
    index >= before && event.kind === "write" && event.offset < VOLUME_BLOCKS * BLOCK
  );
  const flushes = events.slice(before, firstInPlace).filter(({ kind }) => kind === "flush");
  assertEquals(flushes.length, 2);
  assertEquals([...simulated.readStamps().subarray(0, 31)], [...Array(30).fill(1), 0]);
});

Deno.test("FUA is answered when what was written is durable", () => {
  for (const atomicWrites of ["device", "journal"] as const) {
    const workload: readonly Operation[] = [
      { kind: "write", first: 1, count: 2, stamp: 5, fua: true },
      { kind: "scatter", runs: [{ first: 30, count: 3 }], stamp: 6, fua: true },
      { kind: "zero", run: { first: 1, count: 30 }, fua: true },
    ];
    for (const operation of workload) {
      const simulated = new SimulatedVolume({ ...OPTIONS, atomicWrites }).open();
      simulated.execute({ kind: "write", first: 0, count: 8, stamp: 1 }, 1);
      simulated.execute({ kind: "flush" }, 2);
      simulated.execute(operation, 3);
      const last = simulated.device.events.map(({ kind }) => kind).lastIndexOf("flush");
      const image = new Uint8Array(64 * BLOCK);
      for (const event of simulated.device.events.slice(0, last)) {
        if (event.kind === "write") image.set(event.bytes, event.offset);
      }
      const later = new SimulatedVolume(OPTIONS, image).open();
      assertEquals(later.readSectors(), simulated.readSectors());
    }
  }
});

Deno.test("stat() tells what a volume can do", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const { READ_ONLY, FAST_ZERO } = VOLUME_FLAG;
  const byteLength = VOLUME_BLOCKS * BLOCK;
  assertEquals(simulated.volume.stat(), { byteLength, flags: FAST_ZERO });
  simulated.device.fastZero = false;
  assertEquals(simulated.volume.stat().flags, 0);
  const { FAST } = WRITE_FLAG;
  const zero = { offset: 0, byteLength: 512, flags: FAST };
  assertEquals(simulated.volume.zero(zero), -ERRNO.EOPNOTSUPP);
  simulated.device.fastZero = true;
  assertEquals(simulated.volume.zero(zero), 0);
  simulated.device.faults.fault = (operation) => operation === "flush" ? "EIO" : undefined;
  simulated.execute({ kind: "flush" }, 1);
  assertEquals(simulated.volume.stat().flags, READ_ONLY | FAST_ZERO);
  const careful = new SimulatedVolume({ ...OPTIONS, atomicWrites: "journal" }).open();
  assertEquals(careful.volume.stat().flags, 0);
  assertEquals(careful.volume.zero(zero), -ERRNO.EOPNOTSUPP);
});

Deno.test("extents tell zeroes from others, in place or not, a bounded part at a time", () => {
  const simulated = new SimulatedVolume(LARGE).open();
  const extent = (offset: number, byteLength: number): unknown =>
    Object.values(simulated.volume.extent({ offset, byteLength }));
  const MIB = 1 << 20;
  assertEquals(extent(0, 4 * MIB), [MIB, 1]);
  assertEquals(extent(512, 4 * MIB), [MIB - 512, 1]);
  simulated.execute({ kind: "write", first: 3, count: 40, stamp: 1 }, 1);
  simulated.execute({ kind: "transact", blocks: [45], stamp: 2 }, 2);
  simulated.execute({ kind: "zero", run: { first: 10 * 8, count: 8 } }, 3);
  assertEquals(extent(0, MIB), [3 * BLOCK, 1]);
  assertEquals(extent(512, 2 * BLOCK), [2 * BLOCK, 1]);
  assertEquals(extent(3 * BLOCK, MIB), [7 * BLOCK, 0]);
  assertEquals(extent(3 * BLOCK + 1024, 512), [512, 0]);
  assertEquals(extent(10 * BLOCK, MIB), [BLOCK, 1]);
  assertEquals(extent(11 * BLOCK, MIB), [32 * BLOCK, 0]);
  assertEquals(extent(43 * BLOCK, MIB), [2 * BLOCK, 1]);
  assertEquals(extent(45 * BLOCK, MIB), [BLOCK, 0]);
  simulated.execute({ kind: "transact", blocks: [5, 6], stamp: 0 }, 4);
  assertEquals(extent(3 * BLOCK, MIB), [2 * BLOCK, 0]);
  assertEquals(extent(5 * BLOCK, MIB), [2 * BLOCK, 1]);
  simulated.device.faults.fault = () => "EIO";
  assertEquals(simulated.volume.extent({ offset: 0, byteLength: 512 }), -ERRNO.EIO);
});

for (const atomicWrites of ["device", "journal"] as const) {
  Deno.test(`a failed device operation fails its request alone (whole by the ${atomicWrites})`, () => {
    for (let failing = 0; failing < 90; failing++) {
      const simulated = new SimulatedVolume({ ...OPTIONS, atomicWrites }).open();
      const model = new VolumeModel(new Uint32Array(VOLUME_BLOCKS * 8));
      let count = 0;
      let failed = 0;
      for (const [index, operation] of randomWorkload(seededRandom(failing), 40, SPAN).entries()) {
        simulated.device.faults.fault = (kind) =>
          kind !== "flush" && count++ === failing ? "EIO" : undefined;
        const result = simulated.execute(operation, index + 1);
        delete simulated.device.faults.fault;
        if (result < 0) failed++;
        if (result < 0 && (operation.kind === "transact" || operation.kind === "flush")) continue;
        model.start(operation);
        if (result < 0) model.fail(operation);
        else model.end(operation);
        model.flush(model.eventCount); // All that was answered is to be seen.
        assertEquals(
          model.judge(simulated.readSectors(), "block"),
          undefined,
          `${failing} ${index}`,
        );
      }
      const isEnded = (simulated.volume.stat().flags & VOLUME_FLAG.READ_ONLY) !== 0;
      assert(failed <= 1 || isEnded, "one failure fails one request, unless it ends all writing");
      assertEquals(model.judge(simulated.open().readSectors(), "block"), undefined);
    }
  });
}

Deno.test("errors of the device are told as the protocol has them", () => {
  const ops: readonly Operation[] = [
    { kind: "write", first: 1, count: 1, stamp: 1, fua: true },
    { kind: "scatter", runs: [{ first: 0, count: 8 }, { first: 40, count: 8 }], stamp: 2 },
    { kind: "zero", run: { first: 8, count: 8 } },
    { kind: "trim", run: { first: 8, count: 8 } },
    { kind: "read", run: { first: 9, count: 2 } },
    { kind: "scatter", runs: [{ first: 9, count: 1 }], stamp: 2 },
  ];
  const { EIO, ENOSPC, EROFS } = ERRNO;
  const expected = {
    EIO: [EIO, EIO, EIO, EIO, EIO, EIO],
    ENOSPC: [ENOSPC, ENOSPC, ENOSPC, EIO, EIO, ENOSPC],
    EROFS: [EROFS, EROFS, EROFS, EROFS, EIO, EROFS],
  };
  for (const code of ["EIO", "ENOSPC", "EROFS"] as const) {
    const simulated = new SimulatedVolume(OPTIONS).open();
    simulated.device.faults.fault = () => code;
    const answers = ops.map((operation, index) => -simulated.execute(operation, index + 1));
    assertEquals(answers, [...expected[code]], code);
  }
});

Deno.test("after a failed flush all that writes is refused, and reads go on", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.device.faults.fault = (operation) => operation === "flush" ? "EIO" : undefined;
  const fua: Operation = { kind: "write", first: 1, count: 1, stamp: 1, fua: true };
  assertEquals(simulated.execute(fua, 1), -ERRNO.EIO);
  const ops: readonly Operation[] = [
    { ...fua, fua: false },
    { kind: "scatter", runs: [{ first: 0, count: 1 }], stamp: 2 },
    { kind: "scatter", runs: [{ first: 0, count: 1 }, { first: 0, count: 1 }], stamp: 2 },
    { kind: "zero", run: { first: 8, count: 8 } },
    { kind: "trim", run: { first: 8, count: 8 } },
    { kind: "transact", blocks: [1], stamp: 2 },
  ];
  for (const operation of ops) assertEquals(simulated.execute(operation, 2), -ERRNO.EROFS);
  assertEquals([...simulated.readStamps().subarray(0, 3)], [0, 1, 0]);
});

Deno.test("a record carries the tags of the clients whose transactions it holds", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: [1, 2], stamp: 10 }, 7, 3);
  simulated.execute({ kind: "transact", blocks: [2, 3], stamp: 11 }, 8, 4);
  simulated.execute({ kind: "transact", blocks: [4], stamp: 12 }, 9, 3);
  simulated.execute({ kind: "flush" }, 10);
  const { device } = simulated;
  delete device.faults.windows;
  const superblock = readSuperblock(device, new Uint8Array(2 * BLOCK))!;
  const words = new Uint32Array(device.bytes.buffer, VOLUME_BLOCKS * BLOCK, 1024);
  const record = decodeRecord(words, superblock, 0)!;
  assertEquals([...record.blocks], [1, 2, 3, 4]);
  assertEquals(record.tags, [
    { badge: 4, sequence: 8, tagBadge: 104, tagSequence: 11, result: 11 },
    { badge: 3, sequence: 9, tagBadge: 103, tagSequence: 12, result: 12 },
  ]);
  simulated.boot(simulated.device.bytes.slice());
  assertEquals(simulated.volume.lastTag(3).known, 0);
  assertEquals(simulated.execute({ kind: "transact", blocks: [1], stamp: 20 }, 9, 3), 1);
  assertEquals(simulated.readStamps()[1], 20, "a badge of another boot is nobody's");
});

Deno.test("64 clients' tags fit beside the most images of a small ring", () => {
  const simulated = new SimulatedVolume({ ...OPTIONS, ringLength: 8 }).open();
  for (let badge = 1; badge <= 64; badge++) {
    const blocks = [badge % 7];
    simulated.execute({ kind: "transact", blocks, stamp: badge }, 1, badge);
  }
  assertEquals(simulated.execute({ kind: "flush" }, 1), 0);
  const expected = simulated.readStamps();
  const later = new SimulatedVolume(OPTIONS, simulated.device.bytes.slice()).open();
  assertEquals(later.readStamps(), expected);
  assertEquals([...expected.subarray(0, 8)], [63, 64, 58, 59, 60, 61, 62, 0]);
});
