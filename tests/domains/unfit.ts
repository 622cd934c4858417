/**
 * A module that says that no restart would mend it.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";

(await enter()).fail("ENODEV", "find what it needs");
