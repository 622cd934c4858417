/**
 * An app whose first life fills its heap, in the place that its options name.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { GROWTHS } from "../growth.ts";

const domain = await enter();
if (domain.epoch > 1) domain.finish("survived itself");
else if (domain.options.place === "timer") setTimeout(GROWTHS.objects, 0);
else GROWTHS.objects();
