/**
 * A worker of `node:worker_threads` that says when it runs.
 *
 * @module
 */

import { parentPort } from "node:worker_threads";

parentPort!.postMessage("runs");
