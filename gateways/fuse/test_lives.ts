/**
 * Lives of a gateway between a fake Linux and a fake file server.
 *
 * @module
 */

import { Ask } from "./ask.ts";
import { Credentials } from "./credentials.ts";
import { Files } from "./files.ts";
import { type Gateway, Rules } from "./gateway.ts";
import { HeldHandles } from "./held_handles.ts";
import { Known } from "./known.ts";
import { Line } from "./line.ts";
import { LockOwners } from "./lock_owners.ts";
import { LockWaits } from "./lock_waits.ts";
import { MountKeep } from "./mount_keep.ts";
import { NodePaths, PLACES_BYTES } from "./node_paths.ts";
import { readOptions } from "./options.ts";
import { Posted } from "./posted.ts";
import { Serving } from "./serving.ts";
import { takeOver } from "./taking_over.ts";
import { FakeFiles } from "./test_fake_files.ts";
import type { FakeLinux } from "./test_fake_linux.ts";
import { Unanswered } from "./unanswered.ts";
import { BUFFER_BYTES_MIN, INIT2 } from "./wire/mod.ts";

/** A life has ended. */
export class Died extends Error {}

/** Where a life ends: at the n-th visit of a point, counted over all lives. */
export class Deaths {
  /** How often each point was visited. */
  readonly visits: Map<string, number> = new Map();
  readonly #point: string;
  readonly #visit: number;

  /** No death, unless a point is named. */
  constructor(point = "", visit = 0) {
    this.#point = point;
    this.#visit = visit;
  }

  /** Visits a point. */
  readonly visit = (name: string): void => {
    const count = (this.visits.get(name) ?? 0) + 1;
    this.visits.set(name, count);
    if (name === this.#point && count === this.#visit) throw new Died(name);
  };
}

/** All that outlives a gateway. */
export interface World {
  readonly linux: FakeLinux;
  readonly files: FakeFiles;
  readonly keep: Uint8Array;
  readonly deaths: Deaths;
}

/** A world in which nothing has happened. */
export function newWorld(
  linux: FakeLinux,
  deaths: Deaths,
  flags2: number = INIT2.HAS_RESEND,
): World {
  const keep = new Uint8Array(4096);
  new MountKeep(keep).agree(0, flags2);
  return { linux, deaths, keep, files: new FakeFiles() };
}

/** A life of the gateway, from the keep on; it takes over if that is not the first. */
export function live(world: World, isFirst: boolean): void {
  const { linux, deaths } = world;
  const keep = new MountKeep(world.keep);
  const unanswered = new Unanswered(keep.unanswered);
  unanswered.isNeeded = (keep.agreed!.flags2 & INIT2.HAS_RESEND) === 0;
  const line = new Line(linux, unanswered, { isCrowded: false, asleep: (wait) => wait() });
  const client = world.files.client(deaths.visit);
  const files = new Files(client, keep, { point: deaths.visit, requireLife: () => {} });
  const paths = new NodePaths(new Uint8Array(PLACES_BYTES));
  const owners = new LockOwners(keep.lockOwners);
  let now = 0;
  const nowMs = () => now++;
  const waits = new LockWaits(files, owners, (...answer) => line.send(...answer), nowMs);
  const options = readOptions({ directory: "/m" });
  const gateway: Gateway = {
    ...{ files, paths, keep, owners, waits, agreed: () => {}, attributesChanged: () => {} },
    rules: new Rules(options),
    credentials: new Credentials(client, paths.nothing, options),
    held: new HeldHandles(keep.heldHandles),
    pages: undefined,
    known: new Known({ changes: undefined, isAlone: true, requireLife: () => {} }),
  };
  const asks = Array.from({ length: 4 }, () => new Ask(new Uint8Array(BUFFER_BYTES_MIN)));
  const posted = new Posted(client);
  const serving = new Serving({ line, gateway, posted, asks, sideWork: [], nowMs });
  if (!isFirst) takeOver({ line, gateway, serving, unanswered });
  for (let turn = 0; turn < 8; turn++) serving.slice();
}
