/**
 * The first and the last request of a mount.
 *
 * @module
 */

import type { Operation } from "../gateway.ts";
import { DATA_BYTES_MAX, negotiate } from "../wire/mod.ts";

/** Linux and we agree on what both can. */
export const init: Operation = (ask, gateway) => {
  const { rules, keep } = gateway;
  const answer = negotiate(ask.request, {
    flags: rules.initFlags,
    flags2: rules.initFlags2,
    maxWrite: DATA_BYTES_MAX,
    maxReadahead: DATA_BYTES_MAX,
  });
  keep.agree(answer.flags, answer.flags2);
  gateway.agreed();
  return ask.reply.init(answer);
};

/** Linux is done. */
export const destroy: Operation = (ask) => ask.reply.empty();
