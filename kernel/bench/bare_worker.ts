/**
 * The peer of all that starts domains: workers that nobody supervises, whose module does nothing.
 *
 * @module
 */

import type { SelfMeasuring } from "@hako/tools/bench";
import { NS_PER_MS, pause, SETTLE_MS } from "./sample.ts";

const MODULE = new URL("./bare_worker_main.ts", import.meta.url);

/** The time from asking for `count` workers at once until the last of them has run its module. */
export function startingBareWorkers(count: number, sampleCount: number): Promise<SelfMeasuring> {
  const sample = async () => {
    const startMs = performance.now();
    const workers = await startBareWorkers(count);
    const tookMs = performance.now() - startMs;
    for (const worker of workers) worker.terminate();
    await pause(SETTLE_MS);
    return tookMs * NS_PER_MS;
  };
  return Promise.resolve({ sample, sampleCount });
}

/** Starts workers at once; resolves when all have run their module. */
export async function startBareWorkers(count: number): Promise<readonly Worker[]> {
  const options = { type: "module", deno: { permissions: "none" } } as const;
  const workers = Array.from({ length: count }, () => new Worker(MODULE, options));
  await Promise.all(workers.map((worker) => {
    return new Promise<void>((resolve) => worker.onmessage = () => resolve());
  }));
  return workers;
}
