/**
 * The manifest: what a system consists of, and the only place where authority is given. It is
 * data; what it does not list is denied.
 *
 * @module
 */

import type { Protocol } from "@hako/ipc";

/** What a domain is. */
export type DomainKind = "server" | "driver" | "gateway" | "app";

/** Host permissions, as Deno names them: paths, hosts, programs. Only drivers and gateways get any. */
export interface HostPermissions {
  /** Paths that may be read. */
  readonly read?: readonly string[];
  /** Paths that may be written. */
  readonly write?: readonly string[];
  /** Hosts and ports that may be used. */
  readonly net?: readonly string[];
}

/** How often a domain may die before it is given up. */
export interface RestartPolicy {
  /** Most deaths within `windowMs`. */
  readonly limit: number;
  /** The time over which deaths are counted. */
  readonly windowMs: number;
}

/** One domain of a system. */
export interface DomainManifest {
  /** What the domain is. */
  readonly kind: DomainKind;
  /** The module that a worker of this domain runs; relative to the manifest's `base`. */
  readonly module: string;
  /** What of the host the domain may touch. Nothing if left out. */
  readonly permissions?: HostPermissions;
  /** The endpoints that the domain serves, each with its protocol. */
  // deno-lint-ignore no-explicit-any -- any protocol: its operations are invariant in handlers.
  readonly serves?: Readonly<Record<string, Protocol<any>>>;
  /** The endpoints that the domain calls. */
  readonly uses?: readonly string[];
  /** Bytes of state that survive an incarnation, by name. */
  readonly keeps?: Readonly<Record<string, number>>;
  /** Bytes that the domain may lend to the servers it calls, by name. */
  readonly windows?: Readonly<Record<string, number>>;
  /** What the domain's module finds in `domain.options`: JSON values. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** How often the domain may die. */
  readonly restart?: RestartPolicy;
  /** How long the domain may compute without a sign of life. */
  readonly hangMs?: number;
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
  /** Against which `module` is resolved: usually `import.meta.url`. */
  readonly base: string;
  /** The domains, by name. */
  readonly domains: Readonly<Record<string, DomainManifest>>;
}

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
