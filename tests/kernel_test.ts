import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { defineProtocol, OsError } from "@hako/ipc";
import { boot, type DomainManifest, type SystemEvent } from "@hako/kernel";
import { counterSystem } from "./counter_system.ts";
import { Counter, operations } from "./domains/counter_protocol.ts";
import { settledStatus } from "../tools/systems/settled_status.ts";

const KINDS = ["server", "driver"] as const; // One sleeps in place, the other in its event loop.

for (const kind of KINDS) {
  Deno.test(`a ${kind} is called synchronously and asynchronously, by value and by window`, async () => {
    await using system = await boot(counterSystem({ kind }));
    const counter = await system.connect(Counter, "counter");
    const window = await system.window(8192);

    assertEquals(counter.callSync("shout", { text: "hako" }), { text: "HAKO", epoch: 1 });
    assertEquals(await counter.call("shout", { text: "箱" }), { text: "箱", epoch: 1 });
    assertEquals(counter.callSync("fill", { value: 7, target: window.subarray(9, 12) }), 3);
    assertEquals([...window.subarray(8, 13)], [0, 7, 7, 7, 0]);
    assertThrows(() => counter.callSync("fill", { value: 256, target: window }), OsError, "EINVAL");
    await assertRejects(() => counter.call("add", { amount: -1 }), OsError, "EINVAL");
    assertEquals((await settledStatus(system)).slotsInUse, 0);
  });

  for (const [how, manner] of [[1, "throws"], [2, "closes itself"], [3, "exits"]] as const) {
    Deno.test(`a ${kind} that ${manner} in a request is replaced, and the request answered`, async () => {
      await using system = await boot(counterSystem({ kind }));
      const counter = await system.connect(Counter, "counter");
      counter.callSync("add", { amount: 5 });

      assertEquals(counter.callSync("die", { how }), how);

      assertEquals(counter.callSync("add", { amount: 1 }), 6, "the keep survived");
      const status = await settledStatus(system);
      const { epoch, state, deaths, inFlight } = status.domains.counter!;
      assertEquals([epoch, state, deaths, inFlight], [2, "ready", 1, 0]);
      assertEquals([status.slotsInUse, status.zombies], [0, 0]);
    });
  }

  Deno.test(`a ${kind} that is terminated over and over adds each amount once`, async () => {
    await using system = await boot(counterSystem({ kind, spare: true }));
    const counter = await system.connect(Counter, "counter");

    let value = 0;
    for (let life = 1; life <= 10; life++) {
      system.terminate("counter");
      // The fenced one may still answer what it had taken before the fence; then its successor does.
      while (counter.callSync("shout", { text: "" }).epoch === life) {
        assertEquals(counter.callSync("add", { amount: 1 }), ++value);
      }
      assertEquals(await counter.call("add", { amount: 1 }), ++value);
    }
    const { domains, slotsInUse } = await settledStatus(system);
    assertEquals([domains.counter!.deaths, slotsInUse], [10, 0]);
  });

  for (const point of ["counter.add.before", "counter.add.after"]) {
    for (const fault of ["throw", "exit", "terminate"] as const) {
      Deno.test(`a ${kind} that dies by ${fault} at ${point} adds once`, async () => {
        const faults = [{ domain: "counter", point, kind: fault, visit: 2 }];
        await using system = await boot(counterSystem({ kind }), { faults });
        const counter = await system.connect(Counter, "counter");

        const values = [1, 2, 3, 4].map(() => counter.callSync("add", { amount: 1 }));

        assertEquals(values, [1, 2, 3, 4]);
        assertEquals((await system.status()).domains.counter!.epoch, 2);
      });
    }
  }
}

Deno.test("a program that mixes synchronous calls with its event loop misses no order", async () => {
  let lives = 0;
  const count = (event: SystemEvent) => void (event.type === "ready" && lives++);
  await using system = await boot(counterSystem({ spare: true }), { onEvent: count });
  const counter = await system.connect(Counter, "counter");
  let value = 0;

  for (let life = 1; life <= 60; life++) {
    system.terminate("counter");
    // Orders to create the successor arrive now in a call, now in the event loop, now in between.
    while (lives <= life) {
      assertEquals(counter.callSync("add", { amount: 1 }), ++value);
      await new Promise((resolve) => setTimeout(resolve, life % 3));
    }
  }
  assertEquals((await system.status()).domains.counter!.deaths, 60);
});

Deno.test("64 requests in flight all survive a death, in order and once", async () => {
  await using system = await boot(counterSystem());
  const counter = await system.connect(Counter, "counter");

  const answers = Array.from({ length: 64 }, () => counter.call("add", { amount: 1 }));
  system.terminate("counter");

  assertEquals(await Promise.all(answers), Array.from({ length: 64 }, (_, i) => i + 1));
});

Deno.test("a server that hangs is fenced, and its zombie changes nothing", async () => {
  const events: SystemEvent[] = [];
  const manifest = counterSystem({ hangMs: 500 });
  await using system = await boot(manifest, { onEvent: (event) => events.push(event) });
  const counter = await system.connect(Counter, "counter");
  counter.callSync("add", { amount: 3 });

  assertEquals(counter.callSync("die", { how: 4 }), 4);

  assertEquals(counter.callSync("add", { amount: 1 }), 4);
  const status = await system.status();
  assertEquals(status.zombies, 1, "it computes for ever, on memory that nobody reads");
  assert(events.some((event) => event.type === "died" && event.why === "it hangs"));
  assert(events.some((event) => event.type === "fenced" && !event.gone));
});

Deno.test("a server that dies more often than its policy allows is given up, and callers hear so", async () => {
  const restart = { limit: 2, windowMs: 60_000 };
  await using system = await boot(counterSystem({ restart }));
  const counter = await system.connect(Counter, "counter");

  for (const how of [1, 2]) assertEquals(counter.callSync("die", { how }), how);
  assertThrows(() => counter.callSync("die", { how: 3 }), OsError, "EHOSTDOWN");

  await assertRejects(() => counter.call("add", { amount: 1 }), OsError, "EHOSTDOWN");
  assertEquals((await system.status()).domains.counter!.state, "gave-up");
  const late = await system.connect(Counter, "counter");
  assertThrows(() => late.callSync("add", { amount: 1 }), OsError, "EHOSTDOWN");
});

Deno.test("a domain that is restarted on request loses nothing", async () => {
  await using system = await boot(counterSystem());
  const counter = await system.connect(Counter, "counter");
  counter.callSync("add", { amount: 40 });

  await system.restart("counter");

  assertEquals(counter.callSync("add", { amount: 2 }), 42);
  assertEquals(counter.callSync("shout", { text: "" }).epoch, 2);
});

Deno.test("a domain that is replaced before its worker has begun loses nothing", async () => {
  await using system = await boot(counterSystem());
  const counter = await system.connect(Counter, "counter");
  counter.callSync("add", { amount: 1 });

  // Successors are fenced while their workers still load; a domain in its fence is left to it.
  for (let i = 0; i < 3; i++) await system.restart("counter");

  assertEquals(counter.callSync("add", { amount: 1 }), 2);
  const { domains, zombies } = await system.status();
  const { epoch, state, deaths } = domains.counter!;
  assertEquals([epoch, state, zombies], [deaths + 1, "ready", 0]);
  assert(deaths >= 1 && deaths <= 3);
});

Deno.test("whoever speaks another version is refused with both versions named", async () => {
  await using system = await boot(counterSystem());
  const Newer = defineProtocol("counter", 2, operations);

  await assertRejects(
    () => system.connect(Newer, "counter"),
    OsError,
    "counter version 2 at counter, which speaks counter version 1",
  );
});

Deno.test("an endpoint that nobody serves is ENOENT", async () => {
  await using system = await boot(counterSystem());
  await assertRejects(() => system.connect(Counter, "cuonter"), OsError, "ENOENT");
  assertThrows(() => system.terminate("nobody"), OsError, "ENOENT");
  await assertRejects(() => system.restart("nobody"), OsError, "ENOENT");
});

Deno.test("a module that fails while it loads fails the boot with its reason", async () => {
  const manifest = counterSystem({ module: "./domains/broken.ts" });
  await assertRejects(() => boot(manifest), OsError, "start counter: Uncaught");
});

Deno.test("a module that does not exist fails the boot", async () => {
  const manifest = counterSystem({ module: "./domains/no_such_module.ts" });
  await assertRejects(() => boot(manifest), OsError, "start counter: ");
});

Deno.test("a halted system refuses calls and halts only once", async () => {
  const system = await boot(counterSystem());
  await system.connect(Counter, "counter");
  await Promise.all([system.halt(), system.halt()]);

  await assertRejects(() => system.status(), OsError, "ESHUTDOWN");
  await system.halt();
});

for (const sync of [true, false]) {
  Deno.test(`an app in a ${sync ? "synchronous" : "promised"} call ends when it is fenced`, async () => {
    const manifest = counterSystem();
    const caller = {
      kind: "app",
      module: "./domains/caller.ts",
      uses: ["counter"],
      options: { sync },
    };
    const domains = { ...manifest.domains, caller: caller as DomainManifest };
    const lives: number[] = [];
    const fences: boolean[] = [];
    let reported = Promise.withResolvers<void>();
    await using system = await boot({ ...manifest, domains }, {
      onEvent(event) {
        if (event.type === "fenced") fences.push(event.gone);
        if (event.type !== "report") return;
        lives.push(event.value as number);
        reported.resolve();
      },
    });
    for (let life = 1; life <= 4; life++) {
      await reported.promise;
      reported = Promise.withResolvers();
      if (life < 4) await system.restart("caller");
    }
    assertEquals([lives, fences], [[1, 2, 3, 4], [true, true, true]]);
    assertEquals((await system.status()).zombies, 0);
  });
}

Deno.test("deaths that somebody ordered are no failed starts, however thick they come", async () => {
  await using system = await boot(counterSystem());
  const counter = await system.connect(Counter, "counter");
  for (let i = 0; i < 12; i++) await system.restart("counter");
  assertEquals(counter.callSync("add", { amount: 1 }), 1);
});

Deno.test("clients are spread over replicas, and one that dies concerns only its own", async () => {
  await using system = await boot(counterSystem({ replicas: 3 }));
  const counters = [];
  for (let i = 0; i < 6; i++) counters.push(await system.connect(Counter, "counter"));

  const values = counters.map((counter) => counter.callSync("add", { amount: 1 }));
  assertEquals(values, [1, 1, 1, 2, 2, 2], "two clients for each replica");
  assertEquals(counters[1]!.callSync("die", { how: 1 }), 1);
  const epochs = counters.map((counter) => counter.callSync("shout", { text: "" }).epoch);
  assertEquals(epochs, [1, 2, 1, 1, 2, 1]);
  assertEquals(counters[4]!.callSync("add", { amount: 1 }), 3, "its keep survived");
  const { domains } = await system.status();
  assertEquals(Object.keys(domains), ["counter.1", "counter.2", "counter.3"]);
});

Deno.test("an app that has finished may be started again, which is no death", async () => {
  const errand = {
    kind: "app",
    module: "./domains/errand.ts",
    uses: ["counter"],
    start: "request",
    restart: { limit: 0, windowMs: 1_000 },
  } as const;
  const { base, domains } = counterSystem();
  await using system = await boot({ base, domains: { ...domains, errand } });

  for (let life = 1; life <= 3; life++) {
    await system.start("errand");
    assertEquals(await system.finished("errand"), { epoch: life, value: life });
  }
  assertEquals((await system.status()).domains.errand!.deaths, 0);
  await assertRejects(() => system.start("counter"), OsError, "EBUSY");
});

Deno.test("two systems in one process do not know each other", async () => {
  await using one = await boot(counterSystem());
  await using other = await boot(counterSystem());
  const counters = [await one.connect(Counter, "counter"), await other.connect(Counter, "counter")];

  one.terminate("counter");

  assertEquals(counters.map((counter) => counter.callSync("add", { amount: 1 })), [1, 1]);
  assertEquals((await other.status()).domains.counter!.deaths, 0);
});
