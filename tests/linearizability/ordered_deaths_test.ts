import { assert, assertEquals } from "@std/assert";
import { boot, defineSystem, type SystemEvent } from "@hako/kernel";
import { STORE_BYTES } from "./object_store.ts";
import { Objects } from "./objects_protocol.ts";

/** More than the failed starts in a row after which the kernel gives a domain up. */
const DEATHS_IN_A_ROW = 5;

/** Deaths in all, should the server come to serve in between again and again. */
const DEATHS_MAX = 100;

for (const spare of [false, true]) {
  const successor = spare ? "a spare" : "a successor";
  Deno.test(`ending ${successor} before it serves, again and again, is no failed start`, async () => {
    let inARow = 0;
    let deaths = 0;
    let restart = () => {}; // Until it has system.
    const { promise: outcome, resolve } = Promise.withResolvers<string>();
    const onEvent = (event: SystemEvent) => {
      if (event.type === "gave-up") resolve(`given up: ${event.why}`);
      if (event.type === "ready") inARow = 0;
      if (event.type === "died" && ++inARow >= DEATHS_IN_A_ROW) resolve("alive");
      if (event.type === "died" && ++deaths >= DEATHS_MAX) resolve("it always came to serve");
      const isEnough = inARow >= DEATHS_IN_A_ROW || deaths >= DEATHS_MAX;
      // The kernel begins the next life: the next death comes before that serves.
      if (event.type === "fenced" && !isEnough) restart();
    };
    await using system = await boot(objectsAlone(spare), { onEvent });
    restart = () => void system.restart("server");

    restart();

    assertEquals(await outcome, "alive");
    const client = await system.connect(Objects, "objects");
    assertEquals(await client.call("add", { object: 0, argument: 1 }), 1);
    assert((await system.status()).domains.server!.deaths >= DEATHS_IN_A_ROW);
  });
}

/** The server of the objects, and nobody else. */
function objectsAlone(spare: boolean) {
  return defineSystem({
    base: import.meta.url,
    domains: {
      server: {
        kind: "server",
        module: "./domains/objects.ts",
        serves: { objects: Objects },
        keeps: { objects: STORE_BYTES },
        spare,
        restart: { limit: 1_000_000, windowMs: 1_000 },
      },
    },
  });
}
