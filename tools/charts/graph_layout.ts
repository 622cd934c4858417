/**
 * Where the domains of a system stand in its picture: callers above those they call, in layers, so
 * that every arrow points down.
 *
 * Domains that differ by nothing but their names, such as 32 clients, stand in one frame as a crowd.
 * An arrow that passes layers goes around what stands in them.
 *
 * @module
 */

import type { SystemGraph } from "../record/record.ts";
import { type GraphNode, nodesOf, type Wire, wiresOf } from "./graph_nodes.ts";

/** Room between boxes of a layer, and between layers. */
const GAP_X = 28;
const GAP_Y = 60;

/** Room around everything. */
const MARGIN = 14;

/** What an arrow takes of a layer that it passes. */
const PASSAGE_WIDTH = 18;

/** A layer that would be wider is broken into rows. */
const ROW_WIDTH_MAX = 880;

/** How often layers are put in an order that crosses fewer arrows. */
const SWEEPS = 4;

/** A place in the picture. */
export interface Point {
  /** From the left. */
  readonly x: number;
  /** From the top. */
  readonly y: number;
}

/** A node and where it stands. */
export interface PlacedNode extends GraphNode {
  /** Its left edge. */
  readonly x: number;
  /** Its upper edge. */
  readonly y: number;
}

/** An arrow: from the caller's lower edge to the endpoint of the callee. */
export interface PlacedWire extends Wire {
  /** Where it goes: the first point is its beginning, the last its head. It runs straight down between the second and third, the fourth and fifth, and so on. */
  readonly points: readonly Point[];
}

/** A whole picture. */
export interface GraphLayout {
  /** Its width. */
  readonly width: number;
  /** Its height. */
  readonly height: number;
  /** Boxes and crowds. */
  readonly nodes: readonly PlacedNode[];
  /** Arrows. */
  readonly wires: readonly PlacedWire[];
}

/** One place in a layer: of a node, or of an arrow that passes. */
interface Cell {
  readonly key: string;
  readonly width: number;
  readonly node?: GraphNode;
  /** Cells of the layer above that are joined to it. */
  readonly above: Cell[];
  /** Cells of the layer below. */
  readonly below: Cell[];
  x: number;
  order: number;
}

/** Lays out a system. */
export function layOut(graph: SystemGraph): GraphLayout {
  const nodes = nodesOf(graph);
  const wires = wiresOf(nodes);
  const depths = depthsOf(nodes, wires);
  const { rows, chains } = cellsOf(nodes, wires, depths);
  for (let sweep = 0; sweep < SWEEPS; sweep++) arrange(rows, sweep % 2 === 0 ? "above" : "below");
  const width = place(rows);
  const placed = new Map<string, PlacedNode>();
  const tops: number[] = [];
  const heights: number[] = [];
  let y = MARGIN;
  for (const row of rows) {
    const height = Math.max(0, ...row.map(({ node }) => node?.height ?? 0));
    tops.push(y);
    heights.push(height);
    for (const { node, x } of row) if (node !== undefined) placed.set(node.key, { ...node, x, y });
    y += height + GAP_Y;
  }
  const rowOf = new Map(rows.flatMap((row, index) => row.map((cell) => [cell, index] as const)));
  const placedWires = wires.map((wire, index) => {
    const passages = chains[index]!.slice(1, -1).flatMap((cell) => {
      const row = rowOf.get(cell)!;
      const x = cell.x + cell.width / 2;
      return [{ x, y: tops[row]! - 8 }, { x, y: tops[row]! + heights[row]! + 8 }];
    });
    return { ...wire, points: pointsOf(wire, placed, passages) };
  });
  spreadStarts(placedWires, placed);
  return {
    width,
    height: rows.length === 0 ? 0 : y - GAP_Y + MARGIN,
    nodes: [...placed.values()],
    wires: placedWires,
  };
}

/** How far down a node stands: below all its callers. Those of a graph with a cycle end somewhere. */
function depthsOf(nodes: readonly GraphNode[], wires: readonly Wire[]): Map<string, number> {
  const depths = new Map(nodes.map(({ key }) => [key, 0]));
  for (let round = 1; round < nodes.length; round++) {
    for (const { caller, callee } of wires) {
      const depth = Math.max(depths.get(callee)!, depths.get(caller)! + 1);
      depths.set(callee, Math.min(depth, nodes.length - 1));
    }
  }
  return depths;
}

/** Rows of cells, and the cells that each arrow goes through, its ends included. */
function cellsOf(
  nodes: readonly GraphNode[],
  wires: readonly Wire[],
  depths: ReadonlyMap<string, number>,
): { readonly rows: Cell[][]; readonly chains: readonly (readonly Cell[])[] } {
  const levels = [...new Set(depths.values())].sort((a, b) => a - b);
  const rows: Cell[][] = [];
  const rowOf = new Map<string, number>();
  for (const level of levels) {
    let room = 0;
    let row: Cell[] = [];
    rows.push(row);
    for (const node of nodes.filter(({ key }) => depths.get(key) === level)) {
      if (row.length > 0 && room + node.width > ROW_WIDTH_MAX) rows.push(row = []), room = 0;
      row.push(cell(node.key, node.width, row.length, node));
      room += node.width + GAP_X;
      rowOf.set(node.key, rows.length - 1);
    }
  }
  const cells = new Map(rows.flat().map((one) => [one.key, one]));
  const chains = wires.map(({ caller, callee }, index) => {
    const chain = [cells.get(caller)!];
    for (let row = rowOf.get(caller)! + 1; row < rowOf.get(callee)!; row++) {
      const passage = cell(`wire ${index} ${row}`, PASSAGE_WIDTH, rows[row]!.length);
      rows[row]!.push(passage);
      chain.push(passage);
    }
    chain.push(cells.get(callee)!);
    for (let i = 1; i < chain.length; i++) {
      chain[i - 1]!.below.push(chain[i]!);
      chain[i]!.above.push(chain[i - 1]!);
    }
    return chain;
  });
  return { rows, chains };
}

function cell(key: string, width: number, order: number, node?: GraphNode): Cell {
  return { key, width, order, x: 0, above: [], below: [], ...(node === undefined ? {} : { node }) };
}

/** Orders each row by the middle of what its cells are joined to in the row before. */
function arrange(rows: readonly Cell[][], side: "above" | "below"): void {
  for (const row of side === "above" ? rows : rows.toReversed()) {
    const wish = new Map(row.map((one) => [one, mean(one[side].map(share)) ?? share(one)]));
    row.sort((a, b) => wish.get(a)! - wish.get(b)! || a.order - b.order);
    row.forEach((one, order) => one.order = order);
    const count = row.length;
    for (const one of row) one.x = (one.order + 0.5) / count;
  }
}

/** Where a cell is in its row, from 0 to 1, before it has a place. */
function share({ x }: Cell): number {
  return x;
}

function mean(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Gives every cell its place, rows centred, and answers the width. */
function place(rows: readonly (readonly Cell[])[]): number {
  const widths = rows.map((row) =>
    row.reduce((sum, { width }) => sum + width, GAP_X * Math.max(0, row.length - 1))
  );
  const width = Math.max(0, ...widths) + 2 * MARGIN;
  for (const [index, row] of rows.entries()) {
    let x = (width - widths[index]!) / 2;
    for (const one of row) {
      one.x = x;
      x += one.width + GAP_X;
    }
  }
  return width;
}

function pointsOf(
  { caller, callee, endpoint }: Wire,
  placed: ReadonlyMap<string, PlacedNode>,
  passages: readonly Point[],
): Point[] {
  const source = placed.get(caller)!;
  const target = placed.get(callee)!;
  const port = target.ports.find(({ name }) => name === endpoint)!;
  return [
    { x: source.x + source.width / 2, y: source.y + source.height },
    ...passages,
    { x: target.x + port.x + port.width / 2, y: target.y },
  ];
}

/** Arrows that leave one box begin side by side, in the order of where they go. */
function spreadStarts(
  wires: readonly PlacedWire[],
  placed: ReadonlyMap<string, PlacedNode>,
): void {
  for (const { key, x, width } of placed.values()) {
    const mine = wires.filter(({ caller }) => caller === key)
      .toSorted((a, b) => a.points[1]!.x - b.points[1]!.x);
    for (const [index, { points }] of mine.entries()) {
      const step = Math.min(40, width / (mine.length + 1));
      const start = points[0] as { x: number };
      start.x = x + width / 2 + (index - (mine.length - 1) / 2) * step;
    }
  }
}
