/**
 * Handles: the numbers by which a domain names its capabilities.
 *
 * A handle says which row of the kernel's table, and the serial that the row must have. It is no
 * secret: the kernel looks at who asks. The serial is one counter for all rows, so that no handle comes
 * twice in a boot; it has 41 bits, enough for a hundred thousand capabilities a second for eight
 * months. At its end the kernel refuses new capabilities rather than give one number to two.
 *
 * @module
 */

import { CAPABILITIES_MAX } from "./limits.ts";

/** A number that names a capability to the kernel: `index + serial * 4096`, a safe integer. */
export type Handle = number;

/** The last serial: that of the largest safe integer. */
export const SERIAL_MAX: number = 2 ** 53 / CAPABILITIES_MAX - 1;

/** The handle of a row. */
export function handleOf(index: number, serial: number): Handle {
  return index + serial * CAPABILITIES_MAX;
}

/** The row that a handle names. */
export function indexOf(handle: Handle): number {
  return handle % CAPABILITIES_MAX;
}

/** The serial that the row must have. */
export function serialOf(handle: Handle): number {
  return Math.floor(handle / CAPABILITIES_MAX);
}
