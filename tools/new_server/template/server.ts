/**
 * The server: a table of handlers. It knows nothing of deaths, nor of requests that come twice.
 *
 * What a handler changes in its state and what it answers count together or not at all. Whenever
 * this worker dies, its successor finds the state as the last answered request has left it.
 *
 * @module
 */

import { u64 } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { record } from "@hako/kernel/keeps";
import { Tally } from "./protocol.ts";

const domain = await enter(); // Our whole world: what system.ts gave us, and nothing else.
const { sum } = domain.state("state", { sum: record({ total: u64 }) });

domain.serve(Tally, {
  add({ amount }) {
    const total = sum.get().total + amount;
    sum.put({ total }); // Survives this worker: put it nowhere else.
    return { total };
  },
  read() {
    return sum.get();
  },
});
