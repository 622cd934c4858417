import { assert } from "@std/assert";
import { hasTool } from "../../fs-server/ext4/test_images.ts";
import { Mutants, VARIANTS } from "./mutants.ts";

/** Damaged images in all; `deno task soak mutants` goes on with 10,000. */
const MUTANTS = 2_000;

/** Growth of the heap that is no leak. */
const HEAP_BYTES_MAX = 256 * 1024 * 1024;

for (const variant of VARIANTS) {
  Deno.test({
    name: `a damaged image is refused or read as far as it goes: ${variant.join(" ")}`,
    ignore: !hasTool("mke2fs"),
    fn() {
      const mutants = new Mutants(variant);
      const heapBytes = Deno.memoryUsage().heapUsed;
      const count = MUTANTS / VARIANTS.length;
      for (let seed = 1; seed <= count; seed++) mutants.play(seed);
      assert(mutants.refused > count / 4, "damage is noticed");
      assert(Deno.memoryUsage().heapUsed - heapBytes < HEAP_BYTES_MAX, "memory is bounded");
    },
  });
}
