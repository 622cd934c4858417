import { assert, assertEquals } from "@std/assert";
import { bucketOf, bucketStartUs, quantileUs } from "./histogram.ts";
import { TRACE_BUCKETS } from "./limits.ts";

Deno.test("every duration lies in the bucket that begins at or before it", () => {
  for (let bucket = 0; bucket < TRACE_BUCKETS; bucket++) {
    const startUs = bucketStartUs(bucket);
    const nextUs = bucketStartUs(bucket + 1);
    assert(nextUs > startUs && nextUs / startUs <= 1.25);
    assertEquals(bucketOf(startUs), bucket);
    assertEquals(bucketOf((startUs + nextUs) / 2), bucket);
    assertEquals(bucketOf(nextUs * 0.999), bucket);
  }
});

Deno.test("what no clock measures has a bucket all the same", () => {
  for (const durationUs of [0, -0, -1, -Infinity, Number.MIN_VALUE, 0.127]) {
    assertEquals(bucketOf(durationUs), 0);
  }
  for (const durationUs of [1e12, Number.MAX_VALUE, Infinity, NaN]) {
    assertEquals(bucketOf(durationUs), TRACE_BUCKETS - 1);
  }
});

Deno.test("a quantile is off by a quarter at most", () => {
  let state = 7;
  const random = () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) / 2 ** 32;
  for (const spread of [1, 3, 8]) {
    const durations = Array.from({ length: 999 }, () => 0.5 * 10 ** (random() * spread));
    const counts = new Uint32Array(TRACE_BUCKETS);
    for (const durationUs of durations) counts[bucketOf(durationUs)]!++;
    durations.sort((one, other) => one - other);
    for (const share of [0.01, 0.5, 0.9, 0.99, 1]) {
      const exact = durations[Math.ceil(share * durations.length) - 1]!;
      const found = quantileUs(counts, share);
      // Within one bucket: the rule of three is right where the calls in it are spread evenly.
      assert(found / exact <= 1.25 && exact / found <= 1.25, `${share}: ${found} for ${exact}`);
    }
  }
});

Deno.test("a quantile of no calls is 0", () => {
  assertEquals(quantileUs(new Uint32Array(TRACE_BUCKETS), 0.99), 0);
});
