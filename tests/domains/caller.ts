/**
 * An app that calls the counter for ever, in the way that its options say.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { Counter } from "./counter_protocol.ts";

const domain = await enter();
const counter = domain.connect(Counter, "counter");
domain.report(domain.epoch);
for (;;) {
  if (domain.options.sync) counter.callSync("shout", { text: "" });
  else await counter.call("shout", { text: "" });
}
