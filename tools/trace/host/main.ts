/**
 * The host of `hako trace`: the process in which the system lives that it traces.
 *
 * @module
 */

import { chromeTrace } from "../../../kernel/trace/chrome_trace.ts";
import { errorOf } from "../../systems/host_error.ts";
import { hostInspected } from "../../telemetry/inspected_host.ts";
import { pause } from "../../top/watch.ts";
import { TraceCollector } from "../collector.ts";
import type { TraceOrder } from "../order.ts";
import { summarise } from "../summary.ts";
import { isWorkDone } from "../work.ts";

/** Often enough for 20,000 calls a second of each domain to be in the trace. */
const COLLECT_EVERY_MS = 50;

await hostInspected<TraceOrder>("hako trace", async (system, order, signal) => {
  const { manifest, output, durationMs = Infinity } = order;
  // First of all: who may not write the file hears of it before a system has run for hours.
  using file = openOutput(output);
  const collector = new TraceCollector(system);
  const beganMs = performance.now();
  system.observe(true);
  for (let isDone = false; !isDone && !signal.aborted;) {
    await pause(COLLECT_EVERY_MS, signal);
    collector.collect();
    isDone = performance.now() - beganMs >= durationMs ||
      isWorkDone(manifest, await system.status());
  }
  const events = collector.finish();
  const bytes = new TextEncoder().encode(JSON.stringify(chromeTrace(events)) + "\n");
  for (let written = 0; written < bytes.byteLength;) {
    written += file.writeSync(bytes.subarray(written));
  }
  console.log(`wrote ${output}: ${summarise(events, collector.dropped)}`);
  console.log("open it at https://ui.perfetto.dev or chrome://tracing");
});

function openOutput(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { create: true, write: true, truncate: true });
  } catch (error) {
    throw errorOf(error, `open ${path}`);
  }
}
