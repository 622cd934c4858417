/**
 * What a domain sees of the world: what its manifest gave it, and nothing else.
 *
 * @module
 */

import type {
  Background,
  Client,
  Errno,
  Handlers,
  Operations,
  OperationsOf,
  Protocol,
} from "@hako/ipc";
import type { Keep } from "../keeps/keep.ts";
import type { KeepSchema } from "../keeps/schema.ts";
import type { Capability, PeerName } from "./capability.ts";

/** Names bytes of a window, for as long as the system runs. */
export interface WindowName {
  /** The number of the window's segment: no number comes twice. */
  readonly segment: number;
  /** Where the bytes begin in it. */
  readonly byteOffset: number;
  /** How many they are. */
  readonly byteLength: number;
}

/** The world of one incarnation. */
export interface Domain {
  /** The domain's name in the manifest. */
  readonly name: string;
  /** The number of this life, from 1. */
  readonly epoch: number;
  /** The domain's options from the manifest: JSON values. */
  readonly options: Readonly<Record<string, unknown>>;

  /** A keep: bytes that survive this incarnation. Zeroed before the first one. */
  keep(name: string): Uint8Array;

  /**
   * A keep as typed state that changes in transactions: what a handler changes counts when its answer
   * does, all of it or nothing, whenever the incarnation dies. Zeroed before the first one.
   *
   * @throws {OsError} `EUCLEAN` if the keep holds state of another schema.
   */
  state<S extends KeepSchema>(name: string, schema: S): Keep<S>;

  /**
   * Makes all changes of {@linkcode Domain.state} count that were made since the last commit. For what
   * is changed outside handlers, and for handlers that return a promise: those commit before they
   * first await, and again before they end.
   */
  commit(): void;

  /**
   * Throws if this life is over. Whoever passes here has done all that stands before it in the program
   * while it was not: what it has written to a keep is what a successor finds there. For between
   * writing down what is about to be asked, and asking it.
   */
  requireLife(): void;

  /**
   * Waits outside Hako, as a gateway does in poll(2): meanwhile this domain counts as asleep, so that
   * those that work know of a free core. For 100 ms at most at a time; touches nothing that is shared.
   */
  asleep<T>(wait: () => T): T;

  /** Whether those awake outnumber the cores: who looks again and again instead of waiting takes one. */
  readonly isCrowded: boolean;

  /** A window of this domain's own, to be lent by naming views of it in requests. */
  window(name: string): Uint8Array;

  /**
   * The client of an endpoint that the manifest lists under `uses`, or to which one has a capability.
   *
   * @throws {OsError} For a capability: `EPERM` or `EBADF`; `ELOOP` if the server calls this domain.
   */
  connect<P extends Protocol<Operations>>(protocol: P, endpoint: string | Capability): Client<P>;

  /**
   * A capability that the manifest gives: to an endpoint under `uses`, a window as segment, a domain
   * under `manages`. Asks the kernel, as all that one does with capabilities.
   *
   * @throws {OsError} `ENOENT` if the manifest gives none of that name.
   */
  capability(kind: Capability["kind"], name: string): Capability;

  /** All capabilities that this domain holds, those of earlier lives included. */
  capabilities(): Capability[];

  /**
   * Takes what a peer has offered; done again, it answers the same. A server names the badge of the
   * request that the handle came with: so no client makes it use what another has given it.
   *
   * @throws {OsError} `EBADF` if nothing was offered by this handle; `EPERM` if not by this peer.
   */
  accept(handle: number, from: PeerName): Capability;

  /** The memory of a segment. @throws {OsError} `EPERM`, `EBADF`. */
  map(segment: Capability): Uint8Array;

  /** A new segment of zeros, to be mapped and granted. @throws {OsError} `ENOMEM`, `EMFILE`. */
  segment(byteLength: number): Capability;

  /**
   * Serves an endpoint that the manifest lists under `serves`. Requests are taken from the next
   * turn of the event loop on, so that what stands after this call in the module still runs first.
   * A handler that throws ends the incarnation; its request is given to the successor.
   *
   * @param endpoint The endpoint's name; may be left out when the domain serves just one.
   */
  serve<P extends Protocol<Operations>>(
    protocol: P,
    handlers: Handlers<OperationsOf<P>>,
    endpoint?: string,
  ): void;

  /**
   * Work of a server that goes on between its requests: requests of its own that are under way while
   * it takes the next (`Client.post`), or what is done when there is nothing else to do. One for each
   * domain of kind `server`.
   */
  background(work: Background): void;

  /**
   * The clients that this incarnation serves: by badge, the number of the client's life. A client that
   * dies comes back with the same badge and another life, or not at all.
   */
  clients(): ReadonlyMap<number, number>;

  /**
   * Says that a client's life is over: after its last request, before the first of its next life, and
   * before its windows are taken away. Whoever keeps state for clients compares {@linkcode clients}
   * with that state when it begins, since a client may also die between two lives of its server.
   */
  onClientGone(hear: (badge: number, life: number) => void): void;

  /**
   * The name of a view of a window, own or a client's, that means the same bytes to a later incarnation
   * of this domain: for state in a keep.
   *
   * @throws {OsError} `EFAULT` if the bytes lie in no window that this domain holds.
   */
  windowName(view: Uint8Array): WindowName;

  /** What a client's window of that name holds, if that client may still lend it to this domain. */
  windowOf(badge: number, name: WindowName): Uint8Array | undefined;

  /**
   * Runs once when the system halts in order, after the last request. For flushing and closing. What a
   * gateway promises is awaited, for up to 30 s.
   */
  onHalt(close: () => void | Promise<void>): void;

  /** Tells the program that booted the system something: progress, a figure. */
  report(value: unknown): void;

  /** Ends an app: its work is done and this is the result. */
  finish(value: unknown): void;

  /** Ends the incarnation for a reason that a restart would not mend; the boot fails with it. */
  fail(code: Errno, what: string): never;

  /** A named point at which a fault plan may let this incarnation die. Costs nothing without one. */
  point(name: string): void;

  /** Milliseconds since 1970. The only clock of a server. */
  nowMs(): number;
}
