/**
 * What a storage server does between its requests: it answers those whose transfers have ended, and
 * looks after the integrity layer.
 *
 * The layer's work comes in bounded steps. They are done while nothing else is to be done, and now
 * and then under load, so that a mirror comes into step however busy its clients are.
 *
 * @module
 */

import type { Background } from "@hako/ipc";
import type { IntegrityDevice } from "./integrity/integrity_device.ts";
import type { Volumes } from "./volumes.ts";

/** Turns with requests between two steps of the layer. */
const BUSY_TURNS = 64;

/** Milliseconds between two looks at a layer that has nothing to do. */
const LOOK_MS_MAX = 200;

/** Milliseconds between two looks at how the layer stands. */
const REPORT_MS = 1000;

/** Milliseconds until a leg that is out is tried again: at first, and at most, doubling. */
const TRY_LEG_MS_MIN = 5000;
const TRY_LEG_MS_MAX = 600_000;

/** A clock of milliseconds that never goes back, made of one that may. */
export function steadyClock(nowMs: () => number): () => number {
  let last = nowMs();
  let passed = 0;
  return () => {
    const now = nowMs();
    passed += Math.max(0, now - last);
    last = now;
    return passed;
  };
}

/** What upkeep needs to be told. */
export interface UpkeepParts {
  /** The volumes. */
  readonly volumes: Volumes;
  /** What they stand on, if it wants to be looked after. */
  readonly layer: Pick<IntegrityDevice, "turn" | "msToTurn" | "tryLegAgain" | "report"> | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly nowMs: () => number;
  /** Told how the layer stands whenever that has changed. */
  readonly report: (report: ReturnType<IntegrityDevice["report"]>) => void;
}

/** The background of one storage server. */
export class Upkeep implements Background {
  readonly #parts: UpkeepParts;
  #turns = 0;
  #lookAt = 0; // When the layer may have something to do.
  #reportAt = 0;
  #reported = "";
  #tryLegAt = Infinity;
  #tryLegMs = TRY_LEG_MS_MIN;

  /** Does nothing yet. */
  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Answers what has ended; every so often lets the layer do a step. Hot path. */
  turn(): number {
    const answered = this.#parts.volumes.turn();
    if (this.#parts.layer === undefined || ++this.#turns < BUSY_TURNS) return answered;
    return this.#step() + answered;
  }

  /** Whether transfers are under way, or the layer has something to do. */
  get isWaiting(): boolean {
    return this.#parts.volumes.isWaiting || this.#isDue();
  }

  /** Waits for a transfer, at most so long; with none under way, lets the layer do a step. */
  wait(timeoutMs: number): void {
    if (this.#parts.volumes.isWaiting) this.#parts.volumes.wait(timeoutMs);
    else this.#step();
  }

  /** How long the layer has nothing to do. */
  get idleMs(): number {
    if (this.#parts.layer === undefined) return Infinity;
    return Math.max(1, Math.ceil(this.#lookAt - this.#parts.nowMs()));
  }

  #isDue(): boolean {
    return this.#parts.layer !== undefined && this.#parts.nowMs() >= this.#lookAt;
  }

  #step(): number {
    this.#turns = 0;
    const { layer, nowMs } = this.#parts;
    if (layer === undefined || !this.#isDue()) return 0;
    const done = layer.turn();
    const now = nowMs();
    if (now >= this.#reportAt) {
      this.#reportAt = now + REPORT_MS;
      this.#tell(now);
    }
    if (now >= this.#tryLegAt) this.#tryLegs(now);
    this.#lookAt = now + Math.min(layer.msToTurn, LOOK_MS_MAX);
    return done;
  }

  /** Reports how the layer stands, if something happened to it, and looks for legs that are out. */
  #tell(now: number): void {
    const report = this.#parts.layer!.report();
    const { legs, isFailed, rotten, healed, tagBlocksLost, history } = report;
    const news = JSON.stringify([legs, isFailed, rotten, healed, tagBlocksLost, history.at(-1)]);
    if (news === this.#reported) return;
    this.#reported = news;
    this.#parts.report(report);
    const isOut = legs.includes("out");
    if (!isOut) this.#tryLegAt = Infinity;
    else if (this.#tryLegAt === Infinity) this.#tryLegAt = now + this.#tryLegMs;
  }

  /** A leg that failed may be whole again. One that keeps failing is tried more and more seldom. */
  #tryLegs(now: number): void {
    const layer = this.#parts.layer!;
    layer.report().legs.forEach((state, leg) => {
      if (state === "out") layer.tryLegAgain(leg);
    });
    this.#tryLegMs = Math.min(TRY_LEG_MS_MAX, 2 * this.#tryLegMs);
    this.#tryLegAt = layer.report().legs.includes("out") ? now + this.#tryLegMs : Infinity;
  }
}
