import { randomOf } from "./test_random.ts";
import { assertEquals } from "@std/assert";
import { GroupIndex } from "./group_index.ts";

Deno.test("GroupIndex.next() finds the first group with enough from a group on, and then from 0 on", () => {
  const random = randomOf(5);
  for (const count of [1, 2, 3, 8, 13, 64, 100]) {
    const index = new GroupIndex(count);
    const numbers = new Array<number>(count).fill(0);
    for (let round = 0; round < 500; round++) {
      const group = random(count);
      numbers[group] = random(3) === 0 ? 0 : random(20);
      index.set(group, numbers[group] as number);
      const from = random(count);
      const atLeast = 1 + random(20);
      const up = numbers.findIndex((number, at) => at >= from && number >= atLeast);
      const expected = up >= 0 ? up : numbers.findIndex((number) => number >= atLeast);
      assertEquals(index.next(from, atLeast), expected);
      assertEquals(index.max, Math.max(...numbers));
      assertEquals(index.get(from), numbers[from]);
    }
  }
});
