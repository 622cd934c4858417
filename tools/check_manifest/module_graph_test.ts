import { assertEquals, assertThrows } from "@std/assert";
import { type GraphEdge, type GraphModule, loadedFiles, type ModuleGraph } from "./module_graph.ts";

const MODULES = new Map([["file:///app/main.ts", "domains.app.module"]]);

function graph(imports: Record<string, readonly GraphEdge[]>, ...rest: GraphModule[]): ModuleGraph {
  const modules = Object.entries(imports).map(([specifier, dependencies]) => ({
    specifier,
    dependencies,
  }));
  return { modules: [...modules, ...rest] };
}

function code(specifier: string): GraphEdge {
  return { code: { specifier } };
}

function later(specifier: string): GraphEdge {
  return { code: { specifier }, isDynamic: true };
}

Deno.test("loadedFiles() follows imports, once each, and no types", () => {
  const found = graph({
    "file:///app/main.ts": [code("file:///app/a%20b.ts"), {}, code("npm:/x@1"), code("node:fs")],
    "file:///app/a%20b.ts": [code("file:///app/main.ts"), code("file:///app/data.json")],
    "file:///app/unused.ts": [],
  });
  assertEquals(loadedFiles(found, MODULES, ["/app"]), [
    "/app/a b.ts",
    "/app/data.json",
    "/app/main.ts",
  ]);
});

Deno.test("loadedFiles() goes where a module was redirected", () => {
  const found = {
    ...graph({ "file:///app/main.ts": [code("x:old")] }),
    redirects: {
      "x:old": "file:///app/new.ts",
    },
  };
  assertEquals(loadedFiles(found, MODULES, ["/app"]), ["/app/main.ts", "/app/new.ts"]);
});

Deno.test("loadedFiles() says which module imports what cannot be loaded", () => {
  const broken = { specifier: "file:///app/no.ts", error: "Module not found." };
  const found = graph({ "file:///app/main.ts": [code("file:///app/no.ts")] }, broken);
  const message = "domains.app.module: file:///app/main.ts imports file:///app/no.ts: Module not";
  assertThrows(() => loadedFiles(found, MODULES, ["/app"]), TypeError, message);
  const itself = { modules: [{ specifier: "file:///app/main.ts", error: "No." }] };
  assertThrows(() => loadedFiles(itself, MODULES, ["/app"]), TypeError, "domains.app.module: No.");
});

Deno.test("loadedFiles() refuses what lies elsewhere, however alike its path", () => {
  for (const elsewhere of ["file:///application/x.ts", "file:///etc/passwd", "file:///app"]) {
    const found = graph({ "file:///app/main.ts": [code(elsewhere)], [elsewhere]: [] });
    assertThrows(() => loadedFiles(found, MODULES, ["/app"]), TypeError, "neither below");
    assertEquals(loadedFiles(found, MODULES, ["/"]).length, 2);
  }
});

Deno.test("loadedFiles() grants a dynamic import only if it is there and within", () => {
  const found = graph(
    {
      "file:///app/main.ts": [
        later("file:///app/a.ts"),
        later("file:///app/no.ts"),
        later("file:///etc/hosts.ts"),
      ],
      "file:///app/a.ts": [code("file:///etc/hosts.ts"), later("file:///app/b.ts")],
      "file:///app/b.ts": [],
      "file:///etc/hosts.ts": [],
    },
    { specifier: "file:///app/no.ts", error: "Module not found." },
  );
  assertEquals(loadedFiles(found, MODULES, ["/app"]), ["/app/a.ts", "/app/b.ts", "/app/main.ts"]);
});
