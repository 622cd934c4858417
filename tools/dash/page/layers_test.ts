import { assertEquals } from "@std/assert";
import type { GraphDomain } from "../../record/record.ts";
import { layersOf, wiresOf } from "./layers.ts";

function domain(name: string, uses: readonly string[] = []): GraphDomain {
  const rest = { kind: "server", permissions: [], keepBytes: 0, windowBytes: 0 } as const;
  return { name, uses, serves: [name.replace(/\d$/, "")], ...rest };
}

function namesOf(...graph: GraphDomain[]): string[][] {
  return layersOf(graph).map((layer) => layer.map(({ name }) => name));
}

Deno.test("callers stand to the left of all that they call", () => {
  assertEquals(
    namesOf(
      domain("disk"),
      domain("storage", ["disk"]),
      domain("fs", ["storage"]),
      domain("ann", ["fs"]),
      domain("ben", ["fs", "disk"]),
    ),
    [["ann", "ben"], ["fs"], ["storage"], ["disk"]],
  );
});

Deno.test("nothing has no columns, and who calls nobody has one", () => {
  assertEquals(namesOf(), []);
  assertEquals(namesOf(domain("a"), domain("b")), [["a", "b"]]);
});

Deno.test("what is called by one that calls itself ends, though no manifest may say so", () => {
  assertEquals(namesOf(domain("a", ["b"]), domain("b", ["a"])).flat().sort(), ["a", "b"]);
});

Deno.test("an endpoint that a pool serves has a wire to each worker", () => {
  assertEquals(wiresOf([domain("pool1"), domain("pool2"), domain("app", ["pool"])]), [
    { caller: "app", callee: "pool1", endpoint: "pool" },
    { caller: "app", callee: "pool2", endpoint: "pool" },
  ]);
});
