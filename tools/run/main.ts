/**
 * The program of `hako run`: reads the manifest, computes what the process may do, and starts the
 * host with exactly that. It hosts nothing itself.
 *
 * @module
 */

import { resolve } from "node:path";
import { permissionLine } from "@hako/kernel";
import { readManifest } from "../check_manifest/read_manifest.ts";
import { UsageError } from "../command_line/command.ts";
import { noSuch } from "../command_line/nearest.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { runCommand } from "./command.ts";
import { LOG_FORMATS, type LogFormat } from "./host_order.ts";
import { startHost } from "../telemetry/inspection.ts";

await runMain("hako run", async () => {
  const { arguments: [path], flags } = parseCommand(runCommand, Deno.args);
  const log = formatOf(flags.log);
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const file = resolve(place.directory, path!);
  const { manifest, permissions } = await readManifest(file, place);
  if (flags["dry-run"]) {
    console.log(permissionLine(permissions));
    return 0;
  }
  // On the error stream: the other one is the log, which may be read by a program.
  if (!flags.quiet) console.error(permissionLine(permissions));
  const order = { log, isQuiet: flags.quiet, durationMs: flags.duration };
  return await startHost({
    manifest,
    permissions,
    program: "tools/run/host/main.ts",
    order,
    place,
  });
});

function formatOf(name: string | undefined = "text"): LogFormat {
  const format = LOG_FORMATS.find((candidate) => candidate === name);
  if (format !== undefined) return format;
  const reason = noSuch("format", name, LOG_FORMATS);
  throw new UsageError(`Cannot run run with --log ${name}: ${reason}`);
}
