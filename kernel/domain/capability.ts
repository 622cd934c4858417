/**
 * Capabilities as a domain holds them: what it may do, what it may pass on, and how it takes that
 * back. Each method is one synchronous call of the kernel, which alone knows who holds what; these
 * objects are no more than names for it.
 *
 * @module
 */

import { type Operations, OsError, type Protocol } from "@hako/ipc";
import type {
  CapabilityKind,
  CapabilityView,
  Handle,
  KernelAnswer,
  KernelCall,
  Peer,
  Right,
} from "../capabilities/mod.ts";
import { rightNames, rightsOf } from "../capabilities/rights.ts";
import type { DomainStatus } from "../system_status.ts";

/** A synchronous call of the kernel. Answers are the kernel's own, and need no check. */
export type Ask = (call: KernelCall) => KernelAnswer;

/**
 * The other end of a channel: the endpoint that this domain calls, or the badge of a client that it
 * serves, as its requests come with it.
 */
export type PeerName = Capability | { readonly badge: number };

/** What a derived capability may do; what is left out is as before. */
export interface Derivation {
  /** The only rights that it is to have. */
  readonly rights?: readonly Right[];
  /** Endpoint: the codes of the only operations that it is to allow. See {@linkcode operationCodes}. */
  readonly operations?: readonly number[];
}

/** What was granted, as the giver may know it: the receiver's capability is the receiver's. */
export interface Granted {
  /** By which the receiver may accept it: to be told in a request or a reply. */
  readonly handle: Handle;
  /** Endpoint: the number by which its server will know the receiver's requests. 0 for others. */
  readonly badge: number;
}

/** What the end of capabilities came to. */
export interface Ended {
  /** How many there were. */
  readonly count: number;
  /**
   * Whether the memory behind a segment was retired, because others had it: then it has another one,
   * zeroed, which is to be mapped again; in the old one anybody may still scribble.
   */
  readonly isRetired: boolean;
}

/**
 * The right to something: an endpoint, a segment, or a domain.
 *
 * @example A volume lent to a viewer, for reading only, and taken back.
 * ```ts ignore
 * const volume = domain.capability("endpoint", "volume");
 * const rights = ["call", "grant", "revoke"] as const;
 * const readOnly = volume.derive({ operations: operationCodes(Volume, "read"), rights });
 * const { handle } = readOnly.grant(domain.capability("endpoint", "viewer"));
 * viewer.callSync("show", { volume: handle }); // The viewer accepts by the badge of this request.
 * readOnly.revoke(); // Its channel to the volume is closed.
 * ```
 */
export class Capability {
  /** What it is to. */
  readonly kind: CapabilityKind;
  /** The kernel's name for it. Worth nothing to others. */
  readonly handle: Handle;
  /** What may be done with it. */
  readonly rights: readonly Right[];
  /** Endpoint: the codes of the operations that it allows; all if `undefined`. */
  readonly operations: readonly number[] | undefined;
  /** Endpoint: the number by which the server knows who calls with it. 0 for others. */
  readonly badge: number;
  /** The badge of the channel over which it came; 0 if the manifest gave it or it was derived. */
  readonly via: number;
  readonly #ask: Ask;

  /** A name for what the kernel says that this domain holds. */
  constructor(view: CapabilityView, ask: Ask) {
    this.kind = view.kind;
    this.handle = view.handle;
    this.rights = rightNames(view.rights);
    this.operations = view.operations;
    this.badge = view.badge;
    this.via = view.via;
    this.#ask = ask;
  }

  /**
   * A capability to the same, with these rights or fewer; to an endpoint it has a badge of its own.
   *
   * @throws {OsError} `EPERM` without the right `"derive"` or if it were to allow more; `EBADF` if this
   * one has ended; `EMFILE` or `ENFILE` if there are too many.
   */
  derive({ rights, operations }: Derivation = {}): Capability {
    const [derived] = this.#views({
      type: "derive",
      handle: this.handle,
      ...(rights !== undefined && { rights: rightsOf(rights) }),
      ...(operations !== undefined && { operations }),
    });
    return new Capability(derived!, this.#ask);
  }

  /**
   * Offers a peer a capability with the same rights, which ends with this one. The peer accepts it by
   * the handle, which it is to be told over the channel.
   *
   * @throws {OsError} `EPERM` without the right `"grant"`, or if the badge is that of no client;
   * `EBADF` if this one has ended.
   */
  grant(to: PeerName): Granted {
    return grantAll([this], to)[0]!;
  }

  /**
   * Ends all that was derived or granted from this, by whomever; this stays. Of a segment whose memory
   * somebody else has had, the memory is another one afterwards: map it again.
   *
   * @throws {OsError} `EPERM` without the right `"revoke"`; `EBADF` if this one has ended.
   */
  revoke(): Ended {
    return this.#end("revoke");
  }

  /**
   * Gives this up, with all that was derived or granted from it.
   *
   * @throws {OsError} `EPERM` if there is any such and the right `"revoke"` is missing; `EBADF` if this
   * one has ended.
   */
  drop(): Ended {
    return this.#end("drop");
  }

  /**
   * How the domain is.
   *
   * @throws {OsError} `EPERM` without the right `"look"`; `EBADF` if this has ended or is to no domain.
   */
  look(): DomainStatus {
    const answer = expect(this.#ask({ type: "look", handle: this.handle }), "domain");
    return answer.domain;
  }

  /**
   * Gives the domain another life. Its clients notice nothing but the time it takes.
   *
   * @throws {OsError} `EPERM` without the right `"restart"`; `EBADF` if this has ended or is to no domain;
   * `EBUSY` if it is not living now.
   */
  restart(): void {
    expect(this.#ask({ type: "restart", handle: this.handle }), "done");
  }

  /**
   * Ends the domain for good: its callers get `EHOSTDOWN`.
   *
   * @throws {OsError} `EPERM` without the right `"terminate"`; `EBADF` if this has ended or is to no
   * domain.
   */
  terminate(): void {
    expect(this.#ask({ type: "terminate", handle: this.handle }), "done");
  }

  /**
   * A segment of one's own with the bytes of this one as they are now.
   *
   * @throws {OsError} `EPERM` without the right `"read"`; `EBADF` if this has ended or is to no segment;
   * `ENOMEM` if one has too much memory.
   */
  copy(): Capability {
    return new Capability(this.#views({ type: "copy", handle: this.handle })[0]!, this.#ask);
  }

  /** Offers several at once: all or none. @internal */
  static grantAll(capabilities: readonly Capability[], to: PeerName): Granted[] {
    const [first] = capabilities;
    if (first === undefined) return [];
    const handles = capabilities.map(({ handle }) => handle);
    return first.#views({ type: "grant", handles, to: peerOf(to) })
      .map(({ handle, badge }) => ({ handle, badge }));
  }

  #views(call: KernelCall): readonly CapabilityView[] {
    return expect(this.#ask(call), "capabilities").capabilities;
  }

  #end(type: "revoke" | "drop"): Ended {
    const { count, isRetired } = expect(this.#ask({ type, handle: this.handle }), "ended");
    return { count, isRetired };
  }
}

/**
 * Offers a peer several capabilities, all or none.
 *
 * @throws {OsError} As {@linkcode Capability.grant}; `EINVAL` for more than eight, or one twice.
 */
export function grantAll(capabilities: readonly Capability[], to: PeerName): Granted[] {
  return Capability.grantAll(capabilities, to);
}

/**
 * Takes what a peer has offered; done again, it answers the same. A server accepts by the badge of the
 * request that the handle came with, each time: then a client can make it use nothing but what this
 * client has given it.
 *
 * @throws {OsError} `EBADF` if nothing was offered by this handle; `EPERM` if not by this peer.
 */
export function accept(ask: Ask, handle: Handle, from: PeerName): Capability {
  const answer = expect(ask({ type: "accept", handle, from: peerOf(from) }), "capabilities");
  return new Capability(answer.capabilities[0]!, ask);
}

/** A segment of zeros, of one's own. @throws {OsError} `ENOMEM` if one has too much memory. */
export function newSegment(ask: Ask, byteLength: number): Capability {
  const answer = expect(ask({ type: "segment", byteLength }), "capabilities");
  return new Capability(answer.capabilities[0]!, ask);
}

/** All that this domain holds, eldest first: for an incarnation that begins. */
export function held(ask: Ask): Capability[] {
  const found: Capability[] = [];
  for (;;) {
    const after = found.at(-1)?.handle ?? 0;
    const { capabilities } = expect(ask({ type: "held", after }), "capabilities");
    if (capabilities.length === 0) return found;
    found.push(...capabilities.map((view) => new Capability(view, ask)));
  }
}

/**
 * The codes of operations by their names, for {@linkcode Derivation.operations}.
 *
 * @example
 * ```ts
 * import { defineProtocol, u32 } from "@hako/ipc";
 * import { operationCodes } from "@hako/kernel/domain";
 *
 * const Safe = defineProtocol("safe", 1, {
 *   look: { code: 1, request: { shelf: u32 }, errors: [], idempotent: true },
 *   take: { code: 2, request: { shelf: u32 }, errors: [], idempotent: false },
 * });
 * if (operationCodes(Safe, "look")[0] !== 1) throw new Error("another operation");
 * ```
 */
export function operationCodes<O extends Operations>(
  protocol: Protocol<O>,
  ...names: readonly (keyof O & string)[]
): number[] {
  return names.map((name) => protocol.operations[name]!.code);
}

function peerOf(peer: PeerName): Peer {
  return peer instanceof Capability ? { endpoint: peer.handle } : { badge: peer.badge };
}

function expect<T extends KernelAnswer["type"]>(
  answer: KernelAnswer,
  type: T,
): Extract<KernelAnswer, { type: T }> {
  if (answer.type === "refused") throw new OsError(answer.code, answer.what);
  if (answer.type !== type) throw new OsError("EPROTO", `get ${type} from the kernel`);
  return answer as Extract<KernelAnswer, { type: T }>;
}
