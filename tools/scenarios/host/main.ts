/**
 * The process in which one scenario is played: started by `hako scenarios` with what the scenario may
 * do, and no more. So a zombie that outlives its scenario ends with it, too.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { UsageError } from "../../command_line/command.ts";
import { interruptedBySignals } from "../../command_line/interruption.ts";
import type { HostLine, HostOrder } from "../host_line.ts";
import { SCENARIOS } from "../library.ts";
import { play } from "../play.ts";

/** The exit code after Ctrl-C, as sh has it. */
const EXIT_INTERRUPTED = 130;

/** How far it is is told at most so often. */
const PROGRESS_MS_MIN = 50;

const encoder = new TextEncoder();
const interruption = interruptedBySignals("hako scenarios");
const order = JSON.parse(await new Response(Deno.stdin.readable).text()) as HostOrder;
const scenario = SCENARIOS.find(({ name }) => name === order.scenario)!;
let toldMs = -Infinity;
try {
  const context = { ...order.context, stop: new SharedArrayBuffer(4) };
  const out = await play(scenario, context, order.faults, {
    signal: interruption,
    progress(label, done, total) {
      const nowMs = performance.now();
      if (nowMs - toldMs < PROGRESS_MS_MIN && done !== total) return;
      toldMs = nowMs;
      tell({ type: "progress", label, done, total });
    },
    live: (counts) => tell({ type: "live", counts }),
  });
  tell({ type: "played", out });
  Deno.exit(0);
} catch (error) {
  if (error instanceof OsError && error.code === "EINTR") Deno.exit(EXIT_INTERRUPTED);
  if (!(error instanceof UsageError)) throw error; // A fault of ours shows its stack.
  tell({ type: "misused", why: error.message });
  Deno.exit(0);
}

/** Whole lines: a pipe may take a part at a time. */
function tell(line: HostLine): void {
  const bytes = encoder.encode(JSON.stringify(line) + "\n");
  for (let written = 0; written < bytes.byteLength;) {
    written += Deno.stdout.writeSync(bytes.subarray(written));
  }
}
