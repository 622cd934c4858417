import { assert, assertEquals, assertThrows } from "@std/assert";
import { ERRNO, OsError } from "@hako/ipc";
import type { Device, Done } from "./device.ts";
import { encodeSuperblock, VOLUME_BLOCKS_MAX, type VolumePlace } from "./layouts/superblock.ts";
import { BLOCK_BYTES } from "./protocol.ts";
import { openJournal } from "./recover.ts";
import { PowerCut } from "./power_cut.ts";
import { SimulatedVolume, stampBytes, survive } from "./simulated_volume.ts";
import type { StoredVolume } from "./volume.ts";
import { findVolumes, placeVolumes, type WantedVolumes } from "./volume_table.ts";
import { VolumeModel } from "./volume_model.ts";
import { Volumes } from "./volumes.ts";
import { randomWorkload, seededRandom } from "./workload.ts";

const OPTIONS = { deviceBlocks: 64, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const WANTED = { root: { blocks: 10 }, home: {}, swap: { blocks: 8 } };

/** A device of any size that keeps only what is written. */
class SparseDevice implements Device {
  readonly readOnly = false;
  readonly fastZero = true;
  readonly room = 1;
  readonly underWay = 0;
  readonly #blocks = new Map<number, Uint8Array>();

  constructor(readonly blockCount: number) {}

  read(first: number, count: number, target: Uint8Array): void {
    for (let index = 0; index < count; index++) {
      const place = target.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
      const block = this.#blocks.get(first + index);
      if (block === undefined) place.fill(0);
      else place.set(block);
    }
  }

  write(first: number, count: number, source: Uint8Array): void {
    for (let index = 0; index < count; index++) {
      const block = source.slice(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
      if (block.every((byte) => byte === 0)) this.#blocks.delete(first + index);
      else this.#blocks.set(first + index, block);
    }
  }

  zero(first: number, count: number): void {
    for (let index = 0; index < count; index++) this.#blocks.delete(first + index);
  }

  discard(first: number, count: number): void {
    this.zero(first, count);
  }

  beginRead(first: number, count: number, target: Uint8Array, done: Done): void {
    this.read(first, count, target);
    queueMicrotask(() => done(0));
  }

  beginWrite(first: number, count: number, source: Uint8Array, done: Done): void {
    this.write(first, count, source);
    queueMicrotask(() => done(0));
  }

  flush(): void {}

  poll(): number {
    return 0;
  }

  wait(): void {}
}

function openOn(device: Device, wanted: WantedVolumes, keep: Uint8Array): Volumes {
  const point = (): void => {};
  const opened = openJournal({
    device,
    scratch: new Uint8Array(new SharedArrayBuffer(160 * 1024)),
    keep,
    epoch: 1,
    format: "if-blank",
    ringLength: 64,
    wanted,
    deviceId: Uint32Array.of(1, 2, 3, 4),
    point,
  });
  return new Volumes(opened, { atomicWrites: "device", point });
}

/** Writes a sector through the journal, as all that is not whole blocks. */
function writeSector(volume: StoredVolume, offset: number, stamp: number): number {
  const source = new Uint8Array(512);
  stampBytes(source, stamp);
  const table = tableOf(offset, 512);
  return volume.writeVector({ count: 1, flags: 0, table, source });
}

function readSector(volume: StoredVolume, offset: number): number {
  const target = new Uint8Array(512);
  assertEquals(volume.readVector({ count: 1, table: tableOf(offset, 512), target }), 512);
  return new Uint32Array(target.buffer)[127]!;
}

function transact(volume: StoredVolume, block: number, stamp: number): number {
  const images = new Uint8Array(4096);
  stampBytes(images, stamp);
  const tag = { tagBadge: 0, tagSequence: 0, result: 0 };
  const request = { count: 1, ...tag, table: tableOf(block, 0), images };
  return volume.transact(request, { badge: 1, sequence: stamp });
}

function tableOf(one: number, other: number): Uint8Array {
  const table = new Uint8Array(16);
  const view = new DataView(table.buffer);
  view.setBigUint64(0, BigInt(one), true);
  view.setBigUint64(8, BigInt(other), true);
  return table;
}

Deno.test("several volumes share a device and nothing else", () => {
  const simulated = new SimulatedVolume(OPTIONS).open({ wanted: WANTED });
  const volumes = (): StoredVolume[] => [...simulated.volumes.byName.values()];
  assertEquals([...simulated.volumes.byName.keys()], ["root", "home", "swap"]);
  assertEquals(volumes().map((volume) => volume.stat().byteLength / 4096), [10, 20, 8]);
  for (const [index, volume] of volumes().entries()) {
    const { byteLength } = volume.stat();
    assertEquals(writeSector(volume, 512, 10 + index), 512);
    assertEquals(writeSector(volume, byteLength - 512, 20 + index), 512);
    assertEquals(transact(volume, 3, 30 + index), 1);
    assertEquals(writeSector(volume, byteLength, 40), -ERRNO.EINVAL);
    assertEquals(transact(volume, byteLength / 4096, 40), -ERRNO.EINVAL);
  }
  const judge = (): void => {
    for (const [index, volume] of volumes().entries()) {
      const { byteLength } = volume.stat();
      const found = [512, byteLength - 512, 3 * 4096].map((at) => readSector(volume, at));
      assertEquals(found, [10 + index, 20 + index, 30 + index]);
    }
  };
  judge();
  simulated.open({ wanted: WANTED });
  judge();
  assertEquals(volumes()[1]!.flush(), 0); // One journal: it covers them all.
  simulated.boot(simulated.device.bytes.slice(), { wanted: WANTED });
  judge();
});

Deno.test("power cuts and deaths leave every volume legal, whichever was written", () => {
  const wanted = { one: { blocks: 9 }, two: { blocks: 9 }, rest: {} };
  const names = ["two", "one"] as const;
  for (let seed = 1; seed <= 6; seed++) {
    const random = seededRandom(seed);
    const simulated = new SimulatedVolume(OPTIONS).open({ wanted });
    simulated.dies = () => random() < 0.01;
    const { events } = simulated.device;
    const before = events.length;
    const models = names.map(() => new VolumeModel(new Uint32Array(9 * 8)));
    const cut = new PowerCut(new Uint8Array(64 * 4096), events, { sectorBytes: 4096 });
    for (const [index, operation] of randomWorkload(random, 60, { blockCount: 9 }).entries()) {
      const which = index % 2;
      const serve = (): void => {
        simulated.volume = simulated.volumes.byName.get(names[which]!)!;
      };
      serve();
      const life = (): void => void simulated.execute(operation, index + 1, which + 1);
      survive(life, () => {
        simulated.open({ wanted });
        serve();
      });
      if (operation.kind === "flush") { for (const model of models) model.flush(model.eventCount); }
      else models[which]!.answered(operation);
      cut.advance(events.length);
      for (const kept of [0, 0.5, 0.5, 1]) {
        const image = cut.image(() => random() < kept ? "kept" : "dropped");
        const later = new SimulatedVolume(OPTIONS, image).open({ wanted });
        for (const [at, model] of models.entries()) {
          later.volume = later.volumes.byName.get(names[at]!)!;
          const wrong = model.judge(later.readSectors(), "block");
          assertEquals(wrong, undefined, `seed ${seed}, ${names[at]} after ${index}`);
        }
        later.volume = later.volumes.byName.get("rest")!;
        assertEquals(later.readSectors(), new Uint32Array(20 * 8));
      }
    }
    assert(events.length > before);
  }
});

Deno.test("a manifest may want some of the volumes, in any order", () => {
  const simulated = new SimulatedVolume(OPTIONS).open({ wanted: WANTED });
  simulated.open({ wanted: { swap: {}, root: { blocks: 10 } } });
  assertEquals([...simulated.volumes.byName.keys()], ["swap", "root"]);
  const sizes = [...simulated.volumes.byName.values()].map((volume) => volume.stat().byteLength);
  assertEquals(sizes, [8 * 4096, 10 * 4096]);
});

Deno.test("a volume that the device lacks is ENOENT, and what it has is told", () => {
  const simulated = new SimulatedVolume(OPTIONS).open({ wanted: WANTED });
  const image = simulated.device.bytes.slice();
  const open = (wanted: WantedVolumes | undefined) => (): unknown =>
    new SimulatedVolume(OPTIONS, image.slice()).open({ wanted });
  assertThrows(
    open({ boot: {} }),
    OsError,
    "find the volume boot: the device has root, home, swap",
  );
  assertThrows(
    open(undefined),
    OsError,
    "the manifest lists none, the device has root, home, swap",
  );
  assertThrows(open({ root: { blocks: 11 } }), OsError, "the volume root of 11 blocks: it has 10");
  assertThrows(() => simulated.open({ wanted: { boot: {} } }), OsError, "ENOENT"); // After a death.
});

Deno.test("the only volume of a device needs no name", () => {
  const simulated = new SimulatedVolume(OPTIONS).open({ wanted: { data: {} } });
  assertEquals([...simulated.open({ wanted: undefined }).volumes.byName.keys()], ["data"]);
});

Deno.test("volumes are placed one behind the other, or refused", () => {
  assertEquals(placeVolumes(undefined, 9), [{ name: "volume", first: 0, blockCount: 9 }]);
  assertEquals(placeVolumes({ a: { blocks: 2 }, b: {} }, 9), [
    { name: "a", first: 0, blockCount: 2 },
    { name: "b", first: 2, blockCount: 7 },
  ]);
  assertEquals(placeVolumes({ a: { blocks: 2 } }, 9).length, 1); // The rest stays free.
  const nine = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`v${at}`, { blocks: 1 }]));
  const refused: readonly (readonly [WantedVolumes, number, string])[] = [
    [{}, 9, "there are 0 volumes"],
    [nine, 99, "there are 9 volumes"],
    [{ a: {}, b: {} }, 9, "not a and b"],
    [{ a: { blocks: 9 }, b: {} }, 9, "too few"],
    [{ a: { blocks: 10 } }, 9, "1 too few"],
    [{ a: { blocks: 0 } }, 9, "cannot have 0 blocks"],
    [{ a: { blocks: 1.5 } }, 9, "cannot have 1.5 blocks"],
    [{ a: {} }, VOLUME_BLOCKS_MAX + 1, `cannot have ${VOLUME_BLOCKS_MAX + 1} blocks`],
    [{ "": {} }, 9, "no name"],
    [{ ["ü".repeat(17)]: {} }, 9, "no name of 1 to 32 bytes"],
    [{ "a\0": {} }, 9, "no name"],
    [{ "\ud800": {} }, 9, "no name"],
  ];
  for (const [wanted, blocks, why] of refused) {
    assertThrows(() => placeVolumes(wanted, blocks), OsError, why);
  }
  const name = "ü".repeat(16);
  const simulated = new SimulatedVolume(OPTIONS).open({ wanted: { [name]: {} } });
  assertEquals([...simulated.open({ wanted: { [name]: {} } }).volumes.byName.keys()], [name]);
  assertThrows(() => findVolumes({ toString: {} }, []), OsError, "ENOENT");
});

Deno.test("a superblock whose volumes overlap, leave the device or have the same name is none", () => {
  const image = new SimulatedVolume(OPTIONS).open().device.bytes;
  const open = (volumes: readonly VolumePlace[]) => (): unknown => {
    const bytes = image.slice();
    for (const which of [0, 1]) {
      encodeSuperblock(
        new Uint32Array(bytes.buffer, (62 + which) * 4096, 1024),
        {
          deviceId: Uint32Array.of(1, 2, 3, 4),
          areaBlockCount: 38,
          ringFirst: 38,
          ringLength: 24,
          volumes,
          sequence: 1,
          position: 0,
          chain: 0,
          generation: 1 + which,
        },
        which,
      );
    }
    const wanted = Object.fromEntries(volumes.map(({ name }) => [name, {}]));
    return new SimulatedVolume(OPTIONS, bytes).open({ format: "never", wanted });
  };
  open([{ name: "a", first: 1, blockCount: 30 }, { name: "b", first: 31, blockCount: 7 }])();
  const wrong: readonly (readonly VolumePlace[])[] = [
    [],
    [{ name: "a", first: 0, blockCount: 39 }],
    [{ name: "a", first: 38, blockCount: 1 }],
    [{ name: "a", first: 0, blockCount: 0 }],
    [{ name: "a", first: 2 ** 53 - 1, blockCount: 2 }],
    [{ name: "a", first: 0, blockCount: 5 }, { name: "b", first: 4, blockCount: 5 }],
    [{ name: "b", first: 5, blockCount: 5 }, { name: "a", first: 0, blockCount: 5 }],
    [{ name: "a", first: 0, blockCount: 5 }, { name: "a", first: 5, blockCount: 5 }],
  ];
  for (const volumes of wrong) assertThrows(open(volumes), OsError, "neither superblock is valid");
});

Deno.test("a device of the first format is refused, and left alone", () => {
  const bytes = new Uint8Array(64 * 4096);
  bytes.set(new TextEncoder().encode("HAKOVOL1"), 62 * 4096);
  bytes[62 * 4096 + 8] = 1;
  const before = bytes.slice();
  for (const format of ["never", "if-blank"] as const) {
    const open = (): unknown => new SimulatedVolume(OPTIONS, bytes).open({ format });
    assertThrows(open, OsError, "a volume of format 1");
  }
  assertEquals(bytes, before);
});

Deno.test("a volume of nearly 2^53 bytes is read and written to its end", () => {
  const device = new SparseDevice(VOLUME_BLOCKS_MAX + 64 + 2);
  const keep = new Uint8Array(new SharedArrayBuffer(OPTIONS.keepBytes));
  const wanted = { large: {} };
  const byteLength = VOLUME_BLOCKS_MAX * 4096;
  const last = VOLUME_BLOCKS_MAX - 1;
  const large = (volumes: Volumes): StoredVolume => volumes.byName.get("large")!;
  let volume = large(openOn(device, wanted, keep));
  assertEquals(volume.stat().byteLength, byteLength);
  assertEquals(Number.MAX_SAFE_INTEGER - byteLength, 4095);
  assertEquals(writeSector(volume, byteLength - 512, 5), 512);
  assertEquals(writeSector(volume, 2 ** 52 + 512, 6), 512);
  assertEquals(transact(volume, last - 1, 7), 1);
  assertEquals(writeSector(volume, byteLength, 9), -ERRNO.EINVAL);
  assertEquals(volume.flush(), 0);
  const zero = { offset: byteLength - 1024, byteLength: 512, flags: 1 };
  assertEquals(volume.zero(zero), 0);
  const judge = (): void => {
    assertEquals(readSector(volume, byteLength - 512), 5);
    assertEquals(readSector(volume, byteLength - 1024), 0);
    assertEquals(readSector(volume, 2 ** 52 + 512), 6);
    assertEquals(readSector(volume, 2 ** 52), 0);
    assertEquals(readSector(volume, (last - 1) * 4096), 7);
    const { byteLength: found, isZero } = volume.extent({
      offset: 2 ** 52 - 4096,
      byteLength: 3 * 4096,
    }) as { byteLength: number; isZero: number };
    assertEquals([found, isZero], [4096, 1]);
  };
  judge();
  volume = large(openOn(device, wanted, keep)); // After a death.
  judge();
  volume = large(openOn(device, wanted, new Uint8Array(new SharedArrayBuffer(OPTIONS.keepBytes))));
  judge(); // After a boot.
  const larger = new SparseDevice(VOLUME_BLOCKS_MAX + 64 + 3);
  assertThrows(() => openOn(larger, wanted, keep.slice().fill(0)), OsError, "EINVAL");
});
