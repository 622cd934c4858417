/**
 * The next release of the box office: its author has found both mistakes.
 *
 * @module
 */

import { ERRNO, u32 } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { table } from "@hako/kernel/keeps";
import { Tickets } from "./tickets_protocol.ts";

const domain = await enter();
const { shows } = domain.state("sales", { shows: table(8, { seats: u32 }) });
const page = new DataView(new ArrayBuffer(64)); // The latest sales, for the night watch.
let offset = 0;

domain.serve(Tickets, {
  sell({ show }) {
    if (show >= shows.length) return -ERRNO.ENOENT;
    const seat = (shows.get(show)?.seats ?? 0) + 1;
    shows.put(show, { seats: seat });
    page.setUint32(offset, seat);
    offset = (offset + 4) % page.byteLength;
    return { seat };
  },
  sold({ show }) {
    return show < shows.length ? { seats: shows.get(show)?.seats ?? 0 } : -ERRNO.ENOENT;
  },
});
