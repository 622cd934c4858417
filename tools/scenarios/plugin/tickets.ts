/**
 * A box office: the whole of it. Its author knows nothing of deaths, and has made two mistakes.
 *
 * @module
 */

import { u32 } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { table } from "@hako/kernel/keeps";
import { Tickets } from "./tickets_protocol.ts";

const domain = await enter();
const { shows } = domain.state("sales", { shows: table(8, { seats: u32 }) });
const page = new DataView(new ArrayBuffer(64)); // The latest sales, for the night watch.
let offset = 0;

domain.serve(Tickets, {
  sell({ show }) {
    const seat = (shows.get(show)?.seats ?? 0) + 1; // Bug: there may be no such show.
    shows.put(show, { seats: seat });
    page.setUint32(offset, seat); // Bug: nobody turns the page when it is full.
    offset += 4;
    return { seat };
  },
  sold({ show }) {
    return { seats: shows.get(show)?.seats ?? 0 };
  },
});
