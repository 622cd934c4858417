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
import type { Side } from "../paired_row.ts";

/** Long enough that the compilers of both sides have finished. */
const WARM_UP_MS = 300;

/** Long enough for a hundred of the slowest operations that any row has. */
const MEASURE_MS = 400;

const [path, name, side] = Deno.args as [path: string, name: string, side: Side];
const row = (await importRows(path)).find((candidate) => candidate.name === name);
if (!row) throw new Error(`Cannot measure ${name}: ${path} declares no such row`);
const contestant = await row[side]();
const measurement = await measure(contestant, {
  warmUpMs: WARM_UP_MS,
  measureMs: MEASURE_MS,
  nowMs: () => performance.now(),
  othersMs,
});
await contestant.close?.();
console.log(JSON.stringify(measurement));
Deno.exit(0); // Workers that spin would keep us for ever.

/** Milliseconds that the machine's processors were busy, without ours. */
function othersMs(): number {
  const { user, system } = cpuUsage();
  const busyMs = cpus().reduce((sum, { times }) => {
    return sum + times.user + times.nice + times.sys + times.irq;
  }, 0);
  return busyMs - (user + system) / 1e3;
}
