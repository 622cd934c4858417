/**
 * What is mounted on this host, as findmnt(8) of util-linux tells it: `/proc/self/mountinfo` may be
 * read only by programs of Deno that may do everything.
 *
 * @module
 */

/** The program that tells it. */
export const FINDMNT = "findmnt";

/** The type that Linux shows of mounts of Hako. */
export const HAKO_TYPE = "fuse.hako";

/** One mount. */
export interface MountEntry {
  /** Where: a path without symbolic links in it. */
  readonly target: string;
  /** The device; of a mount of Hako, the image's path. */
  readonly source: string;
  /** The type, such as `"ext4"`. */
  readonly fstype: string;
}

/** All mounts that this process sees, in the order in which they were made; `undefined` without findmnt. */
export function readMountTable(): MountEntry[] | undefined {
  // Without asking anything of what is mounted: a dead mount answers nothing.
  const args = ["--kernel", "--list", "--json", "--nocanonicalize", "--nofsroot"];
  const command = new Deno.Command(FINDMNT, {
    args: [...args, "--output", "TARGET,SOURCE,FSTYPE"],
    ...{ stdin: "null", stderr: "null" },
  });
  try {
    const { success, stdout } = command.outputSync();
    return success ? parseMountTable(new TextDecoder().decode(stdout)) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The table in what `findmnt --json` writes. */
export function parseMountTable(json: string): MountEntry[] {
  const { filesystems } = JSON.parse(json) as { filesystems: Partial<MountEntry>[] };
  return filesystems.map(({ target, source, fstype }) => ({
    target: target ?? "",
    source: source ?? "",
    fstype: fstype ?? "",
  }));
}

/** What is mounted at a path: the last that was, if several are. */
export function mountAt(table: readonly MountEntry[], path: string): MountEntry | undefined {
  return table.findLast(({ target }) => target === path);
}

/** The mounts that hang below a path. */
export function mountsBelow(table: readonly MountEntry[], path: string): MountEntry[] {
  return table.filter(({ target }) => isBelow(target, path));
}

/** The mount of Hako in which a path lies, but not at its root. */
export function mountAround(table: readonly MountEntry[], path: string): MountEntry | undefined {
  return table.findLast(({ target, fstype }) => fstype === HAKO_TYPE && isBelow(path, target));
}

/** Whether a path lies below another one, and is not that one. */
export function isBelow(path: string, directory: string): boolean {
  return path !== directory && path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
