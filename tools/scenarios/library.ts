/**
 * The scenarios, in the order in which they are listed and run.
 *
 * @module
 */

import { copyTree, copyTreeUnderFire } from "./copy_tree.ts";
import { escapeAttempt } from "./escape_attempt.ts";
import type { Scenario } from "./scenario.ts";

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [copyTree, copyTreeUnderFire, escapeAttempt];
