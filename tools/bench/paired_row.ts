/**
 * How a benchmark declares a paired row: our way of doing something and a peer's, measured in turn.
 *
 * A file `x_bench.ts` that exports `rows` is for `deno task bench`; one that calls `Deno.bench` is
 * for `deno bench`, which `deno task bench` runs as well. Each measurement of a row happens in a
 * fresh process, which imports the file and opens one side of one row; so import a peer only where
 * it is opened, and do nothing else when imported.
 *
 * ```ts
 * import type { PairedRow } from "@hako/tools/bench";
 *
 * export const rows: readonly PairedRow[] = [{
 *   name: "sort/numbers",
 *   peerName: "Array.sort",
 *   unit: "us/call",
 *   target: 2,
 *   ours: () => Promise.resolve({ run: (count) => repeat(count, () => NUMBERS.toSorted()) }),
 *   peer: () => Promise.resolve({ run: (count) => repeat(count, () => [...NUMBERS].sort()) }),
 * }];
 *
 * const NUMBERS = Float64Array.of(3, 1, 2);
 *
 * function repeat(count: number, operation: () => void): void {
 *   for (let index = 0; index < count; index++) operation();
 * }
 * ```
 *
 * @module
 */

/** In what a row is told. Times and sizes are better small, rates are better large. */
export type Unit = "us/call" | "us/hand-over" | "ms" | "MB" | "requests/s" | "GB/s";

/** One side of a row, open: whatever it needs is running, and nothing else is. */
export interface Contestant {
  /** Does `count` operations; what it answers settles when the last one is done. */
  run(count: number): void | Promise<void>;
  /** Operations that belong together: `count` is a multiple of it. 1 if left out. */
  readonly grain?: number;
  /** If given, it is called before every `grain` operations, and takes time that does not count. */
  rest?(): void;
  /** Set if it works in processes of its own: their work is then not told from other people's. */
  readonly startsProcesses?: true;
  /** Ends what would outlive the process. */
  close?(): void | Promise<void>;
}

/**
 * One side that measures itself: where what counts is not how long an operation takes, as with the
 * longest of many, or with memory.
 */
export interface SelfMeasuring {
  /** Measures once, and answers nanoseconds; bytes in a row that is told in MB. */
  sample(): Promise<number>;
  /** How many samples make a measurement. */
  readonly sampleCount: number;
  /** Set if it works in processes of its own, as in {@linkcode Contestant}. */
  readonly startsProcesses?: true;
  /** Ends what would outlive the process. */
  close?(): void | Promise<void>;
}

/** Which side of a row. */
export type Side = "ours" | "peer";

/** One claim: how much faster we are than a peer that does the same. */
export interface PairedRow {
  /** Its name: the room, the claim and the peer, as `"ipc/null/comlink"`. */
  readonly name: string;
  /** Who the peer is, with its version if it has one. */
  readonly peerName: string;
  /** In what it is told. */
  readonly unit: Unit;
  /** Bytes that one operation moves; needed for `"GB/s"`. */
  readonly bytes?: number;
  /** The least ratio that meets the claim; above 1 we are the faster. 0 if only limits count. */
  readonly target: number;
  /** What our own figure must not exceed as well, in `unit`. */
  readonly limit?: number;
  /** What our 99th percentile must not exceed. */
  readonly limitP99?: number;
  /** By how much our figure may exceed the peer's at most. */
  readonly excessMax?: number;
  /** Whether the whole process is held on one processor. */
  readonly oneCpu?: true;
  /** Opens our side. */
  ours(): Promise<Contestant | SelfMeasuring>;
  /** Opens the peer, used as its own documentation would use it for speed. */
  peer(): Promise<Contestant | SelfMeasuring>;
}

/**
 * The one Unix-domain socket that a measurement may use, for a peer that is another process. It lies
 * in the directory that the measurement runs in, which is made for the run.
 */
export const PEER_SOCKET = "peer.socket";

/** What a cost is in the unit of a row: nanoseconds per operation, or bytes. */
export function figureOf(row: Pick<PairedRow, "unit" | "bytes">, cost: number): number {
  switch (row.unit) {
    case "us/call":
    case "us/hand-over":
      return cost / 1e3;
    case "ms":
    case "MB":
      return cost / 1e6;
    case "requests/s":
      return 1e9 / cost;
    case "GB/s":
      return (row.bytes ?? 0) / cost;
  }
}
