import { assert, assertEquals } from "@std/assert";
import { measure, type MeasurementPlan, measureQuietly, quantile } from "./measurement.ts";
import type { Contestant } from "./paired_row.ts";

/** A clock that only a contestant moves, and what a measurement by it took. */
class FakeTime {
  nowMs = 0;
  othersMs = 0;

  plan(lengths: Pick<MeasurementPlan, "warmUpMs" | "measureMs">): MeasurementPlan {
    return { ...lengths, nowMs: () => this.nowMs, othersMs: () => this.othersMs };
  }
}

Deno.test("measure() tells the time per operation, whatever fits a batch", async () => {
  const time = new FakeTime();
  const contestant: Contestant = { run: (count) => void (time.nowMs += count * 0.001) };
  const { costMedian, operationCount } = await measure(
    contestant,
    time.plan({ warmUpMs: 10, measureMs: 100 }),
  );
  assertEquals(Math.round(costMedian), 1000);
  assertEquals(operationCount % 64, 0); // 64 us are the first power of two above 50.
});

Deno.test("measure() tells the median of the batches, and the slow ones by the 99th percentile", async () => {
  const time = new FakeTime();
  let batches = 0;
  const contestant: Contestant = {
    run: (count) => void (time.nowMs += count * (++batches % 50 === 0 ? 9 : 1)),
  };
  const plan = time.plan({ warmUpMs: 1, measureMs: 1_000 });
  const { costMedian, costP99 } = await measure(contestant, plan);
  assertEquals(costMedian, 1e6);
  assertEquals(costP99, 9e6);
});

Deno.test("measure() rests before every operation of a contestant that rests, off the clock", async () => {
  const time = new FakeTime();
  const counts: number[] = [];
  let rests = 0;
  const contestant: Contestant = {
    rest: () => {
      rests++;
      time.nowMs += 2;
    },
    run: (count) => {
      counts.push(count);
      time.nowMs += 0.01;
    },
  };
  const { costMedian } = await measure(contestant, time.plan({ warmUpMs: 20, measureMs: 100 }));
  assertEquals(Math.round(costMedian), 10_000);
  assertEquals(rests, counts.length);
  assert(counts.every((count) => count === 1));
});

Deno.test("measure() keeps together what belongs together, and waits for promises", async () => {
  const time = new FakeTime();
  const counts: number[] = [];
  const contestant: Contestant = {
    grain: 32,
    async run(count) {
      counts.push(count);
      await Promise.resolve();
      time.nowMs += count * 0.01;
    },
  };
  const { costMedian } = await measure(contestant, time.plan({ warmUpMs: 1, measureMs: 10 }));
  assertEquals(Math.round(costMedian), 10_000);
  assert(counts.every((count) => count % 32 === 0));
});

Deno.test("measure() tells how many cores others used, and only if it can", async () => {
  const time = new FakeTime();
  const run = () => {
    time.nowMs += 1;
    time.othersMs += 0.5;
  };
  const plan = time.plan({ warmUpMs: 10, measureMs: 200 });
  assertEquals((await measure({ run }, plan)).othersCores, 0.5);
  assertEquals((await measure({ run, startsProcesses: true }, plan)).othersCores, null);
});

Deno.test("measure() takes as many samples as a side that measures itself asks for", async () => {
  const time = new FakeTime();
  const costs = [9, 1, 2, 3, 100];
  const sample = () => {
    time.nowMs += 10;
    time.othersMs += 4;
    return Promise.resolve(costs.pop()!);
  };
  const plan = time.plan({ warmUpMs: 1, measureMs: 1 });
  const measured = await measure({ sample, sampleCount: 4 }, plan);
  assertEquals([measured.costMedian, measured.operationCount], [2.5, 4]);
  assertEquals([Math.round(measured.costP99), measured.othersCores], [97, 0.4]);
  assertEquals(costs, [9]);
});

/** Measures quietly while others use the given numbers of cores, one time after the other. */
async function useOfCores(cores: readonly (number | null)[]): Promise<[number | null, number]> {
  let count = 0;
  const { othersCores } = await measureQuietly(() => {
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

Deno.test("quantile() takes the value between two neighbours in proportion", () => {
  assertEquals(quantile([1, 2, 3], 0.5), 2);
  assertEquals(quantile([1, 2], 0.5), 1.5);
  assertEquals(quantile([1, 2, 3, 4, 5], 1), 5);
});
