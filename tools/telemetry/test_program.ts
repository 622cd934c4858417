/**
 * Boots the system of `test_manifest.ts`, whose app makes as many calls as its argument says, and
 * exports its metrics to where the environment says.
 *
 * @module
 */

import { boot } from "@hako/kernel";
import { exportMetrics, wantsTelemetry } from "./metrics.ts";
import { sumSystem } from "./test_manifest.ts";

if (!wantsTelemetry(Deno.env)) throw new Error("the environment does not ask for telemetry");
const caller = { options: { calls: Number(Deno.args[0]) }, start: "request" } as const;
await using system = await boot(sumSystem(caller));
await using _metrics = exportMetrics(system);
await system.start("caller");
await system.finished("caller");
