/**
 * A server that answers what it is asked.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { Echo } from "./echo_protocol.ts";

const domain = await enter();
for (const endpoint of (domain.options["endpoints"] ?? [undefined]) as (string | undefined)[]) {
  domain.serve(Echo, { echo: ({ value }) => value }, endpoint);
}
