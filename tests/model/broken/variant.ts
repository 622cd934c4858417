/**
 * What a broken variant is: one rule left out, and the property by which that must be noticed.
 *
 * @module
 */

import { assemblyConstants } from "../../../ipc/core/constants.ts";
import { compileCore } from "../../../tools/build/core_compiler.ts";
import { scenariosOf } from "../catalogue.ts";
import { instrument, type InstrumentedCore } from "../instrument.ts";
import type { Scenario } from "../scenario.ts";
import { explore, type Result } from "../search.ts";
import type { Property } from "../violation.ts";

/** States after which a variant counts as not caught. */
const STATES_MAX = 2_000_000;

/** A broken variant. */
export interface Variant {
  /** Its name on the command line. */
  readonly name: string;
  /** What is left out. */
  readonly story: string;
  /** What in the core's source is replaced by what. */
  readonly patches?: readonly Patch[];
  /** The name of the scenario in which it shows. */
  readonly scenario: string;
  /** What else is different in the scenario. */
  readonly change?: (scenario: Scenario) => Partial<Scenario>;
  /** The property by which it is caught. */
  readonly property: Property;
  /**
   * Properties that are not looked at, so that the one above shows: without it, whatever follows
   * from an illegal move of a slot would be hidden behind that move.
   */
  readonly ignored?: readonly Property[];
}

/** One replacement in the core's source. */
export interface Patch {
  /** What stands there, once. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
}

/**
 * The core with some text of its source replaced.
 *
 * @throws {RangeError} The source does not have the text, once.
 */
export async function brokenCore(
  source: string,
  patches: readonly Patch[],
): Promise<InstrumentedCore> {
  const broken = patches.reduce((text, { from, to }) => {
    if (text.split(from).length !== 2) {
      throw new RangeError(`Cannot break the core: "${from}" is not in it, or more than once`);
    }
    return text.replace(from, () => to);
  }, source);
  const sources = new Map([["core.ts", broken], ["constants.ts", assemblyConstants()]]);
  return await instrument(await compileCore(sources, "core.ts"));
}

/**
 * Explores a variant.
 *
 * @param shipped The core for variants that leave it whole.
 * @param source The core's source for the others.
 */
export async function exploreVariant(
  variant: Variant,
  shipped: InstrumentedCore,
  source: string,
): Promise<Result> {
  const { patches, change, ignored = [] } = variant;
  const base = scenariosOf(0).find(({ name }) => name === variant.scenario);
  if (base === undefined) {
    throw new RangeError(`Cannot break ${variant.scenario}: no such scenario`);
  }
  const scenario = { ...base, ...change?.(base) };
  const core = patches === undefined ? shipped : await brokenCore(source, patches);
  return explore(scenario, core, { statesMax: STATES_MAX, ignored });
}
