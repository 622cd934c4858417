import { assertEquals } from "@std/assert";
import { findBenchFiles, isChosen, plainFilter } from "./bench_files.ts";

Deno.test("findBenchFiles() tells what declares rows from what deno bench runs", () => {
  const texts = new Map([
    ["storage-server/volume_bench.ts", 'Deno.bench("transact", () => {});'],
    ["ipc/null_bench.ts", "/** Rows. */\nexport const rows: readonly PairedRow[] = [];"],
    ["ipc/async_bench.ts", "export const rows: readonly PairedRow[] = [];"],
    ["ipc/bench/adder.ts", "export const rows = 1;"],
    ["ipc/client_test.ts", 'Deno.test("calls", () => {});'],
  ]);
  assertEquals(findBenchFiles(texts), {
    plain: ["storage-server/volume_bench.ts"],
    paired: ["ipc/async_bench.ts", "ipc/null_bench.ts"],
  });
});

Deno.test("findBenchFiles() leaves out plain files of which no name is chosen", () => {
  const texts = new Map([
    ["a_bench.ts", 'import "kernel";\nDeno.bench("read 1 block", () => {});'],
    ["b_bench.ts", "Deno.bench(\n  `write ${COUNT} blocks`, () => {});"],
  ]);
  assertEquals(findBenchFiles(texts, ["read"]).plain, ["a_bench.ts"]);
  assertEquals(findBenchFiles(texts, ["read", "write"]).plain, ["a_bench.ts", "b_bench.ts"]);
  assertEquals(findBenchFiles(texts, ["kernel"]).plain, [], "what it imports is no name");
});

Deno.test("isChosen() takes any name that has one of the texts in it", () => {
  assertEquals(isChosen("fs/stat", []), true);
  assertEquals(isChosen("fs/stat", ["ipc/", "stat"]), true);
  assertEquals(isChosen("fs/stat", ["ipc/"]), false);
});

Deno.test("plainFilter() takes each text as it is written", () => {
  const pattern = new RegExp(plainFilter(["a.b", "c/d (e)"]).slice(1, -1));
  const chosen = ["xa.bx", "axb", "c/d (e)", "c"].map((name) => pattern.test(name));
  assertEquals(chosen, [true, false, true, false]);
});
