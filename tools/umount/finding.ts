/**
 * What stands at a directory that is to be unmounted.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import {
  HAKO_TYPE,
  mountAround,
  mountAt,
  type MountEntry,
  mountsBelow,
} from "../mount/mount_table.ts";

/** A mount of ours, or why there is none. */
export type Found =
  | { readonly kind: "ours"; readonly mount: MountEntry; readonly below: readonly MountEntry[] }
  | { readonly kind: "none"; readonly why: string };

/**
 * What is mounted at a directory.
 *
 * @param path As the user wrote it.
 * @param directory The same without symbolic links.
 */
export function findMount(
  table: readonly MountEntry[],
  path: string,
  directory: string,
): Found {
  const mount = mountAt(table, directory);
  if (mount === undefined) {
    const around = mountAround(table, directory);
    const where = around === undefined ? "" : `; it lies in the mount ${around.target}`;
    return { kind: "none", why: `${path} is not mounted${where}` };
  }
  if (mount.fstype !== HAKO_TYPE) {
    const what = `a mount of ${mount.source}, of type ${mount.fstype}, and none of hako mount`;
    return { kind: "none", why: `${path} is ${what}; umount ${path} unmounts it` };
  }
  return { kind: "ours", mount, below: mountsBelow(table, directory) };
}

/** A path without symbolic links, of a directory that may be a dead mount: nothing is asked of it. */
export function withoutLinks(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    try {
      return join(Deno.realPathSync(dirname(path)), basename(path));
    } catch {
      return path; // There is none: it is not mounted.
    }
  }
}
