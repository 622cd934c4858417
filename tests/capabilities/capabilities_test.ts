import { assert, assertEquals } from "@std/assert";
import { boot, type DomainManifest, type System, type SystemEvent } from "@hako/kernel";
import { app, capabilitySystem } from "./capability_system.ts";
import { Shelf } from "./domains/shelf_protocol.ts";
import { settledStatus } from "../../tools/systems/settled_status.ts";

/** What an app has finished with, and the system that it ran in. */
async function finished<T>(
  subject: DomainManifest,
  look: (value: T, system: System) => Promise<void> | void,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const onEvent = (event: SystemEvent) => {
    if (event.type === "finished" && event.domain === "subject") resolve(event.value);
    if (event.type === "died" && event.domain === "subject") resolve(event.why);
  };
  await using system = await boot(capabilitySystem({ subject }), { onEvent });
  const value = await promise;
  if (typeof value === "string") throw new Error(value);
  await look(value as T, system);
  const { zombies, slotsInUse } = await settledStatus(system);
  assertEquals([zombies, slotsInUse], [0, 0], "nothing is left behind");
}

function lender(scenario: string): DomainManifest {
  return app("lender", { scenario });
}

Deno.test("a volume is lent for reading only, and taken back", async () => {
  await finished(lender("readOnly"), async (value, system) => {
    assertEquals<unknown>(value, {
      during: [41, "EPERM", 41],
      ended: { count: 1, isRetired: false },
      after: ["EBADF", "EBADF"],
      own: 43,
    });
    const shelf = await system.connect(Shelf, "shelf");
    assertEquals(shelf.callSync("read", { shelf: 1 }), 43);
  });
});

Deno.test("a capability that allows no operation allows none", async () => {
  await finished(lender("nothing"), (value) => assertEquals<unknown>(value, ["EPERM", "EPERM"]));
});

Deno.test("revoking ends what was derived at any depth, with its channel", async () => {
  await finished(lender("chain"), (value) => {
    const ended = { count: 2, call: "EPERM", use: "EBADF", connect: "EBADF" };
    assertEquals<unknown>(value, { before: 0, ...ended, first: 0 });
  });
});

Deno.test("the server knows each capability by the badge that the kernel has told", async () => {
  await finished<{ seen: number[]; told: number[] }>(lender("badges"), ({ seen, told }) => {
    assertEquals(seen, told);
    assertEquals(new Set(seen).size, 3);
  });
});

Deno.test("a server lends to its client by the client's badge; what was not lent is not done", async () => {
  await finished(lender("borrowed"), async (value, system) => {
    const lent = { early: "EPERM", during: [7, "EPERM"], tossed: 7 };
    assertEquals<unknown>(value, { ...lent, recalled: 1, after: "EPERM" });
    const shelf = await system.connect(Shelf, "shelf");
    assertEquals(shelf.callSync("read", { shelf: 2 }), 7);
  });
});

Deno.test("a memory that was lent and revoked is retired", async () => {
  await finished(lender("window"), (value) =>
    assertEquals<unknown>(value, {
      during: [8192, 5, 5],
      ended: { count: 1, isRetired: true },
      after: ["EBADF", 5],
      fresh: [true, 9, 5],
    }));
});

Deno.test("a memory that was lent for reading is copied, and mapped by nobody", async () => {
  await finished(lender("copied"), (value) => assertEquals<unknown>(value, [3, "EPERM", 3]));
});

Deno.test("a grant is all or nothing", async () => {
  await finished(lender("allOrNothing"), (value) => {
    assertEquals<unknown>(value, { refused: "EPERM", looks: 2, more: 2 });
  });
});

Deno.test("rights and operations only shrink", async () => {
  await finished(lender("shrinking"), (value) => {
    assertEquals<unknown>(value, ["EPERM", "EPERM", "EPERM", [1]]);
  });
});

Deno.test("no capability makes two domains wait for each other", async () => {
  await finished(lender("loop"), (value) => assertEquals<unknown>(value, ["ELOOP"]));
});

Deno.test("a domain that takes all it gets comes to its limits, and gives it all back", async () => {
  await finished<Record<string, unknown>>(lender("quotas"), ({ held, count, ...outcomes }) => {
    assertEquals<unknown>(outcomes, {
      channels: "EMFILE",
      memories: "EMFILE",
      capabilities: "EMFILE",
      again: "endpoint",
    });
    assertEquals([held, count], [1024, 1024 - 2 - 64]);
  });
});

Deno.test("a domain is looked at, restarted and ended by one that manages it", async () => {
  await finished(app("nurse", {}, { manages: ["shelf"] }), async (value, system) => {
    assertEquals<unknown>(value, {
      epochs: [1, 2],
      refused: ["EPERM", "EPERM"],
      value: 33,
      call: "EHOSTDOWN",
      restart: "EBUSY",
    });
    assertEquals((await system.status()).domains.shelf!.state, "gave-up");
    assert((await system.status()).domains.deputy!.state === "ready");
  });
});
