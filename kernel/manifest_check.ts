/**
 * Checks a manifest whole before anything is started. A message names the path of the fault and,
 * where a name is wrong, the nearest valid one.
 *
 * `manifest/description.ts` says what each field looks like; here are the rules about how domains go
 * together.
 *
 * @module
 */

import { CONNECTIONS_MAX, DOMAINS_MAX, SEGMENTS_MAX } from "./limits.ts";
import { MANIFEST } from "./manifest/description.ts";
import { hostPath, moduleUrl } from "./manifest/module_url.ts";
import { suggest } from "./manifest/nearest.ts";
import { checkShape, memberPath, refuse, show } from "./manifest/shape_check.ts";
import type { DomainManifest, SystemManifest } from "./manifest.ts";

export { suggest };

/** The domains in an order in which each comes after those that it calls. */
export interface CheckedManifest {
  /** Names of domains, callees first. */
  readonly order: readonly string[];
  /** The domain that serves each endpoint. */
  readonly serverOf: ReadonlyMap<string, string>;
}

/**
 * Checks a manifest.
 *
 * @throws {TypeError} With the path of the first fault, what is wrong there, and the nearest valid
 * name.
 */
export function checkManifest(manifest: SystemManifest): CheckedManifest {
  checkShape(manifest, MANIFEST);
  if (!URL.canParse(manifest.base)) refuse("base", `${show(manifest.base)} is no absolute URL`);
  const domains = Object.entries(manifest.domains);
  const serverOf = endpoints(domains);
  for (const [name, domain] of domains) {
    const path = memberPath("domains", name);
    checkPlaces(domain, manifest.base, path);
    checkNames(domain.uses, [...serverOf.keys()], `${path}.uses`, "nobody serves");
    checkManaged(name, domain, Object.keys(manifest.domains));
  }
  checkCounts(domains);
  return { order: callOrder(manifest.domains, serverOf), serverOf };
}

type Entries = readonly (readonly [name: string, domain: DomainManifest])[];

function endpoints(domains: Entries): Map<string, string> {
  const serverOf = new Map<string, string>();
  for (const [name, domain] of domains) {
    for (const endpoint of Object.keys(domain.serves ?? {})) {
      const other = serverOf.get(endpoint);
      if (other !== undefined) {
        const path = memberPath(`${memberPath("domains", name)}.serves`, endpoint);
        refuse(path, `${other} serves that endpoint already`);
      }
      serverOf.set(endpoint, name);
    }
  }
  return serverOf;
}

/** Modules and paths lie somewhere. */
function checkPlaces({ module, permissions = {} }: DomainManifest, base: string, path: string) {
  try {
    moduleUrl(module, base);
  } catch {
    const hint = `a relative one begins with ./ or ../`;
    refuse(`${path}.module`, `${show(module)} leads nowhere from ${show(base)}; ${hint}`);
  }
  for (const kind of ["read", "write", "ffi"] as const) {
    for (const [index, hostFile] of (permissions[kind] ?? []).entries()) {
      try {
        hostPath(hostFile, base);
      } catch {
        const at = `${path}.permissions.${kind}[${index}]`;
        refuse(at, `${show(hostFile)} is relative, and base is no file: ${show(base)}`);
      }
    }
  }
}

function checkManaged(name: string, { manages = [] }: DomainManifest, names: readonly string[]) {
  const path = `${memberPath("domains", name)}.manages`;
  checkNames(manages, names, path, "no domain is called");
  const self = manages.indexOf(name);
  // It would wait for its own end: who wants a new life ends, and gets one.
  if (self >= 0) refuse(`${path}[${self}]`, "a domain does not manage itself");
}

function checkNames(
  given: readonly string[] = [],
  valid: readonly string[],
  path: string,
  complaint: string,
): void {
  for (const [index, name] of given.entries()) {
    if (valid.includes(name)) continue;
    refuse(`${path}[${index}]`, `${complaint} ${show(name)}${suggest(name, valid)}`);
  }
}

/** The kernel's tables have room for all of it. */
function checkCounts(domains: Entries): void {
  const sums = { workers: 0, connections: 0, segments: 0 };
  for (const [, { replicas = 1, uses = [], keeps = {}, windows = {} }] of domains) {
    sums.workers += replicas;
    sums.connections += replicas * uses.length;
    sums.segments += replicas * (Object.keys(keeps).length + Object.keys(windows).length);
  }
  checkCount(sums.workers, DOMAINS_MAX - 1, "domains, replicas counted");
  checkCount(sums.connections, CONNECTIONS_MAX, "uses of endpoints");
  checkCount(sums.segments, SEGMENTS_MAX, "keeps and windows");
}

function checkCount(count: number, countMax: number, what: string): void {
  if (count > countMax) refuse("domains", `${count} are more than ${countMax} ${what}`);
}

/** Callees first; refuses a cycle of calls, which would be a deadlock waiting for its day. */
function callOrder(
  domains: SystemManifest["domains"],
  serverOf: ReadonlyMap<string, string>,
): string[] {
  const order = new Set<string>();
  const visit = (name: string, callers: readonly string[]): void => {
    if (order.has(name)) return;
    if (callers.includes(name)) {
      const cycle = [...callers.slice(callers.indexOf(name)), name].join(" -> ");
      refuse(`${memberPath("domains", name)}.uses`, `calls run in a cycle: ${cycle}`);
    }
    for (const endpoint of domains[name]!.uses ?? []) {
      visit(serverOf.get(endpoint)!, [...callers, name]);
    }
    order.add(name);
  };
  for (const name of Object.keys(domains)) visit(name, []);
  return [...order];
}
