/**
 * A client of the tally: makes its increments in its manner, and tells what was wrong with an answer.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { Increments } from "../increments.ts";
import { Ledger } from "../ledger.ts";
import type { AdderOptions } from "../round.ts";
import { Tally } from "../tally_protocol.ts";

const domain = await enter();
const { buffer, increments, own, manner } = domain.options as unknown as AdderOptions;
const ledger = new Ledger(increments, buffer);
const adder = new Increments(domain.connect(Tally, "tally"), ledger);
try {
  await adder.make(own, manner);
  domain.finish("");
} catch (error) {
  ledger.stop();
  domain.finish(`${domain.name}: ${error instanceof Error ? error.message : error}`);
}
