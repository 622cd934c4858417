/**
 * An app that never returns to its event loop, and so hears of nothing.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";

const domain = await enter();
domain.report("busy");
for (;;) domain.nowMs();
