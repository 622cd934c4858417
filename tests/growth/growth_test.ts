import { assert, assertEquals } from "@std/assert";
import { CURVES } from "./curves.ts";

for (const curve of CURVES) {
  Deno.test(`the first point of ${curve.name} can be measured`, async () => {
    const directory = Deno.makeTempDirSync();
    try {
      const figures = await curve.measure(curve.points[0]!, directory);
      const names = figures.map(({ name }) => name);
      assertEquals(names.length, new Set(names).size, "each figure has a name of its own");
      for (const { name, value } of figures) assert(Number.isFinite(value), name);
      assert(figures.some(({ value }) => value > 0));
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}
