/**
 * Rows whose sides do next to nothing, or go wrong, for tests of the process that measures them.
 *
 * @module
 */

import type { Contestant, PairedRow, SelfMeasuring } from "../paired_row.ts";

/** What the endless side writes into its directory when it is opened. */
export const OPENED = "opened";

/** What it writes when it is closed. */
export const CLOSED = "closed";

const QUICK: PairedRow = {
  name: "test/quick",
  peerName: "the same",
  unit: "ms",
  target: 1,
  ours: () => Promise.resolve(constant(1)),
  peer: () => Promise.resolve(constant(2)),
  bound: { name: "less", open: () => Promise.resolve(constant(0.5)) },
};

/** The rows. */
export const rows: readonly PairedRow[] = [
  QUICK,
  {
    ...QUICK,
    name: "test/wrong",
    ours: () => Promise.reject(new Error("Cannot open: out of order")),
  },
  { ...QUICK, name: "test/endless", ours: () => Promise.resolve(endless()) },
];

function constant(cost: number): SelfMeasuring {
  return { sampleCount: 3, sample: () => Promise.resolve(cost) };
}

/** Works for ever, and leaves a file if it is closed in order. */
function endless(): Contestant {
  Deno.writeTextFileSync(OPENED, "");
  return {
    run: () => new Promise((resolve) => setTimeout(resolve, 1 << 30)),
    close: () => Deno.writeTextFileSync(CLOSED, ""),
  };
}
