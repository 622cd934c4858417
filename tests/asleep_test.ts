/**
 * A domain that waits outside Hako.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { boot, defineSystem } from "@hako/kernel";
import { Napper } from "./domains/napper_protocol.ts";

const HANG_MS = 100;

for (const asleep of [true, false]) {
  Deno.test(`a domain that ${asleep ? "waits outside" : "computes"} for long ${asleep ? "is left alone" : "is replaced"}`, async () => {
    await using system = await boot(defineSystem({
      base: import.meta.url,
      domains: {
        napper: {
          kind: "server",
          module: "./domains/napper.ts",
          serves: { napper: Napper },
          hangMs: HANG_MS,
        },
      },
    }));
    const napper = await system.connect(Napper, "napper");
    assertEquals(await napper.call("nap", { forMs: 5 * HANG_MS, asleep }), asleep ? 1 : 2);
    assertEquals((await system.status()).domains.napper!.deaths, asleep ? 0 : 1);
  });
}
