/**
 * Measures one side of one row, prints the measurement as JSON and ends: what it leaves running, a
 * server that spins above all, ends with the process and disturbs nobody else's measurement.
 *
 * @module
 */

import { cpus } from "node:os";
import { cpuUsage } from "node:process";
import { importRows } from "../bench_files.ts";
import { measure } from "../measurement.ts";
import { openSide, type Side } from "../paired_row.ts";

/** Of so many milliseconds are the windows in which a side warms up. */
const WINDOW_MS = 75;

/** Long enough for thousands of batches of what is fast. */
const MEASURE_MS = 300;

/** Long enough for ten starts of a worker; of what is slower fewer samples are taken. */
const SAMPLING_MS = 1_000;

/** The exit code after SIGTERM, as sh has it. */
const EXIT_TERMINATED = 143;

const [path, name, side] = Deno.args as [path: string, name: string, side: Side];
const row = (await importRows(path)).find((candidate) => candidate.name === name);
if (!row) throw new Error(`Cannot measure ${name}: ${path} declares no such row`);
const opening = openSide(row, side);
let isEnding = false;
Deno.addSignalListener("SIGTERM", endEarly);
const contestant = await opening;
const measurement = await measure(contestant, {
  windowMs: WINDOW_MS,
  measureMs: MEASURE_MS,
  stretchMs: row.stretchMs,
  // Where the slowest of many are judged, none of our samples is left out.
  samplingMs: side === "ours" && row.limitP99 !== undefined ? undefined : SAMPLING_MS,
  nowMs: () => performance.now(),
  othersMs,
});
if (!isEnding) {
  isEnding = true;
  await contestant.close?.();
  console.log(JSON.stringify(measurement));
  Deno.exit(0); // Workers that spin would keep us for ever.
}

/** Ends before all is measured, but leaves nothing behind: no process, no mount, no file. */
async function endEarly(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  try {
    await (await opening).close?.();
  } finally {
    Deno.exit(EXIT_TERMINATED);
  }
}

/** Milliseconds that the machine's processors were busy, without ours. */
function othersMs(): number {
  const { user, system } = cpuUsage();
  const busyMs = cpus().reduce((sum, { times }) => {
    return sum + times.user + times.nice + times.sys + times.irq;
  }, 0);
  return busyMs - (user + system) / 1e3;
}
