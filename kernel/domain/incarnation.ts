/**
 * One life of a domain: the words that it shares with the kernel, how it sleeps, how it ends.
 *
 * @module
 */

import { Doorbell, isCrowded, PROGRESS_WORDS, SLEEP_MS_MAX, type Waiter } from "@hako/ipc";
import { ACTIVITY, BOOT, EXIT, writeExit } from "../layouts/boot.ts";
import { PROGRAM_CENSUS_INDEX } from "../manifest.ts";
import type { BootMessage } from "../messages.ts";

const FENCE = BOOT.at.fence >> 2;
const STATE = BOOT.at.activity >> 2;
const HEARTBEAT = BOOT.at.heartbeat >> 2;
const CONTROL = BOOT.at.control >> 2;
const SAID_WORD = BOOT.at.said >> 2;

/** The kernel's word that this incarnation's time is over, found at a wait or a turn. */
export class Fenced extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "Fenced";
}

/** What a worker's own closing did before the runtime put itself in front of it. */
const closeWorker: () => void = globalThis.close.bind(globalThis);

/** The life that this worker leads. */
export class Incarnation implements Waiter {
  /** The longest single sleep. */
  readonly sleepMsMax = SLEEP_MS_MAX;
  /** The domain's own doorbell. */
  readonly bell: Doorbell;
  /** Where its server says which request is in its handler. */
  readonly progress: Int32Array;
  readonly #words: Int32Array;
  readonly #kernelBell: Doorbell;
  readonly #census: Int32Array;
  readonly #censusIndex: number;
  readonly #cores: number;
  readonly #end: () => void;
  #controlSeen = 0;

  /**
   * Takes up the life that the kernel gives.
   *
   * @param end What ends it, after all has been said: closes the worker if left out.
   * @throws {Fenced} If the kernel has taken it back already: this worker started too late.
   */
  constructor(message: BootMessage, end: () => void = closeWorker) {
    this.#end = end;
    this.bell = new Doorbell(message.bell);
    this.#words = new Int32Array(message.boot);
    this.progress = new Int32Array(message.boot, BOOT.at.progress, PROGRESS_WORDS);
    this.#kernelBell = new Doorbell(message.kernelBell);
    this.#census = new Int32Array(message.census);
    this.#censusIndex = message.censusIndex;
    this.#cores = message.cores;
    const was = Atomics.compareExchange(this.#words, STATE, ACTIVITY.ASLEEP, ACTIVITY.AWAKE);
    if (was !== ACTIVITY.ASLEEP) throw new Fenced("fenced before it began");
    this.#census[this.#censusIndex] = 1;
  }

  crowded(): boolean {
    return isCrowded(this.#census, this.#cores);
  }

  arrived(): void {
    // A domain stays awake: it goes on with what it was doing.
  }

  wakes(censusIndex: number): void {
    // The program counts itself: nobody else sees when it goes back to its event loop.
    if (censusIndex !== PROGRAM_CENSUS_INDEX) this.#census[censusIndex] = 1;
  }

  /**
   * Hot path: read without order, since the slots say the same to whoever acts on an older value.
   *
   * @throws {Fenced} If this life is over.
   */
  check(): void {
    if (this.#words[FENCE] !== 0) throw new Fenced("fenced");
  }

  /**
   * Looks in order: who passes here has done all before it while this life was not over.
   *
   * @throws {Fenced} If this life is over.
   */
  checkInOrder(): void {
    if (this.isFenced) throw new Fenced("fenced");
  }

  /** Whether this life is over. */
  get isFenced(): boolean {
    return Atomics.load(this.#words, FENCE) !== 0;
  }

  /** @throws {Fenced} If this life is over. */
  beginSleep(): void {
    this.beat();
    this.check();
    this.#census[this.#censusIndex] = 0;
    Atomics.compareExchange(this.#words, STATE, ACTIVITY.AWAKE, ACTIVITY.ASLEEP);
  }

  /** @throws {Fenced} If this life ended in its sleep. */
  endSleep(): void {
    const was = Atomics.compareExchange(this.#words, STATE, ACTIVITY.ASLEEP, ACTIVITY.AWAKE);
    if (was === ACTIVITY.GONE) throw new Fenced("fenced asleep");
    this.#census[this.#censusIndex] = 1;
    this.beat();
    this.check();
  }

  nowMs(): number {
    return performance.now();
  }

  /** Says how far this life has come, to every kernel: a SAID. */
  say(said: number): void {
    Atomics.store(this.#words, SAID_WORD, said);
  }

  /** Makes the kernel look: it has been told something. */
  ringKernel(): void {
    this.#kernelBell.ring();
  }

  /** Leaves the census: an app whose work is done needs no core. */
  rest(): void {
    this.#census[this.#censusIndex] = 0;
  }

  /** A sign of life. Hot path: written without order, since it is looked at some times a second. */
  beat(): void {
    this.#words[HEARTBEAT] = (this.#words[HEARTBEAT]! + 1) | 0;
  }

  /** Whether the kernel has posted control messages since the last look. Hot path. */
  hasControl(): boolean {
    const count = this.#words[CONTROL]!;
    const changed = count !== this.#controlSeen;
    this.#controlSeen = count;
    return changed;
  }

  /** Ends this life after a fence: from here on this worker does nothing. */
  yieldToFence(): void {
    this.#goneAndClose();
  }

  /** Ends this life for a reason of its own, which the kernel reads in the boot memory. */
  die(exit: number, why: string): void {
    writeExit(this.#words, exit, why);
    this.#goneAndClose();
  }

  /** Ends this life because of what its code has thrown. */
  endOf(error: unknown): void {
    if (error instanceof Fenced) return this.yieldToFence();
    this.die(EXIT.THROWN, error instanceof Error ? error.stack ?? String(error) : String(error));
  }

  #goneAndClose(): void {
    this.#census[this.#censusIndex] = 0;
    Atomics.store(this.#words, STATE, ACTIVITY.GONE);
    this.#kernelBell.ring();
    this.#end();
  }

  /** Ends this life in order when {@linkcode Fenced} comes out of a call that an app has made. */
  catchFence(): void {
    globalThis.addEventListener("unhandledrejection", (event) => {
      if (!(event.reason instanceof Fenced)) return;
      event.preventDefault();
      this.yieldToFence();
    });
    globalThis.addEventListener("error", (event) => {
      if (!(event.error instanceof Fenced)) return;
      event.preventDefault();
      this.yieldToFence();
    });
  }

  /** Makes `self.close()` and `Deno.exit()` tell the kernel, since the host tells nobody. */
  announceClosing(): void {
    const announce = (what: string) => (): never => {
      this.die(EXIT.CLOSED, what);
      throw new Fenced(what);
    };
    globalThis.close = announce("self.close()");
    Deno.exit = announce("Deno.exit()");
  }
}
