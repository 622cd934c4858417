/**
 * The scenarios, in the order in which they are listed and run.
 *
 * @module
 */

import { copyTree, copyTreeUnderFire } from "./copy_tree.ts";
import { escapeAttempt } from "./escape_attempt.ts";
import { hang } from "./hang.ts";
import { hostileClient } from "./hostile_client.ts";
import { killEachServer } from "./kill_each_server.ts";
import { manyClients } from "./many_clients.ts";
import { poison } from "./poison.ts";
import { nbdUnderFire } from "./nbd_under_fire.ts";
import { sqliteUnderFire } from "./sqlite_under_fire.ts";
import { gitUnderFire } from "./git_under_fire.ts";
import { bringYourOwnServer } from "./bring_your_own_server.ts";
import { liveUpgrade } from "./live_upgrade.ts";
import { mountUnderFire } from "./mount_under_fire.ts";
import { powerCut } from "./power_cut.ts";
import { diskErrors } from "./disk_errors.ts";
import { fullDisk } from "./full_disk.ts";
import type { Scenario } from "./scenario.ts";
import { slowServer } from "./slow_server.ts";
import { zombie } from "./zombie.ts";

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  copyTree,
  copyTreeUnderFire,
  killEachServer,
  hang,
  zombie,
  poison,
  slowServer,
  manyClients,
  hostileClient,
  escapeAttempt,
  nbdUnderFire,
  sqliteUnderFire,
  gitUnderFire,
  bringYourOwnServer,
  liveUpgrade,
  mountUnderFire,
  powerCut,
  diskErrors,
  fullDisk,
];

/** The one that is meant by who names faults and no scenario. */
export const FAULT_SCENARIO = "kill-each-server";
