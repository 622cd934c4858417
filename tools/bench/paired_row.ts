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
 * A row that cannot reach its target because of the platform says so by measurement, never by a
 * number in the source: it opens a third side, `bound`, which does the least that any program here
 * must do for the same result. It is measured in the same rounds, after the other two:
 *
 * ```ts ignore
 * bound: {
 *   name: "two wake-ups by futex, nothing else",
 *   open: () => Promise.resolve(wakeUps(2)), // A contestant, as the other sides are.
 * },
 * note: "Every call wakes a thread that sleeps, and is woken: that is what it costs.",
 * ```
 *
 * A row that misses its target but comes within 1.15 times its bound is told as `bounded` instead of
 * missed; it is never told as met. The bound must be of the same unit and the same work: as many
 * hops, wake-ups, bytes and system calls as our own way cannot do without.
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

/** The best that this platform allows for what a row does: a third side, which nobody would use. */
export interface Bound {
  /** What it does, in a few words: `"two wake-ups by futex"`. */
  readonly name: string;
  /** Opens it. */
  open(): Promise<Contestant | SelfMeasuring>;
}

/** Which side of a row. */
export type Side = "ours" | "peer" | "bound";

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
  /**
   * If given, each side works for so many milliseconds, and its figure is the mean over all of them.
   * For what counts but happens seldom, as the deaths of a server: the median would not see it.
   */
  readonly stretchMs?: number;
  /** Whether the whole process is held on one processor. */
  readonly oneCpu?: true;
  /** One sentence on what bounds it, or on what it cannot show: told where it misses its target. */
  readonly note?: string;
  /** Opens our side. */
  ours(): Promise<Contestant | SelfMeasuring>;
  /** Opens the peer, used as its own documentation would use it for speed. */
  peer(): Promise<Contestant | SelfMeasuring>;
  /** What the platform allows at best, measured in the same rounds. */
  readonly bound?: Bound;
}

/** The sides of a row, in the order in which a round measures them. */
export function sidesOf(row: PairedRow): readonly Side[] {
  return row.bound === undefined ? ["ours", "peer"] : ["ours", "peer", "bound"];
}

/** Opens one side of a row. */
export function openSide(row: PairedRow, side: Side): Promise<Contestant | SelfMeasuring> {
  switch (side) {
    case "ours":
      return row.ours();
    case "peer":
      return row.peer();
    case "bound":
      if (row.bound === undefined) throw new Error(`Cannot measure ${row.name}: it has no bound`);
      return row.bound.open();
  }
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
