/**
 * Trees of files: what is in one, and whether two are the same.
 *
 * @module
 */

import { errorOf } from "../systems/host_error.ts";

/** One entry of a tree on the host. */
export interface HostEntry {
  /** Path below the root of the tree, without a leading slash. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink";
  /** Bytes of a file, else 0. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** Last change of the content, in milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** What a client says of one entry that it wrote or read: enough to tell two trees apart. */
export interface SeenEntry {
  /** Path in the file system. */
  readonly path: string;
  readonly kind: HostEntry["kind"];
  readonly size: number;
  readonly mode: number;
  /** Of the content in hexadecimal; empty for a directory. For a symbolic link, of its target. */
  readonly sha256: string;
}

/** A tree on the host. */
export interface HostTree {
  /** Directories before what is in them. */
  readonly entries: readonly HostEntry[];
  /** Paths of devices, sockets and pipes, which are left out. */
  readonly special: readonly string[];
  /** Bytes of all files. */
  readonly byteLength: number;
}

/**
 * Looks at a tree without reading its files.
 *
 * @param exclude Names in the root that are left out.
 * @throws {OsError} `ENOENT`, `ENOTDIR` or `EACCES` with the path.
 */
export function scanTree(root: string, exclude: readonly string[]): HostTree {
  const entries: HostEntry[] = [];
  const special: string[] = [];
  let byteLength = 0;
  const scan = (directory: string): void => {
    const names = namesIn(directory === "" ? root : `${root}/${directory}`);
    for (const name of names) {
      if (directory === "" && exclude.includes(name)) continue;
      const path = directory === "" ? name : `${directory}/${name}`;
      const entry = lookAt(root, path);
      if (entry === undefined) {
        special.push(path);
        continue;
      }
      entries.push(entry);
      byteLength += entry.size;
      if (entry.kind === "directory") scan(path);
    }
  };
  scan("");
  return { entries, special, byteLength };
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map((entry) => entry.name).sort();
  } catch (error) {
    throw errorOf(error, `read the input directory ${directory}`);
  }
}

function lookAt(root: string, path: string): HostEntry | undefined {
  const info = Deno.lstatSync(`${root}/${path}`);
  const kind = info.isFile
    ? "file"
    : info.isDirectory
    ? "directory"
    : info.isSymlink
    ? "symlink"
    : undefined;
  if (kind === undefined) return undefined;
  const mode = (info.mode ?? 0o644) & 0o7777;
  const mtimeMs = info.mtime?.getTime() ?? 0;
  return { path, kind, size: kind === "file" ? info.size : 0, mode, mtimeMs };
}

/** The differences between two trees, one line each. */
export function differences(
  expected: readonly SeenEntry[],
  actual: readonly SeenEntry[],
): string[] {
  const found: string[] = [];
  const rest = new Map(actual.map((entry) => [entry.path, entry]));
  for (const entry of expected) {
    const twin = rest.get(entry.path);
    rest.delete(entry.path);
    if (twin === undefined) {
      found.push(`${entry.path}: missing`);
      continue;
    }
    for (const field of ["kind", "size", "mode", "sha256"] as const) {
      if (entry[field] === twin[field]) continue;
      found.push(`${entry.path}: ${field} is ${twin[field]}, not ${entry[field]}`);
    }
  }
  for (const path of rest.keys()) found.push(`${path}: nobody wrote it`);
  return found;
}
