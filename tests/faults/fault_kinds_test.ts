import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { boot, type FaultKind, faultPlan, type PointFault, type System } from "@hako/kernel";
import type { Client } from "@hako/ipc";
import { counterSystem } from "../counter_system.ts";
import { Counter } from "../domains/counter_protocol.ts";
import { settledStatus } from "../../tools/systems/settled_status.ts";

const POINTS = ["counter.add.before", "counter.add.after"];

/** A domain that computes for so long without a beat is taken to hang. */
const HANG_MS = 400;

const KINDS = ["server", "driver"] as const; // One sleeps in place, the other in its event loop.

/** A counter whose first life meets one fault, at its third request. */
async function bootFaulty(
  kind: "server" | "driver",
  fault: Omit<PointFault, "domain">,
): Promise<{ system: System; counter: Client<Counter> }> {
  const faults = [{ domain: "counter", visit: 3, ...fault }];
  const system = await boot(counterSystem({ kind, hangMs: HANG_MS }), { faults });
  return { system, counter: await system.connect(Counter, "counter") };
}

/** Adds so often that the fault happens in between, and finds every addition done once. */
function addThrough(counter: Client<Counter>): void {
  for (let value = 1; value <= 6; value++) {
    assertEquals(counter.callSync("add", { amount: 1 }), value);
  }
}

/** Waits until the counter lives its second life. */
function succeeded(counter: Client<Counter>): void {
  while (counter.callSync("shout", { text: "" }).epoch === 1);
}

for (const kind of KINDS) {
  for (const point of POINTS) {
    for (const fault of ["throw", "reject", "terminate", "exit"] as const) {
      Deno.test(`a ${kind} that meets ${fault} at ${point} is replaced, and adds once`, async () => {
        const { system, counter } = await bootFaulty(kind, { point, kind: fault });
        await using _halted = system;

        addThrough(counter);

        succeeded(counter);
        const { domains, slotsInUse, zombies } = await settledStatus(system);
        assertEquals([domains["counter"]!.deaths, slotsInUse, zombies], [1, 0, 0]);
      });
    }

    for (const fault of ["busy-loop", "blocked", "zombie"] as const) {
      Deno.test(`a ${kind} that meets ${fault} at ${point} hangs, and adds once`, async () => {
        const stop = new SharedArrayBuffer(4);
        const { system, counter } = await bootFaulty(kind, { point, kind: fault, stop });
        await using _halted = system;

        addThrough(counter);

        assertEquals((await system.status()).zombies, 1, "it goes on");
        Atomics.store(new Int32Array(stop), 0, 1);
        while ((await system.status()).zombies > 0); // It finds that it was fenced.
        const { domains, slotsInUse } = await settledStatus(system);
        const { deaths, why } = domains["counter"]!;
        assertEquals([deaths, slotsInUse], [1, 0], `it died last of: ${why}`);
        assertEquals(counter.callSync("add", { amount: 1 }), 7);
      });
    }
  }

  Deno.test(`a ${kind} that is slow is no dead one`, async () => {
    const slow = { point: POINTS[0]!, kind: "slow", slowMs: HANG_MS / 2 } as const;
    const { system, counter } = await bootFaulty(kind, slow);
    await using _halted = system;
    const startMs = performance.now();

    addThrough(counter);

    assert(performance.now() - startMs >= HANG_MS / 2);
    assertEquals((await system.status()).domains["counter"]!.deaths, 0);
  });

  Deno.test(`a ${kind} whose heap grows by a little lives on`, async () => {
    const { system, counter } = await bootFaulty(kind, {
      point: POINTS[0]!,
      kind: "heap",
      heapMb: 8,
    });
    await using _halted = system;
    addThrough(counter);
    assertEquals((await system.status()).domains["counter"]!.deaths, 0);
  });
}

Deno.test("a zombie that writes to all that it holds spoils nothing of its successor", async () => {
  const stop = new SharedArrayBuffer(4);
  const { system, counter } = await bootFaulty("server", {
    point: POINTS[0]!,
    kind: "zombie",
    stop,
  });
  await using _halted = system;
  addThrough(counter);

  // It begins to write a second after its fence; there is no other sign of that.
  const endMs = performance.now() + 1_500;
  let value = 6;
  while (performance.now() < endMs) assertEquals(counter.callSync("add", { amount: 1 }), ++value);

  assertEquals((await system.status()).zombies, 1);
  Atomics.store(new Int32Array(stop), 0, 1);
});

Deno.test("a fault that happens on order does so at each order, and only then", async () => {
  const faults: readonly PointFault[] = [
    { domain: "counter", point: "runtime.request", kind: "throw", visit: "ordered" },
    { domain: "counter", point: "runtime.answer", kind: "exit", visit: "ordered" },
    { domain: "counter", point: "runtime.request", kind: "throw", visit: 1_000_000 },
  ];
  await using system = await boot(counterSystem({ spare: true }), { faults });
  const counter = await system.connect(Counter, "counter");
  let value = 0;
  const add = () => assertEquals(counter.callSync("add", { amount: 1 }), ++value);
  for (const [index, fault] of [0, 1, 0].entries()) {
    for (let i = 0; i < 10; i++) add();
    assertEquals((await system.status()).domains["counter"]!.deaths, index);
    system.inject(fault);
    add();
  }
  assertEquals((await system.status()).domains["counter"]!.deaths, 3);
  for (const wrong of [2, 3, -1, 0.5]) assertThrows(() => system.inject(wrong), RangeError);
});

Deno.test("a life that takes longer to start than it may hang is not taken to hang", async () => {
  const slow = { point: "runtime.ready", kind: "slow", slowMs: 4 * HANG_MS } as const;
  const faults = [{ domain: "counter", ...slow }, { domain: "counter", ...slow, visit: 2 }];
  await using system = await boot(counterSystem({ hangMs: HANG_MS }), { faults });
  const counter = await system.connect(Counter, "counter");
  assertEquals(counter.callSync("add", { amount: 1 }), 1);
  system.terminate("counter"); // Its successor is as slow.
  succeeded(counter);
  assertEquals(counter.callSync("add", { amount: 1 }), 2);
  assertEquals((await system.status()).domains["counter"]!.deaths, 1);
});

Deno.test("a plan of many faults is lived through, whatever its seed", async () => {
  const kinds: readonly FaultKind[] = ["throw", "reject", "terminate", "exit", "slow"];
  for (const seed of [1, 2, 3]) {
    const plan = { seed, count: 20, points: { counter: POINTS }, kinds, visitMax: 40 };
    const faults = faultPlan(plan);
    // Several faults may meet one request, which is no poison.
    const manifest = counterSystem({ spare: true, poisonTries: 1_000 });
    await using system = await boot(manifest, { faults });
    const counter = await system.connect(Counter, "counter");
    for (let value = 1; value <= 200; value++) {
      assertEquals(counter.callSync("add", { amount: 1 }), value, `seed ${seed}`);
    }
    const { deaths } = (await system.status()).domains["counter"]!;
    assert(deaths > 5 && deaths <= 20, `seed ${seed}: ${deaths} deaths`);
  }
});

Deno.test("a fault that can never happen is refused at boot", async () => {
  const fault = { domain: "coutner", point: POINTS[0]!, kind: "throw" } as const;
  const message = 'faults[0].domain: there is no domain "coutner"; did you mean "counter"?';
  await assertRejects(() => boot(counterSystem(), { faults: [fault] }), TypeError, message);
});
