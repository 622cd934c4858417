/**
 * The workers of domains: a domain with replicas is drawn, and struck, as each of them.
 *
 * @module
 */

import type { DomainManifest, SystemManifest } from "@hako/kernel";
import type { SystemGraph } from "../../record/record.ts";

/** The names of a domain's workers, as the kernel gives them. */
export function workersOf(name: string, { replicas }: Pick<DomainManifest, "replicas">): string[] {
  if (replicas === undefined) return [name];
  return Array.from({ length: replicas }, (_, index) => `${name}.${index + 1}`);
}

/** The graph of a manifest's system with each worker for itself. */
export function graphOfWorkers(graph: SystemGraph, { domains }: SystemManifest): SystemGraph {
  return graph.flatMap((domain) =>
    workersOf(domain.name, domains[domain.name] ?? {}).map((name) => ({ ...domain, name }))
  );
}
