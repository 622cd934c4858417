/**
 * The scenarios, in the order in which they are listed and run.
 *
 * @module
 */

import { copyTree, copyTreeUnderFire } from "./copy_tree.ts";
import { escapeAttempt } from "./escape_attempt.ts";
import { killEachServer } from "./kill_each_server.ts";
import type { Scenario } from "./scenario.ts";

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  copyTree,
  copyTreeUnderFire,
  killEachServer,
  escapeAttempt,
];

/** The one that is meant by who names faults and no scenario. */
export const FAULT_SCENARIO = "kill-each-server";
