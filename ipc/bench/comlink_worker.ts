/**
 * The thread that answers in `comlink.ts`.
 *
 * @module
 */

import { expose } from "comlink";

const adding = { add: (a: number, b: number): number => a + b };

/** What is exposed. */
export type Adding = typeof adding;

expose(adding);
