/**
 * A client that gives up what is not answered in time, and asks at the end what became of it.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Pulse } from "../../record/pulse.ts";
import { Tally, TOKENS_MAX } from "./tally_protocol.ts";

/** What it is told. */
export interface HastyOptions {
  /** A word that is not 0 when it is to stop. */
  readonly stop: SharedArrayBuffer;
  /** How long it waits for an answer. */
  readonly timeoutMs: number;
}

/** What it finishes with. */
export interface HastyResult {
  /** Requests that were answered in time. */
  readonly answered: number;
  /** How long each took that was given up, in milliseconds. */
  readonly gaveUpMs: readonly number[];
  /** Those of them that had been done once all the same. */
  readonly doneOnce: number;
  /** Those of them that were never done. */
  readonly neverDone: number;
  /** Requests that were done more often than they were answered for, or less. */
  readonly wrong: number;
  /** Errors other than that of a request that was given up. */
  readonly errors: readonly string[];
}

/** Requests that it makes at once. */
const BURST = 8;

/** How long it leaves the cores to others after each burst. */
const DOZE_MS = 5;

/** Tokens that it has; the last one is somebody else's. */
const OWN_TOKENS = TOKENS_MAX - BURST;

const domain = await enter();
const { stop, timeoutMs } = domain.options as unknown as HastyOptions;
const stopWord = new Int32Array(stop);
const pulse = new Pulse(domain);
const tally = domain.connect(Tally, "tally");
const errors: string[] = [];
const gaveUpMs: number[] = [];
const givenUp: number[] = [];
const answered: number[] = [];
for (let first = 0; first < OWN_TOKENS && Atomics.load(stopWord, 0) === 0; first += BURST) {
  const burst = Array.from({ length: BURST }, (_, index) => first + index);
  await Promise.all(burst.map((token) => pulse.timeAsync(() => ask(token))));
  await new Promise((resolve) => setTimeout(resolve, DOZE_MS));
}
// What is under way when it is given up may be done until the server has given its slot back.
await tally.idle();
const marks = (token: number) => pulse.time(() => tally.callSync("marks", { token }));
const counts = givenUp.map(marks);
const wrong = [
  ...counts.filter((count) => count > 1),
  ...answered.map(marks).filter((count) => count !== 1),
];
pulse.flush();
domain.finish(
  {
    answered: answered.length,
    gaveUpMs,
    doneOnce: counts.filter((count) => count === 1).length,
    neverDone: counts.filter((count) => count === 0).length,
    wrong: wrong.length,
    errors,
  } satisfies HastyResult,
);

/** To give up is what it is here for: it is no error of a client that was let down. */
async function ask(token: number): Promise<void> {
  const startMs = performance.now();
  try {
    await tally.call("mark", { token }, { timeoutMs });
    answered.push(token);
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    if (error.code !== "ETIMEDOUT") errors.push(error.message);
    gaveUpMs.push(performance.now() - startMs);
    givenUp.push(token);
  }
}
