/**
 * Executes the calls of domains: against the table, and by the kernel's actions.
 *
 * @module
 */

import type { CapabilityChannel, KernelActions } from "./actions.ts";
import {
  type CapabilityView,
  type KernelAnswer,
  type KernelCall,
  type Peer,
  readCall,
} from "./calls.ts";
import { type Handle, serialOf } from "./handle.ts";
import { HELD_PAGE } from "./limits.ts";
import { Refusal, refuse } from "./refusal.ts";
import { codesOf, maskOf } from "./rights.ts";
import { type CapabilityRow, FLAG } from "./rows.ts";
import type { CapabilityEntry, CapabilityTable, GrantPath } from "./table.ts";

/** The calls of all domains of one kernel. */
export class CapabilityCalls {
  readonly #table: CapabilityTable;
  readonly #actions: KernelActions;

  /** Calls that change `table` and use `actions`, within the transaction that is running. */
  constructor(table: CapabilityTable, actions: KernelActions) {
    this.#table = table;
    this.#actions = actions;
  }

  /**
   * Does what a domain asks, or answers why not and has changed nothing.
   *
   * @param caller The owner on whose port the call came. Nothing in the call says who calls.
   * @param value What came: anything that can be posted.
   */
  execute(caller: number, value: unknown): KernelAnswer {
    try {
      return this.#execute(caller, readCall(value));
    } catch (error) {
      // Anything else breaks a rule of our own, perhaps half-way: then the kernel ends, uncommitted.
      if (!(error instanceof Refusal)) throw error;
      return { type: "refused", code: error.code, what: error.what };
    }
  }

  /** Ends all that an owner holds: it will not live again. */
  endOwner(owner: number): void {
    this.#end(owner, this.#table.dropOwner(owner));
  }

  #execute(caller: number, call: KernelCall): KernelAnswer {
    switch (call.type) {
      case "derive":
        return this.#derive(caller, call);
      case "grant": {
        const path = this.#path(caller, call.to);
        const offered = this.#table.grant(caller, call.handles, path);
        return capabilities(offered.map((handle) => this.#table.named(handle)!));
      }
      case "accept": {
        const { via } = this.#path(caller, call.from);
        return repeatable([this.#table.accept(caller, call.handle, via)]);
      }
      case "revoke":
        return this.#revoke(caller, call.handle);
      case "drop": {
        const ended = this.#table.drop(caller, call.handle);
        this.#end(caller, ended);
        return { type: "ended", count: ended.length, isRetired: false };
      }
      case "held":
        return repeatable(page(this.#table.held(caller), call.after));
      case "connect":
        return this.#connect(caller, call.handle);
      case "map":
        return this.#map(caller, call.handle);
      case "copy": {
        const { row } = this.#table.lookup(caller, call.handle, "read", "segment");
        return this.#newSegment(caller, this.#actions.byteLengthOf(row.object), row.object);
      }
      case "segment":
        return this.#newSegment(caller, call.byteLength);
      case "look": {
        const { row } = this.#table.lookup(caller, call.handle, "look", "domain");
        return { type: "domain", domain: this.#actions.look(row.object) };
      }
      case "restart":
      case "terminate": {
        const { row } = this.#table.lookup(caller, call.handle, call.type, "domain");
        this.#actions[call.type](row.object);
        return { type: "done" };
      }
    }
  }

  #derive(
    caller: number,
    { handle, rights, operations }: Extract<KernelCall, { type: "derive" }>,
  ): KernelAnswer {
    const mask = operations === undefined ? undefined : maskOf(operations);
    const derived = this.#table.derive(caller, handle, { rights, operations: mask });
    return capabilities([this.#table.named(derived)!]);
  }

  /** The other end of a channel of which the caller is one end. */
  #path(caller: number, peer: Peer): GrantPath {
    if ("endpoint" in peer) {
      const { row } = this.#table.lookup(caller, peer.endpoint, "call", "endpoint");
      if ((row.flags & FLAG.IN_USE) === 0) refuse("EPIPE", "reach a peer before connecting to it");
      return { receiver: this.#actions.serverOf(row.object), via: row.badge };
    }
    const client = this.#table.ofBadge(peer.badge);
    // Whether the badge is somebody else's client's or nobody's is not the caller's business.
    if (
      client === undefined || (client.row.flags & FLAG.IN_USE) === 0 ||
      this.#actions.serverOf(client.row.object) !== caller
    ) refuse("EPERM", "name a peer by a badge that no client has here");
    return { receiver: client.row.owner, via: peer.badge };
  }

  #revoke(caller: number, handle: Handle): KernelAnswer {
    const ended = this.#table.revoke(caller, handle);
    const entry = this.#table.named(handle)!;
    // Only the memory's owner can have it retired, since that takes it from everybody.
    const isRetired = entry.kind === "segment" && entry.row.parent === 0 &&
      ended.some(({ row }) => row.owner !== caller && (row.flags & FLAG.IN_USE) !== 0);
    this.#end(caller, ended);
    if (isRetired) {
      const fresh = this.#actions.replaceSegment(entry.row.object, caller);
      this.#table.replaceObject(entry, fresh);
    }
    return { type: "ended", count: ended.length, isRetired };
  }

  #connect(caller: number, handle: Handle): KernelAnswer {
    const entry = this.#table.lookup(caller, handle, "call", "endpoint");
    if (this.#actions.serverOf(entry.row.object) === caller) refuse("ELOOP", "call oneself");
    this.#table.checkChannel(entry);
    this.#actions.openChannel(this.#channelOf(entry));
    this.#table.setInUse(entry);
    return repeatable([entry]);
  }

  #channelOf({ row }: CapabilityEntry): CapabilityChannel {
    const operations = operationsOf(row);
    return {
      badge: row.badge,
      parentBadge: this.#table.parentBadge(row),
      endpoint: row.object,
      client: row.owner,
      ...(operations !== undefined && { operations }),
    };
  }

  #map(caller: number, handle: Handle): KernelAnswer {
    this.#table.lookup(caller, handle, "read", "segment");
    // Whoever holds a memory can write it: there is no memory for reading only.
    const entry = this.#table.lookup(caller, handle, "write", "segment");
    this.#actions.shareSegment(entry.row.object, caller);
    this.#table.setInUse(entry);
    return repeatable([entry]);
  }

  #newSegment(caller: number, byteLength: number, bytesOf?: number): KernelAnswer {
    this.#table.checkSegment(caller, byteLength);
    const object = this.#actions.newSegment(caller, byteLength, bytesOf);
    const root = { kind: "segment", object, byteLength, isInUse: true } as const;
    const handle = this.#table.root(caller, root);
    this.#actions.shareSegment(object, caller);
    return capabilities([this.#table.named(handle)!]);
  }

  /** What the end of capabilities means to channels, memories and their holders. */
  #end(caller: number, ended: readonly CapabilityEntry[]): void {
    const lost = new Map<number, Handle[]>();
    for (const { handle, kind, row } of ended) {
      const isInUse = (row.flags & FLAG.IN_USE) !== 0;
      if (kind === "endpoint" && isInUse) this.#actions.closeChannel(row.badge);
      if (kind === "segment" && isInUse) this.#unshare(row);
      if (kind === "segment" && row.parent === 0) this.#actions.freeSegment(row.object);
      if (row.owner === caller || (row.flags & FLAG.OFFERED) !== 0) continue;
      lost.set(row.owner, [...lost.get(row.owner) ?? [], handle]);
    }
    for (const [owner, handles] of lost) this.#actions.lost(owner, handles);
  }

  /** Takes a memory away from an owner that has no other capability by which it has it. */
  #unshare({ object, owner }: CapabilityRow): void {
    for (const { kind, row } of this.#table.held(owner)) {
      if (kind === "segment" && row.object === object && row.flags & FLAG.IN_USE) return;
    }
    this.#actions.unshareSegment(object, owner);
  }
}

/** A capability, as its holder may know it. */
export function viewOf({ handle, kind, row }: CapabilityEntry): CapabilityView {
  const { object, rights, badge, via } = row;
  const operations = operationsOf(row);
  const view = { handle, kind, object, rights, badge, via };
  return operations === undefined ? view : { ...view, operations };
}

function operationsOf(row: CapabilityRow): number[] | undefined {
  const { flags, operationsLow, operationsHigh } = row;
  if ((flags & FLAG.LIMITED) === 0) return undefined;
  return codesOf({ low: operationsLow, high: operationsHigh });
}

function capabilities(entries: readonly CapabilityEntry[]): KernelAnswer {
  return { type: "capabilities", capabilities: entries.map(viewOf) };
}

/** The answer to a call that is the same however often it is done. */
function repeatable(entries: readonly CapabilityEntry[]): KernelAnswer {
  return { type: "capabilities", capabilities: entries.map(viewOf), isRepeatable: true };
}

/** Some of what is held: the eldest that are younger than a certain one. */
function page(entries: Iterable<CapabilityEntry>, after: Handle): CapabilityEntry[] {
  return [...entries]
    .filter(({ row }) => row.serial > serialOf(after))
    .sort((one, other) => one.row.serial - other.row.serial)
    .slice(0, HELD_PAGE);
}
