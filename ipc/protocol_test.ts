import { assertEquals, assertThrows } from "@std/assert";
import { bytes, type Fields, fixedBytes, u32, u64, u8, utf8, window } from "./field.ts";
import { CODE_MAX, defineProtocol, type Operation } from "./protocol.ts";

const one: Operation = { code: 1, request: {}, errors: [], idempotent: true };

function define(request: Fields, reply?: Fields): void {
  defineProtocol("p", 1, { a: { ...one, request, ...(reply && { reply }) } });
}

Deno.test("defineProtocol() finds each operation by its name and by its code", () => {
  const { byCode, byName } = defineProtocol("p", 1, { a: one, b: { ...one, code: CODE_MAX } });
  assertEquals(byCode.get(1)?.name, "a");
  assertEquals(byCode.get(CODE_MAX), byName.get("b"));
  assertEquals([byCode.size, byName.size], [2, 2]);
});

Deno.test("defineProtocol() refuses codes that stand twice or are out of bounds", () => {
  assertThrows(() => defineProtocol("p", 1, { a: one, b: one }), RangeError, "p.b: code 1 is not");
  for (const code of [0, -1, 1.5, CODE_MAX + 1]) {
    const operations = { a: { ...one, code } };
    assertThrows(() => defineProtocol("p", 1, operations), RangeError, `p.a: code ${code}`);
  }
});

Deno.test("defineProtocol() refuses messages that do not fit", () => {
  const windows = { a: window("read"), b: window("read"), c: window("read"), d: window("read") };
  define(windows);
  assertThrows(() => define({ ...windows, e: u32 }), RangeError, "13 words do not fit in 12");
  define(windows, { ...windows, e: u64 });
  const wide = { ...windows, e: u64, f: u8 };
  assertThrows(() => define({}, wide), RangeError, "p.a reply: 15 words do not fit in 14");
  define({ a: bytes(100), b: fixedBytes(100), c: utf8(56) });
  assertThrows(
    () => define({ a: bytes(100), b: fixedBytes(100), c: utf8(57) }),
    RangeError,
    "p.a request: 257 bytes do not fit in 256",
  );
});

Deno.test("defineProtocol() refuses a reply to what nobody waits for", () => {
  const operations = { a: { ...one, oneWay: true, reply: {} } } as const;
  assertThrows(() => defineProtocol("p", 1, operations), RangeError, "p.a: a one-way operation");
});

Deno.test("defineProtocol() refuses names that are source, or that every object has", () => {
  const bad = ["", "1a", "a_b", "a-b", "a b", "ä", "a;b", "__proto__", "constructor", "toString"];
  for (const name of bad) {
    const request = Object.fromEntries([[name, u8]]);
    assertThrows(() => define(request), RangeError, "Cannot define p.a request");
    const operations = Object.fromEntries([[name, one]]);
    assertThrows(() => defineProtocol("p", 1, operations), RangeError, `Cannot define p.${name}`);
  }
});

Deno.test("defineProtocol() refuses a name that is no 1 to 48 bytes, and versions below 1", () => {
  defineProtocol("箱".repeat(16), 0xffff_ffff, {});
  for (const name of ["", "箱".repeat(16) + "a"]) {
    assertThrows(() => defineProtocol(name, 1, {}), RangeError, "1 to 48 bytes");
  }
  for (const version of [0, 1.5, NaN, 2 ** 32]) {
    assertThrows(() => defineProtocol("p", version, {}), RangeError, `${version} is no version`);
  }
});
