/**
 * What every operation works with.
 *
 * @module
 */

import { ATTRIBUTE, OPEN } from "@hako/fs-server";
import type { Ask } from "./ask.ts";
import type { Credentials } from "./credentials.ts";
import type { Files } from "./files.ts";
import type { HeldHandles } from "./held_handles.ts";
import type { Known } from "./known.ts";
import type { LockOwners } from "./lock_owners.ts";
import type { LockWaits } from "./lock_waits.ts";
import type { MountKeep } from "./mount_keep.ts";
import type { NodePaths } from "./node_paths.ts";
import type { FuseOptions } from "./options.ts";
import type { Pages } from "./pages.ts";
import { FOPEN, INIT, INIT2, type Validity, validity } from "./wire/mod.ts";

/** What the gateway promises Linux of files, by its options. */
export class Rules {
  /** How long names and attributes hold. */
  readonly valid: Validity;
  /** Whether Linux sends what is written later, and keeps times itself. */
  readonly isWriteback: boolean;
  /** What Linux is told of open files: bits of `FOPEN`. */
  readonly openFlags: number;
  /** Bits of `INIT` that we would agree on. */
  readonly initFlags: number;
  /** Bits of `INIT2` that we would agree on. */
  readonly initFlags2: number;
  /** To whom everything belongs, if that is one. */
  readonly uid: number | undefined;
  /** The group of everything, if that is one. */
  readonly gid: number | undefined;

  /** The rules that follow from a manifest's options. */
  constructor(options: FuseOptions) {
    const { cache, directIo, entryTimeoutMs, attrTimeoutMs, uid, gid, readOnly } = options;
    this.valid = validity(entryTimeoutMs, attrTimeoutMs);
    this.isWriteback = cache === "writeback" && !directIo && !readOnly;
    this.openFlags = directIo ? FOPEN.DIRECT_IO : FOPEN.KEEP_CACHE;
    this.initFlags = INIT_FLAGS | (this.isWriteback ? INIT.WRITEBACK_CACHE : 0) |
      (cache === "shared" ? INIT.AUTO_INVAL_DATA : 0);
    this.initFlags2 = INIT2.HAS_RESEND | (directIo ? INIT2.DIRECT_IO_ALLOW_MMAP : 0);
    this.uid = uid;
    this.gid = gid;
  }

  /** A record of attributes as the mount shows it. Hot path: changed in place. */
  shown(attributes: Uint8Array): DataView {
    const { buffer, byteOffset, byteLength } = attributes;
    const view = new DataView(buffer, byteOffset, byteLength);
    this.showOwner(view, 0);
    return view;
  }

  /** Puts the owner whom the mount shows into a record of attributes. Hot path. */
  showOwner(view: DataView, at: number): void {
    if (this.uid !== undefined) view.setUint32(at + ATTRIBUTE.uid, this.uid, true);
    if (this.gid !== undefined) view.setUint32(at + ATTRIBUTE.gid, this.gid, true);
  }

  /** The flags with which the file server opens what a program opens with these. Hot path. */
  flagsToOpen(asked: number): number {
    // For ioctl(2) only: Linux lets nobody read or write there.
    const flags = (asked & OPEN.accessMask) === OPEN.accessMask ? asked & ~OPEN.accessMask : asked;
    if (!this.isWriteback) return flags & PASSED_FLAGS;
    // Linux reads pages before it changes parts of them, and knows itself where the end is.
    const isWriteOnly = (flags & OPEN.accessMask) === OPEN.writeOnly;
    const kept = flags & PASSED_FLAGS & ~(OPEN.append | OPEN.sync);
    return isWriteOnly ? (kept & ~OPEN.accessMask) | OPEN.readWrite : kept;
  }
}

/** Flags of open(2) that mean something to the file server; `sync` contains `dataSync`. */
const PASSED_FLAGS = OPEN.accessMask | OPEN.truncate | OPEN.append | OPEN.sync | OPEN.noAccessTime;

const INIT_FLAGS = INIT.ASYNC_READ | INIT.POSIX_LOCKS | INIT.ATOMIC_O_TRUNC | INIT.EXPORT_SUPPORT |
  INIT.BIG_WRITES | INIT.DONT_MASK | INIT.FLOCK_LOCKS | INIT.DO_READDIRPLUS |
  INIT.READDIRPLUS_AUTO | INIT.ASYNC_DIO | INIT.PARALLEL_DIROPS | INIT.POSIX_ACL |
  INIT.ABORT_ERROR | INIT.CACHE_SYMLINKS | INIT.HANDLE_KILLPRIV_V2 | INIT.SETXATTR_EXT;

/** One life of a mount. */
export interface Gateway {
  /** The file server. */
  readonly files: Files;
  /** Where paths lie that requests name. */
  readonly paths: NodePaths;
  /** What Linux is promised. */
  readonly rules: Rules;
  /** On whose behalf things are made. */
  readonly credentials: Credentials;
  /** What a successor must know. */
  readonly keep: MountKeep;
  /** Who holds locks. */
  readonly owners: LockOwners;
  /** Who waits for locks. */
  readonly waits: LockWaits;
  /** Pages of files, where Linux keeps none. */
  readonly pages: Pages | undefined;
  /** What need not be asked for. */
  readonly known: Known;
  /** Handles that no program has. */
  readonly held: HeldHandles;
  /** Linux and we have agreed: of what, the keep tells. */
  agreed(): void;
  /** Tells Linux to ask anew for the attributes of a file. */
  attributesChanged(inode: number, generation: number): void;
}

/**
 * What an operation does with a request.
 *
 * @returns The bytes of its answer; 0 if it is answered later, or never.
 * @throws {OsError} What it is answered.
 */
export type Operation = (ask: Ask, gateway: Gateway) => number;
