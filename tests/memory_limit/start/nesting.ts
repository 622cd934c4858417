/**
 * A restricted web worker that starts one of `node:worker_threads` with a heap limit, which inherits
 * its permissions. Its options come in the URL.
 *
 * @module
 */

import { Worker } from "node:worker_threads";

const { searchParams } = new URL(import.meta.url);
const limits = JSON.parse(searchParams.get("limits")!);
const inner = ["./without_read.ts", "./node.ts"]
  .map((module) => `import ${JSON.stringify(import.meta.resolve(module))};`);
const url = new URL(`data:text/javascript,${encodeURIComponent(inner.join(""))}`);
const worker = new Worker(url, { resourceLimits: limits });
worker.on("message", (message) => (globalThis as unknown as Worker).postMessage(message));
