/**
 * A module that fails while it loads.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";

await enter();
throw new Error("broken before it served");
