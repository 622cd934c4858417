/**
 * The program of `hako trace`: reads the manifest and starts the host with what it comes to.
 *
 * @module
 */

import { resolve } from "node:path";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { inspect, type InspectionOrder } from "../telemetry/inspection.ts";
import { traceCommand } from "./command.ts";
import type { TraceOrder } from "./order.ts";

await runMain("hako trace", async () => {
  const { arguments: [path], flags } = parseCommand(traceCommand, Deno.args);
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const output = resolve(place.directory, flags.output ?? "trace.json");
  const order: Omit<TraceOrder, keyof InspectionOrder> = {
    output,
    ...(flags.duration === undefined ? {} : { durationMs: flags.duration }),
  };
  const program = "tools/trace/host/main.ts";
  return await inspect({ path: path!, program, order: { ...order }, write: [output], place });
});
