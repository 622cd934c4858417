/**
 * The server that hoards.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { type GrowthName, GROWTHS } from "../growth.ts";
import { Hoard } from "../hoard_protocol.ts";

const domain = await enter();
const keep = new Int32Array(domain.keep("count").buffer);
const COUNT = 0;
const LIVES = 1;

domain.serve(Hoard, {
  add: ({ amount }) => Atomics.add(keep, COUNT, amount) + amount,
  hoard({ how, lives }) {
    if (Atomics.add(keep, LIVES, 1) < lives) GROWTHS[how as GrowthName]();
    return domain.epoch;
  },
});
