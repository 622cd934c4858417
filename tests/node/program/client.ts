/**
 * A worker thread that calls, while the main thread serves.
 *
 * @module
 */

import { parentPort, workerData } from "node:worker_threads";
import { type ChannelMemory, connect } from "@hako/ipc";
import { Thing } from "./thing.ts";

const channel: ChannelMemory = workerData;
const thing = await connect(Thing, channel);
let sum = 0;
for (let a = 0; a < 1_000; a++) sum += thing.callSync("add", { a, b: 1 });
parentPort?.postMessage(sum);
