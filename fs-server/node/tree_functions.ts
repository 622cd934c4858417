/**
 * The functions of `node:fs` on directories and all below them.
 *
 * @module
 */

import { encodingIn, optionsOf, type PathLike, pathOf, shown } from "./arguments.ts";
import type { ListedName, PathBytes } from "./calls.ts";
import { constants } from "./constants.ts";
import { type Context, joinPath, locate, told } from "./context.ts";
import { Dirent, modeOfName } from "./dirent.ts";
import { encode, type Encoding } from "./encoding.ts";
import { codeOf, nodeError, refusal, type Subject } from "./errors.ts";

/** How names are answered. */
interface Listing {
  readonly encoding: Encoding | undefined;
  readonly asBuffer: boolean;
  readonly withFileTypes: boolean;
  readonly recursive: boolean;
}

/** What `readdir` answers. */
export type Listed = (string | Uint8Array)[] | Dirent<string | Uint8Array>[];

/** The names in a directory but `.` and `..`; with `recursive` those below too. */
export function readdir(context: Context, path: PathLike, options?: unknown): Listed {
  const given = optionsOf(options);
  const listing: Listing = {
    encoding: encodingIn(given),
    asBuffer: given["encoding"] === "buffer",
    withFileTypes: given["withFileTypes"] === true,
    recursive: given["recursive"] === true,
  };
  const start = pathOf(path);
  const subject = { syscall: "scandir", path: shown(start) };
  const full = locate(context, start, subject);
  const found: (string | Uint8Array | Dirent<string | Uint8Array>)[] = [];
  // Below the start, paths are told from there; a Dirent has the directory as it was named.
  const queue = [{ full, told: shown(start), relative: "" as PathBytes }];
  for (const directory of queue) {
    for (const listed of namesIn(context, directory.full, subject)) {
      const below = joinPath(directory.full, listed.nameBytes);
      const relative = directory.relative.length === 0
        ? listed.nameBytes
        : joinPath(directory.relative, listed.nameBytes);
      const isWanted = listing.recursive || listing.withFileTypes;
      const mode = isWanted ? modeOfName(context, directory.full, listed) : 0;
      if (listing.recursive && mode === constants.S_IFDIR) {
        queue.push({
          full: below,
          told: shown(joinPath(directory.told, shown(listed.nameBytes))),
          relative,
        });
      }
      if (listing.withFileTypes) {
        found.push(new Dirent(told(context, listed.nameBytes, listing), directory.told, mode));
      } else {
        found.push(told(context, bytesOfPath(relative), listing));
      }
    }
  }
  return found as Listed;
}

/** All names in a directory but `.` and `..`. */
export function namesIn(context: Context, full: PathBytes, subject: Subject): ListedName[] {
  try {
    return [...context.calls.list(full)];
  } catch (error) {
    throw nodeError(error, subject);
  }
}

/** Removes a file; with `recursive` a directory and all below; with `force` nothing need be there. */
export function rm(context: Context, path: PathLike, options?: unknown): void {
  const given = optionsOf(options);
  const start = pathOf(path);
  const subject = { syscall: "rm", path: shown(start) };
  const full = locate(context, start, subject);
  try {
    if (!context.calls.attributes(full, false).isDirectory) return context.calls.unlink(full);
    if (given["recursive"] === true) return removeAll(context, full, subject);
  } catch (error) {
    if (given["force"] === true && codeOf(error) === "ENOENT") return;
    throw nodeError(error, { ...subject, syscall: codeOf(error) === "ENOENT" ? "lstat" : "rm" });
  }
  throw refusal("ERR_FS_EISDIR", { ...subject, message: "is a directory" });
}

function removeAll(context: Context, full: PathBytes, subject: Subject): void {
  // Deepest first, and without a call for each level: a tree may be deeper than the stack.
  const made: PathBytes[] = [];
  const queue = [full];
  while (queue.length > 0) {
    const directory = queue.pop()!;
    made.push(directory);
    for (const listed of namesIn(context, directory, { ...subject, syscall: "scandir" })) {
      const below = joinPath(directory, listed.nameBytes);
      if (modeOfName(context, directory, listed) === constants.S_IFDIR) queue.push(below);
      else unlessGone(() => context.calls.unlink(below));
    }
  }
  for (const directory of made.reverse()) unlessGone(() => context.calls.rmdir(directory));
}

/** Somebody else may have been faster. */
function unlessGone(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function bytesOfPath(path: PathBytes): Uint8Array {
  return typeof path === "string" ? encode(path) : path;
}
