/**
 * The graph of a system, read off its manifest.
 *
 * @module
 */

import type { DomainManifest, SystemManifest } from "@hako/kernel";
import { hostPath } from "../../kernel/manifest/module_url.ts";
import { checkManifest } from "../../kernel/manifest_check.ts";
import type { GraphDomain, SystemGraph } from "./record.ts";

/**
 * The domains of a system, callees first.
 *
 * @throws {TypeError} If the manifest is at fault.
 */
export function systemGraphOf(manifest: SystemManifest): SystemGraph {
  const { order } = checkManifest(manifest);
  return order.map((name) => domainOf(name, manifest.domains[name]!, manifest.base));
}

function domainOf(name: string, domain: DomainManifest, base: string): GraphDomain {
  const { kind, serves = {}, uses = [], keeps = {}, windows = {} } = domain;
  const sum = (sizes: Readonly<Record<string, number>>) =>
    Object.values(sizes).reduce((all, byteLength) => all + byteLength, 0);
  return {
    name,
    kind,
    permissions: permissionWords(domain, base),
    serves: Object.keys(serves),
    uses,
    keepBytes: sum(keeps),
    windowBytes: sum(windows),
  };
}

/** What may be read and written is said once; of a path, its end: who looks knows where it is. */
function permissionWords({ permissions = {} }: DomainManifest, base: string): string[] {
  const { read = [], write = [], net = [], ffi = [] } = permissions;
  const inPlace = (path: string) => hostPath(path, base).split("/").at(-1) || "/";
  const both = read.filter((path) => write.includes(path));
  return [
    ...both.map((path) => `read+write ${inPlace(path)}`),
    ...read.filter((path) => !both.includes(path)).map((path) => `read ${inPlace(path)}`),
    ...write.filter((path) => !both.includes(path)).map((path) => `write ${inPlace(path)}`),
    ...net.map((address) => `net ${address}`),
    ...ffi.map((library) => `ffi ${inPlace(library)}`),
  ];
}
