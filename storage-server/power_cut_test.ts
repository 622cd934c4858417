import { assert, assertEquals } from "@std/assert";
import { type CutOptions, PowerCut, type Survival } from "./power_cut.ts";
import type { DeviceEvent } from "./simulated_device.ts";
import { SimulatedVolume, type SimulatedVolumeOptions, survive } from "./simulated_volume.ts";
import { sectorStamps, VolumeModel, type Wholeness } from "./volume_model.ts";
import { type Operation, randomWorkload, seededRandom } from "./workload.ts";

const OPTIONS = { deviceBlocks: 64, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const VOLUME_BLOCKS = 38;
const SPAN = 14; // Blocks in use: few, so that images, writes and records meet.

const LITTLE = { ...OPTIONS, deviceBlocks: VOLUME_BLOCKS + 16, ringLength: 14 };
const SMALL = { deviceBlocks: VOLUME_BLOCKS + 10, ringLength: 8, keepBytes: 20_480 + 6 * 4224 };

interface Disk extends SimulatedVolumeOptions {
  /** How often the server dies, at each death point. */
  readonly deaths: number;
  /** What a torn write in a volume leaves whole. */
  readonly sectorBytes: 512 | 4096;
}

/** Rings with room for two records, for little more than one, and for two small ones. */
const DISKS: readonly Disk[] = [
  { ...OPTIONS, deaths: 0, sectorBytes: 512 },
  { ...OPTIONS, deaths: 0.01, sectorBytes: 4096 },
  { ...LITTLE, deaths: 0, sectorBytes: 4096 },
  { ...LITTLE, deaths: 0.02, sectorBytes: 512 },
  { ...SMALL, deaths: 0.02, sectorBytes: 4096 },
  { ...OPTIONS, deaths: 0.01, sectorBytes: 512, atomicWrites: "journal" },
  { ...SMALL, deaths: 0.01, sectorBytes: 512, atomicWrites: "journal" },
];

/** Only a block of a disk that tears blocks, and is trusted not to, need not be whole. */
function wholenessOf({ sectorBytes, atomicWrites }: Disk): Wholeness {
  return sectorBytes === 512 && atomicWrites !== "journal" ? "sector" : "block";
}

function tearsOf({ sectorBytes }: Disk): CutOptions {
  return { sectorBytes, ringFrom: VOLUME_BLOCKS * 4096, fineFrom: VOLUME_BLOCKS * 4096 };
}

/** What was started and acknowledged when the device had seen so many events. */
interface Progress {
  readonly operation: Operation;
  readonly started: number;
  readonly acknowledged: number;
}

interface Run {
  readonly start: Uint8Array;
  readonly events: readonly DeviceEvent[];
  readonly cut: PowerCut;
  readonly eventCount: number;
  readonly progress: readonly Progress[];
  readonly base: Uint32Array;
  /** How many events there were when the server died first; 0 if it never did. */
  readonly diedAt: number;
}

interface Workload {
  readonly operations: readonly Operation[];
  readonly random: () => number;
  readonly dies?: () => boolean;
}

/** Boots on an image and executes a workload, with deaths if the options have any. */
function run(
  options: Disk,
  image: Uint8Array,
  { operations, random, dies }: Workload,
): Run {
  const simulated = new SimulatedVolume(options, image.slice()).open();
  assertEquals(simulated.recovery.damage, undefined);
  const { device } = simulated;
  const base = simulated.readSectors();
  simulated.dies = dies ?? (() => random() < options.deaths);
  let diedAt = 0;
  const progress = operations.map((operation, index) => {
    const started = device.events.length;
    survive(() => {
      const result = simulated.execute(operation, index + 1);
      assert(result >= 0, `${operation.kind} answered ${result}`);
    }, () => {
      diedAt ||= device.events.length;
      simulated.open();
    });
    return { operation, started, acknowledged: device.events.length };
  });
  const { events } = device;
  const cut = new PowerCut(image, events, tearsOf(options));
  return { start: image, events, cut, eventCount: events.length, progress, base, diedAt };
}

/** The model of a run that was cut after `end` events. */
function modelAt(found: Run, end: number): VolumeModel {
  const model = new VolumeModel(found.base);
  for (const { operation, started, acknowledged } of found.progress) {
    if (started > end) break;
    model.start(operation);
    if (acknowledged <= end) model.end(operation);
  }
  return model;
}

function recovered(image: Uint8Array, options: SimulatedVolumeOptions = OPTIONS): SimulatedVolume {
  const simulated = new SimulatedVolume(options, image);
  simulated.device.records = false;
  return simulated.open();
}

function assertLegal(
  model: VolumeModel,
  disk: Disk,
  image: Uint8Array,
  where: string,
): void {
  const simulated = recovered(image, disk);
  assertEquals(simulated.recovery.damage, undefined, where);
  assertEquals(model.judge(simulated.readSectors(), wholenessOf(disk)), undefined, where);
}

function formatted(options: SimulatedVolumeOptions): Uint8Array {
  return new SimulatedVolume(options).open().device.bytes;
}

for (const [index, ring] of DISKS.entries()) {
  const by = ring.atomicWrites === "journal" ? ", whole by the journal" : "";
  const tears = `torn at ${ring.sectorBytes}${by}`;
  const name = `a ring of ${ring.ringLength}, ${tears}${ring.deaths > 0 ? ", deaths before" : ""}`;

  Deno.test(`a power cut anywhere leaves a legal volume (${name})`, () => {
    const random = seededRandom(100 * index + 1);
    const operations = randomWorkload(random, 40, { blockCount: SPAN });
    const found = run(ring, formatted(ring), { operations, random });
    for (let end = 0; end <= found.eventCount; end++) {
      found.cut.advance(end);
      const model = modelAt(found, end);
      let way = 0;
      for (const survival of found.cut.survivals(random, 8)) {
        const image = found.cut.image(survival);
        assertLegal(model, ring, image, `event ${end}, way ${way++}`);
      }
    }
  });

  Deno.test(`a power cut inside recovery leaves a legal volume (${name})`, () => {
    const random = seededRandom(100 * index + 7);
    const operations = randomWorkload(random, 30, { blockCount: SPAN });
    const found = run(ring, formatted(ring), { operations, random });
    for (let end = 0; end <= found.eventCount; end += 6) {
      found.cut.advance(end);
      const model = modelAt(found, end);
      const kept = (): Survival => random() < 0.7 ? "kept" : "dropped";
      const image = found.cut.image(kept);
      const { events } = new SimulatedVolume(ring, image.slice()).open().device;
      const cut = new PowerCut(image, events, tearsOf(ring));
      for (let second = 0; second <= events.length; second++) {
        cut.advance(second);
        for (const survival of cut.survivals(random, 2)) {
          const where = `event ${end}, then ${second}`;
          assertLegal(model, ring, cut.image(survival), where);
        }
      }
    }
  });

  Deno.test(`boot after boot, cut after cut, the volume stays legal (${name})`, () => {
    const random = seededRandom(100 * index + 8);
    let image = formatted(ring);
    for (let boot = 0; boot < 60; boot++) {
      const length = 1 + Math.floor(random() * 12);
      const stampFirst = 1 + boot * 100;
      const operations = randomWorkload(random, length, { blockCount: SPAN, stampFirst });
      const found = run(ring, image, { operations, random });
      const last = Math.floor(random() * (found.eventCount + 1));
      for (let end = 0; end <= last; end++) {
        found.cut.advance(end);
        const left = found.cut.image(() => random() < 0.5 ? "kept" : "dropped");
        assertLegal(modelAt(found, end), ring, left, `boot ${boot}, event ${end}`);
      }
      image = found.cut.image(() => random() < 0.5 ? "kept" : "dropped");
      assertLegal(modelAt(found, last), ring, image.slice(), `boot ${boot}`);
    }
  });
}

Deno.test("a power cut anywhere after a death anywhere leaves a legal volume", () => {
  const ring: Disk = { ...SMALL, deaths: 0, sectorBytes: 4096 };
  const transact = (stamp: number, ...blocks: number[]): Operation => ({
    kind: "transact",
    blocks,
    stamp,
  });
  const flush: Operation = { kind: "flush" };
  const operations: Operation[] = [
    transact(1, 1, 2, 3),
    flush,
    { kind: "write", first: 2, count: 3, stamp: 2 },
    flush, // A record of one block beside one of three.
    transact(3, 5, 6, 7),
    { kind: "write", first: 4, count: 2, stamp: 4 },
    flush,
    { kind: "write", first: 6, count: 3, stamp: 5 },
    transact(6, 1, 7, 9, 10),
    flush,
    { kind: "write", first: 9, count: 1, stamp: 7 },
    flush,
    { kind: "scatter", runs: [{ first: 75, count: 2 }, { first: 3, count: 20 }], stamp: 8 },
    { kind: "zero", run: { first: 60, count: 30 }, fua: true },
    { kind: "trim", run: { first: 1, count: 40 } },
    { kind: "write", first: 2, count: 1, stamp: 9, fua: true },
  ];
  const random = seededRandom(3);
  const image = formatted(ring);
  let total = 1;
  for (let at = 0; at <= total; at++) { // Nobody dies in the last run, which is cut everywhere.
    let count = 0;
    const found = run(ring, image, { operations, random, dies: () => count++ === at });
    total = count;
    // Up to the death the runs are the same, and long after it nearly so.
    const fineTo = found.diedAt === 0 ? Infinity : found.diedAt + 8;
    for (let end = found.diedAt; end <= found.eventCount; end += end < fineTo ? 1 : 2) {
      found.cut.advance(end);
      const model = modelAt(found, end);
      const few = found.cut.unflushedCount <= 3;
      for (let subset = 0; subset < (few ? 1 << found.cut.unflushedCount : 4); subset++) {
        const left = found.cut.image((index) =>
          (few ? (subset >> index) & 1 : random() < 0.5) ? "kept" : "dropped"
        );
        assertLegal(model, ring, left, `death at ${at}, event ${end}`);
      }
    }
  }
  assert(total > 50, `${total} death points`);
});

Deno.test("every subset of up to twelve unflushed writes leaves a legal volume", () => {
  const disk: Disk = { ...OPTIONS, deaths: 0, sectorBytes: 4096 };
  const random = seededRandom(12);
  const operations = randomWorkload(random, 60, { blockCount: SPAN });
  const found = run(disk, formatted(disk), { operations, random });
  const { events, start } = found;
  const cut = new PowerCut(start, events, { ...tearsOf(disk), subsetsMax: 12 });
  let unflushedMost = 0;
  for (let end = 0; end <= found.eventCount; end++) {
    cut.advance(end);
    const isLargest = cut.unflushedCount > unflushedMost;
    if (!isLargest) continue; // The smaller ones have been tried elsewhere.
    unflushedMost = cut.unflushedCount;
    const model = modelAt(found, end);
    let way = 0;
    for (const survival of cut.survivals(random, 50)) {
      assertLegal(model, disk, cut.image(survival), `event ${end}, way ${way++}`);
    }
  }
  assert(unflushedMost >= 12, `${unflushedMost} unflushed writes at most`);
});

Deno.test("halt() leaves an image that another tool may change", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const operations = randomWorkload(seededRandom(5), 40, { blockCount: SPAN })
    .filter(({ kind }) => kind !== "trim");
  operations.forEach((operation, index) => simulated.execute(operation, index + 1));
  simulated.volumes.halt();
  const image = simulated.device.bytes.slice();
  const expected = simulated.readSectors();
  const volume = image.subarray(0, expected.length * 512);
  assertEquals(sectorStamps(volume), expected);
  volume.fill(0); // The other tool.
  for (const slot of [62, 63]) { // Even if one superblock is lost meanwhile.
    const changed = image.slice();
    changed.fill(0xff, slot * 4096, (slot + 1) * 4096);
    const later = recovered(changed);
    assertEquals(later.recovery.replayed, 0);
    assertEquals(later.readSectors(), new Uint32Array(expected.length));
  }
});

Deno.test("a power cut while formatting leaves a device that can be formatted", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const { events } = simulated.device;
  const cut = new PowerCut(new Uint8Array(64 * 4096), events, { fineFrom: VOLUME_BLOCKS * 4096 });
  for (let end = 0; end <= simulated.device.events.length; end++) {
    cut.advance(end);
    for (const survival of cut.survivals(seededRandom(end), 4)) {
      const later = recovered(cut.image(survival));
      assertEquals(later.readStamps(), new Uint32Array(VOLUME_BLOCKS));
    }
  }
});
