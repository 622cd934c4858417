import { assert, assertEquals } from "@std/assert";
import { boot, faultPlan } from "@hako/kernel";
import { Tally } from "./protocol.ts";
import manifest from "./system.ts";

/** Requests that are made. */
const ADDITIONS = 1_000;

/** How often the server dies meanwhile. */
const DEATHS = 12;

/** Where the server dies: before a handler, after it, and when its answer is not yet told. */
const POINTS = ["runtime.request", "runtime.answer", "runtime.committed"];

Deno.test("no addition is lost or done twice, though its server dies in the middle of it", async () => {
  const points = { tally: POINTS };
  const faults = faultPlan({ seed: 7, count: DEATHS, points, visitMax: ADDITIONS / 2 });
  await using system = await boot(manifest, { faults });
  const client = await system.connect(Tally, "tally");

  const totals: number[] = [];
  for (let i = 0; i < ADDITIONS; i++) totals.push((await client.call("add", { amount: 1 })).total);

  // One too low was lost, one too high was done twice.
  assertEquals(totals, totals.map((_, index) => index + 1));
  const { domains } = await system.status();
  assert(domains["tally"]!.deaths >= DEATHS, "every death of the plan has happened");
});

Deno.test("the same, killed from outside with many requests under way at once", async () => {
  await using system = await boot(manifest);
  const client = await system.connect(Tally, "tally");

  const totals: number[] = [];
  for (let deaths = 0; deaths < DEATHS;) {
    const answers = Array.from({ length: 40 }, () => client.call("add", { amount: 1 }));
    system.terminate("tally");
    for (const { total } of await Promise.all(answers)) totals.push(total);
    deaths = (await system.status()).domains["tally"]!.deaths;
  }

  assertEquals(totals, totals.map((_, index) => index + 1));
  assertEquals(await client.call("read", {}), { total: totals.length });
});
