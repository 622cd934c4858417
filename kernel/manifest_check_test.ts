import { assertEquals, assertThrows } from "@std/assert";
import { defineProtocol, u32 } from "@hako/ipc";
import type { DomainManifest, SystemManifest } from "./manifest.ts";
import { checkManifest, suggest } from "./manifest_check.ts";

const Demo = defineProtocol("demo", 1, {
  ask: { code: 1, request: { a: u32 }, errors: [], idempotent: true },
});
const server: DomainManifest = { kind: "server", module: "./a.ts", serves: { volume: Demo } };
const app: DomainManifest = { kind: "app", module: "./b.ts", uses: ["volume"] };

function system(domains: Record<string, unknown>): SystemManifest {
  return { base: import.meta.url, domains: domains as Record<string, DomainManifest> };
}

Deno.test("checkManifest() orders callees before their callers", () => {
  const middle = { kind: "server", module: "m", serves: { files: Demo }, uses: ["volume"] };
  const { order, serverOf } = checkManifest(
    system({ app: { ...app, uses: ["files", "volume"] }, middle, store: server }),
  );
  assertEquals(order, ["store", "middle", "app"]);
  assertEquals(serverOf.get("files"), "middle");
});

/** One bad manifest for each rule, and what its message must say. */
const BAD: readonly (readonly [string, SystemManifest, string])[] = [
  [
    "an unknown field of the manifest",
    { ...system({}), domain: {} } as never,
    'domain: no such field; did you mean "domains"',
  ],
  ["a base that is no URL", { ...system({}), base: "nowhere" }, "base: nowhere is no URL"],
  [
    "an unknown field of a domain",
    system({ a: { ...app, use: [] } }),
    'domains.a.use: no such field; did you mean "uses"?',
  ],
  ["a name with a capital", system({ Disk: server }), "domains.Disk: a name is"],
  ["the program's name", system({ program: server }), "domains.program: that name belongs"],
  [
    "an unknown kind",
    system({ a: { ...server, kind: "sever" } }),
    'domains.a.kind: sever is no kind; did you mean "server"?',
  ],
  ["no module", system({ a: { kind: "app" } }), "domains.a.module: is missing"],
  [
    "an endpoint that nobody serves",
    system({ s: server, a: { ...app, uses: ["volum"] } }),
    'domains.a.uses[0]: nobody serves "volum"; did you mean "volume"?',
  ],
  [
    "an endpoint served twice",
    system({ s: server, t: server }),
    "domains.t.serves.volume: s serves that endpoint already",
  ],
  [
    "half a replica",
    system({ s: { ...server, replicas: 1.5 } }),
    "domains.s.replicas: 1.5 is no whole number from 1 up",
  ],
  [
    "replicas of an app",
    system({ s: server, a: { ...app, replicas: 2 } }),
    "domains.a.replicas: only a server has any",
  ],
  [
    "more replicas than there is room for",
    system({ s: { ...server, replicas: 64 } }),
    "domains: 64 are more than 63",
  ],
  [
    "host permissions of a server",
    system({ s: { ...server, permissions: { read: ["/"] } } }),
    "domains.s.permissions: only a driver or a gateway",
  ],
  [
    "an unknown permission",
    system({ s: { ...server, kind: "driver", permissions: { reed: ["/"] } } }),
    'domains.s.permissions.reed: no such field; did you mean "read"?',
  ],
  [
    "a keep that is no whole block",
    system({ s: { ...server, keeps: { k: 100 } } }),
    "domains.s.keeps.k: 100 is no positive multiple",
  ],
  [
    "a window of nothing",
    system({ s: { ...server, windows: { w: 0 } } }),
    "domains.s.windows.w: 0 is no positive multiple",
  ],
  [
    "a window beyond 32 bits",
    system({ s: { ...server, windows: { w: 2 ** 32 } } }),
    "domains.s.windows.w",
  ],
  [
    "a negative restart limit",
    system({ s: { ...server, restart: { limit: -1, windowMs: 1 } } }),
    "domains.s.restart.limit: -1 is negative",
  ],
  [
    "a hang limit of nothing",
    system({ s: { ...server, hangMs: 0 } }),
    "domains.s.hangMs: 0 is not positive",
  ],
  [
    "an unknown time to start",
    system({ a: { ...app, start: "boots" }, s: server }),
    'domains.a.start: boots is no time to start; did you mean "boot"?',
  ],
  [
    "a server that starts on request",
    system({ s: { ...server, start: "request" } }),
    "domains.s.start: a domain that serves starts with",
  ],
  [
    "a domain that calls itself",
    system({ s: { ...server, uses: ["volume"] } }),
    "calls run in a cycle: s -> s",
  ],
  [
    "a cycle of calls",
    system({
      a: { ...server, serves: { x: Demo }, uses: ["y"] },
      b: { ...server, serves: { y: Demo }, uses: ["x"] },
    }),
    "domains.a.uses: calls run in a cycle: a -> b -> a",
  ],
  [
    "too many domains",
    system(
      Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`a${i}`, { ...app, uses: [] }])),
    ),
    "domains: 64 are more than 63",
  ],
];

for (const [what, manifest, message] of BAD) {
  Deno.test(`checkManifest() refuses ${what}`, () => {
    assertThrows(() => checkManifest(manifest), TypeError, message);
  });
}

Deno.test("suggest() names only what is near", () => {
  assertEquals(suggest("storge", ["storage", "disk"]), '; did you mean "storage"?');
  assertEquals(suggest("zzzzzz", ["storage", "disk"]), "");
});
