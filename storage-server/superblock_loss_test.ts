import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { PowerCut } from "./power_cut.ts";
import { SimulatedVolume, survive } from "./simulated_volume.ts";
import { VolumeModel } from "./volume_model.ts";
import { type Operation, randomWorkload, seededRandom } from "./workload.ts";
import { codeOf } from "./simulated_outcome.ts";

const BLOCK = 4096;
const VOLUME_BLOCKS = 38;
const OPTIONS = { deviceBlocks: 64, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const LITTLE = { ...OPTIONS, deviceBlocks: VOLUME_BLOCKS + 16, ringLength: 14 };

/** Makes superblocks of a volume's device unreadable until they are written. */
function loseSuperblocks(simulated: SimulatedVolume, which: readonly number[]): Set<number> {
  const bad = new Set(which.map((each) => simulated.device.blockCount - 2 + each));
  simulated.device.faults.fault = (operation, first, count) => {
    const hit = [...bad].filter((block) => first <= block && block < first + count);
    if (operation === "write") { for (const block of hit) bad.delete(block); }
    return operation === "read" && hit.length > 0 ? "EIO" : undefined;
  };
  return bad;
}

/** A volume whose block 1 is 10 by a transaction that was replayed, and then 20 in place, durably. */
function overwritten(): Uint8Array {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: [1], stamp: 10 }, 1);
  simulated.execute({ kind: "flush" }, 2);
  simulated.boot(simulated.device.bytes.slice());
  assertEquals(simulated.recovery.replayed, 1);
  simulated.execute({ kind: "write", first: 1, count: 1, stamp: 20 }, 3);
  simulated.execute({ kind: "flush" }, 4);
  return simulated.device.bytes;
}

Deno.test("one superblock that cannot be read is written next, and the volume is served", () => {
  for (const format of ["never", "if-blank"] as const) {
    for (const which of [0, 1]) {
      const simulated = new SimulatedVolume(OPTIONS, overwritten());
      const bad = loseSuperblocks(simulated, [which]);
      simulated.open({ format });
      assertEquals(simulated.recovery, { how: "recovered", replayed: 0, damage: undefined });
      assertEquals(simulated.readStamps()[1], 20);
      assertEquals(bad.size, 0);
    }
  }
});

Deno.test("a successor serves with one superblock that cannot be read, and writes it next", () => {
  for (const which of [0, 1]) {
    const simulated = new SimulatedVolume(OPTIONS, overwritten()).open();
    simulated.execute({ kind: "transact", blocks: [2, 3], stamp: 30 }, 1);
    const bad = loseSuperblocks(simulated, [which]);
    simulated.open();
    assertEquals(simulated.recovery.how, "taken over");
    simulated.execute({ kind: "flush" }, 2);
    assertEquals(bad.size, 0);
    simulated.boot(simulated.device.bytes.slice());
    assertEquals([...simulated.readStamps().subarray(0, 4)], [0, 20, 30, 30]);
  }
});

Deno.test("a device of which no superblock can be read is refused, and not formatted", () => {
  for (const isFormatted of [true, false]) {
    for (const which of [[0, 1], [0], [1]]) {
      const image = isFormatted ? overwritten() : new Uint8Array(64 * BLOCK);
      if (isFormatted) { // The one that can be read is not valid.
        for (const other of [0, 1]) if (!which.includes(other)) image[(62 + other) * BLOCK] = 0;
      }
      const simulated = new SimulatedVolume(OPTIONS, image.slice());
      loseSuperblocks(simulated, which);
      const error = assertThrows(() => simulated.open(), OsError);
      assertEquals(error.code, "EIO");
      assertEquals(simulated.device.events, []);
    }
  }
});

Deno.test("with a superblock lost, no record is replayed over what was written since", () => {
  for (const which of [0, 1]) {
    const image = overwritten();
    image.fill(0xff, (62 + which) * BLOCK, (63 + which) * BLOCK);
    assertEquals(new SimulatedVolume(OPTIONS, image).open().readStamps()[1], 20);
  }
});

Deno.test("with a superblock lost, nothing is replayed over a write that a checkpoint unpinned", () => {
  const simulated = new SimulatedVolume({ ...OPTIONS, keepBytes: 20_480 + 5 * 4224 }).open();
  const operations: Operation[] = [
    { kind: "transact", blocks: [1, 2, 3, 4], stamp: 10 },
    { kind: "flush" },
    { kind: "transact", blocks: [5, 6, 7], stamp: 20 },
    { kind: "write", first: 1, count: 7, stamp: 30 }, // More than the tail can hold is pinned.
    { kind: "flush" },
  ];
  const passed = new Set<string>();
  simulated.dies = (point) => passed.add(point) === undefined;
  operations.forEach((operation, index) => simulated.execute(operation, index + 1));
  assert(passed.has("checkpoint.published"));
  for (const which of [0, 1]) {
    const later = new SimulatedVolume(OPTIONS, simulated.device.bytes.slice());
    loseSuperblocks(later, [which]);
    assertEquals([...later.open().readStamps().subarray(1, 8)], new Array(7).fill(30));
  }
});

for (const [name, options] of Object.entries({ "a ring of 24": OPTIONS, "of 14": LITTLE })) {
  Deno.test(`a power cut anywhere and a superblock lost leave a legal volume (${name})`, () => {
    // Refused: the newer superblock cannot be read, and the record that the other names is gone.
    let judged = 0;
    let refused = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const random = seededRandom(seed);
      const start = new SimulatedVolume(options).open().device.bytes.slice();
      const simulated = new SimulatedVolume(options, start.slice()).open();
      const progress: { operation: Operation; started: number; acknowledged: number }[] = [];
      const { events } = simulated.device;
      simulated.dies = () => random() < 0.005;
      randomWorkload(random, 60, { blockCount: 14 }).forEach((operation, index) => {
        const started = events.length;
        survive(
          () => void simulated.execute(operation, index + 1),
          () => simulated.open(),
        );
        progress.push({ operation, started, acknowledged: events.length });
      });
      const cut = new PowerCut(start, events);
      for (let end = 0; end <= events.length; end++) {
        cut.advance(end);
        const model = new VolumeModel(new Uint32Array(VOLUME_BLOCKS * 8));
        for (const { operation, started, acknowledged } of progress) {
          if (started > end) break;
          model.start(operation);
          if (acknowledged <= end) model.end(operation);
        }
        for (const which of [0, 1]) {
          const later = new SimulatedVolume(
            options,
            cut.image(() => random() < 0.6 ? "kept" : "dropped"),
          );
          loseSuperblocks(later, [which]);
          judged++;
          if (codeOf(() => later.open()) === "EIO") refused++;
          else assertEquals(model.judge(later.readSectors(), "block"), undefined, `event ${end}`);
        }
      }
    }
    assert(judged > 500 && refused < judged / 4, `${refused} of ${judged} refused`);
  });
}
