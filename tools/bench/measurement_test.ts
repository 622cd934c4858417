import { assert, assertEquals } from "@std/assert";
import { measure, type MeasurementPlan, quantile } from "./measurement.ts";
import type { Contestant } from "./paired_row.ts";

/** A clock that only a contestant moves, and what a measurement by it took. */
class FakeTime {
  nowMs = 0;
  othersMs = 0;

  plan(lengths: Omit<MeasurementPlan, "nowMs" | "othersMs">): MeasurementPlan {
    return { ...lengths, nowMs: () => this.nowMs, othersMs: () => this.othersMs };
  }
}

Deno.test("measure() tells the time per operation, whatever fits a batch", async () => {
  const time = new FakeTime();
  const contestant: Contestant = { run: (count) => void (time.nowMs += count * 0.001) };
  const { costMedian, operationCount } = await measure(
    contestant,
    time.plan({ windowMs: 10, measureMs: 100 }),
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
  const plan = time.plan({ windowMs: 1, measureMs: 1_000 });
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
  const { costMedian } = await measure(contestant, time.plan({ windowMs: 20, measureMs: 100 }));
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
  const { costMedian } = await measure(contestant, time.plan({ windowMs: 1, measureMs: 10 }));
  assertEquals(Math.round(costMedian), 10_000);
  assert(counts.every((count) => count % 32 === 0));
});

Deno.test("measure() tells how many cores others used, and only if it can", async () => {
  const time = new FakeTime();
  const run = () => {
    time.nowMs += 1;
    time.othersMs += 0.5;
  };
  const plan = time.plan({ windowMs: 10, measureMs: 200 });
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
  const plan = time.plan({ windowMs: 1, measureMs: 1 });
  const measured = await measure({ sample, sampleCount: 4 }, plan);
  assertEquals([measured.costMedian, measured.operationCount], [2.5, 4]);
  assertEquals([Math.round(measured.costP99), measured.othersCores], [97, 0.4]);
  assertEquals(costs, [9]);
});

Deno.test("measure() warms up as long as that makes it faster", async () => {
  for (const [slowest, label] of [[1, "at once"], [20, "later"]] as const) {
    const time = new FakeTime();
    let count = 0;
    const run = () => {
      time.nowMs += Math.max(1, slowest - count++);
    };
    const plan = time.plan({ windowMs: 10, measureMs: 200 });
    const { costMedian, operationCount } = await measure({ run }, plan);
    assertEquals([costMedian, operationCount], [1e6, 200], label);
    if (slowest === 1) assertEquals(count, 230, "three windows are enough for what is steady");
  }
});

Deno.test("measure() warms up for a bounded time what never becomes steady", async () => {
  const time = new FakeTime();
  let count = 0;
  const run = () => void (time.nowMs += 100 * 0.9 ** ++count);
  const { operationCount } = await measure({ run }, time.plan({ windowMs: 1, measureMs: 100 }));
  assert(count - operationCount >= 16);
  assert(count < 1_000);
});

Deno.test("measure() takes fewer batches of slow work, but never too few for a median", async () => {
  const counts: number[] = [];
  for (const tookMs of [1, 5, 20, 1_000]) {
    const time = new FakeTime();
    const run = () => void (time.nowMs += tookMs);
    const plan = time.plan({ windowMs: 1, measureMs: 100 });
    counts.push((await measure({ run }, plan)).operationCount);
  }
  assertEquals(counts, [100, 40, 10, 8]);
});

Deno.test("measure() tells the mean of a stretch: what seldom happens counts as it comes", async () => {
  const time = new FakeTime();
  let count = 0;
  const run = () => void (time.nowMs += ++count % 10 === 0 ? 11 : 1);
  const plan = time.plan({ windowMs: 10, measureMs: 50, stretchMs: 2_000 });
  const { costMedian, operationCount } = await measure({ run }, plan);
  assertEquals([Math.round(costMedian / 1e5), operationCount], [20, 1_000]);
});

Deno.test("measure() takes fewer samples of slow ones, but never too few for a median", async () => {
  const counts: number[] = [];
  for (const [tookMs, sampleCount] of [[1, 30], [10, 30], [100, 30], [100, 3]] as const) {
    const time = new FakeTime();
    const sample = () => Promise.resolve(time.nowMs += tookMs);
    const plan = time.plan({ windowMs: 1, measureMs: 1, samplingMs: 150 });
    counts.push((await measure({ sample, sampleCount }, plan)).operationCount);
  }
  assertEquals(counts, [30, 15, 6, 3]);
});

Deno.test("quantile() takes the value between two neighbours in proportion", () => {
  assertEquals(quantile([1, 2, 3], 0.5), 2);
  assertEquals(quantile([1, 2], 0.5), 1.5);
  assertEquals(quantile([1, 2, 3, 4, 5], 1), 5);
});
