/**
 * The same server in its next version.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { serveFragile } from "./fragile_server.ts";

serveFragile(await enter(), 2);
