/**
 * Operations on what is inside of open files and directories.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { NO_REQUEST } from "../../disk/disk.ts";
import type { RoomBehind } from "../../ext4/dir_list.ts";
import { type Inode, isDirectory, isFile } from "../../ext4/inode.ts";
import { ATTRIBUTES_BYTES } from "../../layouts/attributes.ts";
import { ALLOCATE, OPEN } from "../../protocol.ts";
import { AttributesRecord } from "../attributes_record.ts";
import type { Caller } from "../caller.ts";
import type { Changes } from "../changes.ts";
import type { TransactionStep } from "../death_points.ts";
import type { Mount } from "../mount.ts";
import { modeAfterWrite } from "../permissions.ts";

/** What is written. */
export interface Written {
  readonly offset: number;
  /** At the end, wherever that is. */
  readonly append: boolean;
  readonly source: Uint8Array;
  /** Whether the times of the file stay as they are. */
  readonly keepTimes: boolean;
}

/** What `allocate` is asked for. */
export interface Allocation {
  readonly flags: number;
  readonly offset: number;
  readonly byteLength: number;
}

/** Flags of `allocate` that mean something together. */
const ALLOCATIONS: ReadonlySet<number> = new Set([
  0,
  ALLOCATE.keepSize,
  ALLOCATE.punchHole | ALLOCATE.keepSize,
  ALLOCATE.zeroRange,
  ALLOCATE.zeroRange | ALLOCATE.keepSize,
]);

/** What is told of an inode that cannot be read. */
const NO_ATTRIBUTES = new Uint8Array(ATTRIBUTES_BYTES);

/** The operations on data. */
export class Data {
  readonly #mount: Mount;
  readonly #changes: Changes;
  readonly #record = new AttributesRecord();

  /** Works on the mount's open files. */
  constructor(mount: Mount, changes: Changes) {
    this.#mount = mount;
    this.#changes = changes;
  }

  /** Reads from an open file into a client's window. Hot path. */
  read(handle: number, offset: number, target: Uint8Array, caller: Caller): number {
    const { table, inodes, data, coherence } = this.#mount;
    const index = this.#index(handle, caller);
    const flags = table.flags(index);
    if ((flags & OPEN.accessMask) === OPEN.writeOnly) throw notOpenFor("read");
    const number = table.inode(index);
    coherence.look(number, caller.badge, true);
    const inode = inodes.load(number);
    if (isDirectory(inode)) throw new OsError("EISDIR", "read");
    if (target.byteLength === 0) return 0;
    const count = data.read(inode, offset, target);
    if ((flags & OPEN.noAccessTime) === 0) this.#changes.accessed(inode);
    return count;
  }

  /** Writes from a client's window to an open file. */
  write(handle: number, { offset, append, source, keepTimes }: Written, caller: Caller): number {
    const { table, data, coherence, inodes } = this.#mount;
    const index = this.#index(handle, caller);
    const flags = table.flags(index);
    if ((flags & OPEN.accessMask) === OPEN.readOnly) throw notOpenFor("write");
    if (source.byteLength === 0) return 0;
    coherence.beforeGrowth(source.byteLength);
    return this.#change("write", index, caller, (inode) => {
      const isAppend = append || (flags & OPEN.append) !== 0;
      const count = data.write(inode, isAppend ? inode.size : offset, source);
      if (keepTimes) inodes.store(inode);
      else this.#changes.touch(inode);
      return count;
    });
  }

  /** Makes an open file longer or shorter. */
  truncate(handle: number, size: number, caller: Caller): number {
    const { table } = this.#mount;
    const index = this.#index(handle, caller);
    const access = table.flags(index) & OPEN.accessMask;
    if (access === OPEN.readOnly) throw new OsError("EINVAL", "truncate: not open for writing");
    return this.#change("truncate", index, caller, (inode) => {
      this.#changes.cut(inode, size);
      return 0;
    });
  }

  /** Takes blocks for a range, empties it, or zeroes it: flags as `ALLOCATE` has them. */
  allocate(handle: number, { flags, offset, byteLength }: Allocation, caller: Caller): number {
    const { table, data, coherence } = this.#mount;
    const index = this.#index(handle, caller);
    if (byteLength === 0) throw new OsError("EINVAL", "allocate nothing");
    if (!ALLOCATIONS.has(flags)) throw new OsError("EOPNOTSUPP", `allocate ${flags}`);
    if ((table.flags(index) & OPEN.accessMask) === OPEN.readOnly) throw notOpenFor("allocate");
    coherence.beforeGrowth(byteLength);
    const range = { offset, byteLength, keepSize: (flags & ALLOCATE.keepSize) !== 0 };
    return this.#change("allocate", index, caller, (inode) => {
      if (!isFile(inode)) throw new OsError("ENODEV", "allocate");
      const step = () => {
        if ((flags & ALLOCATE.punchHole) !== 0) return data.punch(inode, offset, byteLength);
        if ((flags & ALLOCATE.zeroRange) !== 0) return data.zeroRange(inode, range);
        return data.allocate(inode, range);
      };
      while (!step()) {
        this.#changes.touch(inode);
        this.#changes.commit("allocate", NO_REQUEST, 0);
      }
      this.#changes.touch(inode);
      return 0;
    });
  }

  /** The next byte at or behind an offset that lies in a hole, or that does not. */
  seek(handle: number, offset: number, isHole: boolean, caller: Caller): number {
    const { table, inodes, data, coherence } = this.#mount;
    const number = table.inode(this.#index(handle, caller));
    coherence.look(number, caller.badge);
    const inode = inodes.load(number);
    if (!isFile(inode)) throw new OsError("EINVAL", "seek");
    return data.seek(inode, offset, isHole);
  }

  /** Packs names of an open directory into a client's window. */
  readdir(
    handle: number,
    cookie: number,
    target: Uint8Array,
    caller: Caller,
    room?: RoomBehind,
  ): number {
    const { inodes, table, directories } = this.#mount;
    const index = this.#index(handle, caller);
    const inode = inodes.load(table.inode(index));
    if (!isDirectory(inode)) throw new OsError("ENOTDIR", "readdir");
    const count = inode.links === 0 ? 0 : directories.list(inode, cookie, target, room);
    if ((table.flags(index) & OPEN.noAccessTime) === 0) this.#changes.accessed(inode);
    return count;
  }

  /** The same with what is told of each inode. */
  readdirPlus(handle: number, cookie: number, target: Uint8Array, caller: Caller): number {
    const { inodes, coherence } = this.#mount;
    const room = new AttributesBehind();
    const count = this.readdir(handle, cookie, target, caller, room);
    for (const [number, at] of room.entries) {
      let record: Uint8Array = NO_ATTRIBUTES;
      try {
        coherence.look(number, caller.badge);
        const inode = inodes.load(number);
        if (inode.mode !== 0) record = this.#record.of(inode);
      } catch (error) {
        // One inode that cannot be read hides no other.
        if (!(error instanceof OsError)) throw error;
      }
      target.set(record, at);
    }
    return count;
  }

  /** Returns when everything answered before would survive the death of the process. */
  sync(handle: number, caller: Caller): number {
    const { point, table, coherence } = this.#mount;
    if (handle === 0) coherence.flushAll();
    else coherence.flush(table.inode(this.#index(handle, caller)), caller.badge);
    point("fs.fsync.before-flush");
    this.#changes.flush();
    point("fs.fsync.after-flush");
    return 0;
  }

  /** Changes the data of an open file, and whatever follows from that. */
  #change(
    step: TransactionStep,
    index: number,
    caller: Caller,
    body: (inode: Inode) => number,
  ): number {
    const { table, inodes, news, coherence, credentials } = this.#mount;
    const number = table.inode(index);
    const as = table.credential(index);
    // Whoever opened the file writes to it.
    const opener = as === caller.as ? caller : { ...caller, as, credential: credentials.get(as) };
    const result = this.#changes.run(step, opener, () => {
      coherence.change(number, caller.badge, step === "write");
      const inode = inodes.load(number);
      inode.mode = modeAfterWrite(inode, opener.credential);
      return body(inode);
    });
    news.written(number, caller.badge);
    if ((table.flags(index) & OPEN.dataSync) !== 0) this.#changes.flush();
    return result;
  }

  /** The entry of a handle that is more than a path. */
  #index(handle: number, caller: Caller): number {
    const { table } = this.#mount;
    const index = table.index(handle, caller.client);
    if ((table.flags(index) & OPEN.path) !== 0) throw notOpenFor("use");
    return index;
  }
}

/** Room for the attributes of each entry, and where it is. */
class AttributesBehind implements RoomBehind {
  readonly byteLength = ATTRIBUTES_BYTES;
  /** Inodes, and where their attributes go. */
  readonly entries: [inode: number, at: number][] = [];

  entry(inode: number, at: number): void {
    this.entries.push([inode, at]);
  }
}

function notOpenFor(what: string): OsError {
  return new OsError("EBADF", `${what}: not open for that`);
}
