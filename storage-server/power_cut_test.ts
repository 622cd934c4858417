import { assert, assertEquals } from "@std/assert";
import { PowerCut, type Survival } from "./simulated_device.ts";
import {
  blocksOf,
  type Operation,
  randomWorkload,
  seededRandom,
  SimulatedVolume,
  type SimulatedVolumeOptions,
  survive,
} from "./simulated_volume.ts";
import { sectorStamps, VolumeModel } from "./volume_model.ts";

const OPTIONS = { deviceBlocks: 64, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const VOLUME_BLOCKS = 38;
const SPAN = 14; // Blocks in use: few, so that images, writes and records meet.

/** Rings with room for two records, for little more than one, and for two small ones. */
const RINGS: readonly (SimulatedVolumeOptions & { readonly deaths: number })[] = [
  { ...OPTIONS, deaths: 0 },
  { ...OPTIONS, deaths: 0.01 },
  { deviceBlocks: VOLUME_BLOCKS + 16, ringLength: 14, keepBytes: OPTIONS.keepBytes, deaths: 0 },
  { deviceBlocks: VOLUME_BLOCKS + 16, ringLength: 14, keepBytes: OPTIONS.keepBytes, deaths: 0.02 },
  { deviceBlocks: VOLUME_BLOCKS + 10, ringLength: 8, keepBytes: 20_480 + 6 * 4224, deaths: 0.02 },
];

/** What was started and acknowledged when the device had seen so many events. */
interface Progress {
  readonly operation: Operation;
  readonly started: number;
  readonly acknowledged: number;
}

interface Run {
  readonly cut: PowerCut;
  readonly eventCount: number;
  readonly progress: readonly Progress[];
  readonly base: Uint32Array;
}

interface Workload {
  readonly operations: readonly Operation[];
  readonly random: () => number;
  readonly dies?: () => boolean;
}

/** Boots on an image and executes a workload, with deaths if the options have any. */
function run(
  options: SimulatedVolumeOptions & { readonly deaths?: number },
  image: Uint8Array,
  { operations, random, dies }: Workload,
): Run {
  const simulated = new SimulatedVolume(options, image.slice()).open();
  assertEquals(simulated.recovery.damage, undefined);
  const { device } = simulated;
  const base = simulated.readStamps();
  simulated.dies = dies ?? (() => random() < (options.deaths ?? 0));
  const progress = operations.map((operation, index) => {
    const started = device.events.length;
    survive(() => {
      const result = simulated.execute(operation, index + 1);
      assert(result >= 0, `${operation.kind} answered ${result}`);
    }, () => simulated.open());
    return { operation, started, acknowledged: device.events.length };
  });
  const { events } = device;
  const cut = new PowerCut(image, events, VOLUME_BLOCKS * 4096);
  return { cut, eventCount: events.length, progress, base };
}

/** The model of a run that was cut after `end` events. */
function modelAt(found: Run, end: number): VolumeModel {
  const model = new VolumeModel(found.base);
  for (const { operation, started, acknowledged } of found.progress) {
    if (started > end) break;
    if (operation.kind !== "flush") {
      model.start(operation.kind, operation.stamp, blocksOf(operation));
    } else if (acknowledged <= end) {
      model.flush(model.eventCount);
    }
  }
  return model;
}

function recovered(image: Uint8Array, options: SimulatedVolumeOptions = OPTIONS): SimulatedVolume {
  const simulated = new SimulatedVolume(options, image);
  simulated.device.records = false;
  return simulated.open();
}

function assertLegal(model: VolumeModel, simulated: SimulatedVolume, where: string): void {
  assertEquals(simulated.recovery.damage, undefined, where);
  assertEquals(model.judge(simulated.readSectors()), undefined, where);
}

function formatted(options: SimulatedVolumeOptions): Uint8Array {
  return new SimulatedVolume(options).open().device.bytes;
}

for (const [index, ring] of RINGS.entries()) {
  const name = `a ring of ${ring.ringLength}${ring.deaths > 0 ? ", and deaths before" : ""}`;

  Deno.test(`a power cut anywhere leaves a legal volume (${name})`, () => {
    for (let seed = 1; seed <= 3; seed++) {
      const random = seededRandom(100 * index + seed);
      const operations = randomWorkload(random, 40, { blockCount: SPAN });
      const found = run(ring, formatted(ring), { operations, random });
      for (let end = 0; end <= found.eventCount; end++) {
        found.cut.advance(end);
        const model = modelAt(found, end);
        let way = 0;
        for (const survival of found.cut.survivals(random, 8)) {
          const image = found.cut.image(survival);
          assertLegal(model, recovered(image, ring), `seed ${seed}, event ${end}, way ${way++}`);
        }
      }
    }
  });

  Deno.test(`a power cut inside recovery leaves a legal volume (${name})`, () => {
    const random = seededRandom(100 * index + 7);
    const operations = randomWorkload(random, 30, { blockCount: SPAN });
    const found = run(ring, formatted(ring), { operations, random });
    for (let end = 0; end <= found.eventCount; end += 3) {
      found.cut.advance(end);
      const model = modelAt(found, end);
      const kept = (): Survival => random() < 0.7 ? "kept" : "dropped";
      const image = found.cut.image(kept);
      const { events } = new SimulatedVolume(ring, image.slice()).open().device;
      const cut = new PowerCut(image, events, VOLUME_BLOCKS * 4096);
      for (let second = 0; second <= events.length; second++) {
        cut.advance(second);
        for (const survival of cut.survivals(random, 2)) {
          const where = `event ${end}, then ${second}`;
          assertLegal(model, recovered(cut.image(survival), ring), where);
        }
      }
    }
  });

  Deno.test(`boot after boot, cut after cut, the volume stays legal (${name})`, () => {
    const random = seededRandom(100 * index + 8);
    let image = formatted(ring);
    for (let boot = 0; boot < 120; boot++) {
      const length = 1 + Math.floor(random() * 12);
      const stampFirst = 1 + boot * 100;
      const operations = randomWorkload(random, length, { blockCount: SPAN, stampFirst });
      const found = run(ring, image, { operations, random });
      const last = Math.floor(random() * (found.eventCount + 1));
      for (let end = 0; end <= last; end++) {
        found.cut.advance(end);
        const left = found.cut.image(() => random() < 0.5 ? "kept" : "dropped");
        assertLegal(modelAt(found, end), recovered(left, ring), `boot ${boot}, event ${end}`);
      }
      image = found.cut.image(() => random() < 0.5 ? "kept" : "dropped");
      assertLegal(modelAt(found, last), recovered(image.slice(), ring), `boot ${boot}`);
    }
  });
}

Deno.test("a power cut anywhere after a death anywhere leaves a legal volume", () => {
  const ring = { deviceBlocks: VOLUME_BLOCKS + 10, ringLength: 8, keepBytes: 20_480 + 6 * 4224 };
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
  ];
  const random = seededRandom(3);
  const image = formatted(ring);
  for (let at = 0, total = 1; at < total; at++) {
    let count = 0;
    const found = run(ring, image, { operations, random, dies: () => count++ === at });
    total = count;
    for (let end = 0; end <= found.eventCount; end++) {
      found.cut.advance(end);
      const model = modelAt(found, end);
      const few = found.cut.unflushedCount <= 3;
      for (let subset = 0; subset < (few ? 1 << found.cut.unflushedCount : 8); subset++) {
        const left = found.cut.image((index) =>
          (few ? (subset >> index) & 1 : random() < 0.5) ? "kept" : "dropped"
        );
        assertLegal(model, recovered(left, ring), `death at ${at}, event ${end}`);
      }
    }
  }
});

Deno.test("halt() leaves an image that another tool may change", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const operations = randomWorkload(seededRandom(5), 40, { blockCount: SPAN });
  operations.forEach((operation, index) => simulated.execute(operation, index + 1));
  simulated.volume.halt();
  const image = simulated.device.bytes.slice();
  const expected = simulated.readStamps();
  const volume = image.subarray(0, expected.length * 4096);
  assertEquals(sectorStamps(volume).filter((_, index) => index % 8 === 0), expected);
  volume.fill(0); // The other tool.
  for (const slot of [62, 63]) { // Even if one superblock is lost meanwhile.
    const changed = image.slice();
    changed.fill(0xff, slot * 4096, (slot + 1) * 4096);
    const later = recovered(changed);
    assertEquals(later.recovery.replayed, 0);
    assertEquals(later.readStamps(), new Uint32Array(expected.length));
  }
});

Deno.test("a power cut while formatting leaves a device that can be formatted", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const cut = new PowerCut(
    new Uint8Array(64 * 4096),
    simulated.device.events,
    VOLUME_BLOCKS * 4096,
  );
  for (let end = 0; end <= simulated.device.events.length; end++) {
    cut.advance(end);
    for (const survival of cut.survivals(seededRandom(end), 4)) {
      const later = recovered(cut.image(survival));
      assertEquals(later.readStamps(), new Uint32Array(VOLUME_BLOCKS));
    }
  }
});
