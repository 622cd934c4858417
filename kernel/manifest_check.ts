/**
 * Checks a manifest whole before anything is started. A message names the path of the fault and,
 * where a name is wrong, the nearest valid one.
 *
 * @module
 */

import { DOMAINS_MAX, SEGMENT_BYTES_MAX } from "./limits.ts";
import { type DomainManifest, PROGRAM, type SystemManifest } from "./manifest.ts";

const KINDS = ["server", "driver", "gateway", "app"];
const STARTS = ["boot", "request"];
const DOMAIN_FIELDS = [
  "kind",
  "module",
  "permissions",
  "serves",
  "uses",
  "keeps",
  "windows",
  "options",
  "restart",
  "hangMs",
  "spare",
  "start",
  "replicas",
];
const SYSTEM_FIELDS = ["base", "domains"];
const PERMISSION_FIELDS = ["read", "write", "net"];

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
  refuseUnknown("the manifest", manifest, SYSTEM_FIELDS);
  if (!URL.canParse(manifest.base)) refuse("base", `${manifest.base} is no URL`);
  const names = Object.keys(manifest.domains);
  const serverOf = endpoints(manifest);
  for (const name of names) checkDomain(name, manifest.domains[name]!, [...serverOf.keys()]);
  const count = names.reduce((sum, name) => sum + (manifest.domains[name]!.replicas ?? 1), 0);
  if (count >= DOMAINS_MAX) refuse("domains", `${count} are more than ${DOMAINS_MAX - 1}`);
  return { order: callOrder(manifest, serverOf), serverOf };
}

function endpoints(manifest: SystemManifest): Map<string, string> {
  const serverOf = new Map<string, string>();
  for (const [name, domain] of Object.entries(manifest.domains)) {
    for (const endpoint of Object.keys(domain.serves ?? {})) {
      const other = serverOf.get(endpoint);
      if (other !== undefined) {
        refuse(`domains.${name}.serves.${endpoint}`, `${other} serves that endpoint already`);
      }
      serverOf.set(endpoint, name);
    }
  }
  return serverOf;
}

function checkDomain(name: string, domain: DomainManifest, endpointNames: string[]): void {
  const path = `domains.${name}`;
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    refuse(path, "a name is up to 31 of a-z, 0-9 and -, and starts with a letter");
  }
  if (name === PROGRAM) refuse(path, "that name belongs to the program that boots the system");
  refuseUnknown(path, domain, DOMAIN_FIELDS);
  if (!KINDS.includes(domain.kind)) {
    refuse(`${path}.kind`, `${domain.kind} is no kind${suggest(String(domain.kind), KINDS)}`);
  }
  if (!STARTS.includes(domain.start ?? "boot")) {
    const nearest = suggest(String(domain.start), STARTS);
    refuse(`${path}.start`, `${domain.start} is no time to start${nearest}`);
  }
  if (domain.start === "request" && domain.serves !== undefined) {
    refuse(`${path}.start`, "a domain that serves starts with the system");
  }
  checkReplicas(path, domain);
  if (typeof domain.module !== "string") refuse(`${path}.module`, "is missing");
  checkPermissions(path, domain);
  (domain.uses ?? []).forEach((endpoint, i) => {
    if (endpointNames.includes(endpoint)) return;
    const nearest = suggest(endpoint, endpointNames);
    refuse(`${path}.uses[${i}]`, `nobody serves ${JSON.stringify(endpoint)}${nearest}`);
  });
  for (const kind of ["keeps", "windows"] as const) {
    for (const [segment, byteLength] of Object.entries(domain[kind] ?? {})) {
      const fits = Number.isInteger(byteLength) && byteLength > 0 && byteLength % 4096 === 0;
      if (fits && byteLength <= SEGMENT_BYTES_MAX) continue;
      refuse(`${path}.${kind}.${segment}`, `${byteLength} is no positive multiple of 4096 bytes`);
    }
  }
  for (const field of ["limit", "windowMs"] as const) {
    const value = domain.restart?.[field] ?? 1;
    if (!(value >= 0)) refuse(`${path}.restart.${field}`, `${value} is negative`);
  }
  if (domain.hangMs !== undefined && !(domain.hangMs > 0)) {
    refuse(`${path}.hangMs`, `${domain.hangMs} is not positive`);
  }
}

function checkReplicas(path: string, { kind, replicas, serves }: DomainManifest): void {
  if (replicas === undefined) return;
  if (!(Number.isInteger(replicas) && replicas >= 1)) {
    refuse(`${path}.replicas`, `${replicas} is no whole number from 1 up`);
  }
  if (kind !== "server" || serves === undefined) {
    refuse(
      `${path}.replicas`,
      `only a server has any, one that serves, not a domain of kind ${kind}`,
    );
  }
}

function checkPermissions(path: string, domain: DomainManifest): void {
  if (domain.permissions === undefined) return;
  refuseUnknown(`${path}.permissions`, domain.permissions, PERMISSION_FIELDS);
  if (domain.kind === "driver" || domain.kind === "gateway") return;
  refuse(
    `${path}.permissions`,
    `only a driver or a gateway has any, not a domain of kind ${domain.kind}`,
  );
}

/** Callees first; refuses a cycle of calls, which would be a deadlock waiting for its day. */
function callOrder(manifest: SystemManifest, serverOf: ReadonlyMap<string, string>): string[] {
  const order: string[] = [];
  const visit = (name: string, callers: readonly string[]): void => {
    if (order.includes(name)) return;
    if (callers.includes(name)) {
      refuse(`domains.${name}.uses`, `calls run in a cycle: ${[...callers, name].join(" -> ")}`);
    }
    for (const endpoint of manifest.domains[name]!.uses ?? []) {
      visit(serverOf.get(endpoint)!, [...callers, name]);
    }
    order.push(name);
  };
  for (const name of Object.keys(manifest.domains)) visit(name, []);
  return order;
}

function refuseUnknown(path: string, value: object, fields: readonly string[]): void {
  for (const field of Object.keys(value)) {
    if (!fields.includes(field)) {
      refuse(`${path}.${field}`, `no such field${suggest(field, fields)}`);
    }
  }
}

function refuse(path: string, what: string): never {
  throw new TypeError(`Cannot boot: ${path}: ${what}`);
}

/** The question that names the nearest valid name, or nothing when none is near. */
export function suggest(name: string, candidates: readonly string[]): string {
  let nearest = "";
  let distanceMin = Math.max(2, name.length / 2) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate);
    if (distance < distanceMin) [nearest, distanceMin] = [candidate, distance];
  }
  return nearest === "" ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
