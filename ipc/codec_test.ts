import { assert, assertEquals, assertThrows } from "@std/assert";
import { Channel, placeRequest } from "./channel.ts";
import type { AnyValues, Codec, Ends, MessagePlace, WindowTable } from "./codec.ts";
import { ERRNO, OsError } from "./errno.ts";
import {
  bool,
  bytes,
  f64,
  type Field,
  type Fields,
  fixedBytes,
  i16,
  i32,
  i8,
  oneOf,
  u16,
  u32,
  u64,
  u8,
  utf8,
  window,
} from "./field.ts";
import { defineProtocol } from "./protocol.ts";
import { readText } from "./utf8_text.ts";

const BADGE = 3;
const SEGMENT = 7;
const memory = new Uint8Array(new SharedArrayBuffer(4096));
const windows: WindowTable = {
  segmentOf: (buffer) => buffer === memory.buffer ? SEGMENT : 0,
  segment: (segment, badge) => segment === SEGMENT && badge === BADGE ? memory : undefined,
};

/** A request of some fields, and the slot in which it is written and read. */
class Rig {
  readonly ends: Ends = Channel.create(0, 1);
  readonly place: MessagePlace = { near: 0, far: 0, payload: 0 };
  readonly codec: Codec;

  constructor(request: Fields) {
    const op = { code: 1, request, errors: [], idempotent: true } as const;
    this.codec = defineProtocol("demo", 1, { op }).byName.get("op")!.request;
    placeRequest(0, this.place);
  }

  write(values: unknown): void {
    this.codec.write(this.ends, this.place, values as AnyValues, windows);
  }

  read(badge = BADGE): AnyValues | number {
    const values = this.codec.blank();
    return this.codec.read(this.ends, this.place, values, windows, badge) || values;
  }

  /** What comes out when `values` go in. */
  pass(values: unknown): AnyValues | number {
    this.write(values);
    return this.read();
  }
}

/** What of a field comes through as it is, and what is refused with which words. */
type Row = [name: string, field: Field<unknown>, fits: unknown[], refused: [unknown, string][]];

const long = (byteLength: number): Uint8Array => new Uint8Array(byteLength).fill(1);
const NOT_A_NUMBER: [unknown, string][] = [
  ["7", 'x is "7", not a number'],
  [7n, "x is a bigint, not a number"],
  [undefined, "x is undefined, not a number"],
  [Symbol.iterator, "x is a symbol, not a number"],
  [Object.create(null), "x is an object, not a number"],
  [{ valueOf: () => 7 }, "x is an object, not a number"],
];

function integer(name: string, field: Field<number>, least: number, most: number): Row {
  const bounds = `not a whole number from ${least} to ${most}`;
  const refused = [least - 1, most + 1, 0.5, NaN, Infinity, -Infinity]
    .map((value): [number, string] => [value, `x is ${value}, ${bounds}`]);
  return [name, field, [least, 0, 1, most - 1, most], [...refused, ...NOT_A_NUMBER]];
}

const ROWS: Row[] = [
  integer("u8", u8, 0, 255),
  integer("u16", u16, 0, 65_535),
  integer("u32", u32, 0, 4_294_967_295),
  integer("u64", u64, 0, Number.MAX_SAFE_INTEGER),
  integer("i8", i8, -128, 127),
  integer("i16", i16, -32_768, 32_767),
  integer("i32", i32, -2_147_483_648, 2_147_483_647),
  [
    "f64",
    f64,
    [0, -0, 0.1, Number.MAX_VALUE, Number.MIN_VALUE, -Infinity, Infinity, NaN],
    NOT_A_NUMBER,
  ],
  ["bool", bool, [true, false], [[1, "x is 1, not true or false"], [null, "x is null"]]],
  ["oneOf", oneOf("start", "", 'a "quoted"\u2028 word'), ["start", "", 'a "quoted"\u2028 word'], [
    ["end", 'x is "end", none of start, '],
    [0, "x is 0, none of"],
    [Symbol(), "x is a symbol, none of"],
    [Object.create(null), "x is an object, none of"],
  ]],
  ["oneOf of one", oneOf("only"), ["only"], [["", 'x is "", none of only']]],
  ["bytes", bytes(5), [long(0), long(1), long(5)], [
    [long(6), "x has 6 bytes, more than 5"],
    ["abc", 'x is "abc", not a Uint8Array'],
    [[1, 2], "x is an object, not a Uint8Array"],
    [new Uint16Array(2), "x is an object, not a Uint8Array"],
  ]],
  ["bytes at most", bytes(256), [long(256)], [[long(257), "257 bytes, more than 256"]]],
  ["fixedBytes", fixedBytes(5), [long(5)], [
    [long(4), "x has 4 bytes, not 5"],
    [long(6), "x has 6 bytes, not 5"],
    [undefined, "x is undefined, not a Uint8Array"],
  ]],
  ["utf8", utf8(6), ["", "\0", "abcdef", "箱箱", "😀é", "\uFEFFab", "é"], [
    ["abcdefg", "x has 7 bytes, or more: at most 6 fit"],
    ["箱箱箱", "x has 9 bytes"],
    ["😀😀", "x has 8 bytes"],
    ["a\ud83d", "half a surrogate pair"],
    ["\ude00", "half a surrogate pair"],
    [7, "x is 7, not a string"],
    [new String("abc"), "x is an object, not a string"],
  ]],
  ["utf8 at most", utf8(256), ["a".repeat(256), "箱".repeat(85), "\uFEFF".repeat(85)], [
    ["a".repeat(1_000_000), "x has 1000000 bytes, or more"],
    ["a".repeat(254) + "箱", "x has 257 bytes"],
    ["a".repeat(100) + "\ud83d", `x is "${"a".repeat(40)}...", which UTF-8 cannot say`],
  ]],
  ["window", window("read"), [memory, memory.subarray(4096), memory.subarray(9, 9)], [
    [new Uint8Array(8), "EFAULT"],
    [memory.buffer, "x is an object, not a Uint8Array"],
  ]],
];

for (const [name, field, fits, refused] of ROWS) {
  Deno.test(`${name} comes through at its bounds, and what does not fit is refused by name`, () => {
    const rig = new Rig({ x: field });
    for (const value of fits) assertEquals(rig.pass({ x: value }), { x: value });
    for (const [value, says] of refused) {
      const error = assertThrows(() => rig.write({ x: value }), Error, says);
      assert(error.message.includes("Cannot send demo.op: x"), error.message);
      assert(error.name === "OsError" || error instanceof TypeError || error instanceof RangeError);
    }
  });
}

Deno.test("zero is sent without a sign by integers, and with it by f64", () => {
  for (const field of [u8, u16, u32, u64, i8, i16, i32]) {
    const rig = new Rig({ x: field });
    assert(Object.is((rig.pass({ x: -0 }) as AnyValues).x, 0));
  }
  assert(Object.is((new Rig({ x: f64 }).pass({ x: -0 }) as AnyValues).x, -0));
});

Deno.test("every NaN is sent as the same bits", () => {
  const rig = new Rig({ x: f64 });
  const crafted = new Float64Array(1);
  new Uint32Array(crafted.buffer).set([0xdead_beef, 0xfff8_1234]);

  for (const value of [NaN, -NaN, crafted[0]]) {
    assertEquals(rig.pass({ x: value }), { x: NaN });
    const { words } = rig.ends;
    assertEquals([...words.subarray(rig.place.near, rig.place.near + 2)], [0, 0x7ff8_0000]);
  }
});

Deno.test("a message is any object with the fields: of no prototype, frozen, with more of them", () => {
  const rig = new Rig({ a: u8, text: utf8(8) });
  const wanted = { a: 1, text: "b" };
  class Message {
    a = 1;
    get text(): string {
      return "b";
    }
  }

  assertEquals(rig.pass(Object.assign(Object.create(null), wanted)), wanted);
  assertEquals(rig.pass(Object.freeze({ ...wanted, more: 3 })), wanted);
  assertEquals(rig.pass(new Message()), wanted);
  assertEquals(rig.pass(Object.create(wanted)), wanted);
  for (const message of [undefined, null, 7, "text"]) {
    assertThrows(() => rig.write(message), TypeError, "not an object with the declared fields");
  }
  assertThrows(() => rig.write({}), TypeError, "a is undefined");
});

Deno.test("a message without fields is anything", () => {
  assertEquals(new Rig({}).pass(undefined), {});
});

Deno.test("each value is asked for once, so a getter cannot change its mind", () => {
  const fields = {
    ...{ a: u8, b: u64, c: f64, d: bool, e: oneOf("x", "y") },
    ...{ f: bytes(9), g: fixedBytes(9), h: utf8(9), i: window("read") },
  };
  const values = { a: 1, b: 2, c: 3, d: true, e: "y", f: long(8), g: long(9), h: "h", i: memory };
  const asked: string[] = [];
  const rig = new Rig(fields);

  rig.write(
    new Proxy(values, {
      get(target, name) {
        asked.push(String(name));
        return Reflect.get(target, name);
      },
    }),
  );

  assertEquals(asked, Object.keys(fields));
  assertEquals(rig.read(), values);
  assertThrows(
    () =>
      rig.write({
        get a() {
          throw new Error("a getter's own");
        },
      }),
    Error,
    "a getter's own",
  );
});

Deno.test("each word of a message is read once, so a peer cannot change it after the check", () => {
  const fields = {
    ...{ a: u8, b: u64, c: f64, d: bool, e: oneOf("x", "y"), h: utf8(9), i: window("read") },
  };
  const rig = new Rig(fields);
  rig.write({ a: 1, b: 2, c: 3, d: true, e: "y", h: "h", i: memory });
  const read: string[] = [];
  const words = new Proxy(rig.ends.words, {
    get(target, name) {
      read.push(String(name));
      return Reflect.get(target, name);
    },
  });

  rig.codec.read({ words, bytes: rig.ends.bytes }, rig.place, rig.codec.blank(), windows, BADGE);

  assertEquals(read.length, 11);
  assertEquals(new Set(read).size, 11);
});

Deno.test("bytes are copied on both ways, from shared memory and from the slot itself too", () => {
  const rig = new Rig({ a: bytes(100), b: bytes(100) });
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  shared.set([1, 2, 3, 4]);
  const { a } = rig.pass({ a: shared, b: Uint8Array.of(9) }) as { a: Uint8Array };
  shared.fill(0);
  rig.ends.bytes.fill(0, rig.place.payload, rig.place.payload + 256);

  assertEquals([...a], [1, 2, 3, 4]);
  assert(a.buffer instanceof ArrayBuffer && a.buffer.byteLength === 4, "nobody else sees it");

  const own = rig.ends.bytes.subarray(rig.place.payload, rig.place.payload + 100);
  own.set([1, 2, 3, 4]);
  const shifted = rig.pass({ a: own.subarray(1, 4), b: long(0) }) as { a: Uint8Array };
  assertEquals([...shifted.a], [2, 3, 4], "a source that overlaps its target is moved");
});

Deno.test("fields may be called as the words of the language and of the generated source", () => {
  const names = ["class", "default", "values", "at", "value", "words", "windows", "part0", "then"];
  const fields = Object.fromEntries(names.map((name) => [name, u8]));
  const values = Object.fromEntries(names.map((name, index) => [name, index]));
  assertEquals(new Rig(fields).pass(values), values);
});

Deno.test("a window is named by who holds it, inside its segment, below 4 GiB", () => {
  const rig = new Rig({ x: window("write") });
  rig.write({ x: memory.subarray(10, 20) });
  assertEquals(rig.read(BADGE + 1), ERRNO.EFAULT);
  const { x } = rig.read() as { x: Uint8Array };
  assertEquals([x.buffer, x.byteOffset, x.byteLength], [memory.buffer, 10, 10]);

  const far = memory.subarray(0, 1);
  Object.defineProperty(far, "byteOffset", { value: 2 ** 32 + 10 });
  assertThrows(() => rig.write({ x: far }), RangeError, "not within the first 4 GiB");
  assertThrows(() => rig.write({ x: long(1) }), OsError, "Cannot send demo.op: x");
});

/** Words on the wire that none of ours wrote, and how they are refused. */
const GARBAGE: [name: string, field: Field<unknown>, words: number[], errno: number][] = [
  ["u8", u8, [256], ERRNO.EPROTO],
  ["u16", u16, [-1], ERRNO.EPROTO],
  ["u64", u64, [0, 0x20_0000], ERRNO.EPROTO],
  ["i8", i8, [128], ERRNO.EPROTO],
  ["i16", i16, [-0x8001], ERRNO.EPROTO],
  ["bool", bool, [2], ERRNO.EPROTO],
  ["bool", bool, [-1], ERRNO.EPROTO],
  ["oneOf", oneOf("a", "b"), [2], ERRNO.EPROTO],
  ["oneOf", oneOf("a", "b"), [-1], ERRNO.EPROTO],
  ["bytes", bytes(9), [10], ERRNO.EPROTO],
  ["bytes", bytes(9), [-1], ERRNO.EPROTO],
  ["utf8", utf8(9), [10], ERRNO.EPROTO],
  ["window", window("read"), [0, 0, 0], ERRNO.EFAULT],
  ["window", window("read"), [SEGMENT, 4097, 0], ERRNO.EFAULT],
  ["window", window("read"), [SEGMENT, 0, 4097], ERRNO.EFAULT],
  ["window", window("read"), [SEGMENT, 4095, 2], ERRNO.EFAULT],
  ["window", window("read"), [SEGMENT, -1, 1], ERRNO.EFAULT],
  ["window", window("read"), [SEGMENT, 1, -1], ERRNO.EFAULT],
  ["window", window("read"), [SEGMENT, 2 ** 31, 2 ** 31], ERRNO.EFAULT],
];

for (const [name, field, garbage, errno] of GARBAGE) {
  Deno.test(`${name} refuses the words ${garbage.join(" ")}`, () => {
    const rig = new Rig({ x: field });
    rig.ends.words.set(garbage, rig.place.near);
    assertEquals(rig.read(), errno);
  });
}

Deno.test("utf8 refuses bytes that are no UTF-8, short and long", () => {
  for (const byteLength of [3, 200]) {
    const rig = new Rig({ x: utf8(256) });
    rig.write({ x: "a".repeat(byteLength) });
    for (const bad of [0x80, 0xc0, 0xff]) {
      rig.ends.bytes[rig.place.payload + byteLength - 1] = bad;
      assertEquals(rig.read(), ERRNO.EPROTO);
    }
  }
});

Deno.test("fields that say nothing are refused where they are declared", () => {
  for (const byteLength of [0, -1, 1.5, NaN]) {
    for (const field of [bytes, fixedBytes, utf8]) {
      assertThrows(() => field(byteLength), RangeError);
    }
  }
  assertThrows(() => oneOf("a", "b", "a"), RangeError, "a value stands twice");
  assertThrows(() => oneOf(...([] as unknown as ["a"])), RangeError, "no value");
});

Deno.test("readText() takes what the host's decoder takes, and nothing else", () => {
  const judge = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const edges = [0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0];
  edges.push(0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff);
  const bytes = new Uint8Array(4);
  const check = (byteLength: number): void => {
    let wanted: string | undefined;
    try {
      wanted = judge.decode(bytes.subarray(0, byteLength));
    } catch {
      wanted = undefined;
    }
    const got = readText(bytes, 0, byteLength);
    if (got !== wanted) assertEquals(got, wanted, `${bytes.subarray(0, byteLength)}`);
  };
  const fill = (at: number, byteLength: number): void => {
    if (at === byteLength) return check(byteLength);
    for (const edge of edges) {
      bytes[at] = edge;
      fill(at + 1, byteLength);
    }
  };
  for (let byteLength = 0; byteLength <= 3; byteLength++) fill(0, byteLength);
  for (bytes[0] = 0xf0; bytes[0] <= 0xf5; bytes[0]++) fill(1, 4);
});
