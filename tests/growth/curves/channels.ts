/**
 * Channels of one server, of which one is used, or all in turn.
 *
 * @module
 */

import type { Client } from "@hako/ipc";
import { boot, defineSystem } from "@hako/kernel";
import { Echo } from "../echo_protocol.ts";
import { type Curve, medianUs, residentBytes } from "../curve.ts";

const RUNS = 9;
const CALLS = 4_096;

/** The cost of a channel. */
export const channels: Curve = {
  name: "channels",
  what: "channels of one server",
  points: [1, 4, 16, 64, 256],
  async measure(count) {
    await using system = await boot(defineSystem({
      base: import.meta.url,
      domains: { echo: { kind: "server", module: "../echo_main.ts", serves: { echo: Echo } } },
    }));
    await system.connect(Echo, "echo"); // What the first one brings with it is not counted.
    const beforeBytes = residentBytes();
    const startMs = performance.now();
    const clients: Client<typeof Echo>[] = [];
    for (let i = 0; i < count; i++) clients.push(await system.connect(Echo, "echo"));
    const connectMs = (performance.now() - startMs) / count;
    for (const client of clients) client.callSync("echo", { value: 1 });
    const bytes = residentBytes() - beforeBytes;
    const last = clients.at(-1)!;
    const oneUs = medianUs(RUNS, CALLS, () => {
      for (let i = 0; i < CALLS; i++) last.callSync("echo", { value: i });
    });
    const allUs = medianUs(RUNS, CALLS, () => {
      for (let i = 0; i < CALLS; i++) clients[i % count]!.callSync("echo", { value: i });
    });
    return [
      { name: "connect", value: connectMs, unit: "ms" },
      { name: "memory per channel", value: bytes / 1e3 / count, unit: "kB" },
      { name: "call, one channel in use", value: oneUs, unit: "us" },
      { name: "call, all in turn", value: allUs, unit: "us" },
    ];
  },
};
