import { assertEquals } from "@std/assert";
import { boot, type SystemEvent } from "@hako/kernel";
import { app, capabilitySystem } from "./capability_system.ts";

const POINTS = ["kernel.hear", "kernel.commit", "kernel.committed", "kernel.effect"];

/** Every so many visits: coprime to the number of steps of a call, so that in turn each is met. */
const STRIDE = 5;

/** What the app says when it derives, calls, revokes and calls again, whatever becomes of the kernel. */
const DONE = { before: 0, count: 2, call: "EPERM", use: "EBADF", connect: "EBADF", first: 0 };

/** How often the kernel died of a fault at some visit of a point, and what came of the app. */
async function withDeath(
  point: string,
  visit: number,
): Promise<{ deaths: number; value: unknown }> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let deaths = 0;
  const onEvent = (event: SystemEvent) => {
    if (event.type === "kernel-died") deaths++;
    if (event.type === "finished") resolve(event.value);
    if (event.type === "gave-up") resolve(event.why);
  };
  const subject = app("lender", { scenario: "chain" }, { start: "request" });
  const faults = [{ domain: "kernel", point, visit, kind: "throw" as const }];
  await using system = await boot(capabilitySystem({ subject }), { faults, onEvent });
  await system.start("subject");
  const value = await promise;
  assertEquals((await system.status()).domains.subject!.deaths, 0);
  return { deaths, value };
}

for (const point of POINTS) {
  Deno.test(`capabilities are derived, used and revoked once when the kernel dies at ${point}`, async () => {
    let met = 0;
    for (let visit = 1;; visit += STRIDE) {
      const { deaths, value } = await withDeath(point, visit);
      assertEquals<unknown>(value, DONE, `visit ${visit}`);
      if (deaths === 0) break;
      met++;
    }
    assertEquals(met > 3, true, `only ${met} visits`);
  });
}
