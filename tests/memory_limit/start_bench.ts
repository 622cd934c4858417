/**
 * What it costs to start a worker whose heap is limited: from its creation until it runs.
 *
 * @module
 */

import type { PairedRow, SelfMeasuring } from "@hako/tools/bench";
import { heapShares, withHeapLimit } from "../../kernel/machine/limited/heap_limit.ts";
import { createWorker } from "../../kernel/machine/workers.ts";

const LIMIT_MB = 64;
const RUNS = import.meta.resolve("./start/web.ts");
const NESTING = new URL("./start/nesting.ts", import.meta.url);

/** Starts, side by side. */
export const rows: readonly PairedRow[] = [
  {
    name: "kernel/memory-limit/start",
    peerName: "a worker that takes the process with it",
    unit: "ms",
    target: 0.5, // It costs at most as much again.
    ours: () => starting(20, limited),
    peer: () => starting(20, () => createWorker("unlimited", RUNS, {})),
  },
  {
    name: "kernel/memory-limit/arrangement",
    peerName: "a node:worker_threads worker with resourceLimits in a restricted web worker",
    unit: "ms",
    target: 10,
    ours: () => starting(20, limited),
    peer: () => starting(10, nested),
  },
];

function limited(): Worker {
  return withHeapLimit(LIMIT_MB, () => createWorker("limited", RUNS, {}));
}

function nested(): Worker {
  const { href, pathname } = NESTING;
  const limits = encodeURIComponent(JSON.stringify(heapShares(LIMIT_MB)));
  const read = [pathname.slice(0, pathname.lastIndexOf("/"))];
  return createWorker("nesting", `${href}?limits=${limits}`, { read });
}

function starting(sampleCount: number, start: () => Worker): Promise<SelfMeasuring> {
  return Promise.resolve({
    sampleCount,
    async sample() {
      const startMs = performance.now();
      const worker = start();
      await new Promise((resolve) => worker.onmessage = resolve);
      const ns = (performance.now() - startMs) * 1e6;
      worker.terminate();
      return ns;
    },
  });
}
