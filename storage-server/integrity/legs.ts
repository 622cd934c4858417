/**
 * The legs of a layer: which of them are current, and the labels that say so.
 *
 * What holds at every instant, whoever dies and whenever the power goes:
 *
 * - **L1** The labels of the next generation are written only when those of this one were flushed on
 *   every leg that is not out; until then the same generation, in the same place, is tried again.
 *   What a dead predecessor wrote may not have been flushed: whoever opens the layer, or takes back
 *   a leg, flushes that before it relies on what it reads there.
 * - **L2** Labels are written one leg after the other, each flushed before the next: first a leg
 *   that is syncing, else leg 0. So if two legs that are in differ, they differ by one, and leg 0 is
 *   the newer; whatever else is found is a leg that was left behind.
 * - **L3** A leg that failed to write or to flush is out, in the labels of all others durably,
 *   before anything that it lacks is answered. The last leg that is in is never out: its errors are
 *   answered.
 * - **L4** While a leg is not in, every region written is in `missed`, from all that was dirty when
 *   it went out on. A region leaves `missed` only when a flush covered its copy on that leg.
 *
 * @module
 */

import { assert, ERRNO, OsError } from "@hako/ipc";
import type { Device, Point } from "../device.ts";
import { BLOCK_BYTES } from "../protocol.ts";
import type { IntegrityDeathPoint } from "./death_points.ts";
import { encodeLabel, LABELS, type LayerShape, LEG_STATE, type LegState } from "./layouts/label.ts";
import { metadataBlocks } from "./layouts/tag_block.ts";
import { addBits, hasBit, type Regions, setBit } from "./regions.ts";
import type { Witness } from "./witness.ts";

/** What the legs are built from. */
export interface LegsParts {
  /** What the labels say for ever. */
  readonly shape: LayerShape;
  /** The devices, by leg number; `undefined` where one is absent. */
  readonly devices: (Device | undefined)[];
  /** How current each leg is. */
  readonly states: LegState[];
  /** The highest generation that any leg has. */
  readonly generation: number;
  /** A leg that is not in had followed up to this. */
  readonly since: number;
  /** Which of its two labels each leg shall write next. */
  readonly slots: number[];
  /** The regions in doubt. */
  readonly regions: Regions;
  /** One block of a window, for labels. */
  readonly meta: Uint8Array;
  /** What a successor in the same boot is told. */
  readonly witness: Witness;
  /** Where a fault plan may end this incarnation. */
  readonly point: Point<IntegrityDeathPoint>;
}

/** How one step ended on a leg that it was not done on. */
export const SKIPPED = -1;

/** The legs of one layer. */
export class Legs {
  /** What the labels say for ever. */
  readonly shape: LayerShape;
  /** The devices, by leg number. */
  readonly devices: readonly (Device | undefined)[];
  /** How current each leg is. */
  readonly states: LegState[];
  /** Why legs went out, newest last; bounded. */
  readonly history: string[] = [];
  readonly #devices: (Device | undefined)[];
  readonly #regions: Regions;
  readonly #meta: Uint8Array;
  readonly #metaWords: Uint32Array;
  readonly #witness: Witness;
  readonly #point: Point<IntegrityDeathPoint>;
  readonly #slots: number[];
  readonly #errnos = [SKIPPED, SKIPPED];
  #generation: number;
  #followed: number;
  #since: number;
  #failure = 0;

  /** Reads and writes nothing yet. */
  constructor(parts: LegsParts) {
    this.shape = parts.shape;
    this.#devices = parts.devices;
    this.devices = parts.devices;
    this.states = parts.states;
    this.#regions = parts.regions;
    this.#meta = parts.meta;
    this.#metaWords = new Uint32Array(parts.meta.buffer, parts.meta.byteOffset, BLOCK_BYTES / 4);
    this.#witness = parts.witness;
    this.#point = parts.point;
    this.#slots = parts.slots;
    this.#generation = parts.generation;
    this.#followed = parts.generation;
    this.#since = parts.since;
  }

  /** How many legs the layer has. Hot path. */
  get count(): number {
    return this.states.length;
  }

  /** The generation of the newest labels. */
  get generation(): number {
    return this.#generation;
  }

  /** The errno that every write is answered with since a flush of the last leg failed; or 0. */
  get failure(): number {
    return this.#failure;
  }

  /** The first leg that holds everything. */
  get primary(): number {
    return this.states[0] === LEG_STATE.IN ? 0 : 1;
  }

  /** The leg that is syncing, or -1. */
  get syncing(): number {
    return this.states.indexOf(LEG_STATE.SYNCING);
  }

  /** Whether two legs hold everything. Hot path. */
  get isMirrored(): boolean {
    return this.states.length === 2 && this.states[0] === LEG_STATE.IN &&
      this.states[1] === LEG_STATE.IN;
  }

  /** Whether a leg gets every write. Hot path. */
  isTarget(leg: number): boolean {
    const state = this.states[leg];
    return state === LEG_STATE.IN || state === LEG_STATE.SYNCING;
  }

  /** The device of a leg that is not absent. Hot path. */
  device(leg: number): Device {
    const device = this.#devices[leg];
    assert(device !== undefined, "an absent leg is out");
    return device;
  }

  /** Does a step on every target, one after the other, and concludes it; answers 0 or an errno. */
  onEach(step: (device: Device, leg: number) => void): number {
    for (let leg = 0; leg < this.count; leg++) {
      this.#errnos[leg] = this.isTarget(leg) ? attempt(() => step(this.device(leg), leg)) : SKIPPED;
    }
    return this.conclude(this.#errnos[0]!, this.#errnos[1]!);
  }

  /**
   * Judges a step that was done on the legs: it is done when a leg that is in has done it; others
   * that have not are put out.
   *
   * @returns 0, or an errno if no leg that is in has done it. Then no leg is put out.
   */
  conclude(errno0: number, errno1: number): number {
    this.#errnos[0] = errno0;
    this.#errnos[1] = errno1;
    let answer = 0;
    let isDone = false;
    for (let leg = 0; leg < this.count; leg++) {
      if (this.states[leg] !== LEG_STATE.IN) continue;
      if (this.#errnos[leg] === 0) isDone = true;
      else if (answer === 0) answer = this.#errnos[leg]!;
    }
    if (!isDone) return answer === SKIPPED || answer === 0 ? ERRNO.EIO : answer;
    const failed0 = errno0 > 0 && this.isTarget(0);
    const failed1 = errno1 > 0 && this.isTarget(1);
    if (failed0) return this.#putOut(0, errno0);
    return failed1 ? this.#putOut(1, errno1) : 0;
  }

  /** Makes everything written durable on every target; answers 0 or an errno, which sticks. */
  flush(): number {
    const errno = this.onEach((device) => device.flush());
    if (errno !== 0) this.#failure = ERRNO.EIO;
    return errno;
  }

  /** Marks the regions of a run dirty, durably; answers 0 or an errno. Hot path. */
  intend(first: number, count: number): number {
    const regions = this.#regions;
    const region = regions.of(first);
    const last = regions.of(first + count - 1);
    let isClean = false;
    for (let each = region; each <= last; each++) {
      regions.written[each] = 1;
      if (!hasBit(regions.dirty, each)) isClean = true;
    }
    return isClean ? this.#mark(region, last) : 0;
  }

  /**
   * Writes a label to every target, durably; answers 0 or an errno. A leg that fails to is out.
   */
  writeLabels(): number {
    for (;;) {
      const generation = this.#generation + 1;
      const isFirst = this.syncing === 1 && generation > 1 ? 1 : 0; // L2, but for formatting.
      const errnos = [SKIPPED, SKIPPED];
      for (let turn = 0; turn < this.count; turn++) {
        const leg = turn ^ isFirst;
        if (leg < this.count && this.isTarget(leg)) errnos[leg] = this.#writeLabel(leg, generation);
      }
      const failed = errnos.findIndex((errno) => errno > 0);
      const other = failed ^ 1;
      if (failed >= 0 && (this.states[other] !== LEG_STATE.IN || errnos[other] !== 0)) {
        return Math.max(errnos[this.primary]!, 0) || ERRNO.EIO; // The same one is tried again.
      }
      this.#generation = generation;
      for (let leg = 0; leg < this.count; leg++) if (errnos[leg] === 0) this.#slots[leg]! ^= 1;
      if (failed < 0) {
        if (this.count === 1 || !errnos.includes(SKIPPED)) this.#followed = generation;
        this.#witness.remember(this.states);
        return 0;
      }
      this.#leaveBehind(failed, errnos[failed]!);
    }
  }

  /** A leg that was out gets every write from now on, by the labels; answers 0 or an errno. */
  join(leg: number, device: Device, slot: number): number {
    assert(this.states[leg] === LEG_STATE.OUT, "only a leg that is out joins");
    this.#devices[leg] = device;
    this.#slots[leg] = slot;
    this.states[leg] = LEG_STATE.SYNCING;
    return this.writeLabels();
  }

  /** Says why a leg is not taken back. */
  note(what: string): void {
    if (this.history.length === HISTORY_MAX) this.history.shift();
    this.history.push(what);
  }

  /** Whether a leg of this generation lacks just the missed regions. */
  hasFollowed(generation: number): boolean {
    return generation >= this.#since && generation <= this.#generation;
  }

  /** The regions that the labels will not call missed any more are durable on the syncing leg. */
  setSyncedUpToNow(): void {
    this.#since = this.#generation + 1;
  }

  /** Says that the last leg failed for good. */
  #fail(errno: number): number {
    this.#failure = ERRNO.EIO;
    return errno;
  }

  #mark(first: number, last: number): number {
    const { dirty, missed } = this.#regions;
    const dirtyBefore = dirty.slice();
    const missedBefore = missed.slice();
    const isSequential = first > 0 && hasBit(dirty, first - 1);
    const end = Math.min(this.#regions.count - 1, last + (isSequential ? REGIONS_AHEAD : 0));
    const isOut = this.states.includes(LEG_STATE.OUT);
    for (let region = first; region <= end; region++) {
      setBit(dirty, region);
      if (isOut) setBit(missed, region);
    }
    const errno = this.writeLabels();
    if (errno !== 0) { // Not durable, so not marked. What a leg missed is missed all the same.
      dirty.set(dirtyBefore);
      addBits(missedBefore, missed);
    }
    this.#point("intent.marked");
    return errno;
  }

  /** Puts a leg out, durably on the other; answers 0 or an errno. */
  #putOut(leg: number, errno: number): number {
    this.#leaveBehind(leg, errno);
    const answer = this.writeLabels();
    this.#point("out.labelled");
    return answer === 0 ? 0 : this.#fail(answer);
  }

  #leaveBehind(leg: number, errno: number): void {
    assert(this.states[leg ^ 1] === LEG_STATE.IN, "the last leg that is in is never put out");
    if (this.states[leg] === LEG_STATE.IN) this.#since = this.#followed;
    this.states[leg] = LEG_STATE.OUT;
    addBits(this.#regions.missed, this.#regions.dirty);
    this.note(`leg ${leg} out at generation ${this.#generation}: errno ${errno}`);
    this.#witness.remember(this.states);
    this.#point("out.witnessed");
  }

  #writeLabel(leg: number, generation: number): number {
    const device = this.device(leg);
    const { dirty, missed } = this.#regions;
    const content = { generation, states: [...this.states], since: this.#since, dirty, missed };
    if (this.count === 1) content.states.push(LEG_STATE.NONE);
    const slot = this.#slots[leg]!;
    encodeLabel(this.#metaWords, { ...this.shape, ...content, leg, legCount: this.count }, slot);
    const written = attempt(() => device.write(device.blockCount - LABELS + slot, 1, this.#meta));
    if (written !== 0) return written;
    this.#point("label.written");
    const flushed = attempt(() => device.flush());
    if (flushed !== 0) {
      if (!this.#hasOther(leg)) this.#fail(flushed);
      return flushed;
    }
    this.#point("label.flushed");
    return 0;
  }

  #hasOther(leg: number): boolean {
    return this.states[leg ^ 1] === LEG_STATE.IN;
  }
}

/** Regions that are marked beyond those written when writes go from region to region. */
const REGIONS_AHEAD = 7;

/** Most entries of the history. */
const HISTORY_MAX = 16;

/** The first block of the metadata on a leg. */
export function metadataAt(device: Device, shape: LayerShape): number {
  return device.blockCount - metadataBlocks(shape);
}

/** The errno that a step fails with, or 0. What is no `OsError` goes on up. */
export function attempt(step: () => void): number {
  try {
    step();
    return 0;
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    return error.errno;
  }
}
