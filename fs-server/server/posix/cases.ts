/**
 * What POSIX and Linux make of every call, case by case: see `steps.ts` for the form. Each case
 * begins in an empty file system. All of it was copied from what Linux's ext4 answers, and a test
 * asks the host again.
 *
 * Steps: `umask 022` holds for what is made from then on; `as root` or `as uid,gid,group...` say on whose authority the next ones are done. A path
 * `@h:x` begins at the handle h, `%e` is an empty word or answer, `{ab*300}` is repeated. A step
 * without an answer answers 0.
 *
 * @module
 */

import { DATA_CASES } from "./cases/data.ts";
import { LIST_CASES } from "./cases/lists.ts";
import { NAMING_CASES } from "./cases/naming.ts";
import { OPENING_CASES } from "./cases/opening.ts";
import { RIGHTS_CASES } from "./cases/rights.ts";

/** The cases by name. */
export const CASES: Readonly<Record<string, string>> = {
  ...OPENING_CASES,
  ...NAMING_CASES,
  ...DATA_CASES,
  ...RIGHTS_CASES,
  ...LIST_CASES,
};
