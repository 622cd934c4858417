import { assertEquals } from "@std/assert";
import { hasHeapLimit, watchHeap } from "./heap_watch.ts";

/** MiB: less than the heap of a thread that nobody has limited. */
const LIMIT_MB = 64;

Deno.test("hasHeapLimit() is false where the host has set no limit", () => {
  assertEquals(hasHeapLimit(LIMIT_MB), false);
  assertEquals(hasHeapLimit(Infinity), true);
});

Deno.test("watchHeap() ends a life once when the heap may be larger than its limit", async () => {
  const why = await new Promise((resolve) => watchHeap(LIMIT_MB, { die: resolve }));
  assertEquals(why, "ran out of its 64 MiB of memory");
});
