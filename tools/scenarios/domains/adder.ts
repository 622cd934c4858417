/**
 * A client of a tally that adds to its sum until it is told to stop, and finds each answer to be just
 * what it must be.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { Pulse } from "../../record/pulse.ts";
import { randomFrom } from "../random.ts";
import { Tally } from "./tally_protocol.ts";

/** What an adder is told. */
export interface AdderOptions {
  /** The endpoint of its tally. */
  readonly endpoint: string;
  /** A word that is not 0 when it is to stop. */
  readonly stop: SharedArrayBuffer;
  /** The seed of its chance. */
  readonly seed: number;
  /** Clients that must have come before it begins; none if left out. */
  readonly company?: number;
  /** How long it leaves the cores to others after each step; not at all if left out. */
  readonly dozeMs?: number;
  /** An addition that takes so long counts among the long ones; none does if left out. */
  readonly longMs?: number;
}

/** What it finishes with. */
export interface AdderResult {
  /** Additions done. */
  readonly operations: number;
  /** Those of them that took long. */
  readonly longOnes: number;
  /** What they came to. */
  readonly sum: number;
  /** What was not as it should be; empty if nothing was. */
  readonly failure: string;
}

/** Additions in one step at most. */
const BURST_MAX = 8;

/** One addition is at most so large. */
const AMOUNT_MAX = 9;

/** How often it looks whether everybody has come. */
const LOOK_MS = 10;

const domain = await enter();
const options = domain.options as unknown as AdderOptions;
const { company = 0, dozeMs = 0, longMs = Infinity } = options;
const stopWord = new Int32Array(options.stop);
const random = randomFrom(options.seed);
const pulse = new Pulse(domain);
const tally = domain.connect(Tally, options.endpoint);
const buffer = domain.window("buffer");
let operations = 0;
let longOnes = 0;
let sum = 0;
let filled = 0;
let failure = "";
try {
  while (!isOver() && tally.callSync("join", {}) < company) await doze(LOOK_MS);
  while (!isOver()) {
    addSome();
    if (random() < 0.2) fill();
    if (dozeMs > 0) await doze(dozeMs);
  }
} catch (error) {
  failure = error instanceof Error ? error.message : String(error);
}
pulse.flush();
domain.finish({ operations, longOnes, sum, failure } satisfies AdderResult);

function isOver(): boolean {
  return Atomics.load(stopWord, 0) !== 0;
}

function addSome(): void {
  const count = 1 + Math.floor(random() * BURST_MAX);
  for (let i = 0; i < count; i++) {
    const amount = 1 + Math.floor(random() * AMOUNT_MAX);
    const startMs = performance.now();
    const answer = pulse.time(() => tally.callSync("add", { amount }));
    if (performance.now() - startMs >= longMs) longOnes++;
    operations++;
    sum += amount;
    expect(answer.sum === sum, `the sum is ${answer.sum}, not ${sum}`);
  }
}

/** A window that others can write, or an answer that is not its own, shows here. */
function fill(): void {
  expect(buffer.every((byte) => byte === filled), `the window does not hold ${filled} any more`);
  const value = Math.floor(random() * 200);
  const count = pulse.time(() => tally.callSync("fill", { value, target: buffer }));
  expect(count === buffer.byteLength, `${count} bytes were filled, not ${buffer.byteLength}`);
  expect(buffer.every((byte) => byte === value), `the window does not hold ${value} everywhere`);
  filled = value;
}

function expect(holds: boolean, otherwise: string): void {
  if (holds) return;
  pulse.failed(otherwise);
  throw new Error(otherwise);
}

function doze(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
