import { assertEquals, assertRejects } from "@std/assert";
import { deadline, delay } from "@std/async";

Deno.test("delay() resolves", async () => {
  assertEquals(await delay(1), undefined);
});

Deno.test("delay() rejects with the signal's reason", async () => {
  const controller = new AbortController();
  const waiting = delay(60_000, { signal: controller.signal });
  controller.abort(new RangeError("enough"));
  await assertRejects(() => waiting, RangeError, "enough");
  await assertRejects(() => delay(1, { signal: controller.signal }), RangeError, "enough");
});

Deno.test("deadline() passes on what the promise settles to", async () => {
  assertEquals(await deadline(Promise.resolve(7), 60_000), 7);
  await assertRejects(() => deadline(Promise.reject(new RangeError("x")), 60_000), RangeError);
});

Deno.test("deadline() rejects with a TimeoutError, or the signal's reason", async () => {
  const { promise: never } = Promise.withResolvers<void>();
  const error = await assertRejects(() => deadline(never, 1), DOMException);
  assertEquals(error.name, "TimeoutError");
  const controller = new AbortController();
  const waiting = deadline(never, 60_000, { signal: controller.signal });
  controller.abort(new RangeError("enough"));
  await assertRejects(() => waiting, RangeError, "enough");
});
