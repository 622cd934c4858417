import { assertEquals } from "@std/assert";
import type { IntegrityReport } from "./integrity/report.ts";
import { SimulatedVolume } from "./simulated_volume.ts";
import { steadyClock, Upkeep } from "./upkeep.ts";
import { seededRandom } from "./workload.ts";

const OPTIONS = { deviceBlocks: 64, ringLength: 24, keepBytes: 20_480 + 12 * 4224 };

/** An integrity layer that only counts. */
class CountingLayer {
  steps = 0;
  tries = 0;
  msToTurn = 0;
  legs: ("in" | "syncing" | "out")[] = ["in", "in"];

  turn(): number {
    this.steps++;
    return 1;
  }

  tryLegAgain(): boolean {
    this.tries++;
    return false;
  }

  report(): IntegrityReport {
    return { legs: this.legs, history: [] } as unknown as IntegrityReport;
  }
}

function rig() {
  const simulated = new SimulatedVolume(OPTIONS).open();
  const window = new Uint8Array(new SharedArrayBuffer(4096));
  simulated.lend(window);
  const layer = new CountingLayer();
  const clock = { ms: 1 };
  const reports: string[] = [];
  const upkeep = new Upkeep({
    volumes: simulated.volumes,
    layer,
    nowMs: () => clock.ms,
    report: ({ legs }) => void reports.push(legs.join()),
  });
  const read = () =>
    simulated.give({ kind: "read", run: { first: 0, count: 8 } }, window, {
      sequence: 1,
      badge: 1,
    });
  return { simulated, upkeep, layer, clock, reports, read };
}

Deno.test("the layer works while there is nothing else to do, and rests when it is done", () => {
  const { upkeep, layer, clock } = rig();
  for (let round = 0; round < 10; round++) {
    assertEquals(upkeep.isWaiting, true);
    upkeep.wait(1);
  }
  assertEquals(layer.steps, 10);
  layer.msToTurn = 50;
  upkeep.wait(1);
  assertEquals([upkeep.isWaiting, upkeep.idleMs], [false, 50]);
  clock.ms += 50;
  assertEquals(upkeep.isWaiting, true);
  layer.msToTurn = Infinity; // Looked at now and then all the same: that may change.
  upkeep.wait(1);
  clock.ms += 199;
  assertEquals(upkeep.isWaiting, false);
  clock.ms += 1;
  assertEquals(upkeep.isWaiting, true);
});

Deno.test("what is under way comes first, and the layer gets a step now and then", () => {
  const { simulated, upkeep, layer, read } = rig();
  const given = read();
  assertEquals(upkeep.isWaiting, true);
  upkeep.wait(1);
  assertEquals([given.result, layer.steps], [4096, 0]);
  const other = read();
  assertEquals([upkeep.turn(), other.result], [1, 4096]);
  simulated.device.chance = seededRandom(1);
  for (let turn = 0; turn < 640; turn++) upkeep.turn();
  assertEquals(layer.steps, 10);
});

Deno.test("without a layer there is nothing to look after", () => {
  const { volumes } = new SimulatedVolume(OPTIONS).open();
  const upkeep = new Upkeep({ volumes, layer: undefined, nowMs: () => 1, report: () => {} });
  assertEquals([upkeep.isWaiting, upkeep.turn(), upkeep.idleMs], [false, 0, Infinity]);
});

Deno.test("how the layer stands is told when it changes; a leg that is out is tried again", () => {
  const { upkeep, layer, clock, reports } = rig();
  layer.msToTurn = Infinity;
  const pass = (ms: number): void => {
    for (const end = clock.ms + ms; clock.ms < end;) {
      clock.ms += 100;
      if (upkeep.isWaiting) upkeep.wait(1);
    }
  };
  pass(10_000);
  assertEquals(reports, ["in,in"]);
  layer.legs = ["in", "out"];
  pass(2000);
  assertEquals([reports, layer.tries], [["in,in", "in,out"], 0]);
  pass(5000);
  assertEquals(layer.tries, 1);
  pass(8000);
  assertEquals(layer.tries, 1);
  pass(3000);
  assertEquals(layer.tries, 2);
  layer.legs = ["in", "syncing"];
  pass(60_000);
  assertEquals([reports.length, layer.tries], [3, 2]);
});

Deno.test("a steady clock goes on where another goes back", () => {
  const times = [100, 105, 50, 60, 60, 1000];
  const clock = steadyClock(() => times.shift()!);
  assertEquals([1, 2, 3, 4, 5].map(() => clock()), [5, 5, 15, 15, 955]);
});
