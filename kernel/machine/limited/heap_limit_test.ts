import { assert, assertEquals, assertThrows } from "@std/assert";
import { heapDeath, heapShares, withHeapLimit } from "./heap_limit.ts";

Deno.test("heapShares() adds up to the limit and leaves V8 nothing to round", () => {
  for (let limitMb = 16; limitMb <= 1200; limitMb++) {
    const { maxOldGenerationSizeMb, maxYoungGenerationSizeMb } = heapShares(limitMb);

    assertEquals(maxOldGenerationSizeMb + maxYoungGenerationSizeMb, limitMb);
    assert(Number.isInteger(Math.log2(maxYoungGenerationSizeMb / 3)));
    assert(maxYoungGenerationSizeMb <= limitMb / 4, "most of it is for what lives long");
  }
});

Deno.test("withHeapLimit() shows every object the limits while it creates, and not after", () => {
  const limits = () => Reflect.get({}, "resourceLimits");
  const error = new Error("no worker");
  let seen: unknown;

  assertThrows(
    () =>
      withHeapLimit(64, () => {
        seen = limits();
        throw error;
      }),
    Error,
    error.message,
  );

  assertEquals(seen, heapShares(64));
  assertEquals(limits(), undefined);
  assert(!("resourceLimits" in Object.prototype));
});

Deno.test("heapDeath() knows how a full heap ends a worker", () => {
  const why = "ran out of its 64 MiB of memory";
  assertEquals(heapDeath(64, "Uncaught Error: execution terminated"), why);
  assertEquals(heapDeath(64, "Uncaught (in promise) Error: execution terminated"), why);
  assertEquals(heapDeath(64, "Uncaught Error: broken"), undefined);
});
