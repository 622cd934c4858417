/**
 * Bad manifests: at least one for each field and rule, with what must be said of it.
 *
 * @module
 */

import { defineProtocol, type Operations, type Protocol, u32 } from "@hako/ipc";

const operations = {
  ask: { code: 1, request: { a: u32 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** A protocol to serve. */
export const Demo: Protocol<typeof operations> = defineProtocol("demo", 1, operations);

/** A domain that serves `volume`. */
export const server = { kind: "server", module: "./a.ts", serves: { volume: Demo } };

/** The same as a driver, which may have host permissions. */
export const driver = { ...server, kind: "driver" };

/** A domain that calls `volume`. */
export const app = { kind: "app", module: "./b.ts", uses: ["volume"] };

/** A domain that calls nobody. */
export const alone = { kind: "app", module: "./c.ts" };

/** Domains of one fault each: what it is, the domains, and what the message must say. */
export const BAD_DOMAINS: readonly (readonly [string, unknown, string])[] = [
  ["no domains", undefined, "Cannot boot: domains: is missing"],
  ["domains that are null", null, "domains: null is no object"],
  ["domains in a list", [server], "domains: a list is no object"],
  ["domains of a class", new Map(), "domains: is an object of a class"],
  ["a domain that is null", { a: null }, "domains.a: null is no object"],
  ["a domain that is text", { a: "./a.ts" }, 'domains.a: "./a.ts" is no object'],
  ["a domain that is undefined", { a: undefined }, "domains.a: is missing"],
  [
    "a field misspelt",
    { a: { ...app, use: [] } },
    'domains.a.use: no such field; did you mean "uses"?',
  ],
  [
    "a field in capitals",
    { a: { ...app, KIND: 1 } },
    'domains.a.KIND: no such field; did you mean "kind"?',
  ],
  ["a field unlike any", { a: { ...app, quux: 1 } }, "domains.a.quux: no such field"],
  ["a field with an odd name", { a: { ...app, "a b": 1 } }, 'domains.a["a b"]: no such field'],
  [
    "a field __proto__",
    JSON.parse('{"a":{"kind":"app","module":"./a","__proto__":{}}}'),
    "domains.a.__proto__: no such field",
  ],
  ["a name with a capital", { Disk: server }, "domains.Disk: a name is up to 31"],
  ["a name that is too long", { ["a".repeat(32)]: server }, "a name is up to 31"],
  ["an empty name", { "": server }, 'domains[""]: a name is'],
  ["the kernel's name", { kernel: server }, "domains.kernel: that name belongs to the kernel"],
  ["the program's name", { program: server }, "domains.program: that name belongs"],
  [
    "the name __proto__",
    JSON.parse('{"__proto__":{"kind":"app","module":"./a"}}'),
    "domains.__proto__: a name is",
  ],
  [
    "the name constructor",
    { constructor: server },
    "domains.constructor: every object of JavaScript",
  ],
  ["no kind", { a: { module: "./a" } }, "domains.a.kind: is missing"],
  [
    "an unknown kind",
    { a: { ...server, kind: "sever" } },
    'domains.a.kind: "sever" is no kind; did you mean "server"?',
  ],
  [
    "a kind unlike any",
    { a: { ...server, kind: "zzzzzzzz" } },
    "is no kind; it is one of server, driver, gateway, app",
  ],
  [
    "a kind that is a number",
    { a: { ...server, kind: 1 } },
    "domains.a.kind: 1 is no kind; it is one of",
  ],
  [
    "a kind every object has",
    { a: { ...server, kind: "constructor" } },
    '"constructor" is no kind',
  ],
  ["no module", { a: { kind: "app" } }, "domains.a.module: is missing"],
  [
    "a module that is a number",
    { a: { kind: "app", module: 7 } },
    "domains.a.module: 7 is no module",
  ],
  ["an empty module", { a: { kind: "app", module: "" } }, 'domains.a.module: "" is no module'],
  [
    "a package that does not exist",
    { a: { kind: "app", module: "@hako/nothing" } },
    'domains.a.module: "@hako/nothing" leads nowhere',
  ],
  ["a module without ./", { a: { kind: "app", module: "a.ts" } }, "a relative one begins with ./"],
  [
    "an endpoint that nobody serves",
    { s: server, a: { ...app, uses: ["volum"] } },
    'domains.a.uses[0]: nobody serves "volum"; did you mean "volume"?',
  ],
  [
    "an endpoint every object has",
    { a: { ...app, uses: ["toString"] } },
    'domains.a.uses[0]: nobody serves "toString"',
  ],
  ["uses that are text", { a: { ...app, uses: "volume" } }, 'domains.a.uses: "volume" is no list'],
  [
    "an endpoint used that is a number",
    { a: { ...app, uses: [7] } },
    "domains.a.uses[0]: 7 is no name of an endpoint",
  ],
  [
    "a hole in a list",
    { a: { ...app, uses: new Array(1) } },
    "domains.a.uses[0]: undefined is no name",
  ],
  [
    "an endpoint used twice",
    { s: server, a: { ...app, uses: ["volume", "volume"] } },
    'domains.a.uses[1]: "volume" stands there already',
  ],
  [
    "an endpoint served twice",
    { s: server, t: server },
    "domains.t.serves.volume: s serves that endpoint already",
  ],
  [
    "an endpoint without a protocol",
    { s: { ...server, serves: { volume: null } } },
    "domains.s.serves.volume: null is no object",
  ],
  [
    "a protocol by its name alone",
    { s: { ...server, serves: { volume: "demo" } } },
    'domains.s.serves.volume: "demo" is no object',
  ],
  [
    "a protocol without a version",
    { s: { ...server, serves: { volume: { name: "demo" } } } },
    "domains.s.serves.volume.version: is missing",
  ],
  [
    "a version of text",
    { s: { ...server, serves: { volume: { name: "demo", version: "1" } } } },
    'version: "1" is no whole number from 1',
  ],
  [
    "a nameless protocol",
    { s: { ...server, serves: { volume: { name: "", version: 1 } } } },
    'volume.name: "" is no name of a protocol',
  ],
  [
    "endpoints in a list",
    { s: { ...server, serves: ["volume"] } },
    "domains.s.serves: a list is no object",
  ],
  [
    "an endpoint with an odd name",
    { s: { ...server, serves: { "a b": Demo } } },
    'domains.s.serves["a b"]: a name is up to 63',
  ],
  [
    "an endpoint named by every object",
    { s: { ...server, serves: { valueOf: Demo } } },
    "domains.s.serves.valueOf: every object",
  ],
  [
    "half a replica",
    { s: { ...server, replicas: 1.5 } },
    "domains.s.replicas: 1.5 is no whole number from 1 to 63",
  ],
  [
    "replicas of an app",
    { s: server, a: { ...app, replicas: 2 } },
    'domains.a.replicas: only a server has any, one that serves, not a domain whose kind is "app"',
  ],
  [
    "replicas that serve nothing",
    { s: { kind: "server", module: "./s", replicas: 2 } },
    "domains.s.replicas: only a server has any, one that serves",
  ],
  [
    "more replicas than there is room for",
    { s: { ...server, replicas: 63 }, a: alone },
    "domains: 64 are more than 63 domains, replicas counted",
  ],
  ["too many domains", many(64, () => alone), "domains: 64 are more than 63"],
  ["too many connections", {
    s: { ...server, serves: numbered(40, Demo) },
    ...many(30, () => ({ ...alone, uses: Object.keys(numbered(40, 0)) })),
  }, "domains: 1200 are more than 1024 uses of endpoints"],
  [
    "too many segments",
    many(33, () => ({ ...alone, keeps: numbered(16, 4096), windows: numbered(16, 4096) })),
    "domains: 1056 are more than 1024 keeps and windows",
  ],
  [
    "host permissions of a server",
    { s: { ...server, permissions: { read: ["/"] } } },
    'domains.s.permissions: only a driver or a gateway has any, not a domain whose kind is "server"',
  ],
  [
    "host permissions of an app, though none",
    { a: { ...alone, permissions: {} } },
    "domains.a.permissions: only a driver or a gateway",
  ],
  [
    "an unknown permission",
    { s: { ...driver, permissions: { reed: ["/"] } } },
    'domains.s.permissions.reed: no such field; did you mean "read"?',
  ],
  [
    "permission to run programs",
    { s: { ...driver, permissions: { run: ["sh"] } } },
    "domains.s.permissions.run: no such field",
  ],
  [
    "permission for everything",
    { s: { ...driver, permissions: { read: true } } },
    "domains.s.permissions.read: true is no list",
  ],
  [
    "permissions in a word",
    { s: { ...driver, permissions: "inherit" } },
    'domains.s.permissions: "inherit" is no object',
  ],
  [
    "an empty path, which is all",
    { s: { ...driver, permissions: { read: [""] } } },
    'domains.s.permissions.read[0]: "" is no path',
  ],
  [
    "a path with a comma, which is two",
    { s: { ...driver, permissions: { write: ["/a,/etc"] } } },
    'domains.s.permissions.write[0]: "/a,/etc" is no path without commas',
  ],
  [
    "all libraries",
    { s: { ...driver, permissions: { ffi: true } } },
    "domains.s.permissions.ffi: true is no list",
  ],
  [
    "a library for a server",
    { s: { ...server, permissions: { ffi: ["/lib/libc.so.6"] } } },
    "domains.s.permissions: only a driver or a gateway has any",
  ],
  [
    "a host with a path",
    { s: { ...driver, permissions: { net: ["https://x/"] } } },
    'domains.s.permissions.net[0]: "https://x/" is no host',
  ],
  [
    "a socket with a comma, which is two hosts",
    { s: { ...driver, permissions: { net: ["unix:/a,example.org"] } } },
    'domains.s.permissions.net[0]: "unix:/a,example.org" is no host',
  ],
  [
    "a keep that is no whole block",
    { s: { ...server, keeps: { k: 100 } } },
    "domains.s.keeps.k: 100 is no multiple of 4096 from 4096",
  ],
  [
    "a window of nothing",
    { s: { ...server, windows: { w: 0 } } },
    "domains.s.windows.w: 0 is no multiple of 4096",
  ],
  [
    "a window beyond 32 bits",
    { s: { ...server, windows: { w: 2 ** 32 } } },
    "domains.s.windows.w: 4294967296",
  ],
  [
    "a negative keep",
    { s: { ...server, keeps: { k: -4096 } } },
    "domains.s.keeps.k: -4096 is no multiple",
  ],
  [
    "a keep of text",
    { s: { ...server, keeps: { k: "4096" } } },
    'domains.s.keeps.k: "4096" is no multiple',
  ],
  [
    "a keep with an odd name",
    { s: { ...server, keeps: { "../k": 4096 } } },
    'domains.s.keeps["../k"]: a name is',
  ],
  ["keeps in a list", { s: { ...server, keeps: [4096] } }, "domains.s.keeps: a list is no object"],
  [
    "options that are a list",
    { a: { ...alone, options: [] } },
    "domains.a.options: a list is no object",
  ],
  [
    "a function among the options",
    { a: { ...alone, options: { b: { c: [() => 1] } } } },
    "domains.a.options.b.c[0]: a function cannot be posted",
  ],
  ["options without end", { a: { ...alone, options: endless() } }, "nests deeper than 64"],
  [
    "a restart policy without a limit",
    { s: { ...server, restart: { windowMs: 1 } } },
    "domains.s.restart.limit: is missing",
  ],
  [
    "a negative restart limit",
    { s: { ...server, restart: { limit: -1, windowMs: 1 } } },
    "domains.s.restart.limit: -1 is no whole number from 0",
  ],
  [
    "a restart limit without end",
    { s: { ...server, restart: { limit: Infinity, windowMs: 1 } } },
    "domains.s.restart.limit: Infinity is no whole",
  ],
  [
    "a window that is no number",
    { s: { ...server, restart: { limit: 1, windowMs: NaN } } },
    "domains.s.restart.windowMs: NaN is no whole",
  ],
  [
    "a window in text",
    { s: { ...server, restart: { limit: 1, windowMs: "10s" } } },
    'domains.s.restart.windowMs: "10s" is no whole',
  ],
  ["a back-off beyond its end", {
    s: { ...server, restart: { limit: 1, windowMs: 1, backoffMs: 5001 } },
  }, "domains.s.restart.backoffMs: 5001 is no whole number from 0 to 5000"],
  ["an unknown end of a policy", {
    s: { ...server, restart: { limit: 1, windowMs: 1, atLimit: "degraded" } },
  }, 'domains.s.restart.atLimit: "degraded" is no end of a policy; did you mean "degrade"?'],
  [
    "an unknown field of a policy",
    { s: { ...server, restart: { limit: 1, window: 1 } } },
    'domains.s.restart.window: no such field; did you mean "windowMs"?',
  ],
  [
    "a hang limit of nothing",
    { s: { ...server, hangMs: 0 } },
    "domains.s.hangMs: 0 is no whole number from 1",
  ],
  [
    "a hang limit that is null",
    { s: { ...server, hangMs: null } },
    "domains.s.hangMs: null is no whole",
  ],
  [
    "a hang limit beyond all timers",
    { s: { ...server, hangMs: 2 ** 31 } },
    "domains.s.hangMs: 2147483648 is no whole",
  ],
  [
    "a heap in which nothing starts",
    { s: { ...server, memoryLimitMb: 15 } },
    "domains.s.memoryLimitMb: 15 is no whole number from 16",
  ],
  [
    "a heap in text",
    { s: { ...server, memoryLimitMb: "64MB" } },
    'domains.s.memoryLimitMb: "64MB" is no whole',
  ],
  [
    "no tries",
    { s: { ...server, poisonTries: 0 } },
    "domains.s.poisonTries: 0 is no whole number from 1 to 1000",
  ],
  [
    "managing nobody",
    { s: server, a: { ...app, manages: ["t"] } },
    'domains.a.manages[0]: no domain is called "t"; did you mean "s"?',
  ],
  [
    "managing an endpoint",
    { store: server, a: { ...app, manages: ["volume"] } },
    'domains.a.manages[0]: no domain is called "volume"',
  ],
  [
    "managing oneself",
    { s: server, a: { ...app, manages: ["s", "a"] } },
    "domains.a.manages[1]: a domain does not manage itself",
  ],
  [
    "managing what every object has",
    { a: { ...alone, manages: ["toString"] } },
    "domains.a.manages[0]: no domain is called",
  ],
  [
    "an unknown time to start",
    { a: { ...alone, start: "boots" } },
    'domains.a.start: "boots" is no time to start; did you mean "boot"?',
  ],
  [
    "a server that starts on request",
    { s: { ...server, start: "request" } },
    "domains.s.start: a domain that serves starts with the system",
  ],
  [
    "a spare in words",
    { s: { ...server, spare: "yes" } },
    'domains.s.spare: "yes" is neither true nor false',
  ],
  [
    "a domain that calls itself",
    { s: { ...server, uses: ["volume"] } },
    "domains.s.uses: calls run in a cycle: s -> s",
  ],
  ["a cycle of calls", {
    a: { ...server, serves: { x: Demo }, uses: ["y"] },
    b: { ...server, serves: { y: Demo }, uses: ["x"] },
  }, "domains.a.uses: calls run in a cycle: a -> b -> a"],
  ["a cycle behind others", {
    front: { ...alone, uses: ["x"] },
    a: { ...server, serves: { x: Demo }, uses: ["y"] },
    b: { ...server, serves: { y: Demo }, uses: ["x"] },
  }, "domains.a.uses: calls run in a cycle: a -> b -> a"],
];

function numbered<T>(count: number, value: T): Record<string, T> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, value]));
}

function many(count: number, make: () => unknown): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, make()]));
}

function endless(): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  options.again = options;
  return options;
}
