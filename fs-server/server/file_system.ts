/**
 * The file server: a mounted file system, taken over from whoever died, and its operations by
 * subject. Their methods throw `OsError` for expected failures.
 *
 * @module
 */

import { NO_REQUEST } from "../disk/disk.ts";
import { SUPERBLOCK as SB } from "../ext4/layouts/superblock.ts";
import { adoptOrphans } from "../ext4/orphan_file.ts";
import { Changes } from "./changes.ts";
import { type FileSystemParts, Mount } from "./mount.ts";
import { AttributeOperations } from "./operations/attributes.ts";
import { Data } from "./operations/data.ts";
import { ExtendedAttributeOperations } from "./operations/extended_attributes.ts";
import { Locking } from "./operations/locking.ts";
import { Naming } from "./operations/naming.ts";
import { Opening } from "./operations/opening.ts";
import { MountedFiles } from "./session_files.ts";
import { Sessions } from "./sessions.ts";
import { Watching } from "./operations/watching.ts";

/** How full the file system is. */
export interface Usage {
  /** Blocks that can hold files: what the file system takes for itself is left out, as on Linux. */
  readonly blockCount: number;
  readonly blocksFree: number;
  /** What is free for others than root. */
  readonly blocksAvailable: number;
  readonly inodeCount: number;
  readonly inodesFree: number;
}

/** A mounted file system and all that can be done with it. */
export class FileServer {
  readonly mount: Mount;
  readonly changes: Changes;
  readonly opening: Opening;
  readonly naming: Naming;
  readonly data: Data;
  readonly attributes: AttributeOperations;
  readonly extended: ExtendedAttributeOperations;
  readonly locking: Locking;
  readonly watching: Watching;
  readonly #overheadBlocks: number;

  /**
   * Mounts, or takes over from an incarnation that died.
   *
   * @throws {OsError} What the disk answered, or why this is no file system for us.
   */
  constructor(parts: FileSystemParts) {
    const mount = new Mount(parts);
    const changes = new Changes(mount);
    this.mount = mount;
    this.changes = changes;
    this.locking = new Locking(mount.table, mount.locks);
    this.watching = new Watching(mount.table, mount.watches, mount.feed);
    this.opening = new Opening(mount, changes, this);
    this.naming = new Naming(mount, changes);
    this.data = new Data(mount, changes);
    this.attributes = new AttributeOperations(mount, changes);
    this.extended = new ExtendedAttributeOperations(mount, changes);
    this.#begin(parts);
    this.#overheadBlocks = overheadOf(mount);
  }

  /** How full it is. */
  usage(): Usage {
    const { geometry: { sizes }, accounts } = this.mount;
    const { inodeCount } = sizes;
    const { blocksFree, inodesFree, blocksReserved } = accounts;
    const blockCount = Math.max(blocksFree, sizes.blockCount - this.#overheadBlocks);
    const blocksAvailable = Math.max(0, blocksFree - blocksReserved);
    return { blockCount, blocksFree, blocksAvailable, inodeCount, inodesFree };
  }

  /**
   * A client's life is over: what it waited for ends with it, and what it had open and locked, unless
   * it keeps that for its next life.
   */
  clientGone(badge: number): void {
    const { coherence, lives } = this.mount;
    coherence.gone(badge);
    lives.gone(badge);
    this.locking.clientGone(badge);
    this.watching.clientGone(badge, lives.isLiving(badge));
    this.#onlyLiving();
  }

  /** Marks the file system as unmounted in order, and flushes. The last call. */
  halt(): void {
    const { orphans, accounts, coherence, isReadOnly } = this.mount;
    coherence.flushAll();
    if (isReadOnly) return;
    for (const number of orphans.list()) this.changes.freeOrphan(number, "orphan", NO_REQUEST);
    accounts.setClean(true, this.mount.seconds());
    this.changes.commit("halt", NO_REQUEST, 0);
    this.changes.flush();
  }

  #begin({ sessions }: FileSystemParts): void {
    const { mount, changes } = this;
    const { table, orphans, isReadOnly } = mount;
    if (isReadOnly) table.begin();
    else if (table.isInherited) this.#takeOver();
    else this.#declareMounted();
    if (sessions !== undefined) {
      mount.coherence = new Sessions(new MountedFiles(mount, changes), sessions);
    }
    this.#onlyLiving();
    if (isReadOnly) return;
    while (!adoptOrphans(mount)) changes.commit("mount", NO_REQUEST, 0);
    if (mount.cache.changedCount > 0) changes.commit("mount", NO_REQUEST, 0);
    for (const number of orphans.list()) {
      if (table.countOf(number) === 0) changes.freeOrphan(number, "orphan", NO_REQUEST);
    }
  }

  /** Goes on where an incarnation of this boot died. */
  #takeOver(): void {
    const { disk, table, cache } = this.mount;
    for (const tag of [disk.lastTag(), ...cache.inheritedTags]) {
      if (tag !== undefined && tag.badge !== NO_REQUEST.badge) table.remember(tag);
    }
    this.changes.flush();
  }

  #declareMounted(): void {
    const { table, accounts, cache } = this.mount;
    // The tag of an earlier boot must be gone before ours can be mistaken for it.
    accounts.setClean(false, this.mount.seconds());
    this.changes.commit("mount", NO_REQUEST, 0);
    cache.checkpoint();
    table.begin();
  }

  /** Ends what clients have that did not live to see it. */
  #onlyLiving(): void {
    const living = this.mount.lives.living();
    if (living !== undefined) this.opening.onlyLeft(living);
  }
}

/** Blocks that the file system takes for itself, as Linux counts them. */
function overheadOf({ geometry, accounts, inodes, blockBytes }: Mount): number {
  const told = accounts.superblock(SB.overheadBlocks);
  if (told > 0) return told;
  const { features } = geometry;
  const journalInode = features.hasJournal ? accounts.superblock(SB.journalInode) : 0;
  const journalBytes = journalInode === 0 ? 0 : inodes.load(journalInode).size;
  return geometry.metadataBlocks + Math.ceil(journalBytes / blockBytes);
}
