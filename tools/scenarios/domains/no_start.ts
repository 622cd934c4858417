/**
 * A release that should never have left its author's desk: it ends before it serves.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";

await enter();
Deno.exit(1);
