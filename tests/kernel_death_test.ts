import { assert, assertEquals, assertRejects } from "@std/assert";
import { OsError } from "@hako/ipc";
import {
  boot,
  type DomainManifest,
  KERNEL_POINTS,
  type PointFault,
  type System,
  type SystemEvent,
} from "@hako/kernel";
import { counterSystem } from "./counter_system.ts";
import { Counter } from "./domains/counter_protocol.ts";
import { settledStatus } from "../tools/systems/settled_status.ts";

/** What a short life of a system asks of its kernel: boot, connections, a window, deaths, a halt. */
async function shortLife(system: System): Promise<void> {
  const counter = await system.connect(Counter, "counter");
  const window = await system.window(4096);
  const other = await system.connect(Counter, "counter");
  assertEquals(counter.callSync("add", { amount: 1 }), 1);
  assertEquals(counter.callSync("fill", { value: 7, target: window }), 4096);
  system.terminate("counter");
  assertEquals(await counter.call("add", { amount: 1 }), 2);
  assertEquals(other.callSync("die", { how: 1 }), 1);
  await system.restart("counter");
  assertEquals(other.callSync("add", { amount: 1 }), 3);
  const late = await system.connect(Counter, "counter");
  assertEquals(late.callSync("add", { amount: 1 }), 4);
  assertEquals(window[4095], 7);
  const status = await settledStatus(system);
  assertEquals([status.slotsInUse, status.domains.counter!.state], [0, "ready"]);
}

/** Counts how often the kernel died. */
function kernelDeaths(events: readonly SystemEvent[]): number {
  return events.filter(({ type }) => type === "kernel-died").length;
}

/** How a kernel dies, and at which visits of a point that is tried. */
const DEATHS: Readonly<Record<string, readonly number[]>> = {
  throw: [1, 2, 3, 5, 8, 13, 21, 34],
  exit: [2],
  terminate: [3],
  reject: [1],
};

for (const [name, visits] of Object.entries(DEATHS)) {
  const kind = name as PointFault["kind"];
  for (const point of KERNEL_POINTS) {
    Deno.test(`a kernel that dies by ${kind} at ${point} is followed by another, visits ${visits}`, async () => {
      let passed = 0;
      for (const visit of visits) {
        const events: SystemEvent[] = [];
        const faults: PointFault[] = [{ domain: "kernel", point, visit, kind }];
        await using system = await boot(counterSystem(), {
          faults,
          onEvent: (event) => void events.push(event),
        });
        await shortLife(system);
        const deaths = kernelDeaths(events);
        assert(deaths === 1 || (deaths === 0 && passed >= 3), `${deaths} deaths at visit ${visit}`);
        if (deaths === 0) break; // So short a life does not come to so late a visit.
        passed++;
      }
    });
  }
}

Deno.test("a kernel that is terminated over and over loses no request and no count", async () => {
  const events: SystemEvent[] = [];
  await using system = await boot(counterSystem({ spare: true }), {
    onEvent: (event) => void events.push(event),
  });
  const counter = await system.connect(Counter, "counter");

  let value = 0;
  for (let life = 1; life <= 12; life++) {
    // Both die; in every third round the next kernel as well, maybe in the middle of its recovery.
    system.terminate("counter");
    system.terminate("kernel");
    if (life % 3 === 0) system.terminate("kernel");
    while (counter.callSync("shout", { text: "" }).epoch === life) {
      assertEquals(counter.callSync("add", { amount: 1 }), ++value);
    }
    assertEquals(await counter.call("add", { amount: 1 }), ++value);
  }
  assertEquals(kernelDeaths(events), 16);
  const { domains, slotsInUse, kernelEpoch } = await settledStatus(system);
  assertEquals([domains.counter!.deaths, slotsInUse, kernelEpoch], [12, 0, 17]);
});

Deno.test("calls that are in flight between domains do not notice that the kernel is dead", async () => {
  await using system = await boot(counterSystem());
  const counter = await system.connect(Counter, "counter");
  const before = (await system.status()).domains.counter!;

  const answers = Array.from({ length: 64 }, () => counter.call("add", { amount: 1 }));
  system.terminate("kernel");

  assertEquals(await Promise.all(answers), Array.from({ length: 64 }, (_, i) => i + 1));
  assertEquals((await system.status()).domains.counter!.epoch, before.epoch, "the server lived on");
});

Deno.test("a kernel that hangs is fenced, and its successor goes on", async () => {
  const events: SystemEvent[] = [];
  const stop = new SharedArrayBuffer(4);
  const faults: PointFault[] = [
    { domain: "kernel", point: "kernel.receive", visit: 3, kind: "busy-loop", stop },
  ];
  await using system = await boot(counterSystem(), {
    faults,
    onEvent: (event) => void events.push(event),
  });
  await shortLife(system);
  Atomics.store(new Int32Array(stop), 0, 1);
  assert(events.some((event) => event.type === "kernel-died" && event.why === "it hangs"));
});

Deno.test("a kernel that takes the word of an app with it that never looks again loses nothing", async () => {
  const caller: DomainManifest = {
    kind: "app",
    module: "./domains/caller.ts",
    uses: ["counter"],
    options: { sync: true }, // In synchronous calls for ever: it reads no port.
  };
  for (const visit of [1, 2, 3]) {
    const faults: PointFault[] = [{ domain: "kernel", point: "kernel.hear", visit, kind: "throw" }];
    const { base, domains } = counterSystem();
    await using system = await boot({ base, domains: { ...domains, caller } }, { faults });
    const { domains: { counter, caller: app } } = await system.status();
    assertEquals([counter!.state, app!.state], ["ready", "ready"]);
  }
});

Deno.test("calls of the program that a kernel left unanswered are answered by its successor, once", async () => {
  await using system = await boot(counterSystem());
  const counter = await system.connect(Counter, "counter");

  const windows = [1, 2, 3].map(() => system.window(4096));
  const clients = [1, 2, 3].map(() => system.connect(Counter, "counter"));
  const restarted = system.restart("counter");
  system.terminate("kernel");

  assertEquals((await Promise.all(windows)).map(({ byteLength }) => byteLength), [
    4096,
    4096,
    4096,
  ]);
  for (const client of await Promise.all(clients)) client.callSync("shout", { text: "" });
  await restarted;
  assertEquals(counter.callSync("shout", { text: "" }).epoch, 2, "it was restarted once");
});

Deno.test("a system whose kernels all fail says so instead of hanging", async () => {
  const faults: PointFault[] = Array.from({ length: 40 }, (_, i) => ({
    domain: "kernel",
    point: "kernel.receive",
    visit: i + 1,
    kind: "throw",
  }));
  await assertRejects(() => boot(counterSystem(), { faults }), OsError, "run the kernel: ");
});
