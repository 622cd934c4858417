import { assertEquals } from "@std/assert";
import { ATTRIBUTE, ATTRIBUTES_BYTES } from "@hako/fs-server";
import { withoutSetId } from "./set_id.ts";

const CASES: readonly (readonly [number, number | undefined])[] = [
  [0o106755, 0o755],
  [0o104755, 0o755],
  [0o102755, 0o755],
  [0o102644, undefined], // A mark of old, and no right.
  [0o106644, 0o2644],
  [0o100755, undefined],
  [0o046777, undefined], // Of a directory it says who owns what is made there.
];

for (const [mode, cleared] of CASES) {
  Deno.test(`withoutSetId() of ${mode.toString(8)} is ${cleared?.toString(8) ?? "nothing new"}`, () => {
    const view = new DataView(new ArrayBuffer(ATTRIBUTES_BYTES));
    view.setUint32(ATTRIBUTE.mode, mode, true);
    assertEquals(withoutSetId(view), cleared);
  });
}
