import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { SystemManifest } from "./manifest.ts";
import { alone, app, BAD_DOMAINS, Demo, driver, server } from "./manifest/test_bad_domains.ts";
import { checkManifest } from "./manifest_check.ts";

function system(domains: unknown): SystemManifest {
  return { base: import.meta.url, domains } as SystemManifest;
}

Deno.test("checkManifest() orders callees before their callers", () => {
  const middle = { kind: "server", module: "./m", serves: { files: Demo }, uses: ["volume"] };
  const { order, serverOf } = checkManifest(
    system({ app: { ...app, uses: ["files", "volume"] }, middle, store: server }),
  );
  assertEquals(order, ["store", "middle", "app"]);
  assertEquals(serverOf.get("files"), "middle");
});

Deno.test("checkManifest() takes every field, and a protocol by name and version", () => {
  const disk = {
    kind: "driver",
    module: "https://example.com/disk.ts",
    permissions: { read: ["./a.img", "/dev/sda"], write: ["a.img"], net: ["[::1]:80", "host"] },
    serves: { disk: { name: "block", version: 1 } },
    uses: [],
    keeps: { tail: 4096 },
    windows: { "scratch_1.a": 2 ** 32 - 4096 },
    options: { path: "./a.img", nested: [null, true, 1.5, { constructor: "x" }] },
    restart: { limit: 0, windowMs: 1, backoffMs: 5_000, atLimit: "dependents" },
    hangMs: 1,
    memoryLimitMb: 16,
    poisonTries: 1,
    manages: ["other"],
    start: "boot",
    spare: true,
  };
  const other = { ...server, replicas: 2, manages: ["disk"] }; // No call: no cycle.
  const { order } = checkManifest(
    { ...system({ disk, other }), $schema: "./schema.json" } as never,
  );
  assertEquals(order, ["disk", "other"]);
});

Deno.test("checkManifest() takes what is undefined for left out", () => {
  checkManifest(system({ a: { ...alone, spare: undefined, options: { path: undefined } } }));
});

Deno.test("checkManifest() takes memories that a program shares with a domain", () => {
  const log = { memory: new SharedArrayBuffer(8), bytes: new Uint8Array(2) };
  checkManifest(system({ a: { ...alone, options: { log } } }));
});

/** Manifests of one fault each. */
const BAD_MANIFESTS: readonly (readonly [string, unknown, string])[] = [
  ["null", null, "the manifest: null is no object"],
  ["nothing", undefined, "the manifest: undefined is no object"],
  ["a list", [], "the manifest: a list is no object"],
  ["text", "{}", 'the manifest: "{}" is no object'],
  ["a module namespace", { default: {} }, "default: no such field"],
  [
    "an unknown field",
    { ...system({}), domain: {} },
    'domain: no such field; did you mean "domains"',
  ],
  ["no base", { domains: {} }, "base: undefined is no absolute URL"],
  [
    "a base that is no URL",
    { ...system({}), base: "nowhere" },
    'base: "nowhere" is no absolute URL',
  ],
  [
    "a base that is a URL object",
    { ...system({}), base: new URL("file:///") },
    "base: an object is no text",
  ],
  [
    "a module relative to no place",
    { base: "data:,", domains: { a: alone } },
    "domains.a.module: ",
  ],
  [
    "a path relative to no directory",
    {
      base: "https://example.com/",
      domains: { d: { ...driver, permissions: { write: ["/a", "b"] } } },
    },
    'domains.d.permissions.write[1]: "b" is relative, and base is no file: "https://example.com/"',
  ],
];

for (const [what, domains, message] of BAD_DOMAINS) {
  Deno.test(`checkManifest() refuses ${what}`, () => refused(system(domains), message));
}

for (const [what, manifest, message] of BAD_MANIFESTS) {
  Deno.test(`checkManifest() refuses as a manifest: ${what}`, () => refused(manifest, message));
}

Deno.test("checkManifest() keeps its messages short, whatever it is given", () => {
  const long = "x".repeat(100_000);
  for (const domains of [{ [long]: app }, { a: { ...app, [long]: 1 } }, { a: { kind: long } }]) {
    const { message } = assertThrows(() => checkManifest(system(domains)), TypeError);
    assert(message.length < 300, `${message.length} characters`);
  }
});

function refused(manifest: unknown, message: string): void {
  const error = assertThrows(() => checkManifest(manifest as SystemManifest), TypeError);
  assertStringIncludes(error.message, message);
  assert(error.message.startsWith("Cannot boot: "), error.message);
}
