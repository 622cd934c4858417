/**
 * A manifest as plain data: what one process hands another to boot.
 *
 * @module
 */

import type { DomainManifest, SystemManifest } from "@hako/kernel";
import { moduleUrl } from "../../kernel/manifest/module_url.ts";
import { memberPath, refuse, show } from "../../kernel/manifest/shape_check.ts";
import { domainPermissions } from "../../kernel/permissions.ts";

/**
 * The manifest with absolute modules and paths, and with protocols by name and version: JSON that
 * means the same wherever it is read.
 *
 * @param manifest A checked manifest.
 * @throws {TypeError} If options are more than JSON has: a memory, or a number that is none.
 */
export function resolvedManifest(manifest: SystemManifest): SystemManifest {
  const domains = Object.entries(manifest.domains).map(([name, domain]) => {
    checkJson(domain.options ?? {}, `${memberPath("domains", name)}.options`);
    return [name, resolvedDomain(domain, manifest.base)] as const;
  });
  return { base: manifest.base, domains: Object.fromEntries(domains) };
}

function resolvedDomain(domain: DomainManifest, base: string): DomainManifest {
  const { module, permissions, serves } = domain;
  const spoken = Object.entries(serves ?? {}).map(([endpoint, { name, version }]) =>
    [endpoint, { name, version }] as const
  );
  return {
    ...domain,
    module: moduleUrl(module, base),
    ...(permissions === undefined ? {} : { permissions: domainPermissions(domain, base) }),
    ...(serves === undefined ? {} : { serves: Object.fromEntries(spoken) }),
  };
}

/** `JSON.stringify` would leave out or change what it has no form for. */
function checkJson(value: unknown, path: string): void {
  if (value === null || ["string", "boolean", "undefined"].includes(typeof value)) return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (Array.isArray(value)) {
    return value.forEach((item, index) => checkJson(item, `${path}[${index}]`));
  }
  const isPlain = typeof value === "object" &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (!isPlain) refuse(path, `${show(value)} is no JSON, and is to be sent to another process`);
  for (const [name, member] of Object.entries(value)) checkJson(member, memberPath(path, name));
}
