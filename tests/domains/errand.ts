/**
 * An app with one errand: it calls the counter once and finishes with its own epoch and the answer.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { Counter } from "./counter_protocol.ts";

const domain = await enter();
const counter = domain.connect(Counter, "counter");
const value = counter.callSync("add", { amount: 1 });
domain.finish({ epoch: domain.epoch, value });
