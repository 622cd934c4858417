import * as real from "@std/assert";
import { assert, assertEquals, assertIsError, assertRejects, assertThrows } from "@std/assert";
import { AssertionError } from "@std/assert";

const FAILING: Readonly<Record<string, [action: () => unknown, message: string]>> = {
  assert: [() => assert(0, "no"), "no"],
  assertFalse: [() => real.assertFalse(1, "no"), "no"],
  assertExists: [() => real.assertExists(null), "to not be null or undefined."],
  assertEquals: [() => assertEquals({ a: [1] }, { a: [2] }), "Values are not equal."],
  assertNotEquals: [() => real.assertNotEquals([1], [1]), "not to be"],
  assertStrictEquals: [() => real.assertStrictEquals({}, {}), "not reference-equal"],
  assertNotStrictEquals: [() => real.assertNotStrictEquals(1, 1), "not be strictly equal"],
  assertArrayIncludes: [() => real.assertArrayIncludes([1], [2]), "missing: [ 2 ]"],
  assertObjectMatch: [() => real.assertObjectMatch({ a: 1 }, { a: 2 }), "Values are not equal"],
  assertGreater: [() => real.assertGreater(1, 1), "Expect 1 > 1"],
  assertGreaterOrEqual: [() => real.assertGreaterOrEqual(0, 1), "Expect 0 >= 1"],
  assertLess: [() => real.assertLess(1, 1), "Expect 1 < 1"],
  assertLessOrEqual: [() => real.assertLessOrEqual(2, 1), "Expect 2 <= 1"],
  assertAlmostEquals: [() => real.assertAlmostEquals(1, 1.1), "to be close to"],
  assertInstanceOf: [() => real.assertInstanceOf(1, Date), 'instance of "Date" but was number'],
  assertNotInstanceOf: [() => real.assertNotInstanceOf(new Date(), Date), "to not be"],
  assertMatch: [() => real.assertMatch("a", /b/), 'to match: "/b/"'],
  assertNotMatch: [() => real.assertNotMatch("a", /a/), "to not match"],
  assertStringIncludes: [() => real.assertStringIncludes("a", "b"), "to contain"],
  fail: [() => real.fail("why"), "Failed assertion: why"],
  unreachable: [() => real.unreachable(), "Unreachable."],
  assertIsError: [() => assertIsError(new Error("a"), TypeError), 'but was "Error"'],
};

for (const [name, [action, message]] of Object.entries(FAILING)) {
  Deno.test(`${name}() fails with an AssertionError that says why`, () => {
    const error = assertThrows(action, AssertionError, message);
    assertEquals(error.name, "AssertionError");
  });
}

Deno.test("every assertion passes where it holds", () => {
  assertEquals(new Map([["a", new Uint8Array(2)]]), new Map([["a", new Uint8Array(2)]]));
  assertEquals(NaN, NaN);
  real.assertStrictEquals(1, 1);
  real.assertArrayIncludes([1, { a: 1 }], [{ a: 1 }]);
  real.assertObjectMatch({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } });
  real.assertAlmostEquals(1, 1 + 1e-9);
  real.assertAlmostEquals(1, 1.4, 0.5);
  real.assertNotInstanceOf(1, Date);
  real.assertExists(0);
});

Deno.test("assertEquals() tells values of different types and missing properties apart", () => {
  assertThrows(() => assertEquals<unknown>(new Uint8Array(1), new Int8Array(1)), AssertionError);
  assertThrows(() => assertEquals<unknown>({ a: undefined }, {}), AssertionError);
  assertThrows(() => assertEquals(0, -0), AssertionError);
  assertThrows(() => assertEquals<unknown>("1", 1), AssertionError);
});

Deno.test("assertEquals() shows what differs, after the caller's message", () => {
  const error = assertThrows(() => assertEquals([1, 2], [1, 3], "sizes"), AssertionError);
  assert(error.message.startsWith("Values are not equal: sizes\n"));
  assert(/^-?\+? .*2/m.test(error.message), error.message);
});

Deno.test("assertThrows() returns what was thrown, even if it is no Error", () => {
  assertEquals(
    assertThrows(() => {
      throw 7;
    }),
    7,
  );
  assertEquals(
    assertThrows(
      () => {
        throw new RangeError("seven");
      },
      Error,
      "eve",
    ).message,
    "seven",
  );
});

Deno.test("assertThrows() fails if nothing, another class or another message is thrown", () => {
  const thrower = () => {
    throw new RangeError("seven");
  };
  const noError = () => {
    throw 7;
  };
  assertThrows(() => assertThrows(() => 1), AssertionError, "Expected function to throw.");
  assertThrows(() => assertThrows(thrower, TypeError), AssertionError, 'instance of "TypeError"');
  assertThrows(() => assertThrows(thrower, RangeError, "eight"), AssertionError, '"eight"');
  assertThrows(() => assertThrows(noError, Error), AssertionError, "A non-Error object was thrown");
});

Deno.test("assertRejects() resolves to what the promise rejected with", async () => {
  const error = await assertRejects(() => Promise.reject(new RangeError("seven")), RangeError);
  assertEquals(error.message, "seven");
});

Deno.test("assertRejects() fails if the promise resolves or the function throws", async () => {
  const resolves = () => assertRejects(() => Promise.resolve());
  const throws = () =>
    assertRejects(() => {
      throw new Error("at once");
    });
  const another = () => assertRejects(() => Promise.reject(new Error("x")), TypeError);
  await assertRejects(resolves, AssertionError, "Expected function to reject.");
  await assertRejects(throws, AssertionError, "Function throws when expected to reject.");
  await assertRejects(another, AssertionError, 'instance of "TypeError"');
});
