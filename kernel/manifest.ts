/**
 * The manifest: what a system consists of, and the only place where authority is given. It is
 * data; what it does not list is denied.
 *
 * @module
 */

import type { SpokenProtocol } from "@hako/ipc";

/** What a domain is. */
export type DomainKind = "server" | "driver" | "gateway" | "app";

/**
 * Host permissions, as Deno names them. Only drivers and gateways get any. Paths are relative to the
 * manifest's `base`.
 */
export interface HostPermissions {
  /** Paths that may be read, with all below them. */
  readonly read?: readonly string[];
  /** Paths that may be written, with all below them. */
  readonly write?: readonly string[];
  /** Hosts and ports that may be used. */
  readonly net?: readonly string[];
  /**
   * Shared libraries that may be called. What a library does is beyond all other permissions: it is
   * for a gateway to a part of the host that Deno has no calls for.
   */
  readonly ffi?: readonly string[];
}

/** What happens when a domain has died more often than its policy allows. */
export type AtLimit = "degrade" | "dependents" | "stop";

/** How often a domain may die before it is given up, and what comes then. */
export interface RestartPolicy {
  /** Most deaths within `windowMs`. */
  readonly limit: number;
  /** The time over which deaths are counted. */
  readonly windowMs: number;
  /**
   * How long the kernel waits before the first restart within the window; doubles with each further
   * one, up to 5 s. 0 if left out: a server that dies once is back at once.
   */
  readonly backoffMs?: number;
  /**
   * What happens at the limit. `"degrade"`, the default: callers get `EHOSTDOWN`. `"dependents"`: the
   * domain and all that call it, directly or not, get one more life, callees first, because the fault
   * may be in what a caller keeps asking; after that it degrades. `"stop"`: the system halts in order.
   */
  readonly atLimit?: AtLimit;
}

/** One domain of a system. */
export interface DomainManifest {
  /** What the domain is. */
  readonly kind: DomainKind;
  /**
   * The module that a worker of this domain runs: a path relative to the manifest's `base` that begins
   * with `./` or `../`, a URL, or the name of a package.
   */
  readonly module: string;
  /** What of the host the domain may touch. Nothing if left out. */
  readonly permissions?: HostPermissions;
  /** The endpoints that the domain serves, each with its protocol, or its name and version. */
  readonly serves?: Readonly<Record<string, SpokenProtocol>>;
  /** The endpoints that the domain calls. */
  readonly uses?: readonly string[];
  /** Bytes of state that survive an incarnation, by name. */
  readonly keeps?: Readonly<Record<string, number>>;
  /** Bytes that the domain may lend to the servers it calls, by name. */
  readonly windows?: Readonly<Record<string, number>>;
  /** What the domain's module finds in `domain.options`: JSON values, and memories to share. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** How often the domain may die. */
  readonly restart?: RestartPolicy;
  /**
   * How long the domain may compute without a sign of life. A domain that serves nothing is watched
   * only if this is given.
   */
  readonly hangMs?: number;
  /**
   * MiB of heap after which the domain dies, alone: without a limit a runaway heap ends the whole
   * process. From 16 up: with less a worker may not even load, and V8 then ends the process.
   */
  readonly memoryLimitMb?: number;
  /** Incarnations that one request may kill before it is answered with `ENOTRECOVERABLE`. 3 if left out. */
  readonly poisonTries?: number;
  /** The domains that this one may look at, restart and terminate. */
  readonly manages?: readonly string[];
  /** Whether the domain starts with the system, which is usual, or when the program asks for it. */
  readonly start?: "boot" | "request";
  /**
   * How many workers serve the domain's endpoints, each with keeps of its own. A client is connected
   * to the one with the fewest clients. They are named `name.1`, `name.2`, ...
   */
  readonly replicas?: number;
  /** Whether a worker of this domain is kept ready, without authority, to take over at once. */
  readonly spare?: boolean;
}

/** A system. */
export interface SystemManifest {
  /** The URL against which modules and paths are resolved: usually `import.meta.url`. */
  readonly base: string;
  /** The domains, by name. */
  readonly domains: Readonly<Record<string, DomainManifest>>;
}

/** The reserved name of the kernel, by which faults and deaths of its own are ordered. */
export const KERNEL = "kernel";

/** The reserved name of the program that boots a system: a client like others, on the main thread. */
export const PROGRAM = "program";

/** The program's word in the census of those awake; the domains' words follow. */
export const PROGRAM_CENSUS_INDEX = 0;

/**
 * Declares a system, for the editor's sake: it is checked whole when it is booted.
 *
 * @example
 * ```ts
 * import { defineSystem } from "@hako/kernel";
 *
 * const empty = defineSystem({ base: import.meta.url, domains: {} });
 * if (Object.keys(empty.domains).length !== 0) throw new Error("not empty");
 * ```
 */
export function defineSystem(manifest: SystemManifest): SystemManifest {
  return manifest;
}
