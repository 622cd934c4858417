import { assertEquals } from "@std/assert";
import { systemTable } from "./system_table.ts";

Deno.test("systemTable() gives what a domain has several of as many lines", () => {
  const table = systemTable({
    base: "file:///",
    domains: {
      disk: {
        kind: "driver",
        module: "x:disk",
        permissions: { read: ["/disk.img"], write: ["/disk.img"] },
        serves: { disk: { name: "block", version: 1 } },
        restart: { limit: 0, windowMs: 2_500, backoffMs: 50, atLimit: "dependents" },
      },
      store: {
        kind: "server",
        module: "x:store",
        serves: { a: { name: "a", version: 1 }, b: { name: "b", version: 1 } },
        uses: ["disk"],
        keeps: { tail: 16 * 1024 * 1024, odd: 12_288 },
        replicas: 2,
      },
    },
  });
  assertEquals(table.split("\n"), [
    "domain     kind    serves       uses  keeps        restart          permissions",
    "---------  ------  -----------  ----  -----------  ---------------  ---------------",
    "disk       driver  disk: block  -     -            0 in 2.5 s       read /disk.img",
    "                                                   after 50 ms      write /disk.img",
    "                                                   then dependents",
    "store x 2  server  a            disk  tail 16 MiB  5 in 10 s        none",
    "                   b                  odd 12 KiB",
  ]);
});
