import { assertEquals, assertThrows } from "@std/assert";
import { defineSystem } from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";
import { systemGraphOf } from "./graph_of.ts";

Deno.test("the graph of the standard stack shows who calls whom, and who may touch what", () => {
  const path = "/somewhere/disk.img";
  const domains = filesOnImage({ path });
  const graph = systemGraphOf(defineSystem({ base: import.meta.url, domains }));
  const shown = graph.map(({ name, kind, permissions, serves, uses }) => {
    return [name, kind, permissions, serves, uses];
  });
  assertEquals(shown, [
    ["disk", "driver", ["read+write disk.img"], ["disk"], []],
    ["storage", "server", [], ["volume"], ["disk"]],
    ["fs", "server", [], ["files"], ["volume"]],
  ]);
  assertEquals(graph[1]!.keepBytes, 16 * 1024 * 1024);
});

Deno.test("permissions are told in words", () => {
  const permissions = {
    read: ["./a", "/b/c"],
    write: ["./d", "/b/c"],
    net: ["127.0.0.1:10809"],
    ffi: ["/lib/libc.so.6"],
  };
  const gateway = { kind: "gateway", module: "./main.ts", permissions } as const;
  const graph = systemGraphOf(defineSystem({ base: import.meta.url, domains: { gateway } }));
  assertEquals(graph[0]!.permissions, [
    "read+write c",
    "read a",
    "write d",
    "net 127.0.0.1:10809",
    "ffi libc.so.6",
  ]);
});

Deno.test("a manifest that is at fault has no graph", () => {
  const app = { kind: "app", module: "./main.ts", uses: ["nothing"] } as const;
  const manifest = defineSystem({ base: import.meta.url, domains: { app } });
  assertThrows(() => systemGraphOf(manifest), TypeError, "nobody serves");
});
