/**
 * What clients ask for, and how often: each world has a mix of its own, in which some operations are
 * frequent and others missing. Many narrow worlds find more than as many that are all alike (Groce et
 * al., "Swarm testing", ISSTA 2012).
 *
 * @module
 */

import type { Chance } from "./chance.ts";
import type { OperationName } from "./requests.ts";

/** Operations and their weights. */
export type Mix = readonly (readonly [OperationName, number])[];

const USUAL: Mix = [
  ["read", 26],
  ["write", 26],
  ["transact", 20],
  ["flush", 7],
  ["zero", 5],
  ["trim", 2],
  ["readVector", 6],
  ["writeVector", 6],
  ["extent", 3],
  ["lastTag", 2],
];

/** What changes blocks and may be done twice. */
const REPEATABLE: ReadonlySet<OperationName> = new Set(["write", "writeVector", "zero", "trim"]);

/** Draws a mix; of what changes blocks it has transactions alone if so asked. */
export function drawMix(chance: Chance, onlyTransacts: boolean): Mix {
  const mix = USUAL.map(([operation, weight]) => {
    const factor = chance.pick(operation === "read" ? [1, 3] : [0, 1, 1, 4]);
    return [operation, onlyTransacts && REPEATABLE.has(operation) ? 0 : weight * factor] as const;
  });
  return mix.filter(([, weight]) => weight > 0);
}
