import { assertEquals } from "@std/assert";
import { publicFaces, publishedPackages } from "./steps.ts";

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

Deno.test("publishedPackages() lists the packages that say what of them is published", () => {
  const texts = new Map([
    ["tools/deno.json", '{ "name": "@hako/tools" }'],
    ["ipc/deno.json", '{ "name": "@hako/ipc", "publish": { "exclude": ["bench"] } }'],
    ["ipc/mod.ts", '"publish"'],
    ["deno.json", "{}"],
  ]);
  assertEquals(publishedPackages(texts), ["ipc"]);
});
