/**
 * Domains that nobody calls, beside one that is called.
 *
 * @module
 */

import { cpuUsage } from "node:process";
import { boot, defineSystem, type DomainManifest } from "@hako/kernel";
import { Echo } from "../echo_protocol.ts";
import { type Curve, medianUs, residentBytes } from "../curve.ts";

/** How long the idle system is watched. */
const IDLE_MS = 2_000;

const RUNS = 9;
const CALLS = 5_000;

/** The cost of a domain. */
export const domains: Curve = {
  name: "domains",
  what: "idle domains",
  points: [1, 2, 4, 8, 16, 32, 63], // With the kernel 64: the most that there may be.
  async measure(count) {
    const beforeBytes = residentBytes();
    const startMs = performance.now();
    const names = Array.from({ length: count }, (_, index) => `echo${index}`);
    const entries = names.map((name): [string, DomainManifest] => [name, {
      kind: "server",
      module: "../echo_main.ts",
      serves: { [name]: Echo },
    }]);
    const manifest = defineSystem({
      base: import.meta.url,
      domains: Object.fromEntries(entries),
    });
    await using system = await boot(manifest);
    const bootMs = performance.now() - startMs;
    const echo = await system.connect(Echo, "echo0");
    const callUs = medianUs(RUNS, CALLS, () => {
      for (let i = 0; i < CALLS; i++) echo.callSync("echo", { value: i });
    });
    await pause(IDLE_MS); // What boot dropped is returned, and the server has stopped spinning.
    const bytes = residentBytes() - beforeBytes;
    const used = cpuUsage();
    await pause(IDLE_MS);
    const { user, system: inKernel } = cpuUsage(used);
    return [
      { name: "boot", value: bootMs, unit: "ms" },
      { name: "memory", value: bytes / 1e6, unit: "MB" },
      { name: "memory per domain", value: bytes / 1e6 / count, unit: "MB" },
      { name: "processor when idle", value: (user + inKernel) / 10 / IDLE_MS, unit: "%" },
      { name: "call of one", value: callUs, unit: "us" },
    ];
  },
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
