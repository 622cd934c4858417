/**
 * The tally server. It knows of no request that comes twice and of no death; still each increment
 * counts once, because what a handler changes and what it answers count together or not at all.
 *
 * @module
 */

import { u64 } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { record } from "@hako/kernel/keeps";
import { Tally } from "../tally_protocol.ts";

const domain = await enter();
const { total } = domain.state("count", { total: record({ value: u64 }) });

domain.serve(Tally, {
  add({ amount }) {
    const value = total.get().value + amount;
    total.put({ value });
    return { value };
  },
});
