import { assertEquals } from "@std/assert";
import { boot, defineSystem, type PointFault } from "@hako/kernel";
import { Tally } from "./kills/tally_protocol.ts";

const KiB = 1024;

/** Plays an app that adds 1 once; answers what it was told, and what the tally is. */
async function play(faults: readonly PointFault[]): Promise<{ told: unknown; sum: number }> {
  const domains = {
    tally: {
      kind: "server",
      module: "./kills/domains/tally.ts",
      serves: { tally: Tally },
      keeps: { sums: 64 * KiB },
    },
    asker: {
      kind: "app",
      module: "./domains/asker.ts",
      uses: ["tally"],
      keeps: { asked: 4 * KiB },
      restart: { limit: 10, windowMs: 60_000 },
    },
  } as const;
  await using system = await boot(defineSystem({ base: import.meta.url, domains }), { faults });
  const told = await system.finished("asker");
  const tally = await system.connect(Tally, "tally");
  return { told, sum: tally.callSync("total", {}).sum };
}

/** Ends a life when it passes a point for the n-th time. */
function death(domain: string, point: string, visit: number): PointFault {
  return { domain, point, visit, kind: "terminate" };
}

const ASKER = [[], ["asker.written"], ["asker.answered"], ["asker.written", "asker.answered"]];
const TALLY = ["tally.add.before", "tally.add.staged", "runtime.answer", "runtime.committed"];

Deno.test("a client that died asks again under the former name, and it is done once", async () => {
  for (const points of ASKER) {
    const faults = points.map((point, index) => death("asker", point, index + 1));
    assertEquals(await play(faults), { told: 1, sum: 1 }, points.join());
  }
});

Deno.test("so it is when the server dies over the request with the former name", async () => {
  for (const point of TALLY) {
    const faults = [death("asker", "asker.written", 1), death("tally", point, 1)];
    const again = [...faults, death("asker", "asker.answered", 1)];
    assertEquals(await play(faults), { told: 1, sum: 1 }, point);
    assertEquals(await play(again), { told: 1, sum: 1 }, `${point}, and the client once more`);
  }
});

Deno.test("so it is when its server dies as well, at any point of the request", async () => {
  for (const point of TALLY) {
    const faults = [death("asker", "asker.answered", 1), death("tally", point, 1)];
    assertEquals(await play(faults), { told: 1, sum: 1 }, point);
  }
});
