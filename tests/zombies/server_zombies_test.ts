import { assert, assertEquals } from "@std/assert";
import type { Client } from "@hako/ipc";
import { boot, defineSystem, type DomainManifest, type System } from "@hako/kernel";
import { Haunted, type Zombie, ZOMBIES } from "./haunted_protocol.ts";
import { Leash } from "./leash.ts";
import { settledStatus } from "../../tools/systems/settled_status.ts";

/** Above `SCAN_CHANNELS_MAX`, so that clients say by ready bits who has posted. */
const CLIENTS = 12;

/** A wake-up that is lost costs `SLEEP_MS_MAX`, 400 ms. */
const LATE_MS = 300;

/** Calls that may be late for other reasons: a zombie that computes has one of the cores. */
const LATE_CALLS_MAX = 2;

interface House {
  readonly system: System;
  readonly clients: readonly Client<Haunted>[];
  /** What the sum must be. */
  sum: number;
}

async function bootHouse(kind: "server" | "driver", leash: Leash): Promise<House> {
  const haunted: DomainManifest = {
    kind,
    module: "./domains/haunted.ts",
    serves: { haunted: Haunted },
    keeps: { sum: 4096 },
    windows: { lent: 8192 },
    options: { leash: leash.buffer },
    restart: { limit: 100, windowMs: 1_000 },
    hangMs: 200,
    spare: true,
  };
  const system = await boot(defineSystem({ base: import.meta.url, domains: { haunted } }));
  const clients: Client<Haunted>[] = [];
  while (clients.length < CLIENTS) clients.push(await system.connect(Haunted, "haunted"));
  await system.restart("haunted"); // The next life finds the channels in its boot message.
  return { system, clients, sum: 0 };
}

/** Many calls of one client after the other: each is answered once, in order, by who keeps the sum. */
function addInOrder(house: House, count: number): void {
  for (let i = 0; i < count; i++) {
    const client = house.clients[i % CLIENTS]!;
    assertEquals(client.callSync("add", { amount: 1 }), ++house.sum);
  }
}

/** Calls of all clients at once: whatever the order, each answer comes once. */
async function addAtOnce(house: House, each: number): Promise<void> {
  const answers = house.clients.flatMap((client) =>
    Array.from({ length: each }, () => client.call("add", { amount: 1 }))
  );
  const sums = (await Promise.all(answers)).sort((a, b) => a - b);
  assertEquals(sums, sums.map((_, i) => house.sum + 1 + i));
  house.sum += sums.length;
}

/** Calls of a server that has fallen asleep since the last one; answers how many came late. */
async function addToSleeper(house: House, count: number): Promise<number> {
  let late = 0;
  for (let i = 0; i < count; i++) {
    for (let turn = 0; turn < 8; turn++) await house.system.status(); // It has nothing to do meanwhile.
    const startMs = performance.now();
    const sum = await house.clients[i % CLIENTS]!.call("add", { amount: 1 });
    if (performance.now() - startMs > LATE_MS) late++;
    assertEquals(sum, ++house.sum);
  }
  return late;
}

/** Waits until every fenced incarnation has gone. */
async function laidToRest(system: System): Promise<void> {
  while ((await system.status()).zombies > 0);
}

for (const kind of ["server", "driver"] as const) {
  for (const into of ZOMBIES) {
    Deno.test(`a ${kind} that becomes a zombie, ${into}, spoils nothing of its successor`, async () => {
      using leash = new Leash();
      const house = await bootHouse(kind, leash);
      await using system = house.system;
      addInOrder(house, 24);

      // Of these some are taken, some wait, when the zombie turns; the call that turned it is the last.
      const inFlight = addAtOnce(house, 4);
      const turned = house.clients[0]!.call("turn", { into });
      await leash.turned();
      assertEquals(await turned, 3, "the successor answers");
      await inFlight;
      if (into === "woken late") leash.wake();
      const roundsBefore = await atWork(leash, house, into);

      addInOrder(house, 300);
      for (let i = 0; i < 5; i++) await addAtOnce(house, 16);
      const late = await addToSleeper(house, 100);
      assert(late <= LATE_CALLS_MAX, `${late} calls were late: their wake-ups were lost`);

      // The zombie's area for answers is not that of any successor, however many there are.
      for (let i = 0; i < 3; i++) {
        await system.restart("haunted");
        addInOrder(house, 40);
        for (let j = 0; j < 4; j++) await addAtOnce(house, 32);
      }
      assertEquals((await system.status()).zombies, 1, "it is there still");
      assert(leash.rounds > roundsBefore, "and was at work all the time");
      leash.stop();
      await addToSleeper(house, 5);
      await laidToRest(system);
      const { domains, slotsInUse } = await settledStatus(system);
      assertEquals([slotsInUse, domains["haunted"]!.deaths], [0, 5]);
    });
  }
}

/** Waits until the zombie works beside its successor; answers how far it is. */
async function atWork(leash: Leash, house: House, into: Zombie): Promise<number> {
  // One that is blocked for good wakes when its successor is rung, which is its only chance to work.
  if (into === "blocked for good") await addToSleeper(house, 10);
  await leash.reached(3);
  return leash.rounds;
}
