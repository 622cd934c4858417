/**
 * A client of the box office: buys tickets, and now and then asks for a show that does not exist.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Pulse, toldError } from "../../record/pulse.ts";
import { Tickets } from "../plugin/tickets_protocol.ts";
import { randomFrom } from "../random.ts";

/** What a buyer is told. */
export interface BuyerOptions {
  /** The seed of its chance. */
  readonly seed: number;
  /** Shows that there are. */
  readonly shows: number;
  /** Tickets that it buys. */
  readonly tickets: number;
  /** After so many tickets it asks for what is not there. */
  readonly mistakeEvery: number;
}

/** What it finishes with. */
export interface BuyerResult {
  /** Of each show, the seats that it has. */
  readonly seats: readonly (readonly number[])[];
  /** What it was answered when it asked for a show that does not exist. */
  readonly refusals: readonly string[];
  /** What was not as it should be; empty if nothing was. */
  readonly failure: string;
}

const domain = await enter();
const options = domain.options as unknown as BuyerOptions;
const random = randomFrom(options.seed);
const pulse = new Pulse(domain);
const tickets = domain.connect(Tickets, "tickets");
const seats: number[][] = Array.from({ length: options.shows }, () => []);
const refusals: string[] = [];
let failure = "";
try {
  for (let bought = 1; bought <= options.tickets; bought++) {
    const show = Math.floor(random() * options.shows);
    seats[show]!.push(pulse.time(() => tickets.callSync("sell", { show })).seat);
    pulse.reach(bought);
    if (bought % options.mistakeEvery === 0) refusals.push(askForNoShow());
  }
} catch (error) {
  failure = toldError(error);
}
pulse.flush();
domain.finish({ seats, refusals, failure } satisfies BuyerResult);

/** The error is what it wants to see: it is no error of a client that was let down. */
function askForNoShow(): string {
  try {
    tickets.callSync("sell", { show: options.shows + Math.floor(random() * 1_000) });
    return "sold";
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    return error.code;
  }
}
