/**
 * A server of a sum that is kept in a keep, of which one life turns into a zombie when asked. Each
 * `add` is recorded with its request's name by one store of a commit word.
 *
 * @module
 */

import { bootMessage } from "./holdings.ts";
import { ERRNO } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Haunted } from "../haunted_protocol.ts";
import { Leash } from "../leash.ts";
import { Haunting } from "./haunting.ts";

const domain = await enter();
const leash = new Leash(domain.options["leash"] as SharedArrayBuffer);
if (leash.hasTurned) leash.succeed();
const boot = await bootMessage;
// Two records of {badge, sequence, sum}; `keep[0]` says which of them counts.
const keep = new Int32Array(domain.keep("sum").buffer);

domain.serve(Haunted, {
  add({ amount }, { badge, sequence }) {
    const now = 1 + 3 * Atomics.load(keep, 0);
    if (keep[now] === badge && keep[now + 1] === (sequence | 0)) return keep[now + 2]!;
    const next = now === 1 ? 4 : 1;
    keep[next] = badge;
    keep[next + 1] = sequence | 0;
    keep[next + 2] = keep[now + 2]! + amount;
    Atomics.store(keep, 0, (next - 1) / 3);
    return keep[next + 2]!;
  },
  turn({ into }) {
    if (leash.hasTurned) return domain.epoch;
    new Haunting(boot, leash).haunt(into);
    return 666; // Whoever hears this was answered by a zombie.
  },
  put: () => -ERRNO.EIO,
  get: () => -ERRNO.EIO,
});
