/**
 * The file server: a mounted file system, taken over from whoever died, and its operations by
 * subject. Their methods throw `OsError` for expected failures.
 *
 * @module
 */

import { NO_REQUEST } from "../disk/disk.ts";
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
    this.watching = new Watching(mount.table, mount.watches);
    this.opening = new Opening(mount, changes, this);
    this.naming = new Naming(mount, changes);
    this.data = new Data(mount, changes);
    this.attributes = new AttributeOperations(mount, changes);
    this.extended = new ExtendedAttributeOperations(mount, changes);
    this.#begin(parts);
  }

  /** How full it is. */
  usage(): Usage {
    const { geometry, accounts } = this.mount;
    const { blockCount, inodeCount } = geometry.sizes;
    const { blocksFree, inodesFree, blocksReserved } = accounts;
    const blocksAvailable = Math.max(0, blocksFree - blocksReserved);
    return { blockCount, blocksFree, blocksAvailable, inodeCount, inodesFree };
  }

  /** A client's life is over: what it had open, had locked or waited for ends with it. */
  clientGone(badge: number): void {
    this.mount.coherence.gone(badge);
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
    for (const tag of [...cache.inheritedTags, disk.lastTag()]) {
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
    const { clients } = this.mount;
    if (clients !== undefined) this.opening.onlyLeft(new Set(clients.values()));
  }
}
