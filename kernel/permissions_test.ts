import { assertEquals, assertThrows } from "@std/assert";
import { defineSystem, type DomainManifest, type SystemManifest } from "./manifest.ts";
import {
  domainPermissions,
  permissionArguments,
  permissionLine,
  processPermissions,
} from "./permissions.ts";

const BASE = "file:///home/a%20b/manifest.json";

function drivers(...permissions: NonNullable<DomainManifest["permissions"]>[]): SystemManifest {
  const domains = permissions.map((granted, index) => {
    const domain: DomainManifest = { kind: "driver", module: "./d.ts", permissions: granted };
    return [`d${index}`, domain] as const;
  });
  return defineSystem({ base: BASE, domains: Object.fromEntries(domains) });
}

Deno.test("domainPermissions() makes paths absolute against the manifest, and adds nothing", () => {
  const permissions = { read: ["./x", "../y/./z", "/etc/", "w//v"], net: ["host:1"] };
  assertEquals(domainPermissions({ permissions }, BASE), {
    read: ["/home/a b/x", "/home/y/z", "/etc", "/home/a b/w/v"],
    net: ["host:1"],
  });
  assertEquals(domainPermissions({}, BASE), {});
});

Deno.test("processPermissions() is the union of the domains' and the modules, each once", () => {
  const manifest = drivers(
    { read: ["b", "a"], write: ["a"] },
    { read: ["/home/a b/a"], net: ["x:2", "x:1"] },
    { net: ["x:1"] },
  );
  assertEquals(processPermissions(manifest, ["/hako/ipc", "/home/a b/d.ts"]), {
    read: ["/hako/ipc", "/home/a b/a", "/home/a b/b", "/home/a b/d.ts"],
    write: ["/home/a b/a"],
    net: ["x:1", "x:2"],
  });
});

Deno.test("a library is granted by its path, to its domain and to the process", () => {
  const manifest = drivers({ ffi: ["./lib.so"] }, { ffi: ["/lib/c.so", "./lib.so"] });
  assertEquals(domainPermissions(manifest.domains["d0"]!, BASE), { ffi: ["/home/a b/lib.so"] });
  const process = processPermissions(manifest, []);
  assertEquals(process.ffi, ["/home/a b/lib.so", "/lib/c.so"]);
  assertEquals(permissionArguments({ ffi: ["/lib/c.so"] }), ["--allow-ffi=/lib/c.so"]);
});

Deno.test("processPermissions() leaves out what lies below what is granted", () => {
  const manifest = drivers({ read: ["/data", "/database", "/data/a/b"], write: ["/", "/data"] });
  const { read, write } = processPermissions(manifest, ["/data/module.ts"]);
  assertEquals([read, write], [["/data", "/database"], ["/"]]);
});

Deno.test("processPermissions() of a system that may do nothing is to read its modules", () => {
  const manifest = defineSystem({
    base: BASE,
    domains: { s: { kind: "server", module: "./s.ts" }, a: { kind: "app", module: "./a.ts" } },
  });
  assertEquals(permissionArguments(processPermissions(manifest, ["/s.ts"])), [
    "--allow-read=/s.ts",
  ]);
  assertEquals(permissionArguments(processPermissions(manifest, [])), []);
});

Deno.test("permissionArguments() never lets an empty list grant everything", () => {
  assertEquals(permissionArguments({ read: [], write: [], net: [] }), []);
});

Deno.test("permissionArguments() refuses a comma: deno would grant two paths", () => {
  assertThrows(() => permissionArguments({ read: ["/a,/etc"] }), TypeError, "has a comma in it");
});

Deno.test("permissionLine() is read by a shell as the same arguments", async () => {
  const permissions = {
    read: ["/plain", "/with blank", "/it's", "/$HOME", "/`id`", '/"x"', "/箱", "/*", "/a;b&c"],
    write: ["/w"],
    net: ["[::1]:80", "*.example.com"],
  };
  const program = "console.log(JSON.stringify(Deno.args))";
  const script = `deno eval --quiet '${program}' -- ${permissionLine(permissions)}`;
  const args = ["task", "--quiet", "--eval", script];

  const { stdout } = await new Deno.Command("deno", { args }).output();

  const heard = JSON.parse(new TextDecoder().decode(stdout)) as string[];
  assertEquals(heard, permissionArguments(permissions));
});
