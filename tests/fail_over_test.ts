import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { boot, type DomainManifest, type SystemEvent, type SystemManifest } from "@hako/kernel";
import { Fragile } from "./domains/fragile_protocol.ts";
import { settledStatus } from "../tools/systems/settled_status.ts";

/** A fragile server, and other domains beside it. */
function fragileSystem(
  more: Partial<DomainManifest> = {},
  others: Readonly<Record<string, DomainManifest>> = {},
): SystemManifest {
  return {
    base: import.meta.url,
    domains: {
      fragile: {
        kind: "server",
        module: "./domains/fragile.ts",
        serves: { fragile: Fragile },
        keeps: { nonces: 4096 },
        restart: { limit: 1000, windowMs: 1000 },
        ...more,
      },
      ...others,
    },
  };
}

/** Another server that calls the fragile one. */
const CALLER: DomainManifest = {
  kind: "server",
  module: "./domains/fragile.ts",
  serves: { outer: Fragile },
  uses: ["fragile"],
  keeps: { nonces: 4096 },
};

/** Boots, and collects what happens. */
async function bootHeard(manifest: SystemManifest) {
  const events: SystemEvent[] = [];
  const system = await boot(manifest, { onEvent: (event) => void events.push(event) });
  return { system, events };
}

for (const how of ["throw", "exit", "hang"] as const) {
  Deno.test(`a request that every server dies of by ${how} is answered, and others go on`, async () => {
    const { system, events } = await bootHeard(fragileSystem({ poisonTries: 2, hangMs: 500 }));
    await using _running = system;
    const client = await system.connect(Fragile, "fragile");
    const other = await system.connect(Fragile, "fragile");

    const poisoned = client.call("kill", { how });
    const beside = other.call("dieOnce", { nonce: 7 });
    await assertRejects(() => poisoned, OsError, "ENOTRECOVERABLE");
    assertEquals(await beside, 7);

    assertEquals(client.callSync("ping", {}).version, 1);
    const told = events.filter((event) => event.type === "poisoned");
    assertEquals(told.length, 1);
    const { domain, endpoint, operation, tries, why } = told[0]!;
    assertEquals([domain, endpoint, operation, tries], ["fragile", "fragile", 2, 2]);
    assertMatch(why, /asked to throw|self\.close|it hangs/);
    assertEquals((await settledStatus(system)).slotsInUse, 0);
  });
}

Deno.test("a server at its limit is given up, and callers hear EHOSTDOWN at once", async () => {
  const restart = { limit: 2, windowMs: 60_000 };
  const { system } = await bootHeard(fragileSystem({ restart, poisonTries: 9 }));
  await using _running = system;
  const client = await system.connect(Fragile, "fragile");
  const inFlight = [client.call("ping", {}), client.call("kill", { how: "throw" })];

  await inFlight[0];
  await assertRejects(() => inFlight[1]!, OsError, "EHOSTDOWN");
  assertThrows(() => client.callSync("ping", {}), OsError, "EHOSTDOWN");
  const late = await system.connect(Fragile, "fragile");
  await assertRejects(() => late.call("ping", {}), OsError, "EHOSTDOWN");
  const { state, deaths, why } = (await system.status()).domains.fragile!;
  assertEquals([state, deaths], ["gave-up", 3]);
  assertMatch(why, /asked to throw/);
});

Deno.test("restarts back off, longer with each death, and the request waits for them", async () => {
  const restart = { limit: 9, windowMs: 60_000, backoffMs: 20 };
  const { system, events } = await bootHeard(fragileSystem({ restart, poisonTries: 4 }));
  await using _running = system;
  const client = await system.connect(Fragile, "fragile");

  await assertRejects(() => client.call("kill", { how: "throw" }), OsError, "ENOTRECOVERABLE");

  await system.status(); // By now the program has heard that the last life serves.
  const at = (type: string) =>
    system.trace().filter((entry) => entry.type === "event" && entry.event.type === type)
      .map((entry) => "atUs" in entry ? entry.atUs / 1000 : 0);
  const gaps = at("died").map((diedMs) => at("ready").filter((ms) => ms > diedMs)[0]! - diedMs);
  assertEquals(gaps.length, 4);
  gaps.forEach((gapMs, i) => assert(gapMs >= 20 * 2 ** i, `${gaps}`));
  assertEquals(events.filter(({ type }) => type === "died").length, 4);
});

Deno.test("a limit that escalates restarts the callers once, and then degrades", async () => {
  const restart = { limit: 1, windowMs: 60_000, atLimit: "dependents" } as const;
  const { system, events } = await bootHeard(
    fragileSystem({ restart, poisonTries: 99 }, { outer: CALLER }),
  );
  await using _running = system;
  const client = await system.connect(Fragile, "fragile");
  const outer = await system.connect(Fragile, "outer");

  await assertRejects(() => client.call("kill", { how: "throw" }), OsError, "EHOSTDOWN");

  assertEquals(outer.callSync("ping", {}).epoch, 2, "the caller was restarted once, and lives");
  const died = events.filter((event) => event.type === "died").map(({ domain }) => domain);
  assertEquals(died, ["fragile", "fragile", "outer", "fragile", "fragile"]);
});

Deno.test("a limit that stops the system halts it in order, with the reason", async () => {
  const restart = { limit: 1, windowMs: 60_000, atLimit: "stop" } as const;
  const { system } = await bootHeard(fragileSystem({ restart, poisonTries: 9 }, { outer: CALLER }));
  const client = await system.connect(Fragile, "fragile");

  await assertRejects(() => client.call("kill", { how: "throw" }), OsError, "EHOSTDOWN");
  await assertRejects(() => system.finished("outer"), OsError, "fragile died too often");
  await assertRejects(() => system.status(), OsError, "ESHUTDOWN");
  await system.halt();
});

Deno.test("a server is upgraded under load without losing a request", async () => {
  const { system } = await bootHeard(fragileSystem({ spare: true }));
  await using _running = system;
  const client = await system.connect(Fragile, "fragile");
  const versions: number[] = [client.callSync("ping", {}).version];
  let isUpgraded = false;
  const load = (async () => {
    while (!isUpgraded || versions.at(-1) !== 2) {
      versions.push((await client.call("ping", {})).version);
    }
  })();

  await system.upgrade("fragile", "./domains/fragile_next.ts");
  isUpgraded = true;
  await load;

  assertEquals([...new Set(versions)], [1, 2], "never the old one after the new one");
  system.terminate("fragile");
  assertEquals(client.callSync("ping", {}).version, 2);
  const { epoch } = client.callSync("ping", {});
  assert(epoch >= 2);
});

Deno.test("an upgrade to a module that says that it cannot serve goes back at once", async () => {
  const { system, events } = await bootHeard(fragileSystem());
  await using _running = system;
  const client = await system.connect(Fragile, "fragile");

  await assertRejects(
    () => system.upgrade("fragile", "./domains/unfit.ts"),
    OsError,
    "find what it needs",
  );
  assertEquals(client.callSync("ping", {}).version, 1);
  const types = events.map(({ type }) => type);
  assertEquals([types.includes("rolled-back"), types.includes("gave-up")], [true, false]);
  await system.upgrade("fragile", "./domains/fragile_next.ts");
  assertEquals(client.callSync("ping", {}).version, 2);
});

Deno.test("an upgrade of a domain that may not die is told that it was given up", async () => {
  const { system } = await bootHeard(fragileSystem({ restart: { limit: 0, windowMs: 60_000 } }));
  await using _running = system;
  const upgrade = () => system.upgrade("fragile", "./domains/fragile_next.ts");
  await assertRejects(upgrade, OsError, "EHOSTDOWN");
});

Deno.test("an upgrade to a module that does not start goes back to the one before", async () => {
  const { system, events } = await bootHeard(fragileSystem());
  await using _running = system;
  const client = await system.connect(Fragile, "fragile");
  const answer = client.call("ping", {});

  await assertRejects(
    () => system.upgrade("fragile", "./domains/broken.ts"),
    OsError,
    "it goes on with the module before",
  );
  await answer;
  assertEquals(client.callSync("ping", {}).version, 1);
  assert(events.some(({ type }) => type === "rolled-back"));
  await system.upgrade("fragile", "./domains/fragile_next.ts");
  assertEquals(client.callSync("ping", {}).version, 2);
  await assertRejects(() => system.upgrade("nobody", "./x.ts"), OsError, "ENOENT");
});

Deno.test("an upgrade outlives the kernel that was asked for it", async () => {
  const { system } = await bootHeard(fragileSystem());
  await using _running = system;
  const client = await system.connect(Fragile, "fragile");

  const upgraded = system.upgrade("fragile", "./domains/fragile_next.ts");
  system.terminate("kernel");
  await upgraded;

  assertEquals(client.callSync("ping", {}).version, 2);
  system.terminate("kernel");
  system.terminate("fragile");
  assertEquals(client.callSync("ping", {}).version, 2, "the next kernel knows of it");
});
