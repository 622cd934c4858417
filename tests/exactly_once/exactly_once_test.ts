import { assertEquals } from "@std/assert";
import { boot, defineSystem, type DomainManifest } from "@hako/kernel";
import { playRound, TALLY } from "./round.ts";
import { ForgetfulTally, Tally } from "./tally_protocol.ts";

const INCREMENTS = 20_000;
const DEATHS = 60;

Deno.test(`${INCREMENTS} increments count once each, though their server dies ${DEATHS} times`, async () => {
  const result = await playRound({ increments: INCREMENTS, deaths: DEATHS, seed: 7 });

  assertEquals(result.failures, []);
  assertEquals([result.answers, result.total], [INCREMENTS, INCREMENTS]);
});

/** Increments of the control, and the requests after which its server dies. */
const FEW_INCREMENTS = 1_000;
const DEADLY = [1, 100, 101, 500, 1_000];

/** The total after increments whose server dies after the commit, before the answer. */
async function totalOf(protocol: typeof Tally | typeof ForgetfulTally, server: DomainManifest) {
  const faults = DEADLY.map((visit, index) => {
    const kind = (["throw", "terminate", "exit"] as const)[index % 3]!;
    return { domain: "tally", point: "runtime.committed", kind, visit };
  });
  const manifest = defineSystem({ base: import.meta.url, domains: { tally: server } });
  await using system = await boot(manifest, { faults });
  const tally = await system.connect(protocol, "tally");
  let last = 0;
  for (let i = 0; i < FEW_INCREMENTS; i++) last = tally.callSync("add", { amount: 1 }).value;
  assertEquals((await system.status()).domains.tally!.deaths, DEADLY.length);
  return last;
}

const CONTROLLED: DomainManifest = { ...TALLY, restart: { limit: 100, windowMs: 1_000 } };

Deno.test("an increment that was committed and not yet answered is not done again", async () => {
  assertEquals(await totalOf(Tally, CONTROLLED), FEW_INCREMENTS);
});

Deno.test("the same server does it again where its protocol says that it may", async () => {
  const forgetful = {
    ...CONTROLLED,
    module: "./domains/forgetful_tally.ts",
    serves: { tally: ForgetfulTally },
  };
  assertEquals(await totalOf(ForgetfulTally, forgetful), FEW_INCREMENTS + DEADLY.length);
});
