/**
 * The counter server. Each `add` is recorded with its request's name in the keep, by one store of a
 * commit word, so a successor knows whether the request in its hands was done already.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Counter } from "./counter_protocol.ts";

const domain = await enter();
// Two records of {badge, sequence, value}; `keep[0]` says which of them counts.
const keep = new Int32Array(domain.keep("count").buffer);
let poisoned = Atomics.load(keep, 8);

domain.serve(Counter, {
  add({ amount }, { badge, sequence }) {
    if (amount < 0) return -ERRNO.EINVAL;
    const now = 1 + 3 * Atomics.load(keep, 0);
    if (keep[now] === badge && keep[now + 1] === (sequence | 0)) return keep[now + 2]!;
    domain.point("counter.add.before");
    const next = now === 1 ? 4 : 1;
    keep[next] = badge;
    keep[next + 1] = sequence | 0;
    keep[next + 2] = keep[now + 2]! + amount;
    Atomics.store(keep, 0, (next - 1) / 3);
    domain.point("counter.add.after");
    return keep[next + 2]!;
  },
  shout: ({ text }) => ({ text: text.toUpperCase(), epoch: domain.epoch }),
  fill({ value, target }) {
    if (value > 255) return -ERRNO.EINVAL;
    target.fill(value);
    return target.byteLength;
  },
  die({ how }) {
    if (poisoned === how) return how; // The successor gets the same request and lives.
    poisoned = how;
    Atomics.store(keep, 8, how);
    if (how === 1) throw new Error("asked to throw");
    if (how === 2) self.close();
    if (how === 3) Deno.exit(7);
    // Far beyond any limit of a test, yet no burden on those that come after.
    const endMs = domain.nowMs() + 4_000;
    while (domain.nowMs() < endMs);
    return how;
  },
});
