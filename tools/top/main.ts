/**
 * The program of `hako top`: reads the manifest and starts the host with what it comes to.
 *
 * @module
 */

import { resolve } from "node:path";
import { UsageError } from "../command_line/command.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { inspect, type InspectionOrder } from "../telemetry/inspection.ts";
import { topCommand } from "./command.ts";
import type { TopOrder } from "./order.ts";

await runMain("hako top", async () => {
  const { arguments: [path], flags } = parseCommand(topCommand, Deno.args);
  const { interval = 1, duration, once, json } = flags;
  if (interval === 0) {
    throw new UsageError("Cannot run top with --interval 0: SECONDS is from 1 up");
  }
  const samplesMax = once ? 1 : duration && Math.max(1, Math.ceil(duration / 1_000 / interval));
  const order: Omit<TopOrder, keyof InspectionOrder> = {
    intervalMs: interval * 1_000,
    ...(samplesMax === undefined ? {} : { samplesMax }),
    isJson: json,
  };
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  return await inspect({
    path: path!,
    program: "tools/top/host/main.ts",
    order: { ...order },
    place,
  });
});
