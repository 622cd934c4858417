import { assert, assertEquals } from "@std/assert";
import { CALL_ROUNDS_MAX, SPIN_CREDIT_MAX, TRY_SHARE } from "./limits.ts";
import { Spin, type Waiter } from "./wait.ts";

/** What a round of looks takes in the simulated time, and what a sleep does. */
const ROUND_MS = 0.0013;
const SLEEP_MS = 0.02;

/** A caller's waits in simulated time. */
class Caller {
  nowMs = 0;
  spunMs = 0;
  longest = 0;
  isCrowded = false;
  readonly #spin: Spin;

  constructor() {
    const waiter: Waiter = {
      sleepMsMax: 400,
      crowded: () => this.isCrowded,
      arrived() {},
      wakes() {},
      beginSleep() {},
      endSleep() {},
      check() {},
      nowMs: () => this.nowMs,
    };
    this.#spin = new Spin(waiter);
  }

  /** Waits; the answer is there after so many rounds of spinning. Answers whether spinning found it. */
  wait(rounds: number): boolean {
    if (!this.#spin.begin()) {
      this.nowMs += SLEEP_MS;
      return false;
    }
    let spun = 0;
    let isFound = false;
    do {
      this.nowMs += ROUND_MS;
      isFound = ++spun >= rounds;
    } while (!isFound && this.#spin.again());
    this.#spin.ended(isFound);
    this.spunMs += spun * ROUND_MS;
    this.longest = Math.max(this.longest, spun);
    if (!isFound) this.nowMs += SLEEP_MS;
    return isFound;
  }

  /** Waits in vain until it has stopped to spin. */
  giveUp(): void {
    for (let wait = 0; wait < SPIN_CREDIT_MAX; wait++) assert(!this.wait(Infinity));
    this.spunMs = 0;
    this.nowMs = 0;
  }
}

Deno.test("a caller whose spinning pays spins, and not for long", () => {
  const caller = new Caller();
  for (let wait = 0; wait < 1000; wait++) assert(caller.wait(5));
  assertEquals(caller.longest, 5);
});

Deno.test("a caller whose spinning is in vain spends a few percent of its time on tries", () => {
  const caller = new Caller();
  caller.giveUp();
  while (caller.nowMs < 2_000) caller.wait(Infinity);
  const share = caller.spunMs / caller.nowMs;
  assert(share > 0.5 / TRY_SHARE && share < 3 / TRY_SHARE, `${share}`);
  assert(caller.longest * ROUND_MS > 4, "long enough for a host that ticks 250 times a second");
});

Deno.test("a caller that has stopped to spin finds soon that it pays again", () => {
  const caller = new Caller();
  caller.giveUp();
  while (caller.nowMs < 100) caller.wait(Infinity);
  const fromMs = caller.nowMs;
  while (!caller.wait(5));
  assert(caller.nowMs - fromMs < 7, `after ${caller.nowMs - fromMs} ms`); // A long try may have been last.
  for (let wait = 0; wait < 100; wait++) assert(caller.wait(5));
});

Deno.test("who is in a crowd does not begin to spin, and soon ends it", () => {
  const caller = new Caller();
  caller.isCrowded = true;
  assert(!caller.wait(1));
  assertEquals(caller.longest, 0);
  caller.isCrowded = false;
  assert(!caller.wait(Infinity));
  assertEquals(caller.longest, CALL_ROUNDS_MAX);
});
