import { assert, assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import { ConcurrentClients } from "./concurrent_clients.ts";
import { PowerCut } from "./power_cut.ts";
import { judgeRegister } from "./register_history.ts";
import { type Given, SimulatedVolume, type SimulatedVolumeOptions } from "./simulated_volume.ts";
import { type Operation, seededRandom } from "./workload.ts";

const OPTIONS = { deviceBlocks: 64, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };
const VOLUME_BLOCKS = 38;
const BLOCKS = 9;
const PARTS_FROM = 6;

interface Setting extends SimulatedVolumeOptions {
  /** The chance of a death at each death point. */
  readonly deaths: number;
  /** Blocks that are read and written. */
  readonly blocks?: number;
}

const SETTINGS: readonly Setting[] = [
  { ...OPTIONS, deaths: 0 },
  { ...OPTIONS, deaths: 0.01 },
  { ...OPTIONS, deaths: 0.03, blocks: 2 },
  { ...OPTIONS, deaths: 0.05 },
  { deviceBlocks: VOLUME_BLOCKS + 10, ringLength: 8, keepBytes: 20_480 + 6 * 4224, deaths: 0.02 },
  { ...OPTIONS, deaths: 0.02, atomicWrites: "journal" },
];

for (const [index, setting] of SETTINGS.entries()) {
  const { deaths, ringLength, atomicWrites = "device", blocks = BLOCKS } = setting;
  const where = `${blocks} blocks, a ring of ${ringLength}`;
  const name = `${where}, deaths ${deaths}, whole by the ${atomicWrites}`;
  Deno.test(`requests under way at once are seen to happen in one order (${name})`, () => {
    let died = 0;
    for (let seed = 1; seed <= 5; seed++) {
      const random = seededRandom(1000 * index + seed);
      const simulated = new SimulatedVolume(setting).open();
      const start = new Uint8Array(simulated.device.bytes.byteLength);
      const { events } = simulated.device;
      const before = events.length;
      const partsFrom = Math.min(blocks, PARTS_FROM);
      const options = { random, clients: 3, blockCount: blocks, partsFrom, deaths };
      const clients = new ConcurrentClients(simulated, options);
      clients.run(60);
      died += clients.deaths;
      assertEquals(clients.judge(), undefined, `seed ${seed}`);
      const tears = { sectorBytes: 4096, ringFrom: VOLUME_BLOCKS * 4096 };
      const cut = new PowerCut(start, events, tears);
      for (let end = before; end <= events.length; end += 1 + Math.floor(random() * 4)) {
        cut.advance(end);
        for (const kept of [0, 0.5, 1]) {
          const image = cut.image(() => random() < kept ? "kept" : "dropped");
          const later = new SimulatedVolume(setting, image).open();
          assertEquals(later.recovery.damage, undefined);
          const wrong = clients.judgeCut(later.readSectors(), end);
          assertEquals(wrong, undefined, `seed ${seed}, cut at ${end}`);
        }
      }
    }
    assert(deaths === 0 || died > 4, `${died} incarnations have died`);
  });
}

Deno.test("nothing that overlaps a write under way is done before that write is answered", () => {
  const overlapping: readonly Operation[] = [
    { kind: "read", run: { first: 8, count: 8 } },
    { kind: "read", run: { first: 0, count: 16 } },
    { kind: "read", run: { first: 13, count: 1 } },
    { kind: "write", first: 1, count: 1, stamp: 2 },
    { kind: "write", first: 0, count: 3, stamp: 2, fua: true },
    { kind: "scatter", runs: [{ first: 13, count: 1 }], stamp: 2 },
    { kind: "scatter", runs: [{ first: 40, count: 1 }, { first: 15, count: 20 }], stamp: 2 },
    { kind: "zero", run: { first: 8, count: 8 } },
    { kind: "zero", run: { first: 9, count: 2 } },
    { kind: "trim", run: { first: 3, count: 30 } },
    { kind: "transact", blocks: [5, 1], stamp: 2 },
  ];
  for (const [index, operation] of overlapping.entries()) {
    for (const atomicWrites of ["device", "journal"] as const) {
      const simulated = new SimulatedVolume({ ...OPTIONS, atomicWrites }).open();
      const windows = [1, 2].map(() => new Uint8Array(new SharedArrayBuffer(4 * 4096)));
      for (const window of windows) simulated.lend(window);
      simulated.device.chance = seededRandom(index);
      const write: Operation = { kind: "write", first: 1, count: 1, stamp: 1 };
      const first = simulated.give(write, windows[0]!, { sequence: 1, badge: 1 });
      assertEquals(first.result === undefined, atomicWrites === "device");
      const second = simulated.give(operation, windows[1]!, { sequence: 1, badge: 2 });
      assertEquals(first.result, 4096, `${operation.kind} ${index}`);
      while (second.result === undefined) simulated.volumes.wait(1);
      assert(second.result >= 0);
    }
  }
});

Deno.test("what does not overlap is under way together, and answered in any order", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const window = new Uint8Array(new SharedArrayBuffer(16 * 4096));
  simulated.lend(window);
  const random = seededRandom(4);
  simulated.device.chance = random;
  const windows = Array.from(
    { length: 16 },
    (_, at) => window.subarray(at * 4096, (at + 1) * 4096),
  );
  const order: number[] = [];
  const given = windows.map((view, at) => {
    const write: Operation = { kind: "write", first: at, count: 1, stamp: at + 1 };
    return simulated.give(write, view, { sequence: at + 1, badge: 1 });
  });
  assertEquals(simulated.device.underWay, 16);
  while (simulated.volumes.isWaiting) {
    simulated.volumes.wait(1);
    for (const [at, { result }] of given.entries()) {
      if (result !== undefined && !order.includes(at)) order.push(at);
    }
  }
  assertEquals(order.toSorted((a, b) => a - b), Array.from({ length: 16 }, (_, at) => at));
  assert(order.some((at, index) => at !== index), "some were overtaken");
  const stamps = [...simulated.readStamps().subarray(0, 17)];
  assertEquals(stamps, [...Array.from({ length: 16 }, (_, at) => at + 1), 0]);
});

Deno.test("a device with no more room is waited for", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const window = new Uint8Array(new SharedArrayBuffer(4096));
  simulated.lend(window);
  simulated.device.chance = seededRandom(5);
  const given = Array.from({ length: 30 }, (_, at) => {
    const run = { first: at * 8, count: 8 };
    return simulated.give({ kind: "read", run }, window, { sequence: at + 1, badge: 1 });
  });
  assert(simulated.device.underWay <= 16);
  while (simulated.volumes.isWaiting) simulated.volumes.wait(1);
  assertEquals(given.map(({ result }) => result), Array(30).fill(4096));
});

Deno.test("a transfer that fails is told to its client alone", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const window = new Uint8Array(new SharedArrayBuffer(4096));
  simulated.lend(window);
  simulated.device.chance = seededRandom(6);
  const failures = { 1: "EIO", 2: "ENOSPC", 3: "EROFS" } as const;
  simulated.device.faults.fault = (_, first) => failures[first as 1 | 2 | 3];
  const give = (kind: "read" | "write", first: number): Given => {
    const operation: Operation = kind === "write"
      ? { kind, first, count: 1, stamp: 7 }
      : { kind, run: { first: first * 8, count: 8 } };
    return simulated.give(operation, window, { sequence: first, badge: 1 });
  };
  const writes = [0, 1, 2, 3, 4].map((first) => give("write", first));
  while (simulated.volumes.isWaiting) simulated.volumes.wait(1);
  const reads = [0, 1, 2, 3, 4].map((first) => give("read", first));
  while (simulated.volumes.isWaiting) simulated.volumes.wait(1);
  const { EIO, ENOSPC, EROFS } = ERRNO;
  assertEquals(writes.map(({ result }) => result), [4096, -EIO, -ENOSPC, -EROFS, 4096]);
  assertEquals(reads.map(({ result }) => result), [4096, -EIO, -EIO, -EIO, 4096]);
});

Deno.test("halt() waits for what is under way", () => {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const window = new Uint8Array(new SharedArrayBuffer(4096));
  simulated.lend(window);
  simulated.device.chance = seededRandom(7);
  const write: Operation = { kind: "write", first: 3, count: 1, stamp: 9 };
  const given = simulated.give(write, window, { sequence: 1, badge: 1 });
  assertEquals(given.result, undefined);
  simulated.volumes.halt();
  assertEquals(given.result, 4096);
});

Deno.test("judgeRegister() finds a value that comes back, and one from nowhere", () => {
  const write = (value: number, start: number, end: number) => ({
    value,
    isWrite: true,
    start,
    end,
  });
  const read = (value: number, start: number, end: number) => ({
    value,
    isWrite: false,
    start,
    end,
  });
  const two = [write(1, 0, 1), write(2, 2, 3)];
  assertEquals(judgeRegister([...two, read(2, 4, 5)]), undefined);
  assertEquals(
    judgeRegister([write(1, 0, 9), write(2, 0, 9), read(2, 1, 2), read(1, 3, 4)]),
    undefined,
  );
  assert(judgeRegister([...two, read(1, 4, 5)]) !== undefined);
  assert(judgeRegister([...two, read(3, 4, 5)]) !== undefined);
  assert(judgeRegister([write(1, 4, 5), read(1, 0, 1)]) !== undefined);
  const back = [read(1, 1, 2), read(2, 3, 4), read(1, 5, 6)];
  assert(judgeRegister([write(1, 0, 9), write(2, 0, 9), ...back]) !== undefined);
});
