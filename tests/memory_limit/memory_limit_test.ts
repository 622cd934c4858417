import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { boot, defineSystem, type SystemEvent } from "@hako/kernel";
import { type GrowthName, GROWTHS } from "./growth.ts";
import { Hoard } from "./hoard_protocol.ts";
import { hoardingSystem, LIMIT_MB, WHY } from "./hoarding_system.ts";
import { settledStatus } from "../../tools/systems/settled_status.ts";

/** Collects what domains died of. */
function causes(): { readonly why: string[]; onEvent(event: SystemEvent): void } {
  const why: string[] = [];
  return { why, onEvent: (event) => void (event.type === "died" && why.push(event.why)) };
}

for (const kind of ["server", "driver"] as const) {
  for (const spare of [true, false]) {
    const manner = `${kind} ${spare ? "with" : "without"} a spare`;
    Deno.test(`a ${manner} that fills its heap in a request is replaced, and the request answered`, async () => {
      const { why, onEvent } = causes();
      await using system = await boot(hoardingSystem({ kind, spare }), { onEvent });
      const hoard = await system.connect(Hoard, "hoard");
      assertEquals(hoard.callSync("add", { amount: 5 }), 5);

      assertEquals(hoard.callSync("hoard", { how: "objects", lives: 2 }), 3);

      assertEquals(hoard.callSync("add", { amount: 1 }), 6, "the keep survived");
      assertEquals(why, [WHY, WHY]);
      const { domains, slotsInUse, zombies } = await settledStatus(system);
      assertEquals([domains.hoarder!.epoch, domains.hoarder!.deaths], [3, 2]);
      assertEquals([slotsInUse, zombies], [0, 0]);
    });
  }
}

for (const how of Object.keys(GROWTHS) as GrowthName[]) {
  Deno.test(`a heap that is filled with ${how} is the end of its domain alone`, async () => {
    const { why, onEvent } = causes();
    await using system = await boot(hoardingSystem(), { onEvent });
    const hoard = await system.connect(Hoard, "hoard");

    assertEquals(await hoard.call("hoard", { how, lives: 1 }), 2);

    assertEquals(why, [WHY]);
  });
}

Deno.test("the others serve while a heap fills, again and again", async () => {
  await using system = await boot(hoardingSystem());
  const hoard = await system.connect(Hoard, "hoard");
  const other = await system.connect(Hoard, "other");
  const answer = hoard.call("hoard", { how: "objects", lives: 2 });
  let epoch = 0;
  answer.then((value) => epoch = value as number);

  let calls = 0;
  while (epoch === 0) {
    assertEquals(await other.call("add", { amount: 1 }), ++calls);
    await new Promise((resolve) => setTimeout(resolve, 0)); // The hoarder's answer is an event too.
  }

  assertEquals(epoch, 3);
  const { domains } = await system.status();
  assertEquals([domains.hoarder!.deaths, domains.bystander!.deaths], [2, 0]);
  assert(calls > 2, "it was called during both deaths");
});

Deno.test("a request that fills every heap is answered with an error", async () => {
  const { why, onEvent } = causes();
  await using system = await boot(hoardingSystem({ poisonTries: 2 }), { onEvent });
  const hoard = await system.connect(Hoard, "hoard");

  assertThrows(
    () => hoard.callSync("hoard", { how: "objects", lives: 1000 }),
    OsError,
    "ENOTRECOVERABLE",
  );

  assertEquals(hoard.callSync("add", { amount: 1 }), 1, "the server lives");
  assertEquals(why, [WHY, WHY]);
});

Deno.test("a server whose heap fills more often than its policy allows is given up", async () => {
  const restart = { limit: 1, windowMs: 60_000 };
  await using system = await boot(hoardingSystem({ restart }));
  const hoard = await system.connect(Hoard, "hoard");
  const other = await system.connect(Hoard, "other");

  assertThrows(
    () => hoard.callSync("hoard", { how: "objects", lives: 1000 }),
    OsError,
    "EHOSTDOWN",
  );

  assertEquals(other.callSync("add", { amount: 1 }), 1);
  assertEquals((await system.status()).domains.hoarder!.state, "gave-up");
});

for (const place of ["module", "timer"]) {
  Deno.test(`an app that fills its heap in a ${place} is started again`, async () => {
    const { why, onEvent } = causes();
    await using system = await boot(
      defineSystem({
        base: import.meta.url,
        domains: {
          app: {
            kind: "app",
            module: "./domains/leaking_app.ts",
            options: { place },
            memoryLimitMb: LIMIT_MB,
          },
        },
      }),
      { onEvent },
    );

    assertEquals(await system.finished("app"), "survived itself");
    assertEquals(why, [WHY]);
  });
}

Deno.test("a module that fills its heap while it loads fails the boot with that reason", async () => {
  const manifest = hoardingSystem({ module: "./domains/full_at_once.ts" });
  await assertRejects(() => boot(manifest), OsError, `start hoarder: ${WHY}`);
});

Deno.test("a domain that is to have a limit does not live without", async () => {
  const Limiting = globalThis.Worker;
  // A Deno that no longer looks for the limits where they are.
  globalThis.Worker = class extends Limiting {
    constructor(...args: ConstructorParameters<typeof Limiting>) {
      Reflect.deleteProperty(Object.prototype, "resourceLimits");
      super(...args);
    }
  };
  try {
    const what = `keep a heap within ${LIMIT_MB} MiB`;
    await assertRejects(
      () => boot(hoardingSystem()),
      OsError,
      `start hoarder: ${what}`,
    );
  } finally {
    globalThis.Worker = Limiting;
  }
});
