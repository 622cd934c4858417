import { assert, assertEquals } from "@std/assert";
import { missingForMounts, playOnMount } from "./mounted_run.ts";
import { VICTIMS } from "./mounted_system.ts";
import type { HostOrder } from "./protocol.ts";
import { missing, WORKS } from "./works.ts";

/** How often somebody dies. */
const KILL_EVERY_MS = 300;

/** Deaths of each victim that the programs live through at least. */
const DEATHS_MIN = 5;

/** Deaths of the gateway by itself: it throws, hangs, or goes on as a zombie. */
const GATEWAY_FAULTS = 8;

const ABSENT = missingForMounts();

function skippedFor(absent: readonly string[]): string {
  return absent.length === 0 ? "" : ` (skipped: no ${absent.join(", ")})`;
}

/** One mount, and a step for each program that works on it. */
function mountTest(name: string, order: Partial<HostOrder>): void {
  const ignore = ABSENT.length > 0;
  Deno.test(`${name}${skippedFor(ABSENT)}`, { ignore }, async (t) => {
    const { ends, deaths, faults } = await playOnMount(order);
    for (const { name, does, tools } of WORKS) {
      const absent = missing(tools);
      await t.step({
        name: `${does}${skippedFor(absent)}`,
        ignore: absent.length > 0,
        fn: () => {
          const own = ends.filter(({ work }) => work === name);
          assert(own.length > 0, `${name} did not end`);
          for (const { code, said } of own) assertEquals(code, 0, `${name}: ${said}`);
        },
      });
    }
    assertEquals(faults, []);
    for (const victim of VICTIMS) {
      const count = deaths.get(victim) ?? 0;
      assert(count >= (order.deathsMin ?? 0), `${victim} died only ${count} times`);
    }
  });
}

mountTest("programs find nothing wrong with a mount", {});

mountTest("programs find nothing wrong with a mount while its servers and the gateway die", {
  killEveryMs: KILL_EVERY_MS,
  deathsMin: DEATHS_MIN,
  gatewayFaults: GATEWAY_FAULTS,
});
