import { assertEquals } from "@std/assert";
import { instrument } from "../instrument.ts";
import { coreSource, shippedCore } from "../shipped_core.ts";
import { CORE_VARIANTS } from "./core_variants.ts";
import { SCRIPT_VARIANTS } from "./script_variants.ts";
import { exploreVariant } from "./variant.ts";

const core = await instrument((await shippedCore()).wasm);
const source = await coreSource();

for (const variant of [...CORE_VARIANTS, ...SCRIPT_VARIANTS]) {
  Deno.test(`${variant.name} is caught: ${variant.story}`, async () => {
    const { finding } = await exploreVariant(variant, core, source);
    assertEquals(finding?.property, variant.property, finding?.message ?? "not caught");
    assertEquals(finding!.trace.length > 0, true);
  });
}
