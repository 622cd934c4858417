/**
 * A module that fills its heap while it loads.
 *
 * @module
 */

import { GROWTHS } from "../growth.ts";

GROWTHS.objects();
