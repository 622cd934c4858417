/**
 * A client that posts until there is no room, and goes on posting.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Pulse } from "../../record/pulse.ts";
import { Tally, TOKENS_MAX } from "./tally_protocol.ts";

/** What it finishes with. */
export interface FlooderResult {
  /** Requests that were posted. */
  readonly posted: number;
  /** How long each refusal took, in milliseconds. */
  readonly refusedMs: readonly number[];
  /** Codes that refusals came with. */
  readonly codes: readonly string[];
  /** The most requests that were under way at once. */
  readonly underWayMax: number;
  /** Answers that were not those of a request that is done once, in its turn. */
  readonly wrong: number;
}

/** How long it leaves the cores to others after each round. */
const DOZE_MS = 10;

/** Its own token, which nobody else marks. */
const TOKEN = TOKENS_MAX - 1;

const domain = await enter();
const { stop } = domain.options as { readonly stop: SharedArrayBuffer };
const stopWord = new Int32Array(stop);
const pulse = new Pulse(domain);
const tally = domain.connect(Tally, "tally");
const tickets: number[] = [];
const codes = new Set<string>();
const refusedMs: number[] = [];
let posted = 0;
let answered = 0;
let underWayMax = 0;
let wrong = 0;
while (Atomics.load(stopWord, 0) === 0) {
  while (postOne());
  underWayMax = Math.max(underWayMax, tickets.length);
  await new Promise((resolve) => setTimeout(resolve, DOZE_MS));
  collect();
}
while (tickets.length > 0) {
  pulse.time(() => tally.awaitAny());
  collect();
}
pulse.flush();
domain.finish({ posted, refusedMs, codes: [...codes], underWayMax, wrong } satisfies FlooderResult);

/** Answers whether there was room. */
function postOne(): boolean {
  const startMs = performance.now();
  try {
    tickets.push(tally.post("mark", { token: TOKEN }));
    posted++;
    return true;
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    codes.add(error.code);
    refusedMs.push(performance.now() - startMs);
    return false;
  }
}

/** Takes the answers that are there: each is one more than the one before. */
function collect(): void {
  while (tickets.length > 0) {
    const count = tally.collect(tickets[0]!);
    if (count === undefined) return;
    tickets.shift();
    if (count !== ++answered) wrong++;
  }
}
