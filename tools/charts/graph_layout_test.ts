import { assert, assertEquals, assertLess } from "@std/assert";
import type { GraphDomain, SystemGraph } from "../record/record.ts";
import { type GraphLayout, layOut } from "./graph_layout.ts";

function domain(name: string, uses: readonly string[] = [], more: Partial<GraphDomain> = {}) {
  const rest = { kind: "server", permissions: [], keepBytes: 0, windowBytes: 0 } as const;
  return { name, uses, serves: [`${name}-end`], ...rest, ...more };
}

function app(name: string, uses: readonly string[]): GraphDomain {
  return domain(name, uses, { kind: "app", serves: [] });
}

const CHAIN = [
  domain("disk", [], {
    kind: "driver",
    permissions: ["read+write a-rather-long-name-of-a-disk.img"],
  }),
  domain("storage", ["disk-end"], { keepBytes: 2 ** 24 }),
  domain("fs", ["storage-end"]),
  app("worker", ["fs-end"]),
];

const DIAMOND = [
  domain("d"),
  domain("b", ["d-end"]),
  domain("c", ["d-end"]),
  app("a", ["b-end", "c-end", "d-end"]),
];

const CLIENTS = [
  ...CHAIN.slice(0, 3),
  ...Array.from({ length: 32 }, (_, i) => app(`client-${i}`, ["fs-end"])),
];

/** Nobody is like another, so there is no crowd. */
const STRANGERS = [
  domain("hub"),
  ...Array.from({ length: 30 }, (_, i) => app(`n${i}`, ["hub-end"])).map((one, i) => {
    return { ...one, windowBytes: i + 1 };
  }),
];

const GRAPHS: Readonly<Record<string, SystemGraph>> = {
  "a chain": CHAIN,
  "a diamond with a short cut": DIAMOND,
  "32 clients that are alike": CLIENTS,
  "30 clients that are not": STRANGERS,
  "nobody who calls": CHAIN.slice(0, 3),
  "one who is alone": [app("alone", [])],
  "names without end": [domain("x".repeat(500)), app("y".repeat(500), [`${"x".repeat(500)}-end`])],
  "many endpoints": [
    domain("hub", [], { serves: Array.from({ length: 12 }, (_, i) => `end-${i}`) }),
  ],
  "a circle, which no manifest has": [domain("a", ["b-end"]), domain("b", ["a-end"])],
};

for (const [name, graph] of Object.entries(GRAPHS)) {
  Deno.test(`boxes of ${name} lie in the picture, and apart`, () => {
    const layout = layOut(graph);
    const { nodes, width, height } = layout;
    assertEquals(nodes.flatMap(({ domains }) => domains).length, graph.length);
    for (const [index, node] of nodes.entries()) {
      assert(node.x >= 0 && node.x + node.width <= width, "it lies within the width");
      assert(node.y >= 0 && node.y + node.height <= height, "it lies within the height");
      for (const other of nodes.slice(index + 1)) {
        assert(areApart(node, other), "no box on another");
      }
      for (const [place, seat] of node.seats.entries()) {
        assert(seat.x >= 0 && seat.x + seat.width <= node.width, "a seat is in its crowd");
        assert(seat.y >= 0 && seat.y + seat.height <= node.height, "a seat is in its crowd");
        for (const other of node.seats.slice(place + 1)) {
          assert(areApart(seat, other), "seats apart");
        }
      }
    }
    assertWires(layout);
  });
}

function areApart(a: Box, b: Box): boolean {
  return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y ||
    b.y + b.height <= a.y;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Every arrow ends at the upper edge of who serves; where it runs straight it meets no box. */
function assertWires({ nodes, wires }: GraphLayout): void {
  for (const { callee, points } of wires) {
    const target = nodes.find(({ key }) => key === callee)!;
    const head = points.at(-1)!;
    assertEquals(head.y, target.y);
    assert(head.x >= target.x && head.x <= target.x + target.width, "the head meets its box");
    for (let i = 1; i + 1 < points.length - 1; i += 2) {
      const x = points[i]!.x;
      const passage = { x, y: points[i]!.y, width: 0, height: points[i + 1]!.y - points[i]!.y };
      for (const node of nodes) assert(areApart(passage, node), "it goes around the boxes");
    }
  }
}

Deno.test("callers stand above all that they call", () => {
  for (const graph of [CHAIN, DIAMOND, CLIENTS, STRANGERS]) {
    const { nodes, wires } = layOut(graph);
    const top = (key: string) => nodes.find((node) => node.key === key)!.y;
    assert(wires.length > 0);
    for (const { caller, callee } of wires) assertLess(top(caller), top(callee));
  }
});

Deno.test("alike clients are one crowd, in the order of their numbers", () => {
  const { nodes, wires } = layOut(CLIENTS);
  const crowd = nodes.find(({ seats }) => seats.length > 0)!;
  assertEquals(crowd.title, "32 × app");
  assertEquals(crowd.seats.slice(0, 3).map(({ text }) => text), [
    "client-0",
    "client-1",
    "client-2",
  ]);
  assertEquals(wires.filter(({ endpoint }) => endpoint === "fs-end").length, 1);
});

Deno.test("nothing is an empty picture", () => {
  const { nodes, wires, height } = layOut([]);
  assertEquals([nodes, wires, height], [[], [], 0]);
});
