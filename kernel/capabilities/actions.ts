/**
 * What capabilities can make the kernel do: its side of each call, which changes channels, segments
 * and domains.
 *
 * @module
 */

import type { DomainStatus } from "../system_status.ts";

/** A channel that a capability asks for. */
export interface CapabilityChannel {
  /** The badge by which the server is to know the client. Names the channel for ever. */
  readonly badge: number;
  /** The badge of the capability that this one was derived from; 0 for one of the manifest. */
  readonly parentBadge: number;
  /** The kernel's number of the endpoint. */
  readonly endpoint: number;
  /** The owner that calls. */
  readonly client: number;
  /** The only operations that the server is to take from it; all if left out. */
  readonly operations?: readonly number[];
}

/**
 * The kernel, as the calls of domains use it.
 *
 * A method that cannot do what it is asked throws a `Refusal` and has changed nothing. One that can
 * changes the kernel's tables within the running transaction; what it does to the world outside - a
 * message, a channel closed - comes after the commit, and is done again by a successor.
 */
export interface KernelActions {
  /** The owner that serves an endpoint. */
  serverOf(endpoint: number): number;
  /** A badge that nobody ever had. Throws `ENFILE` when there are no more. */
  newBadge(): number;
  /**
   * Gives the client its end of the channel before the call is answered. Does nothing twice. Throws
   * `ELOOP` if the server calls the client, directly or not: each would wait for the other; `ENFILE`
   * if there are too many channels.
   */
  openChannel(channel: CapabilityChannel): void;
  /** Closes a channel at both ends; requests in it are answered with `EPERM`. Does nothing twice. */
  closeChannel(badge: number): void;
  /** A segment, zeroed or with the bytes of another. Throws `ENOMEM` if there is no memory. */
  newSegment(owner: number, byteLength: number, bytesOf?: number): number;
  /** The size of a segment. */
  byteLengthOf(segment: number): number;
  /** Gives an owner a segment's memory before the call is answered, to use and to lend. */
  shareSegment(segment: number, owner: number): void;
  /**
   * Takes a segment away from one that had its memory: its runtime forgets it, and no request of it may
   * name it any more. The memory itself cannot be taken away.
   */
  unshareSegment(segment: number, owner: number): void;
  /**
   * Retires a segment whose memory somebody holds who should not: nobody may name it any more, not
   * even its owner, who gets another one, zeroed, in its place. Answers that one's number.
   */
  replaceSegment(segment: number, owner: number): number;
  /** Retires a segment that nobody has a capability to any more. */
  freeSegment(segment: number): void;
  /** How a domain is. */
  look(domain: number): DomainStatus;
  /** Gives a domain another life, as after a death. Throws `EBUSY` if it has none now. */
  restart(domain: number): void;
  /** Ends a domain for good; its callers get `EHOSTDOWN`. Does nothing twice. */
  terminate(domain: number): void;
  /** Tells an owner that capabilities of its have ended that it did not end itself. */
  lost(owner: number, handles: readonly number[]): void;
}
