/**
 * Asks Linux to unmount, and waits until the servers have ended.
 *
 * @module
 */

import { FUSER, FUSERMOUNT, PS, UMOUNT } from "./command.ts";

/** Between two looks whether the servers have ended. */
const LOOK_MS = 20;

/** How an attempt to unmount ended. */
export type Unmounted =
  | { readonly kind: "done" }
  | { readonly kind: "busy" }
  | { readonly kind: "refused"; readonly why: string };

/** Unmounts a directory: by `fusermount3`, which everyone may ask, or by `umount` where root has no other. */
export function unmount(
  directory: string,
  { isLazy, isRoot }: { readonly isLazy: boolean; readonly isRoot: boolean },
): Unmounted {
  // A name that begins with a dash is none here: the path is absolute.
  const asked = run(FUSERMOUNT, ["-u", ...isLazy ? ["-z"] : [], directory]) ??
    (isRoot ? run(UMOUNT, [...isLazy ? ["-l"] : [], directory]) : undefined);
  if (asked === undefined) {
    return { kind: "refused", why: "fusermount3 is missing; `apt install fuse3` brings it" };
  }
  if (asked.success) return { kind: "done" };
  if (/\bbusy\b/i.test(asked.said)) return { kind: "busy" };
  return { kind: "refused", why: asked.said.replaceAll("\n", "; ") };
}

/** The processes that use a mount, a line each, if `fuser` is there and sees them. */
export function usersOf(directory: string): string {
  const found = run(FUSER, ["-m", directory]);
  // The numbers alone are on its standard output.
  const pids = found?.output.match(/\d+/g) ?? [];
  if (pids.length === 0) return "";
  const named = run(PS, ["-o", "pid=,user=,comm=", "-p", pids.join(",")]);
  return named?.output.trimEnd() || pids.join("\n");
}

/**
 * Waits until nobody has an image open any more: its driver, and the process around it, hold a lock
 * on it for as long as they live.
 *
 * @returns Whether that can be told: whoever may not read the image cannot tell.
 */
export async function imageIsFree(image: string, onWait: () => void): Promise<boolean> {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(image);
  } catch {
    return false;
  }
  using open = file;
  while (!open.tryLockSync(true)) {
    onWait();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true; // Closing it lets go of the lock.
}

interface Ran {
  readonly success: boolean;
  /** What it said on its standard output. */
  readonly output: string;
  /** What it complained of. */
  readonly said: string;
}

function run(program: string, args: readonly string[]): Ran | undefined {
  const environment = { env: { LC_ALL: "C" }, stdin: "null" } as const;
  const command = new Deno.Command(program, { args: [...args], ...environment });
  try {
    const { success, stdout, stderr } = command.outputSync();
    const decoder = new TextDecoder();
    return { success, output: decoder.decode(stdout), said: decoder.decode(stderr).trim() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
