import { assert, assertEquals } from "@std/assert";
import { SimulatedIntegrity, type SimulatedOptions } from "./simulated_integrity.ts";
import { Death } from "../simulated_outcome.ts";
import { seededRandom } from "../workload.ts";

const LEG: SimulatedOptions = { legBlocks: [40], tags: true, regionBlocks: 4 };
const MIRROR: SimulatedOptions = { legBlocks: [40, 40], tags: true, regionBlocks: 4 };
const PLAIN: SimulatedOptions = { legBlocks: [40, 40], tags: false, regionBlocks: 4 };

/** A layer whose blocks 0 to 9 hold 1 to 10, clean. */
function written(options: SimulatedOptions): SimulatedIntegrity {
  const simulated = new SimulatedIntegrity(options).open().settle();
  for (let block = 0; block < 10; block++) simulated.write(block, 1, block + 1);
  simulated.device.halt();
  return simulated;
}

/** The same after a boot: nothing but the images. */
function booted(options: SimulatedOptions, before: SimulatedIntegrity): SimulatedIntegrity {
  return new SimulatedIntegrity(options, before.legs.map(({ bytes }) => bytes.slice())).open();
}

for (const life of ["the same life", "a later life"]) {
  const after = (options: SimulatedOptions, before: SimulatedIntegrity): SimulatedIntegrity =>
    life === "the same life" ? before : booted(options, before);

  Deno.test(`rot of any bit is EIO on one leg, never wrong data (${life})`, () => {
    for (let bit = 0; bit < 4096 * 8; bit += 1021) {
      const simulated = after(LEG, written(LEG));
      simulated.legs[0]!.rot(3, bit);
      assertEquals(simulated.read(3), "EIO");
      assertEquals(simulated.read(4), 5);
      assertEquals(simulated.device.report().rotten, [3]);
      assertEquals(simulated.write(3, 1, 77), undefined);
      assertEquals(simulated.read(3), 77);
      assertEquals(simulated.device.report().rotten, []);
    }
  });

  Deno.test(`rot on either leg of a mirror is healed (${life})`, () => {
    for (let bit = 0; bit < 4096 * 8; bit += 1021) {
      const simulated = after(MIRROR, written(MIRROR));
      const good = simulated.legs[0]!.bytes.slice(0, 10 * 4096);
      for (let block = 0; block < 10; block++) simulated.legs[bit % 2]!.rot(block, bit);
      for (let pass = 0; pass < 2; pass++) {
        for (let block = 0; block < 10; block++) assertEquals(simulated.read(block), block + 1);
      }
      // Blocks that are read from the other leg rot on until they are scrubbed.
      const healed = simulated.device.report().healed;
      assert(healed > 0 && healed < 10, `${healed} healed`);
      assertEquals(simulated.device.report().rotten, []);
      assert(good.length > 0);
    }
  });

  Deno.test(`a lost or misdirected write is told on one leg and healed on two (${life})`, () => {
    for (const place of [-1, 8]) {
      const lone = written(LEG);
      lone.legs[0]!.faults.misdirect = (first) => first === 2 ? place : first;
      assertEquals(lone.write(2, 1, 99), undefined);
      lone.legs[0]!.faults = {};
      lone.device.halt();
      const alone = after(LEG, lone);
      assertEquals(alone.read(2), "EIO");
      assertEquals(alone.read(8), place === 8 ? "EIO" : 9);

      for (const leg of [0, 1]) {
        const pair = written(MIRROR);
        pair.legs[leg]!.faults.misdirect = (first) => first === 2 ? place : first;
        pair.write(2, 1, 99);
        pair.legs[leg]!.faults = {};
        pair.device.halt();
        const both = after(MIRROR, pair);
        for (let pass = 0; pass < 2; pass++) assertEquals([both.read(2), both.read(8)], [99, 9]);
        both.open({ scrubBlocksPerSecond: 100_000 }).scrub();
        for (const one of both.legs) {
          assertEquals(new Uint32Array(one.bytes.buffer, 2 * 4096, 1)[0], 99);
          assertEquals(new Uint32Array(one.bytes.buffer, 8 * 4096, 1)[0], 9);
        }
      }
    }
  });

  Deno.test(`a stale block, once right, is told from the present one (${life})`, () => {
    const simulated = written(MIRROR);
    const old = simulated.legs[1]!.bytes.slice(5 * 4096, 6 * 4096);
    simulated.write(5, 1, 50);
    simulated.device.halt();
    simulated.legs[1]!.bytes.set(old, 5 * 4096);
    const later = after(MIRROR, simulated);
    assertEquals(later.read(5), 50);
    assertEquals(later.device.report().healed, 1); // Region 1 is read from leg 1.
  });

  Deno.test(`an unreadable block is read from the other leg and written anew (${life})`, () => {
    for (const options of [MIRROR, PLAIN]) {
      for (const leg of [0, 1]) {
        const simulated = after(options, written(options));
        const unreadable = new Set([1, 5]);
        simulated.legs[leg]!.faults.fault = (operation, first, count) => {
          if (operation === "write") unreadable.delete(first);
          const isHit = [...unreadable].some((block) => first <= block && block < first + count);
          return operation === "read" && isHit ? "EIO" : undefined;
        };
        for (let block = 0; block < 10; block++) assertEquals(simulated.read(block), block + 1);
        assertEquals(simulated.device.report().healed, 1);
        assertEquals(unreadable.size, 1);
        assertEquals(simulated.device.report().legs, ["in", "in"]);
      }
    }
  });

  Deno.test(`rot on both legs is EIO (${life})`, () => {
    const simulated = after(MIRROR, written(MIRROR));
    for (const leg of simulated.legs) leg.rot(7, 12345);
    assertEquals(simulated.read(7), "EIO");
    assertEquals(simulated.device.report().legs, ["in", "in"]);
    assertEquals(simulated.read(6), 7);
  });
}

Deno.test("scrubbing finds and heals rot that nobody reads", () => {
  const simulated = booted(MIRROR, written(MIRROR));
  simulated.open({ scrubBlocksPerSecond: 100_000 });
  const good = simulated.legs[0]!.bytes.slice(0, 10 * 4096);
  for (let block = 0; block < 10; block++) simulated.legs[block % 2]!.rot(block, 99 * block);
  simulated.scrub();
  assertEquals(simulated.device.report().healed, 10);
  assert(simulated.device.report().scrub.passes > 0);
  for (const { bytes } of simulated.legs) assertEquals(bytes.slice(0, 10 * 4096), good);
});

Deno.test("whatever point of healing or scrubbing the server dies at, rot is healed", () => {
  const passed = new Set<string>();
  const before = written(MIRROR);
  const good = before.legs[0]!.bytes.slice(0, 10 * 4096);
  for (let at = 0, isDead = true; isDead; at++) {
    isDead = false;
    const simulated = booted(MIRROR, before);
    for (let block = 0; block < 10; block++) simulated.legs[block % 2]!.rot(block, 99 * block);
    let count = 0;
    simulated.dies = (point) => {
      passed.add(point);
      return count++ === at;
    };
    try {
      assertEquals([simulated.read(0), simulated.read(5)], [1, 6]);
      simulated.open({ scrubBlocksPerSecond: 100_000 }).scrub();
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      isDead = true;
    }
    simulated.dies = () => false;
    simulated.takeOver(() => 0, { scrubBlocksPerSecond: 100_000 }).scrub();
    assertEquals(simulated.device.report().rotten, []);
    for (const { bytes } of simulated.legs) assertEquals(bytes.slice(0, 10 * 4096), good);
  }
  for (const point of ["heal.read", "heal.written", "scrub.read"]) assert(passed.has(point));
});

Deno.test("scrubbing one leg counts what is rotten, and a write makes it good", () => {
  const simulated = booted(LEG, written(LEG));
  simulated.open({ scrubBlocksPerSecond: 100_000 });
  simulated.legs[0]!.rot(4);
  simulated.legs[0]!.rot(9);
  simulated.scrub();
  assertEquals(simulated.device.report().rotten, [4, 9]);
  simulated.write(4, 6, 1);
  assertEquals(simulated.device.report().rotten, []);
});

Deno.test("scrubbing goes no faster than it was told to", () => {
  const simulated = booted(LEG, written(LEG));
  simulated.open({ scrubBlocksPerSecond: 10 });
  const before = simulated.legs[0]!.counts.read;
  for (let turn = 0; turn < 1000; turn++) {
    simulated.nowMs += 10;
    simulated.device.turn();
  }
  const { scrub } = simulated.device.report();
  const blocks = scrub.passes * simulated.device.blockCount + scrub.next;
  assert(blocks <= 100 && blocks >= 60, `${blocks} blocks in 10 s`);
  assert(simulated.legs[0]!.counts.read - before < 200);
  assert(simulated.device.msToTurn > 0);
});

Deno.test("scrubbing gives tags to what an image held before, and makes legs without tags equal", () => {
  const image = new Uint8Array(40 * 4096);
  image.fill(7, 0, 10 * 4096);
  const simulated = new SimulatedIntegrity(LEG, [image]).open({ scrubBlocksPerSecond: 100_000 });
  simulated.scrub();
  const later = booted(LEG, simulated);
  later.legs[0]!.rot(2);
  assertEquals(later.read(2), "EIO");
  assertEquals(later.read(3), 0x07070707);

  const plain = written(PLAIN);
  plain.open({ scrubBlocksPerSecond: 100_000 });
  plain.legs[1]!.rot(3);
  plain.scrub();
  assertEquals(plain.device.report().different, 1);
  assertEquals(plain.legs[1]!.bytes.slice(0, 40960), plain.legs[0]!.bytes.slice(0, 40960));
});

Deno.test("a rotten tag block is told; on a mirror it is healed", () => {
  for (const options of [LEG, MIRROR]) {
    const shape = { first: 0, count: 0 };
    const before = written(options);
    shape.first = before.device.blockCount; // Tag blocks follow the data on legs of equal size.
    shape.count = 40 - 2 - shape.first;
    assertEquals(shape.count, Math.ceil(shape.first / 4));
    for (let bit = 5; bit < 4096 * 8; bit += 4099) {
      const simulated = booted(options, before);
      simulated.legs[0]!.rot(shape.first + 1, bit);
      for (let block = 0; block < 10; block++) assertEquals(simulated.read(block), block + 1);
      const { tagBlocksLost, tagBlocksHealed } = simulated.device.report();
      assertEquals([tagBlocksLost, tagBlocksHealed], options === LEG ? [1, 0] : [0, 1]);
      simulated.legs[0]!.rot(1); // Of another tag block.
      assertEquals(simulated.read(1), options === LEG ? "EIO" : 2);
    }
  }
});

Deno.test("tag blocks in each other's place are told", () => {
  const before = written(LEG);
  const first = before.device.blockCount * 4096;
  const simulated = booted(LEG, before);
  const { bytes } = simulated.legs[0]!;
  bytes.copyWithin(first, first + 4096, first + 8192);
  assertEquals(simulated.read(0), 1);
  assertEquals(simulated.device.report().tagBlocksLost, 1);
});

Deno.test("a tag block that one leg never really wrote is found by the other's", () => {
  const simulated = written(MIRROR);
  const { blockCount } = simulated.device;
  simulated.legs[0]!.faults.misdirect = (first) => first >= 0 && first < 38 ? -1 : first;
  simulated.write(0, 4, 70); // Leg 0 loses the blocks and their tags.
  simulated.device.halt();
  simulated.legs[0]!.faults = {};
  const later = booted(MIRROR, simulated);
  assert(blockCount > 10);
  for (let block = 0; block < 4; block++) assertEquals(later.read(block), 70);
  assert(later.device.report().tagBlocksHealed > 0);
});

Deno.test("a tag block that cannot be read is EIO, and harms no other", () => {
  const simulated = booted(LEG, written(LEG));
  const at = simulated.device.blockCount + 1;
  simulated.legs[0]!.faults.fault = (operation, first) =>
    operation === "read" && first === at ? "EIO" : undefined;
  assertEquals(simulated.read(4), "EIO");
  assertEquals(simulated.write(4, 1, 9), "EIO");
  assertEquals(simulated.read(0), 1);
  assertEquals(simulated.write(3, 2, 9), "EIO");
  simulated.legs[0]!.faults = {};
  assertEquals([3, 4, 5].map((block) => simulated.read(block)), [4, 5, 6]);
});

Deno.test("discarded and zeroed blocks read without an error, in this life and the next", () => {
  for (const options of [LEG, MIRROR, PLAIN]) {
    for (const fastZero of [false, true]) {
      const simulated = written(options);
      for (const leg of simulated.legs) leg.fastZero = fastZero;
      simulated.device.zero(2, 3);
      simulated.device.discard(6, 2);
      for (let life = 0; life < 2; life++) {
        assertEquals([1, 2, 3, 4, 5].map((block) => simulated.read(block)), [2, 0, 0, 0, 6]);
        const expected = options === LEG ? 0xdddddddd : fastZero ? 0 : 7;
        assertEquals(simulated.read(6), expected);
        simulated.device.halt();
        simulated.open();
      }
    }
  }
});

Deno.test("random rot on either leg, never of both at once, is never seen", () => {
  const random = seededRandom(11);
  const simulated = written(MIRROR);
  simulated.open({ scrubBlocksPerSecond: 1000 });
  const expected = Array.from({ length: 10 }, (_, block) => block + 1);
  for (let round = 0; round < 400; round++) {
    const block = Math.floor(random() * 10);
    simulated.legs[Math.floor(random() * 2)]!.rot(block, Math.floor(random() * 32768));
    if (random() < 0.3) {
      expected[block] = round + 100;
      simulated.write(block, 1, round + 100);
    }
    if (random() < 0.1) simulated.device.flush();
    simulated.nowMs += 300;
    simulated.device.turn();
    // Both legs are made good before the next rot, as a scrub that is fast enough would.
    assertEquals(simulated.read(block), expected[block]);
    simulated.open({ scrubBlocksPerSecond: 1_000_000 }).scrub();
  }
  assertEquals(simulated.device.report().rotten, []);
});
