/**
 * The serving loops: turns while there are requests, spinning while that pays, then sleep.
 *
 * @module
 */

import { assert } from "./assert.ts";
import { nextImmediate, nextTurn } from "./clock.ts";
import { DISTRUST_SLEEP_MS, SPIN_LOOKS } from "./limits.ts";
import type { ChannelServer } from "./server.ts";
import { Spin } from "./wait.ts";

/** Turns after which a busy evented server returns to its event loop, so that it can be stopped. */
const BUSY_TURNS_MAX = 64;

/** How long an evented server sleeps in place: a terminated one lives on no longer than this. */
const SHORT_SLEEP_MS = 2;

/** Short sleeps and returns to the event loop, by turns, before it sleeps there: about 20 ms. */
const IDLE_SLEEPS_MAX = 20;

/** The longest wait for work in the background: requests that come meanwhile are not heard. */
const BACKGROUND_WAIT_MS = 1;

/** Work of a blocking server that goes on between its requests, such as requests of its own. */
export interface Background {
  /** Does what can be done at once; answers how many things it did. Called before each turn. */
  turn(): number;
  /** Whether something is under way whose end `wait` hears of. */
  readonly isWaiting: boolean;
  /** Waits for that, at most so long. */
  wait(timeoutMs: number): void;
  /** How long nothing has to be done, while nothing is under way. For ever if left out. */
  readonly idleMs?: number;
}

/** What a serving loop does besides requests. */
export interface Serving {
  /** What a blocking server does between its requests. */
  readonly work?: Background | undefined;
  /** Does what else there is to do; answers whether to go on serving. Called before each turn. */
  proceed(): boolean;
  /** Hears that a turn has answered requests. */
  progressed(): void;
  /**
   * Whether work begins in callbacks of the event loop only, for 4 us each. What follows a sleep in it
   * directly takes its whole worker with it when the host cuts it off, as it does when a heap is full.
   */
  readonly beginsInCallbacks?: boolean;
}

/** Serves until told not to proceed, and sleeps in place: the fastest to wake, and hard to stop. */
export function serveBlocking(server: ChannelServer, serving: Serving): void {
  const loop = new ServingLoop(server, serving);
  while (loop.proceeds()) {
    if (loop.busy()) continue;
    assert(server.promises === 0, "the handlers of a blocking server return no promises");
    if (!loop.isWaiting) loop.sleep(serving.work?.idleMs ?? Infinity);
    else {
      serving.progressed(); // Who waits for another does not hang.
      serving.work!.wait(BACKGROUND_WAIT_MS);
      server.wakeClients();
    }
  }
}

/**
 * Serves and returns to the event loop, where a terminated worker ends: often while requests come
 * thick and fast (a sleep in place wakes sooner than a promise), and for good when none come.
 */
export async function serveEvented(server: ChannelServer, serving: Serving): Promise<void> {
  const loop = new ServingLoop(server, serving);
  let turns = 0;
  let idleSleeps = 0;
  while (loop.proceeds()) {
    const busy = loop.busy();
    if (busy) idleSleeps = 0;
    if (busy && ++turns < BUSY_TURNS_MAX) continue;
    turns = 0;
    const inEventLoop = busy || idleSleeps % 2 === 1;
    if (inEventLoop) await loop.visitEventLoop();
    else if (server.promises === 0 && idleSleeps < IDLE_SLEEPS_MAX) loop.sleep(SHORT_SLEEP_MS);
    else await loop.sleepAsync();
    idleSleeps++;
  }
}

/** What both loops are made of. */
class ServingLoop {
  readonly #server: ChannelServer;
  readonly #serving: Serving;
  readonly #spin: Spin;
  /** Whether the last turns had requests: only then does it pay to spin. */
  #isWarm = false;
  #ended = false;
  /** Whether the last sleep ended without a ring. */
  #unrung = false;
  /** How long to sleep: short while requests come that nobody rings for. */
  #sleepMs: number;

  constructor(server: ChannelServer, serving: Serving) {
    this.#server = server;
    this.#serving = serving;
    this.#spin = new Spin(server.waiter);
    this.#sleepMs = server.waiter.sleepMsMax;
  }

  proceeds(): boolean {
    return !this.#ended;
  }

  /** Whether something is under way in the background. */
  get isWaiting(): boolean {
    return !this.#ended && this.#serving.work?.isWaiting === true;
  }

  /** Serves a turn, or spins after the last request for as long as that pays. */
  busy(): boolean {
    if (this.#mayServe()) {
      const done = this.#serving.work?.turn() ?? 0;
      if (done > 0) this.#server.wakeClients();
      if (this.#answered(this.#server.serve() + done)) return true;
    }
    if (this.isWaiting) return false; // What is under way is the likelier to end first.
    return this.#isWarm = this.#isWarm && this.#lookOut();
  }

  #lookOut(): boolean {
    const distrusts = this.#sleepMs < this.#server.waiter.sleepMsMax;
    if (!this.#spin.beginIdle(this.#server.hasWoken(), distrusts)) return false;
    do {
      if (!this.#mayServe()) return false;
      if (this.#answered(this.#server.lookOut(SPIN_LOOKS))) {
        this.#spin.endedIdle(true);
        return true;
      }
    } while (this.#spin.againIdle());
    this.#spin.endedIdle(false);
    return false;
  }

  #mayServe(): boolean {
    this.#server.check();
    if (!this.#ended && !this.#serving.proceed()) this.#ended = true;
    return !this.#ended;
  }

  #answered(count: number): boolean {
    if (this.#unrung) this.#weighTrust(count);
    if (count === 0) return false;
    this.#serving.progressed();
    return this.#isWarm = true;
  }

  /** A ring can die with its sender, and a hostile client can silence the others': sleep less then. */
  #weighTrust(count: number): void {
    this.#unrung = false;
    if (count > 0) this.#sleepMs = DISTRUST_SLEEP_MS;
    else this.#sleepMs = Math.min(this.#server.waiter.sleepMsMax, 2 * this.#sleepMs);
  }

  /** Announces a sleep and looks at everything once more; answers what to wait on, or `undefined`. */
  #fallAsleep(): number | undefined {
    const announced = this.#server.bell.announce();
    if (!this.#mayServe() || this.#answered(this.#server.serveAll())) return undefined;
    this.#server.waiter.beginSleep();
    return announced;
  }

  /** Sleeps in place. */
  sleep(timeoutMs: number): void {
    const announced = this.#fallAsleep();
    if (announced === undefined) return;
    this.#unrung = this.#server.bell.wait(announced, Math.min(this.#sleepMs, timeoutMs));
    this.#server.waiter.endSleep();
  }

  /** Sleeps in the event loop. */
  async sleepAsync(): Promise<void> {
    const announced = this.#fallAsleep();
    if (announced === undefined) return;
    this.#unrung = await this.#server.bell.waitAsync(announced, this.#sleepMs);
    if (this.#serving.beginsInCallbacks) await nextImmediate();
    this.#server.waiter.endSleep();
  }

  /** Lets the event loop have its turn. */
  async visitEventLoop(): Promise<void> {
    this.#server.waiter.beginSleep();
    await (this.#serving.beginsInCallbacks ? nextImmediate() : nextTurn());
    this.#server.waiter.endSleep();
  }
}
