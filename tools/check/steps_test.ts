import { assertEquals } from "@std/assert";
import { publicFaces } from "./steps.ts";

Deno.test("publicFaces() lists what packages export, without programs and adapters", () => {
  const texts = new Map([
    [
      "ipc/deno.json",
      '{ "name": "@hako/ipc", "exports": { ".": "./mod.ts", "./layout": "./layout.ts" } }',
    ],
    [
      "fs-server/deno.json",
      '{ "name": "@hako/fs-server", "exports": { ".": "./mod.ts", "./server": "./main.ts" } }',
    ],
    ["std/assert/deno.json", '{ "name": "@std/assert", "exports": "./mod.ts" }'],
    ["deno.json", "{}"],
  ]);
  assertEquals(publicFaces(texts), ["fs-server/mod.ts", "ipc/layout.ts", "ipc/mod.ts"]);
});
