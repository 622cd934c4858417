import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readCall } from "./calls.ts";
import { Refusal } from "./refusal.ts";

const GOOD = [
  { type: "derive", handle: 4097 },
  { type: "derive", handle: 4097, rights: 8, operations: [1, 64] },
  { type: "grant", handles: [4097, 8193], to: { endpoint: 12289 } },
  { type: "grant", handles: [4097], to: { badge: 3 } },
  { type: "accept", handle: Number.MAX_SAFE_INTEGER, from: { badge: 0xffff_ffff } },
  { type: "accept", handle: 1, from: { endpoint: 2 } },
  { type: "revoke", handle: 0 },
  { type: "drop", handle: 1 },
  { type: "held", after: 0 },
  { type: "connect", handle: 1 },
  { type: "map", handle: 1 },
  { type: "copy", handle: 1 },
  { type: "segment", byteLength: 4096 },
  { type: "look", handle: 1 },
  { type: "restart", handle: 1 },
  { type: "terminate", handle: 1 },
];

/** What can be put in the place of anything and be posted. */
const GARBAGE: readonly unknown[] = [
  undefined,
  null,
  true,
  "",
  "1",
  NaN,
  Infinity,
  -1,
  0.5,
  2 ** 53,
  -(2 ** 53),
  10n,
  [],
  [1],
  {},
  { valueOf: 1 },
  { handle: {} },
  new Date(0),
  /x/,
  new Map([["type", "drop"]]),
  new Set([1]),
  new ArrayBuffer(8),
  new Uint8Array(8),
  new SharedArrayBuffer(8),
  new Error("type"),
  new Boolean(true),
  new Number(1),
  new String("drop"),
  new Array(1e9),
];

/** As the kernel gets it: the port copies. */
function posted(value: unknown): unknown {
  return structuredClone(value);
}

function refusal(value: unknown): string {
  const error = assertThrows(() => readCall(value), Refusal);
  assert(error.message.length < 200, "a refusal repeats nothing of the caller's");
  return error.code;
}

Deno.test("a good call is read as it is, and nothing else comes with it", () => {
  for (const call of GOOD) {
    assertEquals(readCall(posted(call)), call as unknown);
    assertEquals(readCall(posted({ ...call, owner: 0, caller: 1, call: {} })), call as unknown);
  }
});

Deno.test("what is no call is EPROTO", () => {
  for (const value of GARBAGE) {
    assertEquals(refusal(posted(value)), "EPROTO");
    assertEquals(refusal(posted({ type: value, handle: 1 })), "EPROTO");
  }
  for (const type of ["constructor", "__proto__", "toString", "Derive", "drop ", "x".repeat(1e6)]) {
    assertEquals(refusal(posted({ type, handle: 1, handles: [1], to: { badge: 1 } })), "EPROTO");
  }
});

Deno.test("garbage in any field of any call is EINVAL, and so is a field that is missing", () => {
  let tried = 0;
  for (const call of GOOD) {
    for (const field of Object.keys(call)) {
      if (field === "type") continue;
      const { [field]: _, ...without } = call as Record<string, unknown>;
      const isOptional = field === "rights" || field === "operations";
      if (!isOptional) assertEquals(refusal(posted(without)), "EINVAL");
      for (const value of GARBAGE) {
        if (isOptional && value === undefined) continue;
        const isGoodList = field === "operations" && Array.isArray(value) && value.length < 2;
        if (isGoodList || (field === "handles" && isList(value))) continue;
        assertEquals(refusal(posted({ ...call, [field]: value })), "EINVAL");
        tried++;
      }
    }
  }
  assert(tried > 500);
});

Deno.test("garbage inside of lists and peers is EINVAL", () => {
  for (const value of GARBAGE) {
    assertEquals(
      refusal(posted({ type: "grant", handles: [1, value], to: { badge: 1 } })),
      "EINVAL",
    );
    if (value === undefined) continue;
    assertEquals(refusal(posted({ type: "accept", handle: 1, from: { badge: value } })), "EINVAL");
    assertEquals(
      refusal(posted({ type: "accept", handle: 1, from: { endpoint: value } })),
      "EINVAL",
    );
    assertEquals(refusal(posted({ type: "derive", handle: 1, operations: [value] })), "EINVAL");
  }
  const both = { endpoint: 1, badge: 1 };
  assertEquals(refusal(posted({ type: "accept", handle: 1, from: both })), "EINVAL");
  assertEquals(refusal(posted({ type: "accept", handle: 1, from: { badge: 0 } })), "EINVAL");
  assertEquals(refusal(posted({ type: "derive", handle: 1, operations: [65] })), "EINVAL");
  assertEquals(refusal(posted({ type: "derive", handle: 1, operations: [0] })), "EINVAL");
  assertEquals(refusal(posted({ type: "derive", handle: 1, rights: 512 })), "EINVAL");
  assertEquals(refusal(posted({ type: "segment", byteLength: 0 })), "EINVAL");
  assertEquals(refusal(posted({ type: "segment", byteLength: 2 ** 32 })), "EINVAL");
});

Deno.test("long lists are refused by their length, before anybody looks at what is in them", () => {
  const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  assertEquals(refusal(posted({ type: "grant", handles: nine, to: { badge: 1 } })), "EINVAL");
  assertEquals(
    refusal(posted({ type: "grant", handles: new Array(3), to: { badge: 1 } })),
    "EINVAL",
  );
  const codes = new Array(4e9).fill(1, 0, 3);
  assertEquals(refusal({ type: "derive", handle: 1, operations: codes }), "EINVAL");
});

Deno.test("minus zero is no handle of its own", () => {
  const call = readCall(posted({ type: "drop", handle: -0 }));
  assert("handle" in call && Object.is(call.handle, 0));
});

Deno.test("an object that inherits its fields has none", () => {
  const heir = Object.create({ type: "drop", handle: 1 });
  assertEquals(refusal(heir), "EPROTO");
  const half = Object.assign(Object.create({ handle: 1 }), { type: "drop" });
  assertEquals(refusal(half), "EINVAL");
});

Deno.test("whatever is posted, the kernel reads a call or refuses", () => {
  const names = ["type", "handle", "handles", "to", "from", "rights", "operations", "badge"];
  const types = GOOD.map(({ type }) => type);
  const anything = fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true });
  const fields = fc.dictionary(fc.constantFrom(...names), anything);
  const callLike = fc.record({ type: fc.constantFrom(...types), handle: fc.nat(), more: fields })
    .map(({ more, ...call }) => ({ ...call, ...more }));
  const property = fc.property(fc.oneof(anything, fields, callLike), (value) => {
    try {
      assert(types.includes(readCall(value).type));
    } catch (error) {
      assert(error instanceof Refusal && (error.code === "EPROTO" || error.code === "EINVAL"));
    }
  });
  fc.assert(property, { numRuns: 5_000 });
});

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length < 2;
}
