/**
 * A server that dies when it is told to, every time.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { serveFragile } from "./fragile_server.ts";

serveFragile(await enter(), 1);
