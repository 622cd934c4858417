/**
 * Operations on names: make, remove, move, link.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type Inode, isSymlink } from "../../ext4/inode.ts";
import { RENAME } from "../../protocol.ts";
import type { Caller } from "../caller.ts";
import type { Changes } from "../changes.ts";
import type { Mount } from "../mount.ts";
import { existing, type Location, PATH_BYTES_MAX, takeBytes } from "../path.ts";
import { checkNode, type Permissions } from "../names.ts";
import type { FoundPlace } from "../watches.ts";

/** A path, and the handle of the directory where it begins, or 0. */
export interface Place {
  readonly at: number;
  readonly path: Uint8Array;
}

/** The operations on names. */
export class Naming {
  readonly #mount: Mount;
  readonly #changes: Changes;
  readonly #target = new Uint8Array(PATH_BYTES_MAX + 1);

  /** Works through the mount's directories. */
  constructor(mount: Mount, changes: Changes) {
    this.#mount = mount;
    this.#changes = changes;
  }

  /** Makes a directory. */
  mkdir(place: Place, permissions: Permissions, caller: Caller): number {
    const { names } = this.#mount;
    return this.#make("mkdir", place, caller, (at) => {
      names.mkdir(at, permissions, this.#mount.now(), caller.credential);
    });
  }

  /** Makes a file, a device, a fifo or a socket. */
  mknod(place: Place, node: Permissions & { readonly device: number }, caller: Caller): number {
    const { names } = this.#mount;
    checkNode(node.mode);
    return this.#make("mknod", place, caller, (at) => {
      names.mknod(at, node, this.#mount.now(), caller.credential);
    });
  }

  /** Makes a symbolic link. */
  symlink(target: Uint8Array, place: Place, caller: Caller): number {
    const { names } = this.#mount;
    const text = takeBytes(target);
    return this.#make("symlink", place, caller, (at) => {
      names.symlink(text, at, this.#mount.now(), caller.credential);
    });
  }

  /** Removes an empty directory. */
  rmdir(place: Place, caller: Caller): number {
    const { names } = this.#mount;
    return this.#remove("rmdir", place, caller, (at) => {
      return names.rmdir(at, this.#mount.now(), caller.credential);
    });
  }

  /** Removes a name that is no directory's. */
  unlink(place: Place, caller: Caller): number {
    const { names } = this.#mount;
    return this.#remove("unlink", place, caller, (at) => {
      return names.unlink(at, this.#mount.now(), caller.credential);
    });
  }

  /** Moves a name; flags as `RENAME` has them. */
  rename(source: Place, target: Place, flags: number, caller: Caller): number {
    const mount = this.#mount;
    const all = RENAME.noReplace | RENAME.exchange;
    if ((flags & ~all) !== 0 || flags === all) throw new OsError("EINVAL", `rename: ${flags}`);
    let moved: [Location, Location] | undefined;
    const result = this.#changes.runRemoving("rename", caller, () => {
      const [from, to] = this.#locateMove(source, target, caller);
      moved = [from, to];
      return mount.names.rename(from, to, flags, mount.now(), caller.credential);
    });
    if (moved !== undefined) this.#tellMove(...moved, flags, caller.badge);
    return result;
  }

  /** Gives a file another name; with `follow` the one that a symbolic link leads to. */
  link(source: Place, target: Place, follow: boolean, caller: Caller): number {
    const mount = this.#mount;
    const lastLink = follow ? "follow" : "keep";
    const { at, path } = source;
    const from = existing(mount.locate(at, path, lastLink, caller));
    const result = this.#make("link", target, caller, (place) => {
      const file = existing(mount.locateToChange(at, path, lastLink, caller));
      mount.names.link(file, place, mount.now(), caller.credential);
    });
    mount.news.changed(from.number, caller.badge);
    return result;
  }

  /** Where a symbolic link points; answers the count of bytes. */
  readlink({ at, path }: Place, target: Uint8Array, caller: Caller): number {
    if (target.byteLength === 0) throw new OsError("EINVAL", "readlink into nothing");
    const inode = existing(this.#mount.locate(at, path, "keep", caller));
    const isEmpty = path.byteLength === 0;
    if (!isSymlink(inode)) throw new OsError(isEmpty ? "ENOENT" : "EINVAL", "readlink");
    const byteLength = this.#mount.symlinks.read(inode, this.#target);
    const count = Math.min(byteLength, target.byteLength);
    for (let index = 0; index < count; index++) target[index] = this.#target[index] as number;
    this.#changes.accessed(inode);
    return count;
  }

  /** The path of what stands at a path from the root; answers its bytes. */
  realpath({ at, path }: Place, target: Uint8Array, caller: Caller): number {
    const text = this.#mount.realPath(at, path, caller);
    if (text.length > target.byteLength) throw new OsError("ERANGE", "realpath");
    for (let index = 0; index < text.length; index++) target[index] = text.charCodeAt(index);
    return text.length;
  }

  /** Both ends of a move, after clients have given back what they hold of what stands there. */
  #locateMove(source: Place, target: Place, caller: Caller): [Location, Location] {
    const { coherence } = this.#mount;
    const locate = ({ at, path }: Place) => this.#mount.locate(at, path, "name", caller);
    const from = locate(source);
    const to = locate(target);
    let isOld = false;
    for (const { inode } of [from, to]) {
      if (inode !== undefined && coherence.change(inode.number, caller.badge)) isOld = true;
    }
    return isOld ? [locate(source), locate(target)] : [from, to];
  }

  #make(
    step: "mkdir" | "mknod" | "symlink" | "link",
    { at, path }: Place,
    caller: Caller,
    make: (place: Location) => void,
  ): number {
    const { news } = this.#mount;
    let place: Location | undefined;
    if (this.#mount.isReadOnly && this.#mount.locate(at, path, "name", caller).inode) {
      throw new OsError("EEXIST", step);
    }
    const result = this.#changes.run(step, caller, () => {
      place = this.#mount.locate(at, path, "name", caller);
      make(place);
      return 0;
    });
    if (place !== undefined) news.renamed(place.directoryNumber, place.name, caller.badge);
    return result;
  }

  #remove(
    step: "unlink" | "rmdir",
    { at, path }: Place,
    caller: Caller,
    remove: (place: Location) => Inode,
  ): number {
    const { news } = this.#mount;
    let place: Location | undefined;
    const result = this.#changes.runRemoving(step, caller, () => {
      place = this.#mount.locateToChange(at, path, "name", caller);
      return remove(place);
    });
    if (place?.inode !== undefined) {
      news.renamed(place.directoryNumber, place.name, caller.badge);
      news.removed(place.inode.number, caller.badge);
    }
    return result;
  }

  #tellMove(from: Location, to: Location, flags: number, badge: number): void {
    const { news } = this.#mount;
    const [source, target] = [placeOf(from), placeOf(to)];
    news.renamed(source.directory, source.name, badge);
    news.renamed(target.directory, target.name, badge);
    if (from.inode !== undefined) news.moved(from.inode.number, target, badge);
    if (to.inode === undefined) return;
    if (flags === RENAME.exchange) news.moved(to.inode.number, source, badge);
    else news.removed(to.inode.number, badge);
  }
}

function placeOf({ directoryNumber, name }: Location): FoundPlace {
  return { directory: directoryNumber, name };
}
