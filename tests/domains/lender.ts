/**
 * An app that lends a byte, the number of its life, and stays.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { Borrower } from "./borrower_protocol.ts";

const domain = await enter();
const bytes = domain.window("bytes").subarray(100, 110);
bytes[0] = domain.epoch;
domain.connect(Borrower, "borrower").callSync("lend", { bytes });
domain.report(domain.epoch);
