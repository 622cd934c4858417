import { assertEquals, AssertionError, assertThrows } from "@std/assert";
import { assertSpyCalls, MockError, spy, stub } from "@std/testing/mock";

Deno.test("spy() remembers arguments, results and errors", () => {
  const watched = spy((value: number) => {
    if (value < 0) throw new RangeError("negative");
    return value * 2;
  });
  assertEquals(watched(2), 4);
  assertThrows(() => watched(-1), RangeError);
  assertEquals(watched.calls.map((call) => call.args), [[2], [-1]]);
  assertEquals(watched.calls[0]?.returned, 4);
  assertSpyCalls(watched, 2);
  assertThrows(() => assertSpyCalls(watched, 3), AssertionError, "actual: 2, expected: 3");
});

Deno.test("stub() stands in for a method until it is disposed of", () => {
  const clock = { now: () => 1 };
  {
    using stubbed = stub(clock, "now", () => 2);
    assertEquals(clock.now(), 2);
    assertSpyCalls(stubbed, 1);
  }
  assertEquals(clock.now(), 1);
});

Deno.test("a spy is restored once, and only if it stands in for a method", () => {
  const clock = { now: () => 1 };
  const watched = spy(clock, "now");
  clock.now();
  watched.restore();
  assertThrows(() => watched.restore(), MockError, "already restored");
  assertThrows(() => spy().restore(), MockError, "cannot be restored");
  assertThrows(() => spy({ now: 1 }, "now"), MockError, "not an instance method");
});
