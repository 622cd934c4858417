import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkArchitecture } from "./architecture.ts";

/** A small project that breaks no rule. */
const SOUND: Readonly<Record<string, string>> = {
  "ipc/deno.json": face("@hako/ipc"),
  "ipc/mod.ts": 'export { ring } from "./doorbell.ts";',
  "ipc/doorbell.ts": "export function ring() { Atomics.wait(WORDS, 0, 0); }",
  "kernel/deno.json": JSON.stringify({
    name: "@hako/kernel",
    exports: { ".": "./mod.ts", "./domain": "./domain/mod.ts" },
  }),
  "kernel/mod.ts": 'export { boot } from "./machine/boot.ts";',
  "kernel/machine/boot.ts": 'import { ring } from "@hako/ipc"; ' +
    'export function boot() { new Worker(new URL("../domain/main.ts", import.meta.url)); ring(); }',
  "kernel/domain/main.ts": 'import type { boot } from "../machine/boot.ts";',
  "kernel/domain/mod.ts": 'export { enter } from "./enter.ts";',
  "kernel/domain/enter.ts": "export function enter() { return Date.now(); }",
  "drivers/deno.json": face("@hako/drivers"),
  "drivers/mod.ts": 'export type { Block } from "./protocol.ts";',
  "drivers/protocol.ts": "export interface Block {}",
  "storage-server/deno.json": face("@hako/storage-server"),
  "storage-server/mod.ts": 'export type { Volume } from "./journal.ts";',
  "storage-server/journal.ts": 'import { enter } from "@hako/kernel/domain";\n' +
    'import type { Block } from "@hako/drivers";\nexport interface Volume {}',
  "storage-server/journal_test.ts": 'import { assert } from "@std/assert";\n' +
    'import { type Volume } from "./journal.ts"; setTimeout(() => {}, 1);',
  "fs-server/deno.json": face("@hako/fs-server"),
  "fs-server/mod.ts": "export const clock = 1;",
  "ipc/call_bench.ts": 'import type { PairedRow } from "@hako/tools/bench";\n' +
    'import { peer } from "./bench/peer.ts";',
  "ipc/bench/peer.ts": 'import "comlink"; performance.now(); new Worker(PEER);',
  "tools/deno.json": JSON.stringify({
    name: "@hako/tools",
    exports: { ".": "./mod.ts", "./bench": "./bench/paired_row.ts" },
  }),
  "tools/bench/paired_row.ts": "export interface PairedRow {}",
  "tools/mod.ts": 'import { compileCore } from "assemblyscript/asc";',
  "tests/hostile_test.ts": 'import { enter } from "../kernel/domain/enter.ts";\n' +
    'import "../tools/mod.ts"; Atomics.wait(WORDS, 0, 0);',
};

interface Case {
  readonly rule: string;
  readonly what: string;
  readonly path: string;
  readonly text: string;
  readonly line?: number;
  readonly says: string;
}

const UNSOUND: readonly Case[] = [
  {
    rule: "arrow",
    what: "a lower room imports a higher one",
    path: "ipc/channel.ts",
    text: '// A channel.\nimport { boot } from "@hako/kernel";',
    line: 2,
    says: 'ipc/ may not import kernel/ ("@hako/kernel"); it may import nothing.',
  },
  {
    rule: "arrow",
    what: "a type is imported against the arrow",
    path: "drivers/disk.ts",
    text: 'export type V = import("@hako/storage-server").Volume;',
    says: "drivers/ may not import storage-server/",
  },
  {
    rule: "arrow",
    what: "a name is exported from a higher room",
    path: "kernel/face.ts",
    text: 'export { Volume } from "@hako/storage-server";',
    says: "kernel/ may not import storage-server/",
  },
  {
    rule: "arrow",
    what: "a higher room is imported dynamically",
    path: "ipc/late.ts",
    text: 'await import("@hako/drivers");',
    says: "ipc/ may not import drivers/",
  },
  {
    rule: "arrow",
    what: "a higher room's module is named for a worker",
    path: "kernel/machine/start.ts",
    text: 'export const url = import.meta.resolve("@hako/fs-server");',
    says: "kernel/ may not import fs-server/",
  },
  {
    rule: "arrow",
    what: "a server imports the kernel and not just the domain runtime",
    path: "storage-server/recover.ts",
    text: 'import { boot } from "@hako/kernel";',
    says: "only @hako/kernel/domain of kernel/",
  },
  {
    rule: "arrow",
    what: "tools import tests",
    path: "tools/report.ts",
    text: 'import "../tests/hostile_test.ts";',
    says: "tools/ may not import tests/",
  },
  {
    rule: "face",
    what: "a room reaches into another",
    path: "storage-server/commit.ts",
    text: 'import type { Block } from "../drivers/protocol.ts";',
    says: "import its package by name",
  },
  {
    rule: "missing-face",
    what: "a package does not export what is imported",
    path: "fs-server/inode.ts",
    text: 'import { Volume } from "@hako/storage-server/journal";',
    says: "not among the exports",
  },
  {
    rule: "own-face",
    what: "a file imports its own package's face",
    path: "storage-server/client.ts",
    text: 'import type { Volume } from "./mod.ts";',
    says: "import the file that declares the name",
  },
  {
    rule: "own-face",
    what: "a file imports its own package by name",
    path: "ipc/client.ts",
    text: 'import { ring } from "@hako/ipc";',
    says: "the package's own public face",
  },
  {
    rule: "acting-module",
    what: "a module that acts is imported",
    path: "kernel/domain/other.ts",
    text: 'import "./main.ts";',
    says: "acts when it is imported",
  },
  {
    rule: "third-party",
    what: "a runtime package imports third-party code",
    path: "ipc/queue.ts",
    text: 'import { main } from "assemblyscript/asc";',
    says: "third-party code, on which ipc/ does not depend",
  },
  {
    rule: "third-party",
    what: "a twin uses the standard library outside a test",
    path: "storage-server/simulated_disk.ts",
    text: 'import { assert } from "@std/assert";',
    says: "is for tests and tools",
  },
  {
    rule: "arrow",
    what: "a benchmark imports a tool",
    path: "ipc/other_bench.ts",
    text: 'import "@hako/tools";',
    says: "ipc/ may not import tools/",
  },
  {
    rule: "arrow",
    what: "what is no benchmark declares paired rows",
    path: "ipc/rows.ts",
    text: 'import type { PairedRow } from "@hako/tools/bench";',
    says: "ipc/ may not import tools/",
  },
  {
    rule: "test-code",
    what: "what is no benchmark imports a peer",
    path: "ipc/late.ts",
    text: 'import "./bench/peer.ts";',
    says: "is for tests",
  },
  {
    rule: "test-code",
    what: "what is not a test imports a test",
    path: "storage-server/late.ts",
    text: 'import "./journal_test.ts";',
    says: "is for tests",
  },
  {
    rule: "undeclared",
    what: "a package is imported by its registry's name",
    path: "tools/model.ts",
    text: 'import "npm:comlink@4";',
    says: "under imports in the root deno.json",
  },
  {
    rule: "export-star",
    what: "everything is exported",
    path: "fs-server/face.ts",
    text: '\nexport * from "./mod_of_another.ts";',
    line: 2,
    says: "name what is exported",
  },
  {
    rule: "wait",
    what: "somebody waits outside ipc",
    path: "kernel/machine/duty.ts",
    text: "Atomics.waitAsync(WORDS, 0, 0);",
    says: "Atomics.waitAsync has no place here",
  },
  {
    rule: "worker",
    what: "somebody but the machine creates a worker",
    path: "tools/pool.ts",
    text: "new Worker(url);",
    says: "only kernel/machine/ creates workers",
  },
  {
    rule: "time-and-chance",
    what: "a server reads the clock",
    path: "fs-server/times.ts",
    text: "export const now = Date.now();",
    says: "Date.now has no place here",
  },
  {
    rule: "name",
    what: "a file's name tells nothing",
    path: "ipc/ring_helpers.ts",
    text: "",
    says: '"ring_helpers" tells nothing',
  },
  {
    rule: "name",
    what: "a file's name is not in snake_case",
    path: "ipc/ringBuffer.ts",
    text: "",
    says: "not in snake_case",
  },
  {
    rule: "file-length",
    what: "a file is too long",
    path: "ipc/long.ts",
    text: "// A line.\n".repeat(501),
    says: "501 lines",
  },
  {
    rule: "function-length",
    what: "a function is too long",
    path: "ipc/long_function.ts",
    text: `function f() {\n${"f();\n".repeat(70)}}`,
    says: "f has 72 lines",
  },
];

Deno.test("checkArchitecture() finds nothing in a sound project", () => {
  assertEquals(check({}), []);
});

for (const { rule, what, path, text, line = 1, says } of UNSOUND) {
  Deno.test(`checkArchitecture() refuses it when ${what} (${rule})`, () => {
    const [finding, ...others] = check({ [path]: text });
    assertEquals(others, []);
    assertEquals([finding?.path, finding?.line, finding?.rule], [path, line, rule]);
    assertStringIncludes(finding?.message ?? "", says);
  });
}

Deno.test("checkArchitecture() refuses import cycles, of types too", () => {
  const [finding, ...others] = check({
    "ipc/a.ts": 'import "./doorbell.ts";\nimport { b } from "./b.ts";',
    "ipc/b.ts": 'import type { C } from "./c.ts";',
    "ipc/c.ts": 'export type A = import("./a.ts").A;',
  });
  assertEquals(others, []);
  assertEquals([finding?.path, finding?.line, finding?.rule], ["ipc/a.ts", 2, "cycle"]);
  assertStringIncludes(finding?.message ?? "", "ipc/a.ts -> ipc/b.ts -> ipc/c.ts -> ipc/a.ts");
});

Deno.test("checkArchitecture() refuses a cycle through a face, and a file that imports itself", () => {
  assertEquals(rules({ "ipc/doorbell.ts": 'import "./mod.ts";' }), ["cycle", "own-face"]);
  assertEquals(rules({ "ipc/self.ts": 'import "./self.ts";' }), ["cycle"]);
});

function check(files: Readonly<Record<string, string>>) {
  return checkArchitecture(new Map(Object.entries({ ...SOUND, ...files })));
}

function rules(files: Readonly<Record<string, string>>): string[] {
  return check(files).map(({ rule }) => rule);
}

function face(name: string): string {
  return JSON.stringify({ name, exports: "./mod.ts" });
}
