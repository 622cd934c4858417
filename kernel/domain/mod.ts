/**
 * The runtime inside every domain: {@linkcode enter} gives a worker its world.
 *
 * @module
 */

export type { Domain } from "./domain.ts";
export { enter } from "./enter.ts";
