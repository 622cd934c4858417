import { assertEquals } from "@std/assert";
import { findCycles } from "./cycles.ts";

Deno.test("findCycles() finds nothing where there is no way back", () => {
  assertEquals(cyclesOf({ a: "bc", b: "c", c: "" }), []);
});

Deno.test("findCycles() finds one shortest cycle in each knot", () => {
  assertEquals(cyclesOf({ a: "bd", b: "c", c: "a", d: "a", e: "f", f: "e", g: "a" }), [
    ["a", "d"],
    ["e", "f"],
  ]);
  assertEquals(cyclesOf({ a: "a" }), [["a"]]);
});

function cyclesOf(graph: Readonly<Record<string, string>>) {
  return findCycles(new Map(Object.entries(graph).map(([node, next]) => [node, new Set(next)])));
}
