/**
 * A mounted file system: every part of it, built on one disk, and nothing that acts yet.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import type { Disk } from "../disk/disk.ts";
import { Accounts } from "../ext4/accounts.ts";
import { ExtendedAttributes } from "../ext4/attributes.ts";
import { BlockAllocation } from "../ext4/block_allocation.ts";
import { MetadataChecksums } from "../ext4/checksums.ts";
import { Directories } from "../ext4/directory.ts";
import { BOUNCE_BLOCKS, FileData } from "../ext4/file_data.ts";
import { FileMap } from "../ext4/file_map.ts";
import { descriptorBlock, Geometry, readSizes } from "../ext4/geometry.ts";
import { type DiskTime, type Inode, InodeTable, toDiskTime } from "../ext4/inode.ts";
import { InodeAllocation } from "../ext4/inode_allocation.ts";
import { replayJournal } from "../ext4/journal/replay.ts";
import { SUPERBLOCK_BYTES, SUPERBLOCK_OFFSET } from "../ext4/layouts/superblock.ts";
import { Orphans } from "../ext4/orphans.ts";
import { Reclaim } from "../ext4/reclaim.ts";
import { Symlinks } from "../ext4/symlink.ts";
import { REFERENCE_MARK } from "../layouts/reference.ts";
import type { Caller } from "./caller.ts";
import { ChangeFeed } from "./change_feed.ts";
import { type Coherence, NO_SESSIONS } from "./coherence.ts";
import { Credentials } from "./credentials.ts";
import type { DeathPoint } from "./death_points.ts";
import { isOfThisBoot, regionsOf } from "./layouts/open_keep.ts";
import { Lives } from "./lives.ts";
import { Locks } from "./locks.ts";
import { Names } from "./names.ts";
import { News } from "./news.ts";
import { OpenTable } from "./open_table.ts";
import { NameCache } from "./name_cache.ts";
import { type LastLink, type Location, PathWalk } from "./path.ts";
import { type Credential, ROOT } from "./permissions.ts";
import { References } from "./references.ts";
import type { SessionPlace } from "./session_place.ts";
import { Watches } from "./watches.ts";

/** What a file system is made of. */
export interface FileSystemParts {
  /** Where it lies. */
  readonly disk: Disk;
  /** Shared memory for blocks on their way: at least 80 blocks, better 2,048. */
  readonly window: Uint8Array;
  /** The keep `openFiles`: see `layouts/open_keep.ts`. */
  readonly keep: Uint8Array;
  /** The keep `metadataLog`; without it each change is a transaction of the disk. */
  readonly metadataLog?: Uint8Array;
  /** What sessions stand on; without it there are none. */
  readonly sessions?: SessionPlace;
  /** Whose rights clients have that name no credential; root's if left out. */
  readonly credential?: Credential;
  /** By badge: the numbers of the clients' lives; a badge is its own where there are none. */
  readonly clients?: ReadonlyMap<number, number>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** A named point at which a fault plan may end this incarnation. */
  readonly point: (name: DeathPoint) => void;
}

const SLASH = 0x2f;

/** Bytes of a page of the window. */
const PAGE_BYTES = 4096;

/** The parts of a mounted file system. */
export class Mount {
  readonly disk: Disk;
  readonly geometry: Geometry;
  readonly cache: BlockCache;
  readonly accounts: Accounts;
  readonly allocation: BlockAllocation;
  readonly map: FileMap;
  readonly inodes: InodeTable;
  readonly directories: Directories;
  readonly data: FileData;
  readonly names: Names;
  readonly symlinks: Symlinks;
  readonly orphans: Orphans;
  readonly reclaim: Reclaim;
  readonly xattrs: ExtendedAttributes;
  readonly table: OpenTable;
  readonly credentials: Credentials;
  readonly locks: Locks;
  readonly watches: Watches;
  readonly feed: ChangeFeed;
  /** What tells both of a change. */
  readonly news: News;
  /** Whether nothing may be changed: the disk, or the file system, does not allow it. */
  readonly isReadOnly: boolean;
  readonly lives: Lives;
  readonly point: (name: DeathPoint) => void;
  /** What clients hold of files, and must give back before others look. */
  coherence: Coherence = NO_SESSIONS;
  readonly paths: PathWalk;
  readonly #nowMs: () => number;

  /** @throws {OsError} What the disk answered, or why this is no file system for us. */
  constructor(parts: FileSystemParts) {
    const { disk, window, point } = parts;
    const regions = regionsOf(parts.keep);
    // What another system left in its journal; our own predecessor leaves nothing there.
    if (!isOfThisBoot(regions)) replayJournal(disk, window);
    const sizes = readSizes(readSuperblock(disk, window), disk.byteLength);
    const { blockBytes, descriptorsPerBlock, features, inodeCount } = sizes;
    const bounce = window.subarray(0, PAGE_BYTES * BOUNCE_BLOCKS);
    const log = parts.metadataLog;
    const cache = new BlockCache(disk, window.subarray(bounce.byteLength), {
      ...{ blockBytes, integrity: new MetadataChecksums(sizes), point },
      ...(log === undefined ? {} : { log }),
    });
    const geometry = new Geometry(sizes, (index) => {
      const block = descriptorBlock(sizes, index);
      return cache.get(block, BLOCK_KIND.descriptors, index * descriptorsPerBlock).view;
    });
    const accounts = new Accounts(cache, sizes);
    const allocation = new BlockAllocation(cache, geometry, accounts);
    const map = new FileMap(cache, geometry, allocation);
    const inodes = new InodeTable(cache, geometry);
    const inodeAllocation = new InodeAllocation(cache, geometry, accounts);
    const directories = new Directories({ cache, geometry, allocation, map });
    const orphans = new Orphans(accounts, inodes);
    const all = { cache, geometry, accounts, allocation, map, inodes, inodeAllocation };
    const xattrs = new ExtendedAttributes(all);
    const symlinks = new Symlinks(all);
    const table = new OpenTable(regions, inodeCount);
    const credentials = new Credentials(regions.credentials, parts.credential ?? ROOT);
    const references = new References({
      ...all,
      mayRefer: credentials.own.uid === 0,
      isOpen: (inode) => table.countOf(inode) > 0,
    });
    const walking = { inodes, directories, symlinks, xattrs, nameCache: new NameCache() };
    const names = new Names({ ...all, ...walking });
    this.disk = disk;
    this.geometry = geometry;
    this.cache = cache;
    this.accounts = accounts;
    this.allocation = allocation;
    this.map = map;
    this.inodes = inodes;
    this.directories = directories;
    this.orphans = orphans;
    this.data = new FileData({ ...all, bounce: bounce.subarray(0, blockBytes * 2), point });
    this.names = names;
    this.symlinks = symlinks;
    this.xattrs = xattrs;
    this.reclaim = new Reclaim({ ...all, directories, orphans, xattrs });
    this.table = table;
    this.credentials = credentials;
    this.locks = new Locks(regions.locks);
    this.watches = new Watches(regions.head);
    this.feed = new ChangeFeed(regions.head, (inode) => generationOf(inodes, inode));
    this.news = new News(this.watches, this.feed);
    this.isReadOnly = disk.isReadOnly || features.readOnlyBecause.length > 0;
    this.lives = new Lives(regions.head, parts.clients);
    this.point = point;
    this.paths = new PathWalk({ ...walking, references });
    this.#nowMs = parts.nowMs;
  }

  /** Bytes in a block of the file system. */
  get blockBytes(): number {
    return this.geometry.sizes.blockBytes;
  }

  /** The place that a path names, whether something stands there or not. */
  locate(at: number, path: Uint8Array, lastLink: LastLink, caller: Caller): Location {
    return this.paths.locate(this.#start(at, path, caller), path, lastLink, caller.credential);
  }

  /** What stands at a path, if anything does. Hot path. */
  find(at: number, path: Uint8Array, lastLink: LastLink, caller: Caller): Inode | undefined {
    return this.paths.find(this.#start(at, path, caller), path, lastLink, caller.credential);
  }

  /** The path from the root of what stands at a path; a char for each byte. */
  realPath(at: number, path: Uint8Array, caller: Caller): string {
    return this.paths.realPath(this.#start(at, path, caller), path, caller.credential);
  }

  /** The inode that a handle names, or 0; where the path itself says, the handle is not looked at. */
  #start(at: number, path: Uint8Array, caller: Caller): number {
    const first = path[0];
    if (at === 0 || first === SLASH || first === REFERENCE_MARK) return 0;
    return this.table.inode(this.table.index(at, caller.client));
  }

  /** An inode that is to be looked at, after clients have written back what they hold of it. */
  looked(inode: Inode, caller: Caller): Inode {
    const isOld = this.coherence.look(inode.number, caller.badge);
    return isOld ? this.inodes.load(inode.number) : inode;
  }

  /** The place that a path names, where what stands there is to be changed. */
  locateToChange(at: number, path: Uint8Array, lastLink: LastLink, caller: Caller): Location {
    const place = this.locate(at, path, lastLink, caller);
    if (place.inode === undefined) return place;
    // Not its data: a client's frames stay what they are.
    const isOld = this.coherence.change(place.inode.number, caller.badge, true);
    return isOld ? this.locate(at, path, lastLink, caller) : place;
  }

  /** The inode of an open file. */
  openInode(handle: number, caller: Caller): Inode {
    return this.inodes.load(this.table.inode(this.table.index(handle, caller.client)));
  }

  /** Now, as the disk holds it. */
  now(): DiskTime {
    return toDiskTime(this.#nowMs());
  }

  /** Milliseconds since 1970. */
  nowMs(): number {
    return this.#nowMs();
  }

  /** Seconds since 1970. */
  seconds(): number {
    return Math.floor(this.#nowMs() / 1000) >>> 0;
  }
}

/** The generation of an inode, in use or not; 0 if it cannot be read. */
function generationOf(inodes: InodeTable, number: number): number {
  try {
    return inodes.load(number).generation;
  } catch (error) {
    if (error instanceof OsError) return 0;
    throw error;
  }
}

/** The superblock as the disk has it, before anybody knows how large blocks are. */
function readSuperblock(disk: Disk, window: Uint8Array): DataView {
  const page = window.subarray(0, PAGE_BYTES);
  disk.read(0, page);
  const own = page.slice(SUPERBLOCK_OFFSET, SUPERBLOCK_OFFSET + SUPERBLOCK_BYTES);
  return new DataView(own.buffer);
}
