import { assertEquals, assertThrows } from "@std/assert";
import type { PairedRow } from "../paired_row.ts";
import { MeasurementFailure } from "../row_result.ts";
import { type Bench, measurementStart, readMeasurement } from "./measuring_process.ts";

const BENCH: Bench = {
  deno: "/bin/deno",
  sourceRoot: "/hako",
  temporaryDirectory: "/tmp/run",
  interruption: new AbortController().signal,
};

const ROW: PairedRow = {
  name: "ipc/null/peer",
  peerName: "a peer",
  unit: "us/call",
  target: 1,
  ours: () => Promise.reject(new Error("opened here")),
  peer: () => Promise.reject(new Error("opened here")),
};

const PATH = "/hako/ipc/null_bench.ts";

Deno.test("measurementStart() names the file, the row and the side", () => {
  const { program, args } = measurementStart({ path: PATH, row: ROW }, "peer", BENCH);
  assertEquals(program, "/bin/deno");
  assertEquals(args.slice(-4), [
    "/hako/tools/bench/one_side/main.ts",
    PATH,
    "ipc/null/peer",
    "peer",
  ]);
});

Deno.test("measurementStart() grants no more than the peers need", () => {
  const { args } = measurementStart({ path: PATH, row: ROW }, "ours", BENCH);
  assertEquals(args.filter((arg) => arg.startsWith("--allow") || arg === "-A"), [
    "--allow-read=/hako,/tmp/run",
    "--allow-write=/tmp/run",
    "--allow-run=/bin/deno",
    "--allow-net=unix:/tmp/run/peer.socket",
    "--allow-sys=cpus",
  ]);
});

Deno.test("measurementStart() holds a row for one processor there", () => {
  const filed = { path: PATH, row: { ...ROW, oneCpu: true } as const };
  const { program, args } = measurementStart(filed, "ours", BENCH);
  assertEquals([program, ...args.slice(0, 3)], ["taskset", "-c", "0", "/bin/deno"]);
});

Deno.test("readMeasurement() reads the last line, below what a peer says", () => {
  const measurement = { costMedian: 1, costP99: 2, operationCount: 3, othersCores: null };
  assertEquals(readMeasurement(`hello\n${JSON.stringify(measurement)}\n`), measurement);
});

Deno.test("readMeasurement() refuses anything else", () => {
  assertThrows(() => readMeasurement("hello\n"), MeasurementFailure, 'but "hello"');
});
