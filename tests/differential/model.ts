/**
 * A small model of a POSIX file system, in memory, as root: what Linux answers, in 300 lines that can
 * be read. It knows nothing of blocks.
 *
 * @module
 */

import { type Action, byteAt, digest, FLAG, type Outcome, SLOT_COUNT } from "./actions.ts";
import type { Played } from "./host.ts";

/** What a kernel says instead of doing it. */
class Refused extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** A path that leads above the root, which on the host is a directory like any other. */
class Escape extends Error {}

interface File {
  readonly type: "file";
  mode: number;
  links: number;
  bytes: Uint8Array;
}
interface Directory {
  readonly type: "directory";
  mode: number;
  readonly names: Map<string, Node>;
  parent: Directory;
  isRemoved: boolean;
}
interface Link {
  readonly type: "symlink";
  readonly mode: number;
  links: number;
  readonly text: string;
}
type Node = File | Directory | Link;

/** Where a path leads: the directory of its last name, and what stands there. */
interface Place {
  readonly directory: Directory;
  /** Nothing if the path ends at the root, in `.` or in `..`. */
  readonly name: string | undefined;
  readonly last: "name" | "." | ".." | "root";
  readonly node: Node | undefined;
  /** Whether a slash stands behind the last name. */
  readonly hasSlash: boolean;
}

interface Open {
  readonly node: File | Directory;
  readonly flags: number;
}

const LINKS_FOLLOWED_MAX = 40;
const NAME_BYTES_MAX = 255;
const PATH_BYTES_MAX = 4095;
const encoder = new TextEncoder();

/** The model. */
export class Model {
  readonly #root: Directory = newDirectory(0o755);
  readonly #slots: (Open | undefined)[] = Array.from({ length: SLOT_COUNT });

  /** Plays actions from an empty directory, and leaves out those whose paths lead above the root. */
  static play(actions: readonly Action[]): Played & { readonly played: readonly Action[] } {
    const model = new Model();
    const outcomes: Outcome[] = [];
    const played: Action[] = [];
    for (const action of actions) {
      try {
        outcomes.push(model.answer(action));
        played.push(action);
      } catch (error) {
        if (!(error instanceof Escape)) throw error;
      }
    }
    const tree: Outcome[] = [];
    walk(model.#root, "", tree);
    return { outcomes, tree, played };
  }

  /** Does one action. */
  answer(action: Action): Outcome {
    try {
      return this.#act(action);
    } catch (error) {
      if (error instanceof Refused) return error.code;
      throw error;
    }
  }

  #act(action: Action): Outcome {
    switch (action.op) {
      case "open": {
        const node = this.#open(action.path, action.flags, action.mode);
        this.#slots[action.slot] = { node, flags: action.flags };
        return 0;
      }
      case "close":
        this.#at(action.slot);
        this.#slots[action.slot] = undefined;
        return 0;
      case "fsync":
        this.#at(action.slot);
        return 0;
      case "fstat":
        return told(this.#at(action.slot).node);
      case "read":
        return this.#read(this.#at(action.slot), action.offset, action.length);
      case "write":
        return this.#write(this.#at(action.slot), action);
      case "ftruncate":
        return this.#cut(this.#at(action.slot), action.size);
      case "truncate":
        return this.#cut({ node: this.#open(action.path, 1, 0), flags: 1 }, action.size);
      case "mkdir":
        return this.#mkdir(action.path, action.mode);
      case "rmdir":
        return this.#rmdir(action.path);
      case "unlink":
        return this.#unlink(action.path);
      case "stat":
        return told(existing(this.#find(action.path, true)));
      case "lstat":
        return told(existing(this.#find(action.path, false)));
      case "readlink": {
        const node = existing(this.#find(action.path, false));
        if (node.type !== "symlink") throw new Refused("EINVAL");
        return node.text;
      }
      case "readdir": {
        const node = existing(this.#find(action.path, true));
        if (node.type !== "directory") throw new Refused("ENOTDIR");
        return [...node.names.keys()].sort();
      }
      case "rename":
        return this.#rename(action.source, action.target);
      case "link":
        return this.#link(action.source, action.target);
      case "symlink":
        return this.#symlink(action.text, action.path);
      case "chmod": {
        const node = existing(this.#find(action.path, true)) as File | Directory;
        node.mode = action.mode;
        return 0;
      }
      case "utimes":
        existing(this.#find(action.path, true));
        return [action.atime, action.mtime];
    }
  }

  #at(slot: number): Open {
    const open = this.#slots[slot];
    if (open === undefined) throw new Refused("EBADF");
    return open;
  }

  #open(path: string, flags: number, mode: number): File | Directory {
    const creates = (flags & FLAG.create) !== 0;
    const isExclusive = creates && (flags & FLAG.exclusive) !== 0;
    const follows = !isExclusive && (flags & FLAG.noFollow) === 0;
    const place = this.#find(path, follows, creates ? "create" : "node");
    let { node } = place;
    if (node === undefined) {
      if (!creates) throw new Refused("ENOENT");
      requireAlive(place.directory);
      node = { type: "file", mode, links: 1, bytes: new Uint8Array(0) };
      place.directory.names.set(place.name!, node);
      return node;
    }
    if (isExclusive) throw new Refused("EEXIST");
    if (node.type === "symlink") {
      throw new Refused((flags & FLAG.directory) !== 0 ? "ENOTDIR" : "ELOOP");
    }
    const isWrite = (flags & 3) !== 0 || (flags & FLAG.truncate) !== 0;
    if (node.type === "directory") {
      if (isWrite || creates) throw new Refused("EISDIR");
      return node;
    }
    if ((flags & FLAG.directory) !== 0) throw new Refused("ENOTDIR");
    if ((flags & FLAG.truncate) !== 0) node.bytes = new Uint8Array(0);
    return node;
  }

  #read({ node, flags }: Open, offset: number, length: number): Outcome {
    if ((flags & 3) === FLAG.writeOnly) throw new Refused("EBADF");
    if (node.type === "directory") throw new Refused("EISDIR");
    const bytes = node.bytes.subarray(offset, offset + length);
    return [bytes.byteLength, digest(bytes)];
  }

  #write({ node, flags }: Open, action: Action & { op: "write" }): number {
    if ((flags & 3) === 0 || node.type === "directory") throw new Refused("EBADF");
    const offset = (flags & FLAG.append) !== 0 ? node.bytes.byteLength : action.offset;
    const end = offset + action.length;
    if (end > node.bytes.byteLength) node.bytes = resized(node.bytes, end);
    for (let index = 0; index < action.length; index++) {
      node.bytes[offset + index] = byteAt(action.seed, index);
    }
    return action.length;
  }

  #cut({ node, flags }: Open, size: number): number {
    if ((flags & 3) === 0 || node.type === "directory") throw new Refused("EINVAL");
    node.bytes = resized(node.bytes, size);
    return 0;
  }

  #mkdir(path: string, mode: number): number {
    const place = this.#find(path, false, "name");
    if (place.node !== undefined) throw new Refused("EEXIST");
    requireAlive(place.directory);
    const made = newDirectory(mode);
    made.parent = place.directory;
    place.directory.names.set(place.name!, made);
    return 0;
  }

  #rmdir(path: string): number {
    const { last, node, name, directory } = this.#find(path, false, "name");
    if (last === ".") throw new Refused("EINVAL");
    if (last === "..") throw new Refused("ENOTEMPTY");
    if (last === "root") throw new Refused("EBUSY");
    if (node === undefined) throw new Refused("ENOENT");
    if (node.type !== "directory") throw new Refused("ENOTDIR");
    if (node.names.size > 0) throw new Refused("ENOTEMPTY");
    directory.names.delete(name!);
    node.isRemoved = true;
    return 0;
  }

  #unlink(path: string): number {
    const { last, node, name, directory, hasSlash } = this.#find(path, false, "name");
    if (last !== "name") throw new Refused("EISDIR");
    if (node === undefined) throw new Refused("ENOENT");
    if (hasSlash) throw new Refused(node.type === "directory" ? "EISDIR" : "ENOTDIR");
    if (node.type === "directory") throw new Refused("EISDIR");
    directory.names.delete(name!);
    node.links--;
    return 0;
  }

  #link(source: string, target: string): number {
    const node = existing(this.#find(source, false));
    const place = this.#find(target, false, "name");
    if (place.node !== undefined) throw new Refused("EEXIST");
    if (place.hasSlash) throw new Refused("ENOENT");
    requireAlive(place.directory);
    if (node.type === "directory") throw new Refused("EPERM");
    node.links++;
    place.directory.names.set(place.name!, node);
    return 0;
  }

  #symlink(text: string, path: string): number {
    if (text === "") throw new Refused("ENOENT");
    const place = this.#find(path, false, "name");
    if (place.node !== undefined) throw new Refused("EEXIST");
    if (place.hasSlash) throw new Refused("ENOENT");
    requireAlive(place.directory);
    place.directory.names.set(place.name!, { type: "symlink", mode: 0o777, links: 1, text });
    return 0;
  }

  #rename(source: string, target: string): number {
    const from = this.#find(source, false, "name");
    const to = this.#find(target, false, "name");
    if (from.last !== "name" || to.last !== "name") throw new Refused("EBUSY");
    const moved = existing(from);
    if (moved.type !== "directory" && (from.hasSlash || to.hasSlash)) throw new Refused("ENOTDIR");
    if (moved.type === "directory" && isWithin(to.directory, moved)) throw new Refused("EINVAL");
    const over = to.node;
    if (over?.type === "directory" && isWithin(from.directory, over)) {
      throw new Refused("ENOTEMPTY");
    }
    requireAlive(to.directory);
    if (over === moved) return 0;
    if (over !== undefined) {
      if (moved.type === "directory" && over.type !== "directory") throw new Refused("ENOTDIR");
      if (moved.type !== "directory" && over.type === "directory") throw new Refused("EISDIR");
      if (over.type === "directory") {
        if (over.names.size > 0) throw new Refused("ENOTEMPTY");
        over.isRemoved = true;
      } else {
        over.links--;
      }
    }
    from.directory.names.delete(from.name!);
    to.directory.names.set(to.name!, moved);
    if (moved.type === "directory") moved.parent = to.directory;
    return 0;
  }

  /**
   * Where a path leads. With `purpose` "name" the last name itself is meant, even with a slash behind
   * it; else a slash asks for a directory, through a symbolic link if need be, which nobody can create.
   */
  #find(path: string, follows: boolean, purpose: "node" | "name" | "create" = "node"): Place {
    if (encoder.encode(path).byteLength > PATH_BYTES_MAX) throw new Refused("ENAMETOOLONG");
    let directory = this.#root;
    let rest = path;
    for (let links = 0;;) {
      rest = rest.replace(/^\/+/, "");
      if (rest === "") return { ...endsIn(directory), last: "root" };
      const [, name, after] = /^([^/]+)(.*)$/s.exec(rest)! as unknown as [string, string, string];
      if (encoder.encode(name).byteLength > NAME_BYTES_MAX) throw new Refused("ENAMETOOLONG");
      const isLast = /^\/*$/.test(after);
      const hasSlash = isLast && after !== "";
      if (name === "." || name === "..") {
        if (name === ".." && directory === this.#root) throw new Escape();
        if (name === "..") directory = directory.parent;
        if (isLast) return { ...endsIn(directory), last: name };
        rest = after;
        continue;
      }
      if (hasSlash && purpose === "create") throw new Refused("EISDIR");
      const node = directory.names.get(name);
      const mustFollow = !isLast || (purpose !== "name" && (follows || hasSlash));
      if (node?.type === "symlink" && mustFollow) {
        if (++links > LINKS_FOLLOWED_MAX) throw new Refused("ELOOP");
        rest = node.text + after;
        if (rest.startsWith("/")) directory = this.#root;
        continue;
      }
      if (isLast) {
        const isWrong = hasSlash && purpose !== "name" && node !== undefined &&
          node.type !== "directory";
        if (isWrong) throw new Refused("ENOTDIR");
        return { directory, name, last: "name", node, hasSlash };
      }
      if (node === undefined) throw new Refused("ENOENT");
      if (node.type !== "directory") throw new Refused("ENOTDIR");
      directory = node;
      rest = after;
    }
  }
}

function endsIn(directory: Directory): Omit<Place, "last"> {
  return { directory, name: undefined, node: directory, hasSlash: false };
}

function newDirectory(mode: number): Directory {
  const made: Omit<Directory, "parent"> & { parent?: Directory } = {
    type: "directory",
    mode,
    names: new Map(),
    isRemoved: false,
  };
  made.parent = made as Directory;
  return made as Directory;
}

function existing({ node }: Place): Node {
  if (node === undefined) throw new Refused("ENOENT");
  return node;
}

function requireAlive(directory: Directory): void {
  if (directory.isRemoved) throw new Refused("ENOENT");
}

function isWithin(directory: Directory, above: Directory): boolean {
  for (let at = directory;; at = at.parent) {
    if (at === above) return true;
    if (at.parent === at) return false;
  }
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const made = new Uint8Array(size);
  made.set(bytes.subarray(0, size));
  return made;
}

function told(node: Node): readonly Outcome[] {
  if (node.type === "directory") return ["directory", node.mode];
  const size = node.type === "file" ? node.bytes.byteLength : encoder.encode(node.text).byteLength;
  return [node.type, node.mode, node.links, size];
}

function walk(node: Node, path: string, tree: Outcome[]): void {
  const row: Outcome[] = [path, ...told(node)];
  if (node.type === "symlink") row.push(node.text);
  if (node.type === "file") row.push(digest(node.bytes));
  tree.push(row);
  if (node.type !== "directory") return;
  for (const name of [...node.names.keys()].sort()) {
    walk(node.names.get(name)!, `${path}/${name}`, tree);
  }
}
