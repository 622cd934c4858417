/**
 * The program of `hako umount`.
 *
 * @module
 */

import { resolve } from "node:path";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { logDirectory, logPath, type MountEnd, readEnd } from "../mount/mount_log.ts";
import { type MountEntry, readMountTable } from "../mount/mount_table.ts";
import { terminalProgress } from "../terminal/progress.ts";
import { umountCommand } from "./command.ts";
import { findMount, withoutLinks } from "./finding.ts";
import { imageIsFree, unmount, usersOf } from "./unmounting.ts";

await runMain("hako umount", async () => {
  const { arguments: [path], flags } = parseCommand(umountCommand, Deno.args);
  const beganMs = Date.now();
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const table = readMountTable();
  if (table === undefined) {
    return fail("findmnt is missing, which tells what is mounted; it is part of util-linux");
  }
  const written = resolve(place.directory, path!);
  const directory = withoutLinks(written);
  const found = findMount(table, written, directory);
  if (found.kind === "none") return fail(found.why);
  const { mount, below } = found;
  if (below.length > 0 && !flags.lazy) {
    const [first] = below;
    return fail(`${directory} is busy: something is mounted at ${first!.target} in it`);
  }
  const isDead = isDeadMount(directory);
  const unmounted = unmount(directory, { isLazy: flags.lazy, isRoot: Deno.uid() === 0 });
  if (unmounted.kind === "busy") return fail(busy(directory));
  if (unmounted.kind === "refused") return fail(`cannot unmount ${directory}: ${unmounted.why}`);
  const say = (text: string): void => {
    if (!flags.quiet) console.log(text);
  };
  if (isDead) {
    return fail(
      `unmounted ${directory}; but the servers had died before: what was not yet ` +
        `written is lost, hako fs ${mount.source} check tells whether the rest is sound`,
    );
  }
  if (flags.lazy) {
    say(`${directory} is gone; ${mount.source} is free once nobody uses its files any more`);
    return 0;
  }
  return await untilWritten(mount, { isQuiet: flags.quiet, say, beganMs });
});

interface Wait {
  readonly isQuiet: boolean;
  /** Tells the user something. */
  readonly say: (text: string) => void;
  /** When this program began, in milliseconds since 1970. */
  readonly beganMs: number;
}

/** Waits for the servers, and tells how they have ended. */
async function untilWritten(
  { source, target }: MountEntry,
  { isQuiet, say, beganMs }: Wait,
): Promise<number> {
  let isKnown: boolean;
  {
    using progress = terminalProgress({ quiet: isQuiet });
    const startMs = performance.now();
    isKnown = await imageIsFree(source, () => {
      const seconds = Math.floor((performance.now() - startMs) / 1_000);
      progress.update(`${target} is unmounted, writing what is left; seconds:`, seconds, 0);
    });
  }
  if (!isKnown) {
    say(`unmounted ${target}; ${source} cannot be read, so nobody knows when all is written`);
    return 0;
  }
  const end = endOf(target, beganMs);
  if (end === undefined || end.code === 0) {
    say(`unmounted ${target}, and everything is written`);
    return 0;
  }
  return fail(`unmounted ${target}, but: ${end.why ?? `its servers ended with ${end.code}`}`);
}

/**
 * How the log says that the mount has ended. A mount in the foreground has none, and tells itself: what
 * was written before this program began is of an earlier one.
 */
function endOf(directory: string, beganMs: number): MountEnd | undefined {
  try {
    const log = logPath(directory, logDirectory(Deno.env));
    const writtenMs = Deno.statSync(log).mtime?.getTime() ?? 0;
    return writtenMs < beganMs ? undefined : readEnd(Deno.readTextFileSync(log));
  } catch {
    return undefined;
  }
}

/** Whether nobody serves a mount any more. */
function isDeadMount(directory: string): boolean {
  try {
    Deno.statSync(directory);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotConnected;
  }
}

function busy(directory: string): string {
  const users = usersOf(directory);
  const who = users === ""
    ? `a program uses it; as root, fuser -vm ${directory} (of psmisc) tells which`
    : `these programs use it:\n${users}`;
  return `${directory} is busy: ${who}`;
}

function fail(why: string): number {
  console.error(`hako umount: ${why}`);
  return 1;
}
