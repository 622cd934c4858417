import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { decode, encode, encodingOf } from "../../fs-server/node/encoding.ts";
import { PieceDecoder } from "../../fs-server/node/piece_decoder.ts";
import { randomFrom } from "../../tools/scenarios/random.ts";

const NAMES = [
  ...["utf8", "UTF-8", "ascii", "latin1", "binary", "hex", "base64", "base64url"],
  ...["ucs2", "utf-16le"],
];

/** Texts with what encodings treat in their own way. */
const TEXTS = [
  ...["", "plain", "Grüße 箱 🎁", "\ufeffmark", "ab\u0000c", "\ud800 alone"],
  ...["deadbeef", "abc", "xyz0", "aGk=", "aGk", "-_8", "+/8=", "a b\nc=="],
];

for (const name of NAMES) {
  Deno.test(`text and bytes are as those of Buffer: ${name}`, () => {
    const encoding = encodingOf(name)!;
    const random = randomFrom(1);
    for (const text of TEXTS) {
      const expected = [...Buffer.from(text, name as BufferEncoding)];
      assertEquals([...encode(text, encoding)], expected, JSON.stringify(text));
    }
    for (let length = 0; length < 80; length++) {
      const bytes = Uint8Array.from({ length }, () => random() * 256);
      const expected = Buffer.from(bytes).toString(name as BufferEncoding);
      assertEquals(decode(bytes, encoding), expected, `${length} bytes`);
      const decoder = new PieceDecoder(encoding);
      let text = "";
      for (let at = 0; at < length;) {
        const size = 1 + Math.floor(random() * 7);
        text += decoder.decode(bytes.subarray(at, at + size));
        at += size;
      }
      assertEquals(text + decoder.end(), expected, `${length} bytes in pieces`);
    }
  });
}

Deno.test("an encoding that is none is refused, in Node's words", () => {
  assertEquals(encodingOf("buffer"), undefined);
  const message = "The argument 'encoding' is invalid encoding. Received 'morse'";
  assertThrows(() => encodingOf("morse"), TypeError, message);
});
