import { assert, assertEquals } from "@std/assert";
import type { Client } from "@hako/ipc";
import { boot, type DomainManifest, type System, type SystemEvent } from "@hako/kernel";
import { app, capabilitySystem } from "./capability_system.ts";
import { Shelf } from "./domains/shelf_protocol.ts";

/** What a domain came to: what it finished with, or why it died. */
class Ends {
  readonly #ends: Map<string, PromiseWithResolvers<unknown>> = new Map();

  of(domain: string): Promise<unknown> {
    return this.#end(domain).promise;
  }

  hear(event: SystemEvent): void {
    if (event.type === "finished") this.#end(event.domain).resolve(event.value);
    if (event.type === "died") this.#end(event.domain).resolve({ why: event.why });
    if (event.type === "report") this.#end(`${event.value}`).resolve(undefined);
  }

  #end(name: string): PromiseWithResolvers<unknown> {
    const end = this.#ends.get(name) ?? Promise.withResolvers<unknown>();
    this.#ends.set(name, end);
    return end;
  }
}

/**
 * A shelf, a deputy, and a hostile domain that attacks them; meanwhile the program calls the shelf, and
 * an honest app derives, revokes and calls.
 */
async function attacked<T>(
  attack: string,
  look: (outcome: T, system: System) => Promise<void> | void,
): Promise<void> {
  const ends = new Ends();
  const onEvent = (event: SystemEvent) => ends.hear(event);
  const honest = app("lender", { scenario: "chain" }, { start: "request" });
  const manifest = capabilitySystem({ hostile: hostile(attack), honest });
  await using system = await boot(manifest, { onEvent });
  const shelf = await system.connect(Shelf, "shelf");
  shelf.callSync("write", { shelf: 0, value: 1 });
  await system.start("hostile");
  await system.start("honest");
  const ended = { before: 1, count: 2, call: "EPERM", use: "EBADF", connect: "EBADF", first: 1 };
  assertEquals(await served(shelf, ends.of("honest")), ended);

  await look(await served(shelf, ends.of("hostile")) as T, system);

  assertEquals(shelf.callSync("read", { shelf: 0 }), 1);
  assertEquals(shelf.callSync("read", { shelf: 5 }), 0);
  const { domains, zombies } = await system.status();
  assertEquals([domains.shelf!.epoch, domains.deputy!.epoch], [1, 1], "nobody died of it");
  assertEquals(zombies, 0);
}

/** The attacker. It gets no second life. */
function hostile(attack: string): DomainManifest {
  const restart = { limit: 0, windowMs: 60_000 };
  return app("hostile", { attack }, { start: "request", restart });
}

/** Calls the shelf until something has happened; it answers all the while. */
async function served(shelf: Client<Shelf>, happened: Promise<unknown>): Promise<unknown> {
  let isOver = false;
  const over = happened.finally(() => isOver = true);
  do assertEquals(await shelf.call("read", { shelf: 0 }), 1); while (!isOver);
  return await over;
}

Deno.test("handles that are guessed, in whole ranges, are worth nothing", async () => {
  await attacked<Record<string, number>>("guess", ({ tried, ...outcomes }) => {
    assertEquals(outcomes, { EBADF: outcomes.EBADF! });
    assert(tried! > 1_000);
    assert(outcomes.EBADF! > 12 * (tried! - 3));
  });
});

Deno.test("stale handles stay stale, though their rows are used again", async () => {
  await attacked<Record<string, number>>("stale", ({ reused, ...outcomes }) => {
    assertEquals(outcomes, { EBADF: 2_400 });
    assert(reused! > 100, `only ${reused} rows were used again`);
  });
});

Deno.test("badges of others in calls are refused, and none says who calls", async () => {
  await attacked<Record<string, number>>("badges", (outcomes) => {
    assertEquals(outcomes, { EPERM: 199 * 41 });
  });
});

Deno.test("badges of others in the channel's memory are not looked at", async () => {
  await attacked("channel", (outcome) => assertEquals<unknown>(outcome, { isKnown: true }));
});

Deno.test("operations beyond a right are refused by the server, whatever the client's runtime is", async () => {
  await attacked("limits", (outcome) => {
    assertEquals<unknown>(outcome, { outcomes: { 0: 1, EPERM: 1_021 }, read: 0 });
  });
});

Deno.test("a deputy is not confused: it uses for a client what this client has given it", async () => {
  await attacked<{ own: string; outcomes: Record<string, number> }>("deputy", (outcome) => {
    assertEquals(outcome.own, "EPERM");
    assertEquals(Object.keys(outcome.outcomes).toSorted(), ["EBADF", "EPERM"]);
  });
});

Deno.test("calls that are none are refused, and the caller lives", async () => {
  await attacked<Record<string, number>>("garbage", async ({ tried, ...outcomes }, system) => {
    assertEquals(outcomes, { EINVAL: 164, EPROTO: 82, EBADF: 2 });
    assertEquals(tried, 248);
    assertEquals((await system.status()).domains.hostile!.deaths, 0);
  });
});

Deno.test("garbage in the kernel's bell keeps nobody from being heard", async () => {
  await attacked("scribble", (outcome) => assertEquals<unknown>(outcome, "scribbled"));
});

Deno.test("a domain that tells the kernel no sense without end is ended", async () => {
  await attacked<{ why: string }>("nonsense", ({ why }) => {
    assertEquals(why, "it tells the kernel no sense");
  });
});

Deno.test("a domain that floods the kernel keeps nobody from being heard, and is ended", async () => {
  const ends = new Ends();
  const onEvent = (event: SystemEvent) => ends.hear(event);
  const honest = app("lender", { scenario: "quotas" }, { start: "request" });
  const manifest = capabilitySystem({ hostile: hostile("flood"), honest });
  await using system = await boot(manifest, { onEvent });
  const shelf = await system.connect(Shelf, "shelf");
  shelf.callSync("write", { shelf: 0, value: 1 });
  await system.start("hostile");
  await served(shelf, ends.of("flooding"));

  await system.start("honest");
  const taken = await served(shelf, ends.of("honest")) as { held: number };

  assertEquals(taken.held, 1024);
  let flooder = (await system.status()).domains.hostile!;
  while (flooder.deaths === 0) flooder = (await system.status()).domains.hostile!;
  assertEquals(flooder.why, "it floods the kernel");
});
