/**
 * What came of an attempt, as a value that can be told to the test.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** What `act` returns, or the name of the error that it was refused with. */
export function outcomeOf<T>(act: () => T): T | string {
  try {
    return act();
  } catch (error) {
    if (error instanceof OsError) return error.code;
    throw error;
  }
}
