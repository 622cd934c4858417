import { assertEquals } from "@std/assert";
import type { System, SystemStatus } from "@hako/kernel";
import { settledStatus } from "./settled_status.ts";

/** A system that has so many slots in use, one look after the other; the last number stays. */
function systemWith(...slots: readonly number[]): Pick<System, "status"> & { looks: number } {
  return {
    looks: 0,
    status(): Promise<SystemStatus> {
      const slotsInUse = slots[Math.min(this.looks++, slots.length - 1)]!;
      return Promise.resolve({ domains: {}, kernelEpoch: 1, slotsInUse, zombies: 0 });
    },
  };
}

Deno.test("settledStatus() looks until no slot is in use, and no longer", async () => {
  const system = systemWith(3, 1, 0, 7);
  assertEquals([(await settledStatus(system)).slotsInUse, system.looks], [0, 3]);
});

Deno.test("settledStatus() answers what is left in use when the time is over", async () => {
  assertEquals((await settledStatus(systemWith(2), 0)).slotsInUse, 2);
});
