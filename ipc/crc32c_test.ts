import { assertEquals } from "@std/assert";
import { crc32c } from "./crc32c.ts";

/** RFC 3720, appendix B.4: 32 bytes of zeroes, of ones, counting up, counting down. */
const VECTORS: readonly (readonly [string, (index: number) => number, number])[] = [
  ["zeroes", () => 0, 0x8a9136aa],
  ["ones", () => 0xff, 0x62a8ab43],
  ["counting up", (index) => index, 0x46dd794e],
  ["counting down", (index) => 31 - index, 0x113fdb5c],
];

for (const [name, byteAt, expected] of VECTORS) {
  Deno.test(`crc32c() agrees with RFC 3720: ${name}`, () => {
    const words = new Uint32Array(Uint8Array.from({ length: 32 }, (_, i) => byteAt(i)).buffer);
    assertEquals(crc32c(words, 0, 8, 0), expected);
    for (let split = 0; split <= 8; split++) { // Odd runs, too.
      assertEquals(crc32c(words, split, 8 - split, crc32c(words, 0, split, 0)), expected);
    }
  });
}
