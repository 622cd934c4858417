import { assertEquals, assertThrows } from "@std/assert";
import { bytes, defineLayout, u32 as word, u64 as longWord } from "./layout.ts";
import { ERRNO, errnoName, OsError } from "./errno.ts";
import { bytes as bytesField, defineProtocol, u32, u64, window } from "./protocol.ts";

const fields = { errors: [], idempotent: true } as const;

Deno.test("defineProtocol() refuses codes that stand twice and messages that do not fit", () => {
  const one = { ...fields, code: 1, request: {} };
  assertThrows(() => defineProtocol("p", 1, { a: one, b: one }), RangeError, "p.b: code 1");
  assertThrows(() => defineProtocol("p", 1, { a: { ...one, code: 0 } }), RangeError, "code 0");
  const windows = { a: window("read"), b: window("read"), c: window("read"), d: window("read") };
  defineProtocol("p", 1, { a: { ...one, request: windows } });
  assertThrows(
    () => defineProtocol("p", 1, { a: { ...one, request: { ...windows, e: u32 } } }),
    RangeError,
    "13 words do not fit in 12",
  );
  assertThrows(
    () => defineProtocol("p", 1, { a: { ...one, request: { a: bytesField(257) } } }),
    RangeError,
    "257 bytes do not fit in 256",
  );
  const reply = Object.fromEntries("abcdefgh".split("").map((name) => [name, u64]));
  assertThrows(() => defineProtocol("p", 1, { a: { ...one, reply } }), RangeError, "16 words");
});

Deno.test("defineLayout() refuses misaligned fields and a wrong total", () => {
  assertThrows(
    () => defineLayout("l", { byteLength: 16 }, { a: word, b: longWord, c: word }),
    RangeError,
    "l.b: offset 4",
  );
  assertThrows(
    () => defineLayout("l", { byteLength: 8 }, { a: word, b: bytes(3) }),
    RangeError,
    "fill 7 bytes, not 8",
  );
});

Deno.test("every errno has a name, a number and a message of its own", () => {
  const messages = new Set<string>();
  for (const [name, value] of Object.entries(ERRNO)) {
    assertEquals(errnoName(value), name);
    const error = new OsError(name as keyof typeof ERRNO, "try");
    assertEquals([error.code, error.errno], [name, value]);
    messages.add(error.message);
  }
  assertEquals(messages.size, Object.keys(ERRNO).length);
  assertEquals(errnoName(9999), undefined);
});
