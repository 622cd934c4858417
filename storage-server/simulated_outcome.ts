/**
 * How a simulated action may end: by the death of its incarnation, or by an error.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** The death of an incarnation, thrown out of a death point. */
export class Death extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "Death";
}

/** The code of the error that an action fails with. */
export function codeOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    return error.code;
  }
}
