/**
 * Which of the legs found is right, and what the other lacks: judged by their labels alone.
 *
 * The newest label counts. A leg that it says was left behind, or that another has been written
 * without, is never the source of anything; if only such a leg is there, the layer is not opened.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type Candidate, wasLegOf } from "./label_search.ts";
import {
  BITMAP_WORDS,
  isSameLayer,
  type Label,
  LEG_STATE,
  type LegState,
} from "./layouts/label.ts";
import { addBits } from "./regions.ts";
import type { Witness } from "./witness.ts";

/** How the legs of a layer stand when it is opened. */
export interface Standing {
  /** The label that counts. */
  readonly newest: Label;
  /** By leg number: which of the candidates it is, or -1. */
  readonly places: readonly number[];
  /** How current each leg is. */
  readonly states: LegState[];
  /** Regions that were dirty on any leg that counts. */
  readonly dirty: Uint32Array;
  /** Regions that the leg which is not in lacks. */
  readonly missed: Uint32Array;
  /** A leg that is not in had followed up to this. */
  readonly since: number;
}

/** What the judgement rests on besides the labels. */
export interface StandingOptions {
  /** What a predecessor in the same boot has told. */
  readonly witness: (label: Label) => Witness;
  /** Whether a leg may be taken for current though the other is absent, and might be newer. */
  readonly absent: "refuse" | "accept";
  /** Whether an unlabelled device may be made a leg. */
  readonly mayBeMade: (candidate: Candidate, label: Label) => boolean;
}

/**
 * Judges what was found.
 *
 * @throws {OsError} `EUCLEAN`, saying why, if no leg is known to hold everything.
 */
export function standingOf(candidates: readonly Candidate[], options: StandingOptions): Standing {
  const { newest, place } = newestOf(candidates);
  const placeOther = candidates.length === 2 ? place ^ 1 : -1;
  const other = placeOther < 0 ? undefined : candidates[placeOther];
  if (newest.legCount === 1 && other === undefined) return aloneOf(newest, place);
  const beside = other?.kind === "labelled" ? other.label : undefined;
  if (beside !== undefined) refuseStrangers(newest, beside);
  const places = newest.leg === 0 ? [place, placeOther] : [placeOther, place];
  const witness = options.witness(newest);
  const isLeft = newest.states[newest.leg] !== LEG_STATE.IN ||
    witness.isKnown && witness.stateOf(newest.leg) !== LEG_STATE.IN;
  if (isLeft) return followerOf(newest, beside, places);
  if (other === undefined || other.kind === "absent") {
    return degradedOf(newest, places, { ...options, witness });
  }
  if (beside === undefined) {
    if (!wasLegOf(other, newest) && !options.mayBeMade(other, newest)) {
      throw refusal("a device is not blank, and bears no label of this layer");
    }
    return syncingOf(newest, places, newest.leg ^ 1, undefined);
  }
  return pairOf(newest, beside, places, witness);
}

function newestOf(candidates: readonly Candidate[]): { newest: Label; place: number } {
  let found: { newest: Label; place: number } | undefined;
  candidates.forEach((candidate, place) => {
    if (candidate.kind !== "labelled") return;
    const { label } = candidate;
    const isNewer = found === undefined || label.generation > found.newest.generation ||
      label.generation === found.newest.generation && label.leg < found.newest.leg;
    if (isNewer) found = { newest: label, place };
  });
  if (found === undefined) throw refusal("no device bears a valid label");
  return found;
}

function refuseStrangers(newest: Label, beside: Label): void {
  if (!isSameLayer(newest, beside) || newest.legCount !== beside.legCount) {
    throw refusal("the devices are legs of two different layers");
  }
  if (newest.leg === beside.leg) throw refusal(`both devices are leg ${newest.leg}, one a copy`);
  const isApart = beside.states[newest.leg] === LEG_STATE.OUT &&
    newest.states[newest.leg] === LEG_STATE.IN;
  if (isApart) throw refusal("both legs were written while the other was away");
}

function aloneOf(newest: Label, place: number): Standing {
  const { dirty, missed, since } = newest;
  return { newest, places: [place], states: [LEG_STATE.IN], dirty, missed, since };
}

/** The newest label is on a leg that lacks something: the other must be there, and not be older. */
function followerOf(newest: Label, beside: Label | undefined, places: readonly number[]): Standing {
  const source = newest.leg ^ 1;
  const isSource = newest.states[source] === LEG_STATE.IN;
  if (beside === undefined || !isSource || beside.generation < newest.generation - 1) {
    throw refusal(
      `leg ${newest.leg} was left behind, and leg ${source}, which is newer, is not there`,
    );
  }
  return syncingOf(
    { ...newest, missed: union(newest.missed, newest.dirty) },
    places,
    newest.leg,
    beside,
  );
}

function degradedOf(
  newest: Label,
  places: readonly number[],
  options: { witness: Witness; absent: "refuse" | "accept" },
): Standing {
  const other = newest.leg ^ 1;
  const isNoted = newest.legCount === 2 && newest.states[other] !== LEG_STATE.IN;
  if (!isNoted && !options.witness.isKnown && options.absent === "refuse") {
    throw refusal(
      `leg ${other} is not there, and may be newer than leg ${newest.leg}; ` +
        'the option absent: "accept" takes the risk',
    );
  }
  const states = statesOf(newest.leg, LEG_STATE.OUT);
  const since = isNoted ? newest.since : Math.max(0, newest.generation - 1);
  const missed = union(isNoted ? newest.missed : newest.dirty, newest.dirty);
  return { newest, places, states, dirty: newest.dirty, missed, since };
}

function pairOf(
  newest: Label,
  beside: Label,
  places: readonly number[],
  witness: Witness,
): Standing {
  if (newest.states[beside.leg] !== LEG_STATE.IN) {
    const hasFollowed = beside.generation >= newest.since;
    return syncingOf(newest, places, beside.leg, hasFollowed ? beside : undefined);
  }
  if (newest.generation - beside.generation > 1) {
    return syncingOf(newest, places, beside.leg, undefined);
  }
  const isLeft = witness.isKnown && witness.stateOf(beside.leg) !== LEG_STATE.IN;
  const isBehind = newest.generation > beside.generation && newest.leg === 1; // legs.ts, L2.
  if (isLeft || isBehind) return syncingOf(newest, places, beside.leg, beside);
  const dirty = union(union(newest.dirty, beside.dirty), union(newest.missed, beside.missed));
  const states: LegState[] = [LEG_STATE.IN, LEG_STATE.IN];
  return {
    newest,
    places,
    states,
    dirty,
    missed: new Uint32Array(BITMAP_WORDS),
    since: newest.since,
  };
}

/** One leg is to be brought up to date: all of it, or what its own label shows to be enough. */
function syncingOf(
  newest: Label,
  places: readonly number[],
  leg: number,
  followed: Label | undefined,
): Standing {
  const all = new Uint32Array(BITMAP_WORDS).fill(0xffff_ffff);
  const dirty = followed === undefined ? newest.dirty : union(newest.dirty, followed.dirty);
  const some = followed === undefined ? all : union(newest.missed, followed.missed);
  const states = statesOf(leg ^ 1, LEG_STATE.SYNCING);
  return { newest, places, states, dirty, missed: union(some, dirty), since: newest.since };
}

function statesOf(source: number, other: LegState): LegState[] {
  return source === 0 ? [LEG_STATE.IN, other] : [other, LEG_STATE.IN];
}

function union(one: Uint32Array, other: Uint32Array): Uint32Array {
  const all = one.slice();
  addBits(all, other);
  return all;
}

function refusal(why: string): OsError {
  return new OsError("EUCLEAN", `open the integrity layer: ${why}`);
}
