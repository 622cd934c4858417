/**
 * The worker of `core_calls.ts`.
 *
 * @module
 */

import { serveWith } from "../../../ipc/bench/worker.ts";
import { answerCoreCalls } from "./core_calls.ts";

serveWith((memory: WebAssembly.Memory) => answerCoreCalls(memory));
