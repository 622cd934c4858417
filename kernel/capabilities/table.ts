/**
 * The capability table: who may do what with which object, and who gave it to whom. A state machine
 * over rows; it has no worker, no port, no effect outside.
 *
 * ```
 *  root (manifest, or a new segment)
 *    |-- derive -- fewer rights, for oneself ............ owner: the same
 *    |-- grant --- the same rights, for another ......... owner: the receiver, once it accepts
 *          |-- derive, grant ... any depth
 * ```
 * What holds at every instant: a capability's rights and operations are a subset of its parent's, it
 * is to the same object, and it ends with its parent. Every method checks all first and then changes all,
 * or throws a {@linkcode Refusal} and has changed nothing.
 *
 * Who asks is told by the kernel, never by the handle: one that names another's capability, none, or
 * one that is no more is refused with the same `EBADF`, which tells a guesser nothing.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import { Family } from "./family.ts";
import { type Handle, handleOf, indexOf, SERIAL_MAX, serialOf } from "./handle.ts";
import {
  CAPABILITIES_MAX,
  GRANTED_CHANNELS_MAX,
  HELD_MAX,
  MEMORIES_PER_OWNER_MAX,
  MEMORIES_RESERVED_PER_OWNER,
  OWNERS_MAX,
  RESERVED_PER_OWNER,
  RUN_TIME_SEGMENTS_MAX,
  SEGMENT_BYTES_PER_OWNER_MAX,
} from "./limits.ts";
import { refuse } from "./refusal.ts";
import {
  ALL_RIGHTS,
  type CapabilityKind,
  isWithin,
  KINDS,
  type OperationMask,
  RIGHT,
  type Right,
} from "./rights.ts";
import { type CapabilityRow, counterRow, FLAG, type Rows } from "./rows.ts";
import { type ShareLimits, Shares } from "./shares.ts";

/** A capability as the kernel sees it. */
export interface CapabilityEntry {
  /** The number by which its owner names it. */
  readonly handle: Handle;
  /** What it is to. */
  readonly kind: CapabilityKind;
  /** All that the table knows of it. */
  readonly row: CapabilityRow;
}

/** A capability that is derived from none. */
export interface RootCapability {
  /** What it is to. */
  readonly kind: CapabilityKind;
  /** The kernel's number of that. */
  readonly object: number;
  /** Bits of RIGHT; all of its kind if left out. */
  readonly rights?: number;
  /** Endpoint: the badge of its channel; a new one if left out. */
  readonly badge?: number;
  /** Whether there is a channel, or the owner has the memory, from the beginning. */
  readonly isInUse?: boolean;
  /** Segment: its size, if its owner asked for it at run time and pays for it. */
  readonly byteLength?: number;
}

/** What a derived capability may do; what is left out is as its parent's. */
export interface DerivedRights {
  /** Bits of RIGHT. */
  readonly rights?: number | undefined;
  /** Endpoint: the operations. */
  readonly operations?: OperationMask | undefined;
}

/** To whom a grant goes, and over which channel. */
export interface GrantPath {
  /** The owner that may accept. */
  readonly receiver: number;
  /** The badge of the channel. */
  readonly via: number;
}

/** How everything that there is only so much of is shared out. */
export interface TableLimits {
  /** Rows of the table. */
  readonly capabilities: ShareLimits;
  /** Channels of capabilities that the manifest did not give. */
  readonly channels: ShareLimits;
  /** Segments that were asked for at run time. */
  readonly segments: ShareLimits;
}

const MEMORIES = {
  owners: OWNERS_MAX,
  reserved: MEMORIES_RESERVED_PER_OWNER,
  held: MEMORIES_PER_OWNER_MAX,
};

/** The limits of the kernel's table. */
export const TABLE_LIMITS: TableLimits = {
  capabilities: {
    rows: CAPABILITIES_MAX - 1,
    owners: OWNERS_MAX,
    reserved: RESERVED_PER_OWNER,
    held: HELD_MAX,
    what: "capabilities",
  },
  channels: { ...MEMORIES, rows: GRANTED_CHANNELS_MAX, what: "channels by capabilities" },
  segments: { ...MEMORIES, rows: RUN_TIME_SEGMENTS_MAX, what: "segments" },
};

/** The capabilities of one system. */
export class CapabilityTable {
  readonly #rows: Rows<CapabilityRow>;
  readonly #newBadge: () => number;
  readonly #shares: Shares;
  readonly #channels: Shares;
  readonly #segments: Shares;
  readonly #family: Family;
  /** The rows that each owner holds, offers not counted. */
  readonly #held: Set<number>[];
  readonly #badges: Map<number, number> = new Map();
  readonly #segmentBytes: Float64Array;

  /**
   * Takes up a table where the last kernel left it; rows without any are a new one.
   *
   * @param rows At most {@linkcode CAPABILITIES_MAX}.
   * @param newBadge A badge that nobody ever had. Throws {@linkcode Refusal} when there are no more.
   */
  constructor(
    rows: Rows<CapabilityRow>,
    newBadge: () => number,
    { capabilities, channels, segments }: TableLimits = TABLE_LIMITS,
  ) {
    assert(rows.length <= CAPABILITIES_MAX, "a handle has twelve bits for a row");
    assert(capabilities.rows < rows.length, "the first row is the table's own");
    this.#rows = rows;
    this.#newBadge = newBadge;
    this.#shares = new Shares(capabilities);
    this.#channels = new Shares(channels);
    this.#segments = new Shares(segments);
    this.#family = new Family(rows.length);
    this.#held = Array.from({ length: capabilities.owners }, () => new Set());
    this.#segmentBytes = new Float64Array(capabilities.owners);
    if (rows.get(0) === undefined) rows.put(0, counterRow(0));
    for (const [index, row] of rows.entries()) if (index !== 0) this.#index(index, row);
  }

  /**
   * A capability that is derived from none: the manifest gives it, or the kernel with a new segment.
   *
   * @throws {Refusal} `EMFILE` or `ENFILE` if there is no room.
   */
  root(owner: number, { kind, object, byteLength = 0, ...more }: RootCapability): Handle {
    const rights = more.rights ?? ALL_RIGHTS[kind];
    assert((rights & ~ALL_RIGHTS[kind]) === 0, "a root has rights of its kind");
    this.checkRoom(owner, 1);
    const badge = kind === "endpoint" ? more.badge ?? this.#newBadge() : 0;
    const flags = more.isInUse ? FLAG.IN_USE : 0;
    const none = { operationsLow: 0, operationsHigh: 0, parent: 0, granter: 0, via: 0 };
    const row = { kind: KINDS.indexOf(kind), object, owner, rights, flags, badge, byteLength };
    return this.#add({ ...none, ...row });
  }

  /**
   * A capability of one's own to the same object that may do no more than the one it is derived from. To
   * an endpoint it has a badge of its own.
   *
   * @throws {Refusal} `EBADF`; `EPERM` without the right to derive, or if it were to allow more; `EINVAL`
   * for operations of what is no endpoint; `EMFILE` or `ENFILE` if there is no room.
   */
  derive(owner: number, handle: Handle, wanted: DerivedRights = {}): Handle {
    const { kind, row } = this.lookup(owner, handle, "derive");
    const { rights = row.rights, operations } = wanted;
    if ((rights & ~row.rights) !== 0) refuse("EPERM", "derive more rights than there are");
    if (operations !== undefined) {
      if (kind !== "endpoint") refuse("EINVAL", `limit the operations of a ${kind}`);
      if ((row.flags & FLAG.LIMITED) !== 0 && !isWithin(operations, maskIn(row))) {
        refuse("EPERM", "derive more operations than there are");
      }
    }
    this.checkRoom(owner, 1);
    const { low, high } = operations ?? maskIn(row);
    const limited = operations !== undefined || (row.flags & FLAG.LIMITED) !== 0;
    return this.#add({
      ...row,
      rights,
      flags: limited ? FLAG.LIMITED : 0,
      operationsLow: low,
      operationsHigh: high,
      badge: kind === "endpoint" ? this.#newBadge() : 0,
      parent: indexOf(handle),
      granter: 0,
      via: 0,
      byteLength: 0,
    });
  }

  /**
   * Offers somebody capabilities with the same rights, all or none. The giver pays for them until
   * they are accepted, so that nobody's share can be filled from outside.
   *
   * @returns The handles by which the receiver may accept, in the same order.
   * @throws {Refusal} `EBADF`; `EPERM` if one of them may not be granted; `EINVAL` for none, for one
   * twice, or to oneself; `EMFILE` or `ENFILE` if there is no room.
   */
  grant(owner: number, handles: readonly Handle[], { receiver, via }: GrantPath): Handle[] {
    assert(via !== 0, "a grant goes over a channel");
    const given = handles.map((handle) => this.lookup(owner, handle, "grant"));
    if (given.length === 0) refuse("EINVAL", "grant nothing");
    if (new Set(handles).size < handles.length) refuse("EINVAL", "grant one capability twice");
    if (receiver === owner) refuse("EINVAL", "grant to oneself");
    this.checkRoom(owner, given.length);
    // Before the first change: there may be no badge left. One that is drawn in vain is just skipped.
    const badges = given.map(({ kind }) => kind === "endpoint" ? this.#newBadge() : 0);
    return given.map(({ handle, row }, at) =>
      this.#add({
        ...row,
        owner: receiver,
        flags: (row.flags & FLAG.LIMITED) | FLAG.OFFERED,
        badge: badges[at]!,
        parent: indexOf(handle),
        granter: owner,
        via,
        byteLength: 0,
      })
    );
  }

  /**
   * Takes what was offered, if it came over a certain channel; done again, it says the same. So a
   * server that does something with a handle from a request accepts it first, by the request's badge:
   * then it uses what this very client has given it, never its own or another's.
   *
   * @throws {Refusal} `EBADF` if nothing was offered by this handle; `EPERM` if it came another way;
   * `EMFILE` or `ENFILE` if there is no room.
   */
  accept(owner: number, handle: Handle, via: number): CapabilityEntry {
    const entry = this.#find(owner, handle);
    const { row } = entry;
    if (via === 0 || row.via !== via) refuse("EPERM", "accept what came over another channel");
    if ((row.flags & FLAG.OFFERED) === 0) return entry;
    this.#shares.checkTransfer(row.granter, owner);
    const accepted = { ...row, flags: row.flags & ~FLAG.OFFERED };
    const index = indexOf(handle);
    this.#rows.put(index, accepted);
    this.#shares.release(row.granter);
    this.#shares.charge(owner);
    this.#held[owner]!.add(index);
    return { ...entry, row: accepted };
  }

  /**
   * Ends everything that was derived or granted from a capability, by whomever. It stays itself.
   *
   * @returns What has ended, children before their parents.
   * @throws {Refusal} `EBADF`; `EPERM` without the right to revoke.
   */
  revoke(owner: number, handle: Handle): CapabilityEntry[] {
    this.lookup(owner, handle, "revoke");
    return this.#family.descendants(indexOf(handle)).map((index) => this.#remove(index));
  }

  /**
   * Gives a capability up, or refuses what was offered; what was derived from it ends with it.
   *
   * @returns What has ended, itself last.
   * @throws {Refusal} `EBADF`; `EPERM` if others hang on it and it may not revoke.
   */
  drop(owner: number, handle: Handle): CapabilityEntry[] {
    const { row } = this.#find(owner, handle);
    const index = indexOf(handle);
    if (this.#family.hasChildren(index) && (row.rights & RIGHT.revoke) === 0) {
      refuse("EPERM", "drop what others hang on, without the right to revoke");
    }
    return [...this.#family.descendants(index), index].map((ended) => this.#remove(ended));
  }

  /** Ends all that an owner holds, and what hangs on it: it will not live again. */
  dropOwner(owner: number): CapabilityEntry[] {
    const ended: CapabilityEntry[] = [];
    for (const index of [...this.#held[owner]!]) {
      if (!this.#held[owner]!.has(index)) continue; // It hung on another of the same owner's.
      for (const below of this.#family.descendants(index)) ended.push(this.#remove(below));
      ended.push(this.#remove(index));
    }
    return ended;
  }

  /**
   * The capability that an owner means by a handle.
   *
   * @throws {Refusal} `EBADF` if it holds none by this handle, or one of another kind; `EPERM` if that
   * lacks a right.
   */
  lookup(owner: number, handle: Handle, right: Right, kind?: CapabilityKind): CapabilityEntry {
    const entry = this.#find(owner, handle);
    if ((entry.row.flags & FLAG.OFFERED) !== 0) refuse("EBADF", "use what is not accepted yet");
    if (kind !== undefined && entry.kind !== kind) refuse("EBADF", `find ${kind} by this handle`);
    if ((entry.row.rights & RIGHT[right]) === 0) refuse("EPERM", `${right} without the right to`);
    return entry;
  }

  /** A capability that an owner holds or is offered, if it does. */
  find(owner: number, handle: Handle): CapabilityEntry | undefined {
    const entry = this.named(handle);
    return entry?.row.owner === owner ? entry : undefined;
  }

  /** The capability with a handle, whosesoever it is. */
  named(handle: Handle): CapabilityEntry | undefined {
    if (!Number.isSafeInteger(handle) || handle < 0) return undefined;
    const index = indexOf(handle);
    const row = index === 0 || index >= this.#rows.length ? undefined : this.#rows.get(index);
    return row?.serial === serialOf(handle) ? entryOf(index, row) : undefined;
  }

  /** The badge of the capability that one was derived from; 0 if of none, or of what has no badge. */
  parentBadge({ parent }: CapabilityRow): number {
    return parent === 0 ? 0 : this.#rows.get(parent)!.badge;
  }

  /** The endpoint capability with a badge: who may be at the other end of a channel. */
  ofBadge(badge: number): CapabilityEntry | undefined {
    const index = this.#badges.get(badge);
    return index === undefined ? undefined : entryOf(index, this.#rows.get(index)!);
  }

  /** What an owner holds, offers not counted, in the order in which it came by it in this kernel. */
  *held(owner: number): Iterable<CapabilityEntry> {
    for (const index of this.#held[owner] ?? []) yield entryOf(index, this.#rows.get(index)!);
  }

  /** All capabilities. For a kernel that begins: from them it knows who has which channel and memory. */
  *all(): Iterable<CapabilityEntry> {
    for (const [index, row] of this.#rows.entries()) if (index !== 0) yield entryOf(index, row);
  }

  /** Bytes of the segments that an owner has asked for at run time. */
  segmentBytes(owner: number): number {
    return this.#segmentBytes[owner]!;
  }

  /**
   * Whether an owner can have more capabilities.
   *
   * @throws {Refusal} `EMFILE` if it has as many as one may; `ENFILE` if the table is full.
   */
  checkRoom(owner: number, count: number): void {
    this.#shares.check(owner, count);
    if (count > SERIAL_MAX - this.#rows.get(0)!.serial) {
      refuse("ENFILE", "number another capability in this boot");
    }
  }

  /**
   * Whether there can be a channel for an endpoint capability, if there is none yet.
   *
   * @throws {Refusal} `EMFILE` if its owner has as many as one may; `ENFILE` if there are no more.
   */
  checkChannel({ row }: CapabilityEntry): void {
    if ((row.flags & FLAG.IN_USE) === 0 && row.parent !== 0) this.#channels.check(row.owner, 1);
  }

  /**
   * Whether an owner can have a segment of its own more.
   *
   * @throws {Refusal} `ENOMEM` if that were too much memory, `EMFILE` if it were too many, or too many
   * capabilities; `ENFILE` if there is no more room for either.
   */
  checkSegment(owner: number, byteLength: number): void {
    if (byteLength > SEGMENT_BYTES_PER_OWNER_MAX - this.segmentBytes(owner)) {
      refuse("ENOMEM", `have more than ${SEGMENT_BYTES_PER_OWNER_MAX} bytes of segments`);
    }
    this.#segments.check(owner, 1);
    this.checkRoom(owner, 1);
  }

  /** Notes that there is a channel now, or that the holder has the memory. */
  setInUse({ handle, row }: CapabilityEntry): void {
    if ((row.flags & FLAG.IN_USE) !== 0) return;
    const used = { ...row, flags: row.flags | FLAG.IN_USE };
    this.#rows.put(indexOf(handle), used);
    if (isGrantedChannel(used)) this.#channels.charge(row.owner);
  }

  /** Puts another segment in the place of one that was retired; nothing else is to it any more. */
  replaceObject({ handle, row }: CapabilityEntry, object: number): void {
    const index = indexOf(handle);
    assert(!this.#family.hasChildren(index), "nobody else has a capability to what is replaced");
    this.#rows.put(index, { ...row, object });
  }

  #find(owner: number, handle: Handle): CapabilityEntry {
    return this.find(owner, handle) ?? refuse("EBADF", "find a capability by this handle");
  }

  #add(values: Omit<CapabilityRow, "serial">): Handle {
    const index = this.#rows.free();
    assert(index > 0, "there is room: it was checked");
    const serial = this.#rows.get(0)!.serial + 1;
    this.#rows.put(0, counterRow(serial));
    const row = { ...values, serial };
    this.#rows.put(index, row);
    this.#index(index, row);
    return handleOf(index, serial);
  }

  #index(index: number, row: CapabilityRow): void {
    const isOffered = (row.flags & FLAG.OFFERED) !== 0;
    this.#shares.charge(isOffered ? row.granter : row.owner);
    this.#family.add(index, row.parent);
    if (!isOffered) this.#held[row.owner]!.add(index);
    if (row.badge !== 0) this.#badges.set(row.badge, index);
    this.#segmentBytes[row.owner]! += row.byteLength;
    if (row.byteLength !== 0) this.#segments.charge(row.owner);
    if (isGrantedChannel(row)) this.#channels.charge(row.owner);
  }

  #remove(index: number): CapabilityEntry {
    const row = this.#rows.get(index)!;
    const isOffered = (row.flags & FLAG.OFFERED) !== 0;
    this.#shares.release(isOffered ? row.granter : row.owner);
    this.#family.remove(index);
    this.#held[row.owner]!.delete(index);
    this.#badges.delete(row.badge);
    this.#segmentBytes[row.owner]! -= row.byteLength;
    if (row.byteLength !== 0) this.#segments.release(row.owner);
    if (isGrantedChannel(row)) this.#channels.release(row.owner);
    this.#rows.remove(index);
    return entryOf(index, row);
  }
}

/** Whether this is a channel that the manifest knows nothing of. */
function isGrantedChannel({ kind, flags, parent }: CapabilityRow): boolean {
  return KINDS[kind] === "endpoint" && (flags & FLAG.IN_USE) !== 0 && parent !== 0;
}

function maskIn({ operationsLow, operationsHigh }: CapabilityRow): OperationMask {
  return { low: operationsLow, high: operationsHigh };
}

function entryOf(index: number, row: CapabilityRow): CapabilityEntry {
  return { handle: handleOf(index, row.serial), kind: KINDS[row.kind]!, row };
}
