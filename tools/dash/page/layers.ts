/**
 * Which column a domain stands in: callers to the left of those they call.
 *
 * @module
 */

import type { GraphDomain, SystemGraph } from "../../record/record.ts";

/** A call from one domain to another. */
export interface Wire {
  /** Who calls. */
  readonly caller: string;
  /** Who serves. */
  readonly callee: string;
  /** The endpoint. */
  readonly endpoint: string;
}

/** Who calls whom. A graph has no cycles: the manifest's check refuses them. */
export function wiresOf(graph: SystemGraph): Wire[] {
  return graph.flatMap(({ name: caller, uses }) =>
    uses.flatMap((endpoint) =>
      graph.filter(({ serves }) => serves.includes(endpoint))
        .map(({ name: callee }) => ({ caller, callee, endpoint }))
    )
  );
}

/** The domains in columns; a domain is as far to the right as its longest chain of callers. */
export function layersOf(graph: SystemGraph): GraphDomain[][] {
  const wires = wiresOf(graph);
  const columns: Map<string, number> = new Map(graph.map(({ name }) => [name, 0]));
  // As many rounds as the longest chain could have links.
  for (let round = 1; round < graph.length; round++) {
    for (const { caller, callee } of wires) {
      const column = Math.max(columns.get(callee)!, columns.get(caller)! + 1);
      columns.set(callee, Math.min(column, graph.length - 1));
    }
  }
  const count = Math.max(0, ...columns.values()) + (graph.length > 0 ? 1 : 0);
  return Array.from(
    { length: count },
    (_, column) => graph.filter(({ name }) => columns.get(name) === column),
  ).filter((layer) => layer.length > 0);
}
