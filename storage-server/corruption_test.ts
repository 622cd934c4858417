import { assert, assertEquals, assertThrows } from "@std/assert";
import { ERRNO, OsError } from "@hako/ipc";
import { PowerCut } from "./power_cut.ts";
import { SimulatedVolume } from "./simulated_volume.ts";

const DEVICE_BLOCKS = 64;
const VOLUME_BLOCKS = 38;
const OPTIONS = { deviceBlocks: DEVICE_BLOCKS, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const BLOCK = 4096;
const HEADER = VOLUME_BLOCKS * BLOCK; // Of the first record: the ring starts with it.

/** A disk on which a record of blocks 1 and 2 is durable and its apply is not. */
function diskWithRecord(): Uint8Array {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: [1, 2], stamp: 10 }, 1);
  simulated.execute({ kind: "flush" }, 2);
  const cut = new PowerCut(new Uint8Array(DEVICE_BLOCKS * BLOCK), simulated.device.events);
  cut.advance(simulated.device.events.length);
  return cut.image(() => "dropped");
}

function flip(image: Uint8Array, byte: number, bit = 0): Uint8Array {
  const changed = image.slice();
  changed[byte] = changed[byte]! ^ (1 << bit);
  return changed;
}

function open(image: Uint8Array): SimulatedVolume {
  return new SimulatedVolume(OPTIONS, image).open({ format: "never" });
}

function assertReadOnly(simulated: SimulatedVolume): void {
  const answers = [
    simulated.execute({ kind: "transact", blocks: [1], stamp: 99 }, 1),
    simulated.execute({ kind: "write", first: 1, count: 1, stamp: 99 }, 2),
    simulated.execute({ kind: "flush" }, 3),
  ];
  assertEquals(answers, [-ERRNO.EROFS, -ERRNO.EROFS, -ERRNO.EROFS]);
  assert(!simulated.readStamps().includes(99));
}

Deno.test("a whole record is replayed", () => {
  const simulated = open(diskWithRecord());
  assertEquals(simulated.recovery, { how: "recovered", replayed: 1, damage: undefined });
  assertEquals([...simulated.readStamps().subarray(0, 4)], [0, 10, 10, 0]);
});

Deno.test("any bit of the last record's header flipped makes it a torn tail", () => {
  const image = diskWithRecord();
  for (let byte = 0; byte < BLOCK; byte += byte < 128 ? 1 : 61) {
    const simulated = open(flip(image, HEADER + byte, byte % 8));
    assertEquals(simulated.recovery, { how: "recovered", replayed: 0, damage: undefined });
    assertEquals(simulated.readStamps(), new Uint32Array(VOLUME_BLOCKS));
  }
});

Deno.test("any bit of an image flipped is damage, and the volume is read-only", () => {
  const image = diskWithRecord();
  for (let byte = 0; byte < 2 * BLOCK; byte += 97) {
    const simulated = open(flip(image, HEADER + BLOCK + byte, byte % 8));
    assertEquals(simulated.recovery.damage, "an image of record 1 is damaged");
    assertEquals(simulated.readStamps(), new Uint32Array(VOLUME_BLOCKS));
    assertReadOnly(simulated);
    simulated.open(); // A successor knows it, too.
    assertReadOnly(simulated);
  }
});

Deno.test("a damaged header before a whole record is damage, not a torn tail", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: [1, 2], stamp: 10 }, 1);
  simulated.execute({ kind: "flush" }, 2);
  simulated.execute({ kind: "transact", blocks: [2, 3], stamp: 20 }, 3);
  simulated.execute({ kind: "flush" }, 4);
  // The second commit's superblock is lost, so replay starts at the first record, which rots.
  const { events } = simulated.device;
  const commit = events.findLastIndex((event) => event.kind === "flush");
  const cut = new PowerCut(new Uint8Array(DEVICE_BLOCKS * BLOCK), events);
  cut.advance(commit);
  const image = cut.image((index) => index === 0 ? "kept" : "dropped");
  assertEquals(open(image.slice()).recovery.replayed, 2);
  const later = open(flip(image, HEADER + 20));
  assertEquals(later.recovery.damage, "record 2 is whole, but 1 before it is not");
  assertReadOnly(later);
});

Deno.test("any bit of one superblock flipped leaves the other one in force", () => {
  const image = diskWithRecord();
  for (let which = 0; which < 2; which++) {
    for (let byte = 0; byte < BLOCK; byte += byte < 96 ? 1 : 131) {
      const changed = flip(image, (DEVICE_BLOCKS - 2 + which) * BLOCK + byte, byte % 8);
      assertEquals(open(changed).recovery.replayed, 1);
    }
  }
});

Deno.test("without a valid superblock a device is no volume, and is not formatted over", () => {
  const image = diskWithRecord();
  image.fill(0, (DEVICE_BLOCKS - 2) * BLOCK);
  for (const format of ["never", "if-blank"] as const) {
    const error = assertThrows(
      () => new SimulatedVolume(OPTIONS, image.slice()).open({ format }),
      OsError,
    );
    assertEquals(error.code, "EUCLEAN");
  }
});

Deno.test("a blank device is formatted only where the manifest says so", () => {
  const blank = new Uint8Array(DEVICE_BLOCKS * BLOCK);
  const error = assertThrows(() => open(blank), OsError);
  assertEquals(error.code, "EUCLEAN");
  const simulated = new SimulatedVolume(OPTIONS, blank).open();
  assertEquals(simulated.recovery.how, "formatted");
  simulated.boot(simulated.device.bytes.slice());
  assertEquals(simulated.recovery.how, "recovered");
});

Deno.test("a disk of another size than its superblock says is no volume", () => {
  const image = diskWithRecord();
  const longer = new Uint8Array(image.byteLength + BLOCK);
  longer.set(image.subarray(0, HEADER), 0);
  longer.set(image.subarray((DEVICE_BLOCKS - 2) * BLOCK), (DEVICE_BLOCKS - 1) * BLOCK);
  assertThrows(() => open(longer), OsError, "EUCLEAN");
});

Deno.test("any bit of a committed entry flipped in the keep is found", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: [1, 2], stamp: 10 }, 1);
  const keep = simulated.keep.slice();
  const commit = new Uint32Array(keep.buffer, 0, 1)[0]!;
  assertEquals(commit, 4); // The ring, two images, a tag.
  for (let byte = 0; byte < commit * 32; byte++) {
    for (let bit = 0; bit < 8; bit++) {
      simulated.keep.set(keep);
      const at = BLOCK + byte;
      simulated.keep[at] = simulated.keep[at]! ^ (1 << bit);
      const error = assertThrows(() => simulated.open(), OsError);
      assertEquals(error.code, "EUCLEAN");
    }
  }
});

Deno.test("a commit word or device id that cannot be is found", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: [1, 2], stamp: 10 }, 1);
  const keep = simulated.keep.slice();
  for (
    const [word, value] of [[0, 5], [0, 0x7fff_ffff], [0, 0x8000_0000], [0, 0x8000_0001], [4, 9]]
  ) {
    simulated.keep.set(keep);
    new Uint32Array(simulated.keep.buffer)[word!] = value!;
    assertThrows(() => simulated.open(), OsError, "EUCLEAN");
  }
});
