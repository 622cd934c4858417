/**
 * The program of `hako check`: judges manifests, and shows what their systems are and may do.
 *
 * @module
 */

import { resolve } from "node:path";
import { permissionLine } from "../../kernel/permissions.ts";
import { manifestSchemaText } from "../../kernel/manifest/json_schema.ts";
import { type Place, UsageError } from "../command_line/command.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { EXIT_MISUSED, runMain } from "../command_line/run_main.ts";
import { checkCommand } from "./command.ts";
import { readManifest } from "./read_manifest.ts";
import { systemTable } from "./system_table.ts";

await runMain("hako check", async () => {
  const { arguments: manifests, flags } = parseCommand(checkCommand, Deno.args);
  if (flags.schema) {
    Deno.stdout.writeSync(new TextEncoder().encode(manifestSchemaText()));
    return 0;
  }
  if (manifests.length === 0) throw new UsageError("Cannot run check: MANIFEST is missing");
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  let faults = 0;
  for (const path of manifests) {
    if (!await check(path, place)) faults++;
  }
  return faults === 0 ? 0 : EXIT_MISUSED;
});

/** Whether a manifest is without fault; a fault of one does not keep the others from being judged. */
async function check(path: string, place: Place): Promise<boolean> {
  try {
    const { manifest, permissions } = await readManifest(resolve(place.directory, path), place);
    console.log(`${path}\n\n${systemTable(manifest)}\n\n${permissionLine(permissions)}\n`);
    return true;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`hako check: ${error.message}`);
    return false;
  }
}
