/**
 * A client that asks a tally, again and again, for what nobody survives.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Pulse } from "../../record/pulse.ts";
import { type Spoil, Tally } from "./tally_protocol.ts";

/** What one request for it came to. */
export interface PoisonOutcome {
  /** How it kills. */
  readonly how: Spoil;
  /** The code that it was answered with; `"answered"` if there was none. */
  readonly code: string;
}

/** What the poisoner finishes with. */
export interface PoisonResult {
  /** Of each request. */
  readonly outcomes: readonly PoisonOutcome[];
  /** What it has added in between and afterwards. */
  readonly sum: number;
  /** Whether the tally said so at each addition. */
  readonly isServed: boolean;
}

/** Honest additions after each request. */
const ADDITIONS = 50;

const domain = await enter();
const { spoils } = domain.options as { readonly spoils: readonly Spoil[] };
const tally = domain.connect(Tally, "tally");
const pulse = new Pulse(domain);
const outcomes: PoisonOutcome[] = [];
let isServed = true;
let sum = 0;
for (const how of spoils) {
  outcomes.push({ how, code: outcomeOf(how) });
  pulse.reach(outcomes.length);
  for (let i = 0; i < ADDITIONS; i++) {
    const answer = pulse.time(() => tally.callSync("add", { amount: 1 }));
    isServed &&= answer.sum === ++sum;
  }
  pulse.flush();
}
domain.finish({ outcomes, sum, isServed } satisfies PoisonResult);

/** The error is what it wants to see: it is no error of a client that was let down. */
function outcomeOf(how: Spoil): string {
  try {
    tally.callSync("spoil", { how });
    return "answered";
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    return error.code;
  }
}
