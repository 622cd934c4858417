import { assertEquals } from "@std/assert";
import type { Measurement } from "./measurement.ts";
import { Repeats } from "./repeats.ts";

/** Measures quietly while others use the given numbers of cores, one time after the other. */
async function useOfCores(
  cores: readonly (number | null)[],
  repeats: Repeats = new Repeats(),
): Promise<[number | null, number]> {
  let count = 0;
  const { othersCores } = await repeats.measureQuietly((): Promise<Measurement> => {
    const measurement = { costMedian: 1, costP99: 1, operationCount: 1 };
    return Promise.resolve({ ...measurement, othersCores: cores[count++]! });
  });
  return [othersCores, count];
}

Deno.test("measureQuietly() measures once while others are quiet, or nobody can tell", async () => {
  assertEquals(await useOfCores([0.1]), [0.1, 1]);
  assertEquals(await useOfCores([null]), [null, 1]);
});

Deno.test("measureQuietly() tries again a few times, and takes the least disturbed", async () => {
  assertEquals(await useOfCores([1, 0.2]), [0.2, 2]);
  assertEquals(await useOfCores([0.9, 0.5, 1]), [0.5, 3]);
});

Deno.test("measureQuietly() repeats nothing any more on a machine that is always busy", async () => {
  const repeats = new Repeats();
  const counts: number[] = [];
  for (let round = 0; round < 4; round++) counts.push((await useOfCores([1, 1, 1], repeats))[1]);
  assertEquals(counts, [3, 3, 1, 1]);
});

Deno.test("measureQuietly() repeats again when the machine has become quiet", async () => {
  const repeats = new Repeats();
  for (let round = 0; round < 4; round++) await useOfCores([1, 1, 1], repeats);
  for (let round = 0; round < 12; round++) await useOfCores([0], repeats);
  assertEquals(await useOfCores([1, 0, 0], repeats), [0, 2]);
});
