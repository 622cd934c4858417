import { randomOf } from "./test_random.ts";
import { assertEquals } from "@std/assert";
import { clearLength, clearRun, findClearRun, isSet, setRun } from "./bitmap.ts";

Deno.test("setRun() and clearRun() change exactly their bits and tell what was there", () => {
  const random = randomOf(7);
  const words = new Uint32Array(8);
  const bits = new Array<boolean>(256).fill(false);
  for (let round = 0; round < 2000; round++) {
    const start = random(256);
    const count = 1 + random(256 - start);
    const value = random(2) === 1;
    const wereOther = bits.slice(start, start + count).every((bit) => bit !== value);
    const change = value ? setRun : clearRun;
    assertEquals(change(words, start, count), wereOther);
    bits.fill(value, start, start + count);
    assertEquals(bits.map((_, bit) => isSet(words, bit)), bits);
  }
});

Deno.test("findClearRun() finds the first run that is long enough, else the longest", () => {
  const random = randomOf(11);
  for (let round = 0; round < 2000; round++) {
    const words = new Uint32Array(8);
    const also = new Uint32Array(8);
    for (let runs = random(20); runs > 0; runs--) {
      const start = random(256);
      setRun(random(2) === 0 ? words : also, start, Math.min(1 + random(40), 256 - start));
    }
    const isClear = (bit: number) => !isSet(words, bit) && !isSet(also, bit);
    const from = random(100);
    const end = from + random(256 - from);
    const wanted = 1 + random(60);
    const expected = { start: 0, count: 0 };
    for (let bit = from; bit < end; bit++) {
      let count = 0;
      while (count < wanted && bit + count < end && isClear(bit + count)) count++;
      assertEquals(clearLength(words, bit, end, wanted, also), count);
      if (count > expected.count) Object.assign(expected, { start: bit, count });
      if (count === wanted) break;
    }
    assertEquals(findClearRun(words, from, end, wanted, also), expected);
  }
});
