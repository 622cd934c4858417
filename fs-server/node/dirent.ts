/**
 * Names of a directory and what they name, in Node's class.
 *
 * @module
 */

import { ENTRY_TYPE } from "../ext4/layouts/dir_entry.ts";
import type { ListedName, PathBytes } from "./calls.ts";
import { constants } from "./constants.ts";
import { type Context, joinPath } from "./context.ts";
import { answerType, type FileType } from "./stats.ts";

/** Type bits of a mode by `ENTRY_TYPE`. */
const MODES: readonly number[] = (() => {
  const { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } = constants;
  return [0, S_IFREG, S_IFDIR, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK];
})();

const modes = new WeakMap<object, number>();

/** A name in a directory. The questions of {@linkcode FileType} are answered too. */
export class Dirent<Name extends string | Uint8Array = string> {
  /** The name. */
  name: Name;
  /** The directory, as it was named. */
  parentPath: string;

  /** A name, the directory and the type bits of a mode. */
  constructor(name: Name, parentPath: string, mode: number) {
    this.name = name;
    this.parentPath = parentPath;
    modes.set(this, mode);
  }
}

/** The questions of a file's type. */
export interface Dirent<Name extends string | Uint8Array = string> extends FileType {}

answerType(Dirent.prototype, (dirent) => modes.get(dirent) ?? 0);

/** The type bits of what a name names; it is looked at where the directory does not say. */
export function modeOfName(context: Context, directory: PathBytes, listed: ListedName): number {
  if (listed.type !== ENTRY_TYPE.unknown) return MODES[listed.type] ?? 0;
  const info = context.calls.attributes(joinPath(directory, listed.nameBytes), false);
  return info.mode & constants.S_IFMT;
}
