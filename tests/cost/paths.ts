/**
 * The paths whose cost is told apart.
 *
 * @module
 */

import type { CostPath } from "./cost_path.ts";
import { failover } from "./paths/failover.ts";
import { memory } from "./paths/memory.ts";
import { nullCall } from "./paths/null_call.ts";
import { read4k } from "./paths/read_4k.ts";
import { write1m } from "./paths/write_1m.ts";

/** All of them. */
export const PATHS: readonly CostPath[] = [nullCall, read4k, write1m, failover, memory];
