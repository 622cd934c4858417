import { assert, assertEquals } from "@std/assert";
import { crc32c } from "@hako/ipc";
import { BITMAP_WORDS, decodeLabel, encodeLabel, type Label, LEG_STATE } from "./layouts/label.ts";
import {
  bindingOf,
  dataBlocksFor,
  metadataBlocks,
  regionBlocksFor,
  stampOf,
  tagBlockCount,
} from "./layouts/tag_block.ts";
import { SimulatedIntegrity, type SimulatedOptions } from "./simulated_integrity.ts";
import { codeOf } from "../simulated_outcome.ts";

const LEG: SimulatedOptions = { legBlocks: [40], tags: true, regionBlocks: 4 };
const MIRROR: SimulatedOptions = { legBlocks: [40, 40], tags: true, regionBlocks: 4 };
const LABEL: Label = {
  layerId: Uint32Array.of(1, 2, 3, 4),
  dataBlocks: 1000,
  regionBlocks: 508,
  isTagged: true,
  leg: 1,
  legCount: 2,
  generation: 2 ** 40,
  states: [LEG_STATE.IN, LEG_STATE.SYNCING],
  since: 2 ** 39,
  dirty: new Uint32Array(BITMAP_WORDS).fill(3),
  missed: new Uint32Array(BITMAP_WORDS).fill(5),
};

function written(options: SimulatedOptions): SimulatedIntegrity {
  const simulated = new SimulatedIntegrity(options).open().settle();
  for (let block = 0; block < 10; block++) simulated.write(block, 1, block + 1);
  simulated.device.halt();
  return simulated;
}

function booted(options: SimulatedOptions, images: readonly Uint8Array[]): SimulatedIntegrity {
  return new SimulatedIntegrity(options, images).open({ format: "never" });
}

function ten(simulated: SimulatedIntegrity): (number | string)[] {
  return Array.from({ length: 10 }, (_, block) => simulated.read(block));
}

const TEN = Array.from({ length: 10 }, (_, block) => block + 1);

Deno.test("a label reads as it was written, in its own place alone", () => {
  const words = new Uint32Array(1024);
  encodeLabel(words, LABEL, 1);
  assertEquals(decodeLabel(words, 1), LABEL);
  assertEquals(decodeLabel(words, 0), undefined);
});

Deno.test("a label with any bit flipped is none", () => {
  const words = new Uint32Array(1024);
  encodeLabel(words, LABEL, 0);
  for (let bit = 0; bit < 4096 * 8; bit++) {
    words[bit >> 5]! ^= 1 << (bit & 31);
    assertEquals(decodeLabel(words, 0), undefined, `bit ${bit}`);
    words[bit >> 5]! ^= 1 << (bit & 31);
  }
});

Deno.test("a label with a right checksum and a wrong field is none", () => {
  const wrong: Record<string, [number, number]> = {
    magic: [0, 1],
    version: [2, 2],
    slot: [3, 1],
    leg: [8, 2],
    "leg count": [9, 3],
    "leg count of one with two states": [9, 1],
    "generation 0": [11, 0],
    "generation above 2^53": [11, 0xffff_ffff],
    "state of leg 0": [12, 9],
    "no leg that is in": [12, LEG_STATE.OUT],
    "state of leg 1": [13, LEG_STATE.NONE],
    "since above 2^53": [15, 0xffff_ffff],
    "no blocks": [16, 0],
    "too many blocks": [17, 1],
    "no region": [18, 0],
    tagged: [19, 2],
    reserved: [21, 1],
    rest: [1023, 1],
  };
  for (const [name, [at, value]] of Object.entries(wrong)) {
    const words = new Uint32Array(1024);
    encodeLabel(words, { ...LABEL, generation: 2 ** 32 }, 0);
    words[at] = value;
    words[20] = 0;
    words[20] = crc32c(words, 0, 1024, 0);
    assertEquals(decodeLabel(words, 0), undefined, name);
  }
});

Deno.test("rot in one label of the only leg harms nothing", () => {
  const before = written(LEG);
  for (const slot of [38, 39]) {
    for (let bit = 0; bit < 4096 * 8; bit += 509) {
      const image = before.legs[0]!.bytes.slice();
      image[slot * 4096 + (bit >> 3)]! ^= 1 << (bit & 7);
      assertEquals(ten(booted(LEG, [image])), TEN);
    }
  }
});

Deno.test("one label that cannot be read harms nothing, on a leg or on either of a mirror", () => {
  for (const options of [LEG, MIRROR]) {
    for (const leg of options.legBlocks.keys()) {
      for (const slot of [38, 39]) {
        const images = written(options).legs.map(({ bytes }) => bytes);
        const later = new SimulatedIntegrity(options, images);
        let isUnreadable = true;
        later.legs[leg]!.faults.fault = (operation, first) => {
          if (first !== slot) return undefined;
          if (operation === "write") isUnreadable = false;
          return operation === "read" && isUnreadable ? "EIO" : undefined;
        };
        later.open({ format: "never" });
        assertEquals(ten(later), TEN);
        assert(later.settle().device.report().legs.every((state) => state === "in"));
        assertEquals(ten(later), TEN);
      }
    }
  }
});

Deno.test("rot in any labels of one leg of a mirror is made good", () => {
  const before = written(MIRROR);
  for (const leg of [0, 1]) {
    for (const slots of [[38], [39], [38, 39]]) {
      for (let bit = 7; bit < 4096 * 8; bit += 2039) {
        const images = before.legs.map(({ bytes }) => bytes.slice());
        for (const slot of slots) images[leg]![slot * 4096 + (bit >> 3)]! ^= 1 << (bit & 7);
        const later = booted(MIRROR, images);
        assertEquals(ten(later), TEN);
        assertEquals(later.settle().device.report().legs, ["in", "in"]);
        later.legs[leg ^ 1]!.faults.isDead = true;
        assertEquals(ten(later), TEN);
      }
    }
  }
});

Deno.test("rot in both labels of every leg is refused, and nothing is formatted over", () => {
  for (const options of [LEG, MIRROR]) {
    const before = written(options);
    for (let bit = 0; bit < 4096 * 8; bit += 2039) {
      const images = before.legs.map(({ bytes }) => bytes.slice());
      for (const image of images) {
        for (const slot of [38, 39]) image[slot * 4096 + (bit >> 3)]! ^= 1 << (bit & 7);
      }
      const later = new SimulatedIntegrity(options, images.map((image) => image.slice()));
      assertEquals(codeOf(() => later.open({ format: "if-blank" })), "EUCLEAN");
      later.legs.forEach(({ bytes }, leg) => assertEquals(bytes, images[leg]));
    }
  }
});

Deno.test("an image keeps its blocks when it is made a layer, unless its end is in use", () => {
  const image = new Uint8Array(40 * 4096);
  for (let block = 0; block < 30; block++) image.fill(block, block * 4096, (block + 1) * 4096);
  const layer = new SimulatedIntegrity(LEG, [image]).open();
  assertEquals(layer.read(29), 0x1d1d1d1d);
  const full = new Uint8Array(40 * 4096);
  full[39 * 4096 - 1] = 1;
  const refused = new SimulatedIntegrity(LEG, [full]);
  assertEquals(codeOf(() => refused.open()), "EUCLEAN");
  assertEquals(codeOf(() => new SimulatedIntegrity(LEG).open({ format: "never" })), "EUCLEAN");
  const tiny = new SimulatedIntegrity({ ...LEG, legBlocks: [3] });
  assertEquals(codeOf(() => tiny.open()), "EINVAL");
});

Deno.test("a leg that cannot be read while a layer is made is not written over", () => {
  const simulated = new SimulatedIntegrity(MIRROR);
  simulated.legs[1]!.faults.fault = (operation) => operation === "read" ? "EIO" : undefined;
  assertEquals(codeOf(() => simulated.open()), "EUCLEAN");
  assertEquals(simulated.legs.map(({ counts }) => counts.write), [0, 0]);
});

Deno.test("any size of a leg is used as far as it can be", () => {
  for (const isTagged of [false, true]) {
    for (const regionBlocks of [1, 3, 4, 508, 1016]) {
      for (let legBlocks = 3; legBlocks < 3000; legBlocks += 7) {
        const dataBlocks = dataBlocksFor(legBlocks, regionBlocks, isTagged);
        if (dataBlocks < 1) continue;
        const shape = { dataBlocks, regionBlocks, isTagged };
        assert(dataBlocks + metadataBlocks(shape) <= legBlocks);
        const more = { ...shape, dataBlocks: dataBlocks + 1 };
        assert(more.dataBlocks + metadataBlocks(more) > legBlocks);
      }
    }
  }
  const terabyte = 2 ** 28;
  const regionBlocks = regionBlocksFor(terabyte);
  const dataBlocks = dataBlocksFor(terabyte, regionBlocks, true);
  assert(Math.ceil(dataBlocks / regionBlocks) <= 4096 && regionBlocks % 508 === 0);
  assert(tagBlockCount({ dataBlocks, regionBlocks, isTagged: true }) < terabyte / 507);
});

Deno.test("a tag is worthless for another block or sequence", () => {
  const seen = new Set<number>();
  for (let block = 0; block < 200; block++) {
    for (let sequence = 1; sequence < 200; sequence++) seen.add(bindingOf(block, sequence));
  }
  assert(seen.size > 39_790, `${seen.size} of 39,800 are different`);
  assert(bindingOf(1, 1) !== bindingOf(2 ** 32 + 1, 1));
});

Deno.test("a tag block of another layer, place or content is none", () => {
  const simulated = written(LEG);
  const at = simulated.device.blockCount;
  const words = (): Uint32Array =>
    new Uint32Array(simulated.legs[0]!.bytes.slice(at * 4096, (at + 1) * 4096).buffer);
  assert(stampOf(words(), LABEL, 0) > 0);
  assertEquals(stampOf(words(), LABEL, 1), -1);
  assertEquals(stampOf(words(), { ...LABEL, layerId: Uint32Array.of(9, 2, 3, 4) }, 0), -1);
  assertEquals(stampOf(new Uint32Array(1024), LABEL, 0), 0);
  for (let bit = 0; bit < 4096 * 8; bit += 13) {
    const changed = words();
    changed[bit >> 5]! ^= 1 << (bit & 31);
    assertEquals(stampOf(changed, LABEL, 0), -1);
  }
});
