/**
 * What the kernel's tables look like.
 *
 * @module
 */

import { bool, f64, oneOf, u32, utf8 } from "@hako/ipc";
import {
  ANSWERED_FIELDS,
  CAPABILITIES_MAX,
  CAPABILITY_FIELDS,
  OWNERS_MAX,
} from "../capabilities/mod.ts";
import { keepBytes, record, table } from "../keeps/schema.ts";
import {
  CONNECTIONS_MAX,
  DEATHS_KEPT_MAX,
  DOMAINS_MAX,
  SEGMENTS_MAX,
  SUSPECTS_MAX,
  ZOMBIES_MAX,
} from "../limits.ts";
import type { DomainState } from "../system_status.ts";

const STATES = [
  "waiting",
  "starting",
  "ready",
  "fencing",
  "backing-off",
  "finished",
  "gave-up",
  "halted",
] as const satisfies readonly DomainState[];

/** The longest URL of a module that a domain may be upgraded to. */
export const MODULE_BYTES_MAX = 1024;

/** Bytes of a reason that are kept. */
const WHY_BYTES_MAX = 240;

/** @internal */
export const SYSTEM_FIELDS = {
  isBooted: bool,
  bootCall: u32, // The program's call that waits for the boot; 0 if it was answered.
  haltCall: u32,
  isHalting: bool,
  stopWhy: utf8(WHY_BYTES_MAX), // Why the system stops by itself; empty if it does not.
  lastObject: u32, // Memories, badges and deaths are numbered from 1; no number comes twice.
  lastBadge: u32,
  lastDeath: u32,
  lastSuspect: u32,
};

/** @internal */
export const DOMAIN_FIELDS = {
  epoch: u32, // The number of the present life; 0 before the first.
  slotEpoch: u32, // That in the slots of the channels it serves: of the next life while fenced.
  state: oneOf(...STATES),
  deaths: u32,
  failedStarts: u32, // Deaths since it last served.
  isGone: bool, // Told by the machine: the worker is gone whatever its boot memory says.
  isAgain: bool, // The next life was asked for after the last had finished: it is no restart.
  boot: u32, // Numbers of memories.
  bell: u32,
  log: u32,
  trace: u32,
  startedAtMs: f64,
  fencedAtMs: f64,
  notBeforeMs: f64, // When a domain that backs off may start.
  haltingSinceMs: f64, // 0 unless it was asked to halt.
  escalatedAtMs: f64, // When its callers were last restarted with it.
  lastCall: u32, // The program's last call that acted on this domain.
  upgradeCall: u32, // The program's call that waits for the new module to serve.
  module: utf8(MODULE_BYTES_MAX), // What it was upgraded to; empty for the manifest's.
  moduleBefore: utf8(MODULE_BYTES_MAX),
  why: utf8(WHY_BYTES_MAX), // Why it died last.
};

/** @internal */
export const CONNECTION_FIELDS = {
  badge: u32,
  client: u32, // Numbers of domains; 0 is the program.
  server: u32,
  endpoint: utf8(64),
  index: u32, // The connection's number at the server's doorbell.
  channel: u32, // Numbers of memories.
  answers: u32,
  call: u32, // The program's call that made it.
  operations: utf8(WHY_BYTES_MAX), // The codes that its client may use; empty for all.
};

/** @internal */
export const SEGMENT_FIELDS = {
  object: u32, // The number of its memory, and its own as a window.
  owner: u32,
  kind: oneOf("keep", "window", "retired"),
  name: utf8(64),
  call: u32, // The program's call that made it.
};

/** @internal */
export const DEATH_FIELDS = { domain: u32, atMs: f64, isCounted: bool };

/** @internal */
export const SUSPECT_FIELDS = {
  badge: u32,
  sequence: u32,
  tries: u32, // Incarnations that died in its handler.
  isPoisoned: bool,
};

/** @internal */
export const ZOMBIE_FIELDS = { domain: u32, epoch: u32, boot: u32 };

/** @internal */
export const SCHEMA = {
  system: record(SYSTEM_FIELDS),
  domains: table(DOMAINS_MAX, DOMAIN_FIELDS), // By the domain's number.
  connections: table(CONNECTIONS_MAX, CONNECTION_FIELDS),
  segments: table(SEGMENTS_MAX, SEGMENT_FIELDS),
  deaths: table(DEATHS_KEPT_MAX, DEATH_FIELDS), // A ring.
  suspects: table(SUSPECTS_MAX, SUSPECT_FIELDS), // A ring.
  zombies: table(ZOMBIES_MAX, ZOMBIE_FIELDS),
  capabilities: table(CAPABILITIES_MAX, CAPABILITY_FIELDS),
  answered: table(OWNERS_MAX, ANSWERED_FIELDS), // The last kernel call of each domain.
};

/** Bytes of the keep that holds the kernel's tables. */
export const TABLES_BYTES: number = keepBytes(SCHEMA);
