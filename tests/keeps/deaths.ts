/**
 * Explores deaths: at every store of a script, at every store of each recovery, however many die.
 *
 * @module
 */

import { Death, describe, type Step, Steps } from "./stepped_words.ts";
import {
  begin,
  type Change,
  cloneImage,
  freshImage,
  type Image,
  keyOf,
  type Life,
  type Parts,
  read,
  statesOf,
} from "./world.ts";

/** What an explorer found: a promise that was not kept, and how it came to that. */
export class Violation extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "Violation";
}

/** How much was explored. */
export interface Explored {
  /** Deaths of the script. */
  readonly deaths: number;
  /** Different memories that recoveries began with. */
  readonly images: number;
  /** Recoveries that were run, most of them to their own deaths. */
  readonly recoveries: number;
}

/** What is left when a writer dies. */
interface Remains {
  readonly image: Image;
  /** Commits that had returned. */
  readonly returned: number;
  readonly trace: readonly Step[];
  readonly isDead: boolean;
}

/** Runs a script up to a store. */
function runUntil(parts: Parts, script: readonly Change[], stores: number): Remains {
  const image = freshImage();
  const steps = new Steps(stores);
  let returned = 0;
  try {
    const life = begin(parts, image, steps);
    for (const change of script) {
      change(life);
      life.transactions.commit();
      returned++;
    }
  } catch (error) {
    if (!(error instanceof Death)) throw error;
    return { image, returned, trace: steps.done, isDead: true };
  }
  return { image, returned, trace: steps.done, isDead: false };
}

/** Kills the script at every store, and every recovery at every store of its own. */
export function exploreDeaths(parts: Parts, script: readonly Change[]): Explored {
  const states = statesOf(parts, script);
  const found = new Map<string, number>();
  let recoveries = 0;
  for (let deaths = 0;; deaths++) {
    const remains = runUntil(parts, script, deaths);
    const unseen = [{ image: remains.image, trace: remains.trace }];
    while (unseen.length > 0) {
      const { image, trace } = unseen.pop()!;
      const key = keyOf(image);
      const known = found.get(key);
      if (known !== undefined) {
        refuse(remains.returned, known, states, trace);
        continue;
      }
      for (let stores = 0;; stores++) {
        const copy = cloneImage(image);
        const steps = new Steps(stores);
        const life = recover(parts, copy, steps, trace);
        recoveries++;
        const both = [...trace, ...steps.done];
        if (life === undefined) {
          unseen.push({ image: copy, trace: both });
          continue;
        }
        const now = readAll(life, both);
        const state = states.lastIndexOf(now);
        refuse(remains.returned, state, states, both, now);
        found.set(key, state);
        finish(begin(parts, copy), script, { state, states, trace: both });
        break;
      }
    }
    if (!remains.isDead) return { deaths, images: found.size, recoveries };
  }
}

/** `undefined` if the recovery died as well. */
function recover(
  parts: Parts,
  image: Image,
  steps: Steps,
  trace: readonly Step[],
): Life | undefined {
  try {
    return begin(parts, image, steps);
  } catch (error) {
    if (error instanceof Death) return undefined;
    throw new Violation(`the successor cannot begin: ${error}\n${text(trace)}`);
  }
}

function readAll(life: Life, trace: readonly Step[]): string {
  try {
    return read(life);
  } catch (error) {
    throw new Violation(`the successor cannot read: ${error}\n${text(trace)}`);
  }
}

function refuse(
  returned: number,
  state: number,
  states: readonly string[],
  trace: readonly Step[],
  found = states[state],
): void {
  if (state === returned || state === returned + 1) return;
  throw new Violation(
    `${returned} commits had returned; the successor reads\n  ${found}\nwhich is ` +
      `${state < 0 ? "no state at all" : `state ${state}`}\n${text(trace)}`,
  );
}

interface Found {
  readonly state: number;
  readonly states: readonly string[];
  readonly trace: readonly Step[];
}

/** A successor can do the rest: nothing is left in its way. */
function finish(life: Life, script: readonly Change[], { state, states, trace }: Found): void {
  for (const change of script.slice(state)) {
    change(life);
    life.transactions.commit();
  }
  if (read(life) === states.at(-1)) return;
  throw new Violation(`the rest of the script ends in\n  ${read(life)}\n${text(trace)}`);
}

/** Changes one word at a time of what a death leaves: recovery says so, or it did not matter. */
export function exploreScribbles(parts: Parts, script: readonly Change[]): number {
  const states = statesOf(parts, script);
  const seen = new Set<string>();
  let scribbles = 0;
  for (let deaths = 0;; deaths++) {
    const { image, returned, trace, isDead } = runUntil(parts, script, deaths);
    // Between two commits only the log changes, and it counts for nothing.
    const key = `${returned} ${image.log[0]} ${(image.log[0]! & 1) === 0 ? "" : deaths}`;
    if (!seen.has(key) && returned > 0) {
      seen.add(key);
      for (const memory of ["log", "keep"] as const) {
        const length = usedWords(image[memory]);
        for (let at = 0; at < length; at++) {
          for (const value of [0, image[memory][at]! ^ 1, ~image[memory][at]! >>> 0, 0xdead_beef]) {
            const copy = cloneImage(image);
            copy[memory][at] = value;
            scribbles++;
            const found = readIfSound(parts, copy);
            const state = found === undefined ? returned : states.indexOf(found);
            if (state === returned || state === returned + 1) continue;
            const store = { what: "store", memory: `scribbled ${memory}`, at, value } as const;
            refuse(returned, -1, states, [...trace, store], found);
          }
        }
      }
    }
    if (!isDead) return scribbles;
  }
}

/** `undefined` if it says that something is damaged. */
function readIfSound(parts: Parts, image: Image): string | undefined {
  try {
    return read(begin(parts, image));
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("EUCLEAN")) return undefined;
    throw error;
  }
}

function usedWords(words: Uint32Array): number {
  return words.findLastIndex((word) => word !== 0) + 1;
}

/** The last steps of a trace. */
export function text(trace: readonly Step[]): string {
  return ["the last steps were", ...trace.slice(-40).map(describe)].join("\n  ");
}
