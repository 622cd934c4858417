/**
 * Extended attributes of inodes: in the room behind an inode's fields while they fit there, else in
 * a block of its own. A block that several inodes share is copied before it changes.
 *
 * Access control lists change form on the way: see `attributes/posix_acl.ts`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND, type CachedBlock } from "../disk/cached_block.ts";
import type { Accounts } from "./accounts.ts";
import {
  type AclEntry,
  inheritedAcl,
  isMinimal,
  permissionsOf,
  readShownAcl,
  readStoredAcl,
  shownAcl,
  storedAcl,
  withPermissions,
} from "./attributes/posix_acl.ts";
import {
  type Attribute,
  type AttributeArea,
  bytesOf,
  compareAttributes,
  readAttributes,
  writeAttributes,
} from "./attributes/entries.ts";
import { readName, type StoredName, wholeName } from "./attributes/names.ts";
import type { BlockAllocation } from "./block_allocation.ts";
import type { Geometry } from "./geometry.ts";
import { type Inode, type InodeTable, isDirectory, isSymlink } from "./inode.ts";
import { COMPAT, SUPERBLOCK as SB } from "./layouts/superblock.ts";
import {
  XATTR_BLOCK,
  XATTR_BLOCK_HEADER_BYTES,
  XATTR_END_BYTES,
  XATTR_INODE_HEADER_BYTES,
  XATTR_MAGIC,
  XATTR_PREFIX,
  XATTR_REFERENCES_MAX,
} from "./layouts/xattr.ts";

/** Longest value, as Linux has it. */
const VALUE_BYTES_MAX = 65_536;

const SECTOR_BYTES = 512;
const NO_NAME = new Uint8Array(0);
const ACCESS_LIST: StoredName = { prefix: XATTR_PREFIX.posixAclAccess, name: NO_NAME };
const DEFAULT_LIST: StoredName = { prefix: XATTR_PREFIX.posixAclDefault, name: NO_NAME };

/** What extended attributes stand on. */
export interface AttributesParts {
  readonly cache: BlockCache;
  readonly geometry: Geometry;
  readonly accounts: Accounts;
  readonly inodes: InodeTable;
  readonly allocation: BlockAllocation;
}

/** How `set` treats what is there. */
export interface SetOptions {
  /** Fail if there is one. */
  readonly create?: boolean;
  /** Fail if there is none. */
  readonly replace?: boolean;
}

/** A place for attributes, and those that are there. */
interface Place extends AttributeArea {
  readonly attributes: readonly Attribute[];
}

/** A block of attributes. */
interface PlaceInBlock extends Place {
  readonly cached: CachedBlock;
}

/**
 * Extended attributes. Names are bytes as programs write them, with their prefix; who may read or
 * write which of them is for the caller to say.
 *
 * What changes an inode's fields (`attributeBlock`, `sectors`, `mode`) changes the object: the
 * caller stores it in the same transaction, always, since its checksum covers the attributes too.
 */
export class ExtendedAttributes {
  readonly #parts: AttributesParts;

  /** Works on inodes and blocks through the cache. */
  constructor(parts: AttributesParts) {
    this.#parts = parts;
  }

  /**
   * The value of an attribute, a copy, or `undefined` if there is none of that name.
   *
   * @throws {OsError} `EOPNOTSUPP`, `EINVAL` or `ERANGE` for a name that cannot be.
   */
  get(inode: Inode, name: Uint8Array): Uint8Array | undefined {
    const stored = readName(name);
    const value = this.#find(inode, stored);
    return value !== undefined && isList(stored) ? shownAcl(readStoredAcl(value)) : value;
  }

  /** The names of all attributes, each with a NUL behind it. */
  list(inode: Inode): Uint8Array {
    const names: Uint8Array[] = [];
    const all = [
      ...this.#placeInInode(inode)?.attributes ?? [],
      ...this.#placeInBlock(inode)?.attributes ?? [],
    ];
    for (const attribute of all) {
      const whole = wholeName(attribute);
      if (whole !== undefined) names.push(whole);
    }
    const packed = new Uint8Array(names.reduce((total, name) => total + name.byteLength + 1, 0));
    let at = 0;
    for (const name of names) {
      packed.set(name, at);
      at += name.byteLength + 1;
    }
    return packed;
  }

  /**
   * Sets an attribute. An access control list of a file becomes its mode too, and nothing else if
   * the mode can say it all.
   *
   * @throws {OsError} `EEXIST` or `ENODATA` as the options ask; `ENOSPC` if it fits nowhere; `E2BIG`
   *   if it is longer than any may be; `EACCES` a default list of what is no directory; what `get`
   *   throws. Nothing was changed then.
   */
  set(inode: Inode, name: Uint8Array, value: Uint8Array, options: SetOptions = {}): void {
    const stored = readName(name);
    if (value.byteLength > VALUE_BYTES_MAX) throw new OsError("E2BIG", "extended attribute");
    if (isList(stored)) return this.#setList(inode, stored, readShownAcl(value), options);
    this.#require(this.#find(inode, stored) !== undefined, options);
    this.#put(inode, { ...stored, value: value.slice() });
  }

  /**
   * Removes an attribute; answers whether there was one. A list is always there: that of the mode, or
   * an empty one.
   *
   * @throws {OsError} What `get` throws.
   */
  remove(inode: Inode, name: Uint8Array): boolean {
    const stored = readName(name);
    return this.#take(inode, stored) || isList(stored);
  }

  /** Gives back what an inode without a name has in blocks. */
  release(inode: Inode): void {
    if (inode.attributeBlock === 0) return;
    const place = this.#placeInBlock(inode);
    if (place !== undefined) this.#leaveBlock(inode, place);
  }

  /** The access control list of a file, if it has more than its mode. */
  accessList(inode: Inode): readonly AclEntry[] | undefined {
    const value = this.#find(inode, ACCESS_LIST);
    return value === undefined ? undefined : readStoredAcl(value);
  }

  /** Makes a file's access control list say what its mode says now. */
  modeChanged(inode: Inode): void {
    const entries = this.accessList(inode);
    if (entries === undefined) return;
    const value = storedAcl(withPermissions(entries, inode.mode));
    this.#put(inode, { ...ACCESS_LIST, value });
  }

  /**
   * Gives a new file what the default list of its directory says: its lists and its mode.
   *
   * @returns Whether there is such a list: then no umask applies.
   */
  inherit(directory: Inode, inode: Inode): boolean {
    if (isSymlink(inode)) return false;
    const value = this.#find(directory, DEFAULT_LIST);
    if (value === undefined) return false;
    const entries = inheritedAcl(readStoredAcl(value), inode.mode);
    inode.mode = (inode.mode & ~0o777) | permissionsOf(entries);
    if (isDirectory(inode)) this.#put(inode, { ...DEFAULT_LIST, value });
    if (!isMinimal(entries)) this.#put(inode, { ...ACCESS_LIST, value: storedAcl(entries) });
    return true;
  }

  #setList(
    inode: Inode,
    stored: StoredName,
    entries: readonly AclEntry[],
    options: SetOptions,
  ): void {
    if (isSymlink(inode)) throw new OsError("EOPNOTSUPP", "access control list of a link");
    const isAccess = stored.prefix === XATTR_PREFIX.posixAclAccess;
    if (!isAccess && !isDirectory(inode)) {
      if (entries.length > 0) throw new OsError("EACCES", "default access control list");
      return;
    }
    this.#require(this.#find(inode, stored) !== undefined, options);
    if (entries.length === 0) return void this.#take(inode, stored);
    if (!isAccess || !isMinimal(entries)) {
      this.#put(inode, { ...stored, value: storedAcl(entries) });
    } else this.#take(inode, stored);
    if (isAccess) inode.mode = (inode.mode & ~0o777) | permissionsOf(entries);
  }

  #require(isThere: boolean, options: SetOptions): void {
    if (options.create && isThere) throw new OsError("EEXIST", "extended attribute");
    if (options.replace && !isThere) throw new OsError("ENODATA", "extended attribute");
  }

  #find(inode: Inode, name: StoredName): Uint8Array | undefined {
    if (inode.attributeBlock === 0 && this.#parts.inodes.firstExtraWord(inode) !== XATTR_MAGIC) {
      return undefined;
    }
    const isIt = (attribute: Attribute) => compareAttributes(attribute, nothing(name)) === 0;
    const inInode = this.#placeInInode(inode)?.attributes.find(isIt);
    return (inInode ?? this.#placeInBlock(inode)?.attributes.find(isIt))?.value;
  }

  /** Stores an attribute where it fits, and takes it away where it was. */
  #put(inode: Inode, attribute: Attribute): void {
    const inInode = this.#placeInInode(inode);
    const inBlock = this.#placeInBlock(inode);
    if (inInode !== undefined) {
      const next = [...without(inInode.attributes, attribute), attribute];
      if (bytesOf(next) <= inInode.bytes.byteLength) {
        this.#writeInode(inode, next);
        if (inBlock !== undefined) this.#takeFromBlock(inode, inBlock, attribute);
        this.#declare();
        return;
      }
    }
    const next = [...without(inBlock?.attributes ?? [], attribute), attribute];
    if (bytesOf(next) > this.#parts.cache.blockBytes - XATTR_BLOCK_HEADER_BYTES) {
      throw new OsError("ENOSPC", "extended attribute");
    }
    this.#writeBlock(inode, inBlock, next);
    if (inInode !== undefined) this.#takeFromInode(inode, attribute);
    this.#declare();
  }

  #take(inode: Inode, name: StoredName): boolean {
    const attribute = nothing(name);
    if (this.#takeFromInode(inode, attribute)) return true;
    const inBlock = this.#placeInBlock(inode);
    return inBlock !== undefined && this.#takeFromBlock(inode, inBlock, attribute);
  }

  #takeFromInode(inode: Inode, attribute: Attribute): boolean {
    const attributes = this.#placeInInode(inode)?.attributes ?? [];
    const next = without(attributes, attribute);
    if (next.length === attributes.length) return false;
    this.#writeInode(inode, next);
    return true;
  }

  #takeFromBlock(inode: Inode, place: PlaceInBlock, attribute: Attribute): boolean {
    const next = without(place.attributes, attribute);
    if (next.length === place.attributes.length) return false;
    if (next.length > 0) this.#writeBlock(inode, place, next);
    else this.#leaveBlock(inode, place);
    return true;
  }

  /** The room behind an inode's fields, or `undefined` if there is none. */
  #placeInInode(inode: Inode): Place | undefined {
    const space = this.#parts.inodes.extraSpace(inode);
    if (space.byteLength <= XATTR_INODE_HEADER_BYTES + XATTR_END_BYTES) return undefined;
    const area = inSpace(space);
    const hasAny = viewOf(space).getUint32(0, true) === XATTR_MAGIC;
    return { ...area, attributes: hasAny ? readAttributes(area) : [] };
  }

  #writeInode(inode: Inode, attributes: readonly Attribute[]): void {
    const space = this.#parts.inodes.changeExtraSpace(inode);
    writeAttributes(inSpace(space), attributes);
    viewOf(space).setUint32(0, attributes.length > 0 ? XATTR_MAGIC : 0, true);
  }

  /** The attributes in an inode's block, or `undefined` if it has none. */
  #placeInBlock(inode: Inode): PlaceInBlock | undefined {
    const { attributeBlock: block } = inode;
    if (block === 0) return undefined;
    const { cache, geometry } = this.#parts;
    if (!geometry.isOwnable(block)) throw damagedBlock(inode);
    const cached = cache.get(block, BLOCK_KIND.attributes);
    const { view } = cached;
    const references = view.getUint32(XATTR_BLOCK.references, true);
    const isSound = view.getUint32(XATTR_BLOCK.magic, true) === XATTR_MAGIC &&
      view.getUint32(XATTR_BLOCK.blockCount, true) === 1 &&
      references >= 1 && references <= XATTR_REFERENCES_MAX;
    if (!isSound) throw damagedBlock(inode);
    const bytes = cached.bytes.subarray(XATTR_BLOCK_HEADER_BYTES);
    const area = { bytes, offsetBase: XATTR_BLOCK_HEADER_BYTES };
    return { ...area, cached, attributes: readAttributes(area) };
  }

  #writeBlock(inode: Inode, place: PlaceInBlock | undefined, attributes: Attribute[]): void {
    const { cache } = this.#parts;
    let cached = place?.cached;
    if (cached === undefined || referencesOf(cached) > 1) {
      cached = this.#newBlock(inode, place !== undefined);
    } else cache.change(cached);
    const bytes = cached.bytes.subarray(XATTR_BLOCK_HEADER_BYTES);
    attributes.sort(compareAttributes);
    const hash = writeAttributes({ bytes, offsetBase: XATTR_BLOCK_HEADER_BYTES }, attributes);
    const { view } = cached;
    view.setUint32(XATTR_BLOCK.magic, XATTR_MAGIC, true);
    view.setUint32(XATTR_BLOCK.references, 1, true);
    view.setUint32(XATTR_BLOCK.blockCount, 1, true);
    view.setUint32(XATTR_BLOCK.hash, hash, true);
  }

  /** A block of an inode's own, in place of one that it shares, if any. */
  #newBlock(inode: Inode, isShared: boolean): CachedBlock {
    const { cache, geometry, allocation } = this.#parts;
    const { first } = allocation.take(geometry.goalFor(inode.number), 1);
    // Asked for again: looking for a block may have put it out of the cache.
    if (isShared) this.#leaveBlock(inode, this.#placeInBlock(inode)!);
    inode.attributeBlock = first;
    inode.sectors += cache.blockBytes / SECTOR_BYTES;
    return cache.fresh(first, BLOCK_KIND.attributes);
  }

  /** Gives an inode's block back, or its share in it. */
  #leaveBlock(inode: Inode, { cached }: PlaceInBlock): void {
    const { cache, allocation } = this.#parts;
    const references = referencesOf(cached);
    if (references > 1) {
      cache.change(cached);
      cached.view.setUint32(XATTR_BLOCK.references, references - 1, true);
    } else {
      cache.forget(inode.attributeBlock);
      allocation.give(inode.attributeBlock, 1);
    }
    inode.attributeBlock = 0;
    inode.sectors = Math.max(0, inode.sectors - cache.blockBytes / SECTOR_BYTES);
  }

  /** Says in the superblock that there are attributes. */
  #declare(): void {
    this.#parts.accounts.addFeature(SB.featuresCompat, COMPAT.extAttr);
  }
}

function isList({ prefix }: StoredName): boolean {
  return prefix === XATTR_PREFIX.posixAclAccess || prefix === XATTR_PREFIX.posixAclDefault;
}

function nothing(name: StoredName): Attribute {
  return { ...name, value: NO_NAME };
}

function without(attributes: readonly Attribute[], attribute: Attribute): Attribute[] {
  return attributes.filter((one) => compareAttributes(one, attribute) !== 0);
}

function inSpace(space: Uint8Array): AttributeArea {
  return { bytes: space.subarray(XATTR_INODE_HEADER_BYTES), offsetBase: 0 };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function referencesOf(cached: CachedBlock): number {
  return cached.view.getUint32(XATTR_BLOCK.references, true);
}

function damagedBlock(inode: Inode): OsError {
  return new OsError("EUCLEAN", `extended attributes of inode ${inode.number}`);
}
