/**
 * What a domain can ask of the kernel about capabilities, and what the kernel answers: plain data
 * that is posted on the control port.
 *
 * The kernel reads calls with {@linkcode readCall}, since a domain may post anything there.
 *
 * @module
 */

import type { Errno } from "@hako/ipc";
import type { DomainStatus } from "../system_status.ts";
import type { Handle } from "./handle.ts";
import { GRANTED_AT_ONCE_MAX, LIMITED_CODE_MAX } from "./limits.ts";
import { refuse } from "./refusal.ts";
import { ALL_RIGHTS, type CapabilityKind } from "./rights.ts";
import { SEGMENT_BYTES_MAX } from "../limits.ts";

/**
 * The other end of a channel, as one of its ends names it: a client by the endpoint capability that it
 * calls with, a server by the badge of its client.
 */
export type Peer = { readonly endpoint: Handle } | { readonly badge: number };

/** A domain's call of the kernel. Handles are the caller's own. */
export type KernelCall =
  /** A capability with fewer rights. Rights are bits of RIGHT, operations are codes. */
  | {
    readonly type: "derive";
    readonly handle: Handle;
    readonly rights?: number;
    readonly operations?: readonly number[];
  }
  /** Offers capabilities to a peer, all or none. */
  | { readonly type: "grant"; readonly handles: readonly Handle[]; readonly to: Peer }
  /** Takes what a certain peer has offered, or has given before. */
  | { readonly type: "accept"; readonly handle: Handle; readonly from: Peer }
  /** Ends all that was derived from a capability. */
  | { readonly type: "revoke"; readonly handle: Handle }
  /** Gives a capability up. */
  | { readonly type: "drop"; readonly handle: Handle }
  /** What the caller holds: a page of what is younger than `after`; 0 for the first page. */
  | { readonly type: "held"; readonly after: Handle }
  /** Opens the channel of an endpoint capability. */
  | { readonly type: "connect"; readonly handle: Handle }
  /** Gets the memory of a segment. */
  | { readonly type: "map"; readonly handle: Handle }
  /** Makes a segment of one's own with the bytes of another. */
  | { readonly type: "copy"; readonly handle: Handle }
  /** Makes a segment of zeros. */
  | { readonly type: "segment"; readonly byteLength: number }
  /** Sees how a domain is, gives it another life, ends it for good. */
  | { readonly type: "look"; readonly handle: Handle }
  | { readonly type: "restart"; readonly handle: Handle }
  | { readonly type: "terminate"; readonly handle: Handle };

/** A capability, as its holder may know it. */
export interface CapabilityView {
  /** The number by which to name it. */
  readonly handle: Handle;
  /** What it is to. */
  readonly kind: CapabilityKind;
  /** The kernel's number of that. */
  readonly object: number;
  /** Bits of RIGHT. */
  readonly rights: number;
  /** Endpoint: the codes of the operations that it allows; all if left out. */
  readonly operations?: readonly number[];
  /** Endpoint: the number by which the server knows who calls with it. 0 for others. */
  readonly badge: number;
  /** The badge of the channel over which it was given; 0 if the manifest gave it or it was derived. */
  readonly via: number;
}

/** What the kernel answers. */
export type KernelAnswer =
  /** It cannot be done, and nothing has changed. */
  | { readonly type: "refused"; readonly code: Errno; readonly what: string }
  /**
   * The capabilities in question: made, granted, accepted, used, held. What is repeatable is done
   * again when the call is told again: what it has sent may have died with the kernel that sent it.
   */
  | {
    readonly type: "capabilities";
    readonly capabilities: readonly CapabilityView[];
    readonly isRepeatable?: true;
  }
  /** How many capabilities have ended, and whether the memory of the segment was retired. */
  | { readonly type: "ended"; readonly count: number; readonly isRetired: boolean }
  /** How a domain is. */
  | { readonly type: "domain"; readonly domain: DomainStatus }
  /** It is done, or will be whatever dies. */
  | { readonly type: "done" };

/** The types of calls that name one capability and say nothing else. */
const BARE_TYPES = [
  "revoke",
  "drop",
  "connect",
  "map",
  "copy",
  "look",
  "restart",
  "terminate",
] as const;

const ANY_RIGHTS = ALL_RIGHTS.endpoint | ALL_RIGHTS.segment | ALL_RIGHTS.domain;

/**
 * Reads a call as it came over a port: any value that can be posted. What the call does not need is
 * not looked at. Nothing of the value is used but numbers that were checked here.
 *
 * @throws {Refusal} `EPROTO` for what is no call, or one of no known type; `EINVAL` for a field that is
 * missing or cannot be.
 */
export function readCall(value: unknown): KernelCall {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuse("EPROTO", "call the kernel with what is no call");
  }
  const { type, ...fields } = ownFields(value);
  const bare = BARE_TYPES.find((name) => name === type);
  if (bare !== undefined) return { type: bare, handle: handleIn(fields.handle) };
  switch (type) {
    case "derive":
      return readDerive(fields);
    case "grant":
      return { type, handles: handlesIn(fields.handles), to: peerIn(fields.to) };
    case "accept":
      return { type, handle: handleIn(fields.handle), from: peerIn(fields.from) };
    case "held":
      return { type, after: handleIn(fields.after) };
    case "segment":
      return { type, byteLength: integerIn(fields.byteLength, 1, SEGMENT_BYTES_MAX, "a size") };
    default:
      refuse("EPROTO", "call the kernel by a type that it does not know");
  }
}

/** Every name that some call has, taken once: what the object inherits is not the caller's. */
type CallFields = Readonly<
  Record<
    | "type"
    | "handle"
    | "handles"
    | "to"
    | "from"
    | "rights"
    | "operations"
    | "after"
    | "byteLength",
    unknown
  >
>;

function ownFields(value: object): CallFields {
  return {
    type: own(value, "type"),
    handle: own(value, "handle"),
    handles: own(value, "handles"),
    to: own(value, "to"),
    from: own(value, "from"),
    rights: own(value, "rights"),
    operations: own(value, "operations"),
    after: own(value, "after"),
    byteLength: own(value, "byteLength"),
  };
}

function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function readDerive({ handle, rights, operations }: Omit<CallFields, "type">): KernelCall {
  return {
    type: "derive",
    handle: handleIn(handle),
    ...(rights !== undefined && { rights: rightsIn(rights) }),
    ...(operations !== undefined && { operations: operationsIn(operations) }),
  };
}

function handleIn(value: unknown): Handle {
  return integerIn(value, 0, Number.MAX_SAFE_INTEGER, "a handle");
}

function handlesIn(value: unknown): Handle[] {
  return arrayIn(value, GRANTED_AT_ONCE_MAX, "handles").map(handleIn);
}

/** Bits without a gap, so that one that is no right is out of range. */
function rightsIn(value: unknown): number {
  return integerIn(value, 0, ANY_RIGHTS, "rights");
}

function operationsIn(value: unknown): number[] {
  const codes = arrayIn(value, LIMITED_CODE_MAX, "operations");
  return codes.map((code) => integerIn(code, 1, LIMITED_CODE_MAX, "an operation"));
}

function peerIn(value: unknown): Peer {
  if (typeof value !== "object" || value === null) refuse("EINVAL", "name a peer");
  const endpoint = own(value, "endpoint");
  const badge = own(value, "badge");
  if ((endpoint === undefined) === (badge === undefined)) {
    refuse("EINVAL", "name a peer either by an endpoint or by a badge");
  }
  if (endpoint !== undefined) return { endpoint: handleIn(endpoint) };
  return { badge: integerIn(badge, 1, 0xffff_ffff, "a badge") };
}

/** An array of a bounded length: its length is looked at before its items are. */
function arrayIn(value: unknown, lengthMax: number, what: string): unknown[] {
  if (!Array.isArray(value) || value.length > lengthMax) {
    refuse("EINVAL", `list ${what}, at most ${lengthMax}`);
  }
  return Array.from(value); // A hole becomes `undefined`, which is refused.
}

function integerIn(value: unknown, least: number, most: number, what: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) {
    return value + 0; // Minus zero becomes zero.
  }
  refuse("EINVAL", `name ${what} by this value`);
}
