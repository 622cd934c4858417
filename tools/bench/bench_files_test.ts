import { assertEquals } from "@std/assert";
import { findBenchFiles } from "./bench_files.ts";

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

Deno.test("findBenchFiles() leaves out plain files that have nothing the filter takes", () => {
  const texts = new Map([
    ["a_bench.ts", 'Deno.bench("read 1 block", () => {});'],
    ["b_bench.ts", 'Deno.bench("write 1 block", () => {});'],
  ]);
  assertEquals(findBenchFiles(texts, "read").plain, ["a_bench.ts"]);
});
