/**
 * Rows as a run leaves them, for tests of what is told of them.
 *
 * @module
 */

import type { BenchRun } from "./bench_run.ts";
import type { FailedRow, MeasuredRow, RowResult } from "./row_result.ts";

/** A row that met its target in five rounds. */
export const MEASURED: MeasuredRow = {
  name: "ipc/cross-core/kernel-mediated",
  peerName: "a kernel",
  unit: "us/call",
  target: 30,
  ours: 0.5213,
  peer: 18.34,
  ratio: 35.18,
  met: true,
  rounds: 5,
  perRound: {
    ours: [0.5, 0.52, 0.6],
    p99: [0.8, 0.9, 0.9],
    peer: [17, 18, 19],
    ratio: [31, 35, 38],
  },
  spread: { ours: [0.5, 0.6], peer: [17, 19], ratio: [31, 38] },
  p99: { ours: 0.9, peer: 40 },
  othersCores: 0.01,
};

/** A row of which a side could not be measured. */
export const FAILED: FailedRow = {
  name: "ipc/null/piscina",
  peerName: "piscina",
  unit: "us/call",
  target: 100,
  met: false,
  failure: "peer: it hung and was ended",
};

/** A run of the given rows on a quiet machine. */
export function runOf(rows: readonly RowResult[], more: Partial<BenchRun> = {}): BenchRun {
  return {
    version: 1,
    began: "2026-02-03T04:05:06.000Z",
    tookMs: 61_000,
    isInterrupted: false,
    cores: 2,
    load: 0,
    machine: {
      processor: "Some Processor",
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
      system: "Linux 6.1",
      versions: { hako: "1.2.3", deno: "2.9.6", v8: "15.0" },
    },
    rows,
    ...more,
  };
}
