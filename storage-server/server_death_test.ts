import { assert, assertEquals } from "@std/assert";
import { DEATH_POINTS, type DeathPoint } from "./death_points.ts";
import { PowerCut } from "./power_cut.ts";
import { SimulatedVolume, survive } from "./simulated_volume.ts";
import { VolumeModel } from "./volume_model.ts";
import { type Operation, randomWorkload, seededRandom } from "./workload.ts";
import { Death } from "./simulated_outcome.ts";

const OPTIONS = { deviceBlocks: 64, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const SPAN = 14;

/** Counts death points, and dies at one of them. */
class Reaper {
  readonly reached = new Map<DeathPoint, number>();
  #count = 0;
  #at = -1;

  /** Dies at the point that is the `index`-th from now. */
  arm(index: number): void {
    this.#count = 0;
    this.#at = index;
  }

  get count(): number {
    return this.#count;
  }

  readonly dies = (point: DeathPoint): boolean => {
    this.reached.set(point, (this.reached.get(point) ?? 0) + 1);
    return this.#count++ === this.#at;
  };
}

const reachedAnywhere = new Set<DeathPoint>();

for (let seed = 1; seed <= 4; seed++) {
  const atomicWrites = seed < 4 ? "device" : "journal";
  const how = `seed ${seed}, whole by the ${atomicWrites}`;
  Deno.test(`a death anywhere loses nothing, then neither does a power cut (${how})`, () => {
    const options = { ...OPTIONS, atomicWrites } as const;
    const operations = randomWorkload(seededRandom(seed), 45, { blockCount: SPAN });
    const rehearsal = new SimulatedVolume(options);
    const reaper = new Reaper();
    rehearsal.dies = reaper.dies;
    rehearsal.open();
    operations.forEach((operation, index) => rehearsal.execute(operation, index + 1));
    rehearsal.volumes.halt();
    const total = reaper.count;
    assert(total > 200, "the workload passes many points");
    for (let at = 0; at < total; at++) {
      const simulated = new SimulatedVolume(options);
      const here = new Reaper();
      here.arm(at);
      simulated.dies = here.dies;
      const model = new VolumeModel(new Uint32Array(38 * 8));
      let deaths = survive(() => simulated.open(), () => {});
      for (const [index, operation] of operations.entries()) {
        deaths += survive(() => {
          assert(simulated.execute(operation, index + 1) >= 0);
        }, () => {
          simulated.open();
          assertEquals(simulated.recovery.damage, undefined);
        });
        model.answered(operation);
        if (deaths === 0) continue;
        const seen = model.compare(simulated.readSectors());
        assertEquals(seen, undefined, `death at ${at}, then ${index}`);
        deaths = 0;
        const cut = new PowerCut(new Uint8Array(64 * 4096), simulated.device.events);
        cut.advance(simulated.device.events.length);
        const later = new SimulatedVolume(options, cut.image(() => "dropped")).open();
        assertEquals(later.recovery.damage, undefined);
        const judged = model.judge(later.readSectors(), "block");
        assertEquals(judged, undefined, `cut after death at ${at}`);
      }
      survive(() => simulated.volumes.halt(), () => simulated.open());
      const last = new SimulatedVolume(options, simulated.device.bytes.slice()).open();
      assertEquals(last.recovery.replayed, 0);
      assertEquals(model.compare(last.readSectors()), undefined);
      for (const point of here.reached.keys()) reachedAnywhere.add(point);
    }
  });
}

Deno.test("successors may die, too, wherever they are", () => {
  const operations = randomWorkload(seededRandom(9), 12, { blockCount: SPAN });
  for (let at = 0; at < 140; at++) {
    for (let again = 0; again < 25; again += 2) {
      const simulated = new SimulatedVolume(OPTIONS);
      const reaper = new Reaper();
      reaper.arm(at);
      simulated.dies = reaper.dies;
      let lives = 0;
      const successor = (): void => {
        if (lives++ === 0) reaper.arm(again);
        simulated.open();
      };
      survive(successor, () => {});
      operations.forEach((operation, index) => {
        survive(() => simulated.execute(operation, index + 1), successor);
      });
      for (const point of reaper.reached.keys()) reachedAnywhere.add(point);
      const model = new VolumeModel(new Uint32Array(38 * 8));
      for (const operation of operations) model.answered(operation);
      const seen = model.compare(simulated.readSectors());
      assertEquals(seen, undefined, `death at ${at}, then ${again}`);
    }
  }
});

Deno.test("replay after a power cut survives deaths", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: [3, 1, 4], stamp: 7 }, 1);
  simulated.execute({ kind: "flush" }, 2);
  const commit = simulated.device.events.findLastIndex((event) => event.kind === "flush");
  const cut = new PowerCut(new Uint8Array(64 * 4096), simulated.device.events);
  cut.advance(commit + 1);
  const image = cut.image(() => "dropped");
  for (let at = 0; at < 20; at++) {
    const later = new SimulatedVolume(OPTIONS, image.slice());
    const reaper = new Reaper();
    reaper.arm(at);
    later.dies = reaper.dies;
    survive(() => later.open(), () => {});
    assertEquals([...later.readStamps().subarray(0, 6)], [0, 7, 0, 7, 7, 0]);
    for (const point of reaper.reached.keys()) reachedAnywhere.add(point);
  }
});

Deno.test("a transaction given again after another client's is not done twice", () => {
  const mine: Operation = { kind: "transact", blocks: [1, 2, 3], stamp: 10 };
  const theirs: Operation = { kind: "transact", blocks: [2, 3, 4], stamp: 20 };
  for (const point of DEATH_POINTS.filter((name) => name.startsWith("transact."))) {
    const simulated = new SimulatedVolume(OPTIONS).open();
    simulated.dies = (name) => name === point;
    try {
      simulated.execute(mine, 5);
    } catch (error) {
      assert(error instanceof Death);
    }
    simulated.dies = () => false;
    simulated.open();
    const happened = simulated.volume.lastTag(1).known === 1;
    assertEquals(happened, point === "transact.published" || point === "transact.settled");
    simulated.execute(theirs, 1, 2);
    assertEquals(simulated.execute(mine, 5), 3);
    const expected = happened ? [10, 20, 20, 20] : [10, 10, 10, 20];
    assertEquals([...simulated.readStamps().subarray(1, 5)], expected, point);
    const tag = { known: 1, tagBadge: 101, tagSequence: 10, result: 10 };
    assertEquals(simulated.volume.lastTag(1), tag);
  }
});

Deno.test("tags survive group commits, compactions and lives, and end with the boot", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  for (let round = 1; round <= 200; round++) {
    simulated.execute({ kind: "transact", blocks: [round % 5], stamp: round }, round, round % 3);
    if (round % 50 === 0) simulated.execute({ kind: "flush" }, round);
  }
  simulated.open();
  for (const [badge, stamp] of [[2, 200], [1, 199], [0, 198]] as const) {
    assertEquals(simulated.volume.lastTag(badge).tagSequence, stamp);
  }
  simulated.boot(simulated.device.bytes.slice());
  assertEquals(simulated.volume.lastTag(2).known, 0);
});

Deno.test("a request is known by its sequence, whatever its tag", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const images = new Uint8Array(4096).fill(9);
  const tag = { tagBadge: 0xffff_ffff, tagSequence: 0xffff_ffff, result: 0 };
  const request = { count: 1, ...tag, table: new Uint8Array(16), images };
  assertEquals(simulated.volume.transact(request, { badge: 1, sequence: 2 }), 1);
  images.fill(1);
  assertEquals(simulated.volume.transact(request, { badge: 1, sequence: 2 }), 1); // Given again.
  assertEquals(simulated.readStamps()[0], 0x09090909);
  assertEquals(simulated.volume.transact(request, { badge: 1, sequence: 3 }), 1);
  assertEquals(simulated.readStamps()[0], 0x01010101);
  assertEquals(simulated.volume.lastTag(1), { known: 1, ...tag });
});

Deno.test("a zombie that goes on writing its keep changes nothing for its successor", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  simulated.execute({ kind: "transact", blocks: [1, 2], stamp: 10 }, 1);
  const zombie = simulated.volume;
  const itsKeep = simulated.keep;
  simulated.open();
  const request = { count: 1, tagBadge: 0, tagSequence: 0, result: 0 };
  const windows = { table: new Uint8Array(16), images: new Uint8Array(4096).fill(1) };
  zombie.transact({ ...request, ...windows }, { badge: 1, sequence: 2 });
  itsKeep.fill(0xff);
  simulated.execute({ kind: "transact", blocks: [2, 3], stamp: 20 }, 2);
  simulated.open();
  assertEquals([...simulated.readStamps().subarray(0, 5)], [0, 10, 20, 20, 0]);
});

Deno.test("a death before or after the log is written anew loses nothing", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  let compactions = 0;
  simulated.dies = (point) => {
    reachedAnywhere.add(point);
    return point === "tail.compacted" && compactions++ % 2 === 0;
  };
  for (let stamp = 1; stamp <= 500; stamp++) {
    const blocks = [stamp % 3];
    survive(
      () => simulated.execute({ kind: "transact", blocks, stamp }, stamp),
      () => simulated.open(),
    );
  }
  assert(compactions > 2);
  assertEquals([...simulated.readStamps().subarray(0, 4)], [498, 499, 500, 0]);
});

Deno.test("every death point was reached by these tests", () => {
  assertEquals(DEATH_POINTS.filter((point) => !reachedAnywhere.has(point)), []);
});
