import { assertEquals } from "@std/assert";
import { scenariosOf } from "./catalogue.ts";
import { instrument } from "./instrument.ts";
import type { ChannelPlan } from "./scenario.ts";
import { explore } from "./search.ts";
import { coreSource, shippedCore } from "./shipped_core.ts";
import { documentedBounds } from "./step_bounds.ts";

/** More than any scenario of the tests has. */
const STATES_MAX = 8_000_000;

const core = await instrument((await shippedCore()).wasm);
const source = await coreSource();
const documented = documentedBounds(source);
const fenceTries = Number(/const FENCE_TRIES: i32 = (\d+);/.exec(source)![1]);

for (const scenario of scenariosOf(0)) {
  Deno.test(`the shipped core holds: ${scenario.story}`, () => {
    const result = explore(scenario, core, { statesMax: STATES_MAX });
    const { finding, complete, stepCounts, tryCounts } = result;
    if (finding !== undefined) {
      throw new Error(`${finding.property}: ${finding.message}\n${finding.trace.join("\n")}`);
    }
    assertEquals(complete, true, "every state is explored");
    const tries = tryCounts.get("fence") ?? 0;
    assertEquals(tries < fenceTries, true, `a fence tries ${tries} times on one slot`);
    for (const [operation, count] of stepCounts) {
      const bound = documented.get(operation.split(" ")[0]!);
      if (bound === undefined) continue; // A loop with a limit of its own, or a look of the script.
      assertEquals(count <= bound, true, `${operation} takes ${count} steps, not ${bound}`);
    }
  });
}

Deno.test("steps that nobody sees lead to the same ends, interleaved or not", () => {
  for (const name of ["fence", "two-clients", "cancelling", "closing"]) {
    const scenario = scenariosOf(0).find((one) => one.name === name)!;
    const [first, second] = scenario.channels;
    const channels = [shortened(first!, 1), ...(second ? [shortened(second, 1)] : [])];
    const small = { ...scenario, channels };
    const reduced = explore(small, core, { statesMax: STATES_MAX });
    const unreduced = explore(small, core, { statesMax: STATES_MAX, unreduced: true });
    assertEquals([reduced.complete, unreduced.complete], [true, true]);
    assertEquals([reduced.finding, unreduced.finding], [undefined, undefined]);
    assertEquals(reduced.endCount, unreduced.endCount, name);
    assertEquals(reduced.stateCount < unreduced.stateCount, true, name);
  }
});

function shortened(plan: ChannelPlan, count: number): ChannelPlan {
  return { ...plan, requests: plan.requests.slice(0, count) };
}
