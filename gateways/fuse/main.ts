/**
 * The FUSE gateway's domain: mounts a file system of Hako's in the host's directory tree.
 *
 * It uses the endpoint `files`, whose server's own user must be root. Keep: `mount` (64 KiB). Windows:
 * `requests` (some times 1 MiB and 4 KiB), `places` (64 KiB, and room for what is known: 128 KiB, or
 * more for pages), and `changes` (64 KiB) if others use the files as well. Options: see {@linkcode FuseOptions}. It needs permission to call the C library, and
 * nothing else. It reports `{ mounted: DIRECTORY }` when programs can use it, and
 * `{ unmounted: DIRECTORY }` when somebody else has unmounted it.
 *
 * @module
 */

import { FileSystem } from "@hako/fs-server";
import { nextTurn, OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { divideWindow } from "./ask.ts";
import { Credentials } from "./credentials.ts";
import type { DeathPoint } from "./death_points.ts";
import { type FuseDevice, openLibc, release } from "./device/mod.ts";
import { Files } from "./files.ts";
import { Flushing } from "./flushing.ts";
import { type Gateway, Rules } from "./gateway.ts";
import { HeldHandles } from "./held_handles.ts";
import { Invalidation } from "./invalidation.ts";
import { Known } from "./known.ts";
import { Line } from "./line.ts";
import { LockOwners } from "./lock_owners.ts";
import { LockWaits } from "./lock_waits.ts";
import { MOUNT_STATE, MountKeep } from "./mount_keep.ts";
import { mountAnew, takeDevice } from "./mounting.ts";
import { NodePaths } from "./node_paths.ts";
import { readOptions } from "./options.ts";
import { Pages } from "./pages.ts";
import { Posted } from "./posted.ts";
import { raiseReadAhead } from "./read_ahead.ts";
import { Serving } from "./serving.ts";
import { beginSession } from "./session.ts";
import { takeOver } from "./taking_over.ts";
import { Unanswered } from "./unanswered.ts";
import { unmountInOrder } from "./unmounting.ts";
import { FuseNotification, INIT, INIT2 } from "./wire/mod.ts";

const domain = await enter();
const options = readOptions(domain.options);
const { directory } = options;
const nowMs = () => performance.now();
const libc = openOrFail();
const keep = new MountKeep(domain.keep("mount"));
const client = domain.connect(FileSystem, "files");

if (keep.state === MOUNT_STATE.ended) domain.report({ unmounted: directory });
else await serve();

function openOrFail() {
  try {
    return openLibc(options.libc);
  } catch (error) {
    if (error instanceof OsError) domain.fail(error.code, error.message);
    throw error;
  }
}

/** The device: of a mount that is there, or of a new one. */
async function deviceOf(): Promise<FuseDevice> {
  const point = (name: DeathPoint) => domain.point(name);
  const mounting = { libc, keep, options, point, turn: nextTurn };
  try {
    return keep.state === MOUNT_STATE.mounted ? takeDevice(mounting) : await mountAnew(mounting);
  } catch (error) {
    if (error instanceof OsError) domain.fail(error.code, error.message);
    throw error;
  }
}

/** From now on what is open is there for the next life. */
function keepOpenOrFail(): void {
  try {
    client.callSync("keepOpen", { on: true });
  } catch (error) {
    if (error instanceof OsError) domain.fail(error.code, `use the files: ${error.message}`);
    throw error;
  }
}

async function serve(): Promise<void> {
  const isInherited = keep.state === MOUNT_STATE.mounted;
  keepOpenOrFail();
  const device = await deviceOf();
  const { gateway, serving, line, unanswered } = assemble(device);
  if (isInherited) takeOver({ line, gateway, serving, unanswered });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let isHalting = false;
  domain.onHalt(() => {
    isHalting = true;
    const { connection } = keep.mount;
    const isOver = () => line.state !== "open";
    if (!isOver()) unmountInOrder({ libc, directory, connection, isOver, turn: nextTurn, nowMs });
    return ended;
  });
  while (serving.slice() === "open") await nextTurn();
  if (line.state === "taken") return; // A successor serves.
  keep.ended();
  release(libc, keep.mount);
  device.close();
  end();
  if (!isHalting) domain.report({ unmounted: directory });
}

/** Puts one life together. */
function assemble(device: FuseDevice) {
  const unanswered = new Unanswered(keep.unanswered);
  const line = new Line(device, unanswered, domain);
  const files = new Files(client, keep, domain);
  const places = domain.window("places");
  const paths = new NodePaths(places);
  const cache = beginSession(client, places);
  const owners = new LockOwners(keep.lockOwners);
  const waits = new LockWaits(files, owners, (asked, reply, count) => {
    line.send(asked, reply, count);
  }, nowMs);
  const asks = divideWindow(domain.window("requests"));
  const agree = () => {
    const agreed = keep.agreed;
    if (agreed === undefined) return;
    unanswered.isNeeded = (agreed.flags2 & INIT2.HAS_RESEND) === 0;
    const hasLongSetxattr = (agreed.flags & INIT.SETXATTR_EXT) !== 0;
    for (const { request } of asks) request.hasLongSetxattr = hasLongSetxattr;
  };
  const notification = new FuseNotification();
  const gateway: Gateway = {
    ...{ files, paths, keep, owners, waits },
    rules: new Rules(options),
    credentials: new Credentials(client, paths.nothing, options),
    held: new HeldHandles(keep.heldHandles),
    pages: cache === undefined || !options.directIo
      ? undefined
      : new Pages(cache, client, Date.now),
    known: new Known({
      changes: cache,
      isAlone: options.cache !== "shared",
      requireLife: () => domain.requireLife(),
    }),
    attributesChanged: (inode, generation) => {
      line.tell(notification.source, notification.invalInode(inode, generation, -1, 0));
    },
    agreed: () => {
      agree();
      domain.report({ mounted: directory });
      // When Linux has the answer: in the next turn of the event loop.
      queueMicrotask(() => raiseReadAhead(libc, keep.mount.connection));
    },
  };
  agree();
  const sideWork = [
    ...(options.cache === "shared" ? [invalidation(device)] : []),
    ...(options.readOnly ? [] : [new Flushing(files, nowMs)]),
  ];
  const posted = new Posted(client);
  const serving = new Serving({ line, gateway, posted, asks, sideWork, nowMs });
  return { gateway, serving, line, unanswered };
}

function invalidation(device: FuseDevice): Invalidation {
  const tell = (source: Uint8Array, byteLength: number) => device.notify(source, byteLength);
  return new Invalidation(client, domain.window("changes"), keep, tell);
}
