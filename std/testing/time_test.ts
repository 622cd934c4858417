import { assertEquals, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";

Deno.test("FakeTime lets time pass only when told, and gives real time back", async () => {
  {
    using time = new FakeTime(1_000);
    const rang: number[] = [];
    setTimeout(() => rang.push(Date.now()), 500);
    time.tick(499);
    assertEquals(rang, []);
    await time.tickAsync(1);
    assertEquals(rang, [1_500]);
    assertEquals(time.now, 1_500);
  }
  assertEquals(Date.now() > 1_000_000_000_000, true);
});

Deno.test("FakeTime refuses a start that is no time", () => {
  assertThrows(() => new FakeTime("soon"), TypeError, "invalid start");
});
