/**
 * The tally server. The keep holds two records of {sequence, sum} for each client, and a word that
 * says which of them counts; so a successor knows what was done already.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Tally } from "../tally_protocol.ts";

/** Bytes of a client in the keep: a commit word, then two records of 16 bytes. */
const CLIENT_BYTES = 64;

const domain = await enter();
const keep = new DataView(domain.keep("sums").buffer);
const commits = new Int32Array(keep.buffer);
const clientCount = keep.byteLength / CLIENT_BYTES;

domain.serve(Tally, {
  add({ amount }, { badge, sequence }) {
    assert(badge < clientCount, "the keep has room for every client");
    const at = badge * CLIENT_BYTES;
    const committed = Atomics.load(commits, at >> 2);
    const last = at + 16 + 16 * committed;
    const sum = keep.getFloat64(last + 8, true);
    // Requests of one client come in order: only the last one can come again.
    if (keep.getInt32(last, true) === 1 && keep.getUint32(last + 4, true) === sequence) {
      return { sum };
    }
    domain.point("tally.add.before");
    const next = at + 16 + 16 * (1 - committed);
    keep.setInt32(next, 1, true);
    keep.setUint32(next + 4, sequence, true);
    keep.setFloat64(next + 8, sum + amount, true);
    domain.point("tally.add.written");
    Atomics.store(commits, at >> 2, 1 - committed);
    domain.point("tally.add.after");
    return { sum: sum + amount };
  },
  total() {
    let sum = 0;
    for (let at = 0; at < keep.byteLength; at += CLIENT_BYTES) {
      sum += keep.getFloat64(at + 16 + 16 * Atomics.load(commits, at >> 2) + 8, true);
    }
    return { sum };
  },
});
