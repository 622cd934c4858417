import { assert, assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import { SimulatedIntegrity, type SimulatedOptions } from "./simulated_integrity.ts";
import { codeOf, Death } from "../simulated_outcome.ts";
import { seededRandom } from "../workload.ts";

const LAYERS: Record<string, SimulatedOptions> = {
  "a tagged leg": { legBlocks: [60], tags: true, regionBlocks: 4 },
  "a mirror": { legBlocks: [60, 60], tags: false, regionBlocks: 4 },
  "a tagged mirror": { legBlocks: [60, 60], tags: true, regionBlocks: 4 },
};
const BLOCKS = 12;
const SLOTS = 8;
const WORDS = 1024;

interface Flight {
  readonly isWrite: boolean;
  readonly first: number;
  readonly count: number;
  readonly stamp: number;
  /** What a read may find in each block. */
  readonly legal: Set<number>[];
}

/**
 * Many transfers at once, begun and told of in random order, and what each read may find: any write
 * that was under way while it was, or the latest that had ended before.
 */
class Traffic {
  /** What each block holds when nothing is under way. */
  readonly latest: number[] = new Array(BLOCKS).fill(0);
  /** Errors that were told. */
  readonly errors: number[] = [];
  readonly #simulated: SimulatedIntegrity;
  readonly #random: () => number;
  readonly #free = Array.from({ length: SLOTS }, (_, slot) => slot);
  readonly #flights = new Set<Flight>();
  #stamp = 1;

  constructor(simulated: SimulatedIntegrity, random: () => number) {
    this.#simulated = simulated;
    this.#random = random;
  }

  get underWay(): number {
    return this.#flights.size;
  }

  begin(): void {
    const { device, window } = this.#simulated;
    const slot = this.#free.pop();
    if (slot === undefined || device.room === 0) {
      if (slot !== undefined) this.#free.push(slot);
      return;
    }
    const first = Math.floor(this.#random() * BLOCKS);
    const count = 1 + Math.floor(this.#random() * Math.min(3, BLOCKS - first));
    const view = window.subarray(slot * 4 * 4096, (slot * 4 + count) * 4096);
    const isWrite = this.#random() < 0.5;
    const stamp = this.#stamp++;
    const legal = Array.from({ length: count }, (_, at) => new Set([this.latest[first + at]!]));
    const flight: Flight = { isWrite, first, count, stamp, legal };
    for (const other of this.#flights) {
      if (other.isWrite) this.#mayBeSeen(flight, other);
      if (isWrite) this.#mayBeSeen(other, flight);
    }
    this.#flights.add(flight);
    const done = (errno: number): void => {
      this.#end(flight, errno, view);
      this.#free.push(slot);
    };
    const words = new Uint32Array(view.buffer, view.byteOffset, count * WORDS);
    if (isWrite) words.fill(stamp);
    if (isWrite) device.beginWrite(first, count, view, done);
    else device.beginRead(first, count, view, done);
  }

  /** What each block may hold when what is under way may be lost or not. */
  possible(): Set<number>[] {
    const possible = this.latest.map((stamp) => new Set([stamp]));
    for (const { isWrite, first, count, stamp } of this.#flights) {
      if (!isWrite) continue;
      for (let block = first; block < first + count; block++) {
        if (stamp > this.latest[block]!) possible[block]!.add(stamp);
      }
    }
    return possible;
  }

  drain(): void {
    for (let turns = 0; this.underWay > 0; turns++) {
      assert(turns < 1000, "what was begun ends");
      this.#simulated.device.wait();
    }
  }

  #mayBeSeen(read: Flight, write: Flight): void {
    for (let block = write.first; block < write.first + write.count; block++) {
      const legal = read.legal[block - read.first];
      if (write.stamp > this.latest[block]!) legal?.add(write.stamp);
    }
  }

  #end(flight: Flight, errno: number, view: Uint8Array): void {
    const { isWrite, first, count, stamp, legal } = flight;
    assert(this.#flights.delete(flight), "a transfer is told of once");
    if (errno !== 0) this.errors.push(errno);
    if (errno !== 0) return;
    const words = new Uint32Array(view.buffer, view.byteOffset, count * WORDS);
    for (let at = 0; at < count; at++) {
      if (!isWrite) {
        const found = words[at * WORDS]!;
        const rest = words.subarray(at * WORDS, (at + 1) * WORDS);
        assert(legal[at]!.has(found), `block ${first + at} holds ${found}, not ${[...legal[at]!]}`);
        assert(rest.every((word) => word === found), "a block is read whole");
        if (found > this.latest[first + at]!) this.latest[first + at] = found; // Once seen, it stays.
      } else if (stamp > this.latest[first + at]!) {
        this.latest[first + at] = stamp; // Overlapping writes take effect as they were begun.
      }
    }
  }
}

function shuffled(simulated: SimulatedIntegrity, random: () => number): SimulatedIntegrity {
  for (const leg of simulated.legs) leg.pick = (count) => Math.floor(random() * count);
  return simulated;
}

for (const [name, options] of Object.entries(LAYERS)) {
  Deno.test(`what is begun many at a time reads as it was written (${name})`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const simulated = shuffled(new SimulatedIntegrity(options), random).open().settle();
      const traffic = new Traffic(simulated, random);
      for (let step = 0; step < 400; step++) {
        const kind = random();
        if (kind < 0.6) traffic.begin();
        else if (kind < 0.85) simulated.device.poll();
        else if (kind < 0.9) simulated.device.wait();
        else if (kind < 0.95) simulated.device.flush();
        else {
          simulated.nowMs += 700;
          simulated.device.turn();
        }
      }
      traffic.drain();
      assertEquals(traffic.errors, []);
      traffic.latest.forEach((stamp, block) => assertEquals(simulated.read(block), stamp));
      assertEquals(simulated.device.underWay, 0);
      assertEquals(simulated.device.report().healed, 0, "no leg is called wrong in vain");
      simulated.settle();
      traffic.latest.forEach((stamp, block) => assertEquals(simulated.read(block), stamp));
    }
  });

  Deno.test(`a server that dies with transfers under way loses none that was told of (${name})`, () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const simulated = shuffled(new SimulatedIntegrity(options), random).open().settle();
      const traffic = new Traffic(simulated, random);
      simulated.dies = () => random() < 0.01;
      for (let step = 0; step < 300; step++) {
        const [leg] = simulated.legs;
        try {
          if (step === 60 && seed % 2 === 0 && options.legBlocks.length === 2) {
            leg!.faults.isDead = true;
          } else if (step === 100 && leg!.faults.isDead) {
            leg!.faults.isDead = false;
            simulated.device.tryLegAgain(0);
          }
          if (random() < 0.6) traffic.begin();
          else if (random() < 0.8) simulated.device.poll();
          else simulated.execute({ kind: random() < 0.5 ? "flush" : "turn" });
        } catch (error) {
          if (!(error instanceof Death)) throw error;
          simulated.dies = () => false;
          const legal = traffic.possible();
          leg!.faults.isDead = false;
          simulated.takeOver(random);
          const seen = legal.map((_, block) => simulated.read(block) as number);
          seen.forEach((stamp, block) => {
            assert(legal[block]!.has(stamp), `seed ${seed}: block ${block} holds ${stamp}`);
          });
          if (!simulated.device.report().legs.includes("syncing")) {
            for (const one of simulated.legs) one.faults.isDead = one === simulated.legs[1];
          }
          assertEquals(legal.map((_, block) => simulated.read(block)), seen);
          break;
        }
      }
    }
  });
}

Deno.test("one leg dies under load: no error, and the writes are on the other", () => {
  for (const options of [LAYERS["a mirror"]!, LAYERS["a tagged mirror"]!]) {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const simulated = shuffled(new SimulatedIntegrity(options), random).open().settle();
      const traffic = new Traffic(simulated, random);
      const leg = simulated.legs[seed % 2]!;
      for (let step = 0; step < 600; step++) {
        if (step === 200) leg.faults.isDead = true;
        if (step === 400) {
          leg.faults.isDead = false;
          assertEquals(simulated.device.report().legs[seed % 2], "out");
          assert(simulated.device.tryLegAgain(seed % 2));
        }
        if (random() < 0.6) traffic.begin();
        else if (random() < 0.8) simulated.device.poll();
        else simulated.execute({ kind: "turn" });
      }
      traffic.drain();
      assertEquals(traffic.errors, []);
      simulated.settle();
      assertEquals(simulated.device.report().legs, ["in", "in"]);
      traffic.latest.forEach((stamp, block) => assertEquals(simulated.read(block), stamp));
      simulated.legs[(seed + 1) % 2]!.faults.isDead = true;
      traffic.latest.forEach((stamp, block) => assertEquals(simulated.read(block), stamp));
    }
  }
});

Deno.test("begun reads of rotten blocks are healed, or EIO", () => {
  for (const options of [LAYERS["a tagged leg"]!, LAYERS["a tagged mirror"]!]) {
    const simulated = new SimulatedIntegrity(options).open().settle();
    simulated.write(0, 8, 5);
    simulated.legs[0]!.rot(2);
    const target = simulated.window.subarray(0, 4 * 4096);
    let errno = -1;
    simulated.device.beginRead(0, 4, target, (found) => errno = found);
    while (errno < 0) simulated.device.wait();
    assertEquals(errno, options.legBlocks.length === 1 ? ERRNO.EIO : 0);
    assertEquals(simulated.read(2), options.legBlocks.length === 1 ? "EIO" : 5);
  }
});

Deno.test("a read beside a write that fails everywhere finds what was there before", () => {
  for (const options of [LAYERS["a tagged leg"]!, LAYERS["a tagged mirror"]!]) {
    const simulated = new SimulatedIntegrity(options).open().settle();
    simulated.write(5, 1, 50);
    for (const leg of simulated.legs) {
      leg.faults.fault = (operation, first) =>
        operation === "write" && first === 5 ? "EIO" : undefined;
    }
    const { device, window } = simulated;
    const target = window.subarray(0, 4096);
    const ended: number[] = [-1, -1];
    device.beginRead(5, 1, target, (errno) => ended[0] = errno);
    device.beginWrite(5, 1, window.subarray(4096, 8192).fill(9), (errno) => ended[1] = errno);
    while (ended.includes(-1)) device.wait();
    assertEquals(ended, [0, ERRNO.EIO]);
    assertEquals(new Uint32Array(target.buffer, 0, 1)[0], 50);
    assertEquals(device.report().rotten, []);
  }
});

Deno.test("a view that is not aligned to words is verified as well", () => {
  const simulated = new SimulatedIntegrity(LAYERS["a tagged leg"]!).open();
  const source = simulated.window.subarray(1, 1 + 2 * 4096).fill(0x22);
  simulated.device.write(3, 2, source);
  source.fill(0);
  simulated.device.read(3, 2, source);
  assert(source.every((byte) => byte === 0x22));
  assertEquals(simulated.read(4), 0x22222222);
  simulated.legs[0]!.rot(4);
  assertEquals(codeOf(() => simulated.device.read(3, 2, source)), "EIO");
});

Deno.test("a transfer that is told of may begin the next, and there is no more room than said", () => {
  const simulated = new SimulatedIntegrity(LAYERS["a tagged mirror"]!).open().settle();
  const { device, window } = simulated;
  assertEquals(device.room, 8);
  let told = 0;
  const next = (errno: number): void => {
    assertEquals(errno, 0);
    if (++told < 100) device.beginWrite(told % BLOCKS, 1, window.subarray(0, 4096), next);
  };
  for (let begun = 0; begun < 8; begun++) {
    device.beginWrite(begun, 1, window.subarray(0, 4096), next);
  }
  assertEquals(device.room, 0);
  for (let turn = 0; device.underWay > 0 && turn < 1000; turn++) device.wait();
  assertEquals(told, 107);
  assertEquals([device.room, device.underWay], [8, 0]);
});

Deno.test("a client that changes its bytes while they are written harms its own block alone", () => {
  const simulated = new SimulatedIntegrity(LAYERS["a tagged mirror"]!).open().settle();
  const { device, window } = simulated;
  const source = window.subarray(0, 4096).fill(1);
  let errno = -1;
  device.beginWrite(5, 1, source, (found) => errno = found);
  source.fill(2);
  while (errno < 0) device.wait();
  assertEquals(simulated.read(5), "EIO");
  assertEquals(simulated.read(4), 0);
  assertEquals(simulated.write(5, 1, 3), undefined);
  assertEquals(simulated.read(5), 3);
});
