import { assertThrows } from "@std/assert";
import { bytes, defineLayout, u32, u64 } from "./layout.ts";

Deno.test("defineLayout() refuses misaligned fields and a wrong total", () => {
  assertThrows(
    () => defineLayout("l", { byteLength: 16 }, { a: u32, b: u64, c: u32 }),
    RangeError,
    "l.b: offset 4",
  );
  assertThrows(
    () => defineLayout("l", { byteLength: 8 }, { a: u32, b: bytes(3) }),
    RangeError,
    "fill 7 bytes, not 8",
  );
});
