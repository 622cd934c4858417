/**
 * The tally server: a sum for each client. It knows nothing of deaths, nor of requests that come
 * twice.
 *
 * @module
 */

import { u64 } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { table } from "@hako/kernel/keeps";
import { Tally } from "../tally_protocol.ts";

/** Badges are given to every client of a system, this one's or not. */
const CLIENTS_MAX = 1024;

const domain = await enter();
const { sums } = domain.state("sums", { sums: table(CLIENTS_MAX, { sum: u64 }) });

domain.serve(Tally, {
  add({ amount }, { badge }) {
    domain.point("tally.add.before");
    const sum = (sums.get(badge)?.sum ?? 0) + amount;
    sums.put(badge, { sum });
    domain.point("tally.add.staged");
    return { sum };
  },
  total: () => ({ sum: [...sums.entries()].reduce((all, [, { sum }]) => all + sum, 0) }),
});
