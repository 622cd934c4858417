import { assertEquals } from "@std/assert";
import { boot, RUNTIME_POINTS } from "@hako/kernel";
import { counterSystem } from "../counter_system.ts";
import { Counter } from "../domains/counter_protocol.ts";
import { settledStatus } from "../../tools/systems/settled_status.ts";

const KINDS = ["server", "driver"] as const; // One sleeps in place, the other in its event loop.

/** Points that a life passes once, before it serves. */
const STARTING: ReadonlySet<string> = new Set(["runtime.enter", "runtime.ready"]);

for (const kind of KINDS) {
  for (const point of RUNTIME_POINTS) {
    for (const fault of ["throw", "exit", "terminate"] as const) {
      Deno.test(`a ${kind} that meets ${fault} at ${point} is replaced, and adds once`, async () => {
        const visit = STARTING.has(point) ? 1 : 3;
        const faults = [{ domain: "counter", point, visit, kind: fault }];
        await using system = await boot(counterSystem({ kind }), { faults });
        const counter = await system.connect(Counter, "counter");

        for (let value = 1; value <= 6; value++) {
          assertEquals(counter.callSync("add", { amount: 1 }), value);
        }

        const { domains, slotsInUse, zombies } = await settledStatus(system);
        assertEquals([domains["counter"]!.deaths, slotsInUse, zombies], [1, 0, 0]);
      });
    }
  }
}
