/**
 * A server that throws at one call of its first life.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Sum } from "./test_sum_protocol.ts";

const domain = await enter();
let calls = 0;
domain.serve(Sum, {
  add({ amount }) {
    if (domain.epoch === 1 && calls === domain.options.diesAt) throw new Error("it was time");
    calls++;
    return amount < 0 ? -ERRNO.EINVAL : calls;
  },
});
