import { assert, assertEquals } from "@std/assert";
import { boot, copyOf, MIRRORS, numbers, read, refusalOf, written } from "./mirror_fixture.ts";
import { SimulatedIntegrity, type SimulatedOptions } from "./simulated_integrity.ts";
import { LegsCut } from "./simulated_legs.ts";
import { codeOf, Death } from "../simulated_outcome.ts";
import { seededRandom } from "../workload.ts";

/** Does something, and dies at a death point if there are so many; answers whether it died. */
function dyingAt(simulated: SimulatedIntegrity, at: number, step: () => void): boolean {
  let count = 0;
  simulated.dies = () => count++ === at;
  try {
    step();
    return false;
  } catch (error) {
    if (!(error instanceof Death)) throw error;
    return true;
  } finally {
    simulated.dies = () => false;
  }
}

for (const [name, options] of Object.entries(MIRRORS)) {
  for (const isStale of [false, true]) {
    const state = isStale ? "leg 1 stale" : "in step";
    Deno.test(`two deaths and a power cut leave a mirror that opens (${name}, ${state})`, () => {
      const before = written(options);
      before.legs[1]!.faults.isDead = isStale;
      before.write(9, 1, 98);
      before.device.halt();
      const start = before.legs.map(({ bytes }) => bytes.slice());
      for (let first = 0, isDead = true; isDead; first++) {
        for (let second = 0, isDeadAgain = true; isDeadAgain; second++) {
          const simulated = new SimulatedIntegrity(options, start.map((image) => image.slice()));
          isDead = dyingAt(simulated, first, () => simulated.open().write(9, 1, 99));
          isDeadAgain = dyingAt(simulated, second, () => simulated.takeOver(() => 0));
          const cut = new LegsCut(start, simulated.events);
          cut.advance(simulated.events.length);
          for (const survival of cut.survivals(seededRandom(second), 0)) {
            const where = `deaths at ${first} and ${second}`;
            const later = new SimulatedIntegrity(options, cut.images(survival)).open();
            const stamp = later.read(9) as number;
            assert(stamp === 98 || stamp === 99, `${where}: ${stamp}`);
            assertEquals(read(later), numbers({ 9: stamp }), where);
          }
        }
      }
    });
  }

  Deno.test(`a leg that is taken back is flushed before it is relied on (${name})`, () => {
    const simulated = written(options);
    simulated.legs[1]!.faults.isDead = true;
    simulated.write(9, 1, 99);
    simulated.legs[1]!.faults.isDead = false;
    const from = simulated.events.length;
    assert(simulated.device.tryLegAgain(1));
    const [first] = simulated.events.slice(from).filter(({ leg }) => leg === 1);
    assertEquals(first?.offset, -1);
  });
}

Deno.test("a leg that dies while blocks in doubt are settled leaves them readable", () => {
  const options = MIRRORS["a tagged mirror"]!;
  for (const where of ["before the tags are read", "after the copy"]) {
    const simulated = written(options);
    simulated.write(9, 1, 99); // Its region is dirty at the power cut.
    const legs = [0, 1].map((leg) => copyOf(simulated, leg).bytes);
    legs[0]!.fill(7, 9 * 4096, 10 * 4096); // What was not flushed differs.
    const later = new SimulatedIntegrity(options, legs);
    boot(later);
    const point = where === "after the copy" ? "settle.copied" : "settle.read";
    later.dies = (name) => {
      if (name === point) later.legs[0]!.faults.isDead = true;
      return false;
    };
    const stamp = later.read(9);
    assert(stamp === 99 || stamp === 0x0707_0707, `${where}: ${stamp}`);
    assertEquals(later.read(9), stamp);
    assertEquals(read(later), numbers({ 9: stamp as number }), where);
    assertEquals(later.device.report().legs, ["out", "in"], where);
  }
});

Deno.test("when no leg takes a block that is settled, it stays in doubt, and is no rot", () => {
  const options = MIRRORS["a tagged mirror"]!;
  const simulated = written(options);
  simulated.write(9, 1, 99);
  const legs = [0, 1].map((leg) => copyOf(simulated, leg).bytes);
  legs[0]!.fill(7, 9 * 4096, 10 * 4096);
  const later = boot(new SimulatedIntegrity(options, legs));
  later.legs[1]!.faults.fault = (operation, first) =>
    operation === "write" && first < 20 ? "EIO" : undefined;
  later.dies = (name) => {
    if (name === "settle.read") later.legs[0]!.faults.isDead = true;
    return false;
  };
  assertEquals(later.read(9), 99);
  assertEquals(read(later), numbers({ 9: 99 }));
  assertEquals(later.device.report().rotten, []);
});

for (const pieceBytes of [512, 16]) {
  Deno.test(`a layer whose first labels were torn is made anew (at ${pieceBytes} bytes)`, () => {
    const random = seededRandom(pieceBytes);
    const layers: SimulatedOptions[] = [
      { legBlocks: [30], tags: true, regionBlocks: 4 },
      { legBlocks: [32, 30], tags: true, regionBlocks: 4 },
      { legBlocks: [22, 22], tags: false, regionBlocks: 4 },
    ];
    for (const options of layers) {
      for (let at = 0, isDead = true; isDead; at++) {
        const simulated = new SimulatedIntegrity(options);
        isDead = dyingAt(simulated, at, () => simulated.open());
        simulated.open();
        simulated.write(3, 1, 33);
        const blank = options.legBlocks.map((blocks) => new Uint8Array(blocks * 4096));
        const cut = new LegsCut(blank, simulated.events);
        for (let end = 0; end <= simulated.events.length; end++) {
          cut.advance(end);
          for (let way = 0; way < 6 && cut.unflushedCount > 0; way++) {
            const share = random();
            const images = cut.images(() => () => random() < share, pieceBytes);
            const later = new SimulatedIntegrity(options, images).open().settle();
            assertEquals(later.device.report().legs.filter((state) => state !== "in"), []);
            assertEquals(later.read(5), 0, `death ${at}, event ${end}`);
          }
        }
      }
    }
  });
}

Deno.test("what only looks like a torn label is not written over", () => {
  const options: SimulatedOptions = { legBlocks: [40], tags: false, regionBlocks: 4 };
  const garbage: Record<string, [word: number, value: number]> = {
    "a word of the head": [0, 1],
    "another layer's size": [16, 37],
    "a region beyond the last": [32, 1 << 31],
    "some missed regions": [160, 5],
    "the rest": [1023, 1],
  };
  for (const [name, [word, value]] of Object.entries(garbage)) {
    for (const slot of [0, 1]) {
      const image = new Uint8Array(40 * 4096);
      new Uint32Array(image.buffer, (38 + slot) * 4096)[word] = value;
      const code = codeOf(() => new SimulatedIntegrity(options, [image]).open());
      assertEquals(code, "EUCLEAN", name);
    }
  }
});

Deno.test("a label that cannot be read is the one that is written next", () => {
  for (const options of Object.values(MIRRORS)) {
    for (const slot of [0, 1]) {
      const simulated = written(options);
      const { blockCount } = simulated.legs[0]!;
      let isBad = true;
      simulated.legs[0]!.faults.fault = (operation, first) => {
        if (first !== blockCount - 2 + slot) return undefined;
        if (operation === "write") isBad = false;
        return operation === "read" && isBad ? "EIO" : undefined;
      };
      assertEquals(refusalOf(simulated), "none");
      assertEquals(isBad, false);
      assertEquals(read(simulated), numbers());
    }
  }
});
