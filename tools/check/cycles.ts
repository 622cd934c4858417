/**
 * Finds import cycles: the strongly connected components of the graph of files (Tarjan, "Depth-first
 * search and linear graph algorithms", SIAM Journal on Computing 1(2), 1972).
 *
 * @module
 */

/** A directed graph: the successors of each node. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** One shortest cycle through each strongly connected component, first node not repeated. */
export function findCycles(graph: Graph): readonly (readonly string[])[] {
  return components(graph)
    .filter((members) => members.size > 1 || hasLoop(graph, members))
    .map((members) => shortestCycle(graph, members));
}

function components(graph: Graph): Set<string>[] {
  const found: Set<string>[] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const path: string[] = [];
  const onPath = new Set<string>();

  function visit(node: string): void {
    order.set(node, order.size);
    low.set(node, order.get(node) ?? 0);
    path.push(node);
    onPath.add(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) {
        visit(next);
        lower(node, low.get(next));
      } else if (onPath.has(next)) {
        lower(node, order.get(next));
      }
    }
    if (low.get(node) !== order.get(node)) return;
    const members = new Set(path.splice(path.indexOf(node)));
    for (const member of members) onPath.delete(member);
    found.push(members);
  }

  function lower(node: string, bound: number | undefined): void {
    low.set(node, Math.min(low.get(node) ?? 0, bound ?? 0));
  }

  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}

function hasLoop(graph: Graph, members: ReadonlySet<string>): boolean {
  for (const member of members) if (graph.get(member)?.has(member)) return true;
  return false;
}

/** Breadth first from the alphabetically first member back to itself. */
function shortestCycle(graph: Graph, members: ReadonlySet<string>): readonly string[] {
  const [start = ""] = [...members].sort();
  const before = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return trace(before, start, node);
      if (!members.has(next) || before.has(next)) continue;
      before.set(next, node);
      queue.push(next);
    }
  }
  return [...members];
}

function trace(before: ReadonlyMap<string, string>, start: string, last: string): string[] {
  const cycle = [last];
  for (let node = last; node !== start;) {
    node = before.get(node) ?? start;
    cycle.unshift(node);
  }
  return cycle;
}
