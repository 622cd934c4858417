/**
 * What an idle domain, and a bare worker, keep resident. Many are started where few run already, so
 * that what the first of a process costs is in neither.
 *
 * @module
 */

import type { SelfMeasuring } from "@hako/tools/bench";
import { boot } from "../machine/system.ts";
import { defineSystem, type SystemManifest } from "../manifest.ts";
import { startBareWorkers } from "./bare_worker.ts";
import { Link } from "./link_protocol.ts";
import { pause } from "./sample.ts";

/** Over how many the difference is divided. */
const COUNT = 16;

/** By then a system that has booted is idle, and what it dropped is returned. */
const IDLE_MS = 500;

/** Bytes per idle domain: what a system of many takes more than one of a single domain. */
export function keepingDomains(): Promise<SelfMeasuring> {
  return once(async () => {
    await bytesOf(() => boot(idleDomains(1)));
    const single = await bytesOf(() => boot(idleDomains(1)));
    return (await bytesOf(() => boot(idleDomains(1 + COUNT))) - single) / COUNT;
  });
}

/** Bytes per bare worker. */
export function keepingBareWorkers(): Promise<SelfMeasuring> {
  return once(async () => {
    await bytesOf(() => startBareWorkers(1));
    return await bytesOf(() => startBareWorkers(COUNT)) / COUNT;
  });
}

/** All that was started stays until the process ends; so there is but one sample. */
function once(sample: () => Promise<number>): Promise<SelfMeasuring> {
  return Promise.resolve({ sample, sampleCount: 1 });
}

async function bytesOf(start: () => Promise<unknown>): Promise<number> {
  const before = Deno.memoryUsage().rss;
  await start();
  await pause(IDLE_MS);
  return Deno.memoryUsage().rss - before;
}

/** Servers that nobody calls. */
function idleDomains(count: number): SystemManifest {
  const names = Array.from({ length: count }, (_, index) => `idle${index}`);
  return defineSystem({
    base: import.meta.url,
    domains: Object.fromEntries(names.map((name) => {
      return [name, { kind: "server", module: "./link_main.ts", serves: { [name]: Link } }];
    })),
  });
}
