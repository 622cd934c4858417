/**
 * The tally server with a protocol that lets increments be done twice, and not another word changed.
 *
 * @module
 */

import { u64 } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { record } from "@hako/kernel/keeps";
import { ForgetfulTally } from "../tally_protocol.ts";

const domain = await enter();
const { total } = domain.state("count", { total: record({ value: u64 }) });

domain.serve(ForgetfulTally, {
  add({ amount }) {
    const value = total.get().value + amount;
    total.put({ value });
    return { value };
  },
});
