/**
 * `deno task build`: writes the generated files. With `--check` it writes nothing and fails if a
 * committed file is not what its sources give.
 *
 * @module
 */

import { join } from "node:path";
import { assemblyConstants } from "../../ipc/core/constants.ts";
import { crc32cConstants } from "../../ipc/crc32c/folding.ts";
import { queueConstants } from "../../ipc/queue/constants.ts";
import { runTask } from "../command_line/run_main.ts";
import { buildCommand } from "./command.ts";
import { differences } from "./comparison.ts";
import {
  CHANNEL_CORE,
  coreArtefacts,
  type CoreModule,
  coreSourcePaths,
  CRC32C_CORE,
  QUEUE_CORE,
} from "./core_artefacts.ts";

const ROOT = join(import.meta.dirname ?? ".", "../..");

await runTask(buildCommand, async ({ flags }) => {
  const generated = new Map([
    ...await generate(CHANNEL_CORE, assemblyConstants()),
    ...await generate(QUEUE_CORE, queueConstants()),
    ...await generate(CRC32C_CORE, crc32cConstants()),
  ]);
  return flags.check ? compare(generated) : await write(generated);
});

async function generate(core: CoreModule, constants: string) {
  const sources = new Map<string, string>();
  for (const [name, path] of coreSourcePaths(core)) {
    sources.set(name, await Deno.readTextFile(join(ROOT, path)));
  }
  return await coreArtefacts(core, { sources, constants });
}

function compare(generated: ReadonlyMap<string, Uint8Array>): number {
  const found = differences(generated, readIfExists);
  for (const { path, what } of found) {
    console.error(`build: ${path} ${what}; run \`deno task build\` and commit it`);
  }
  if (found.length === 0) console.log(`build: ${generated.size} generated files are up to date`);
  return found.length === 0 ? 0 : 1;
}

async function write(generated: ReadonlyMap<string, Uint8Array>): Promise<number> {
  const stale = new Set(differences(generated, readIfExists).map(({ path }) => path));
  for (const [path, bytes] of generated) {
    if (stale.has(path)) await Deno.writeFile(join(ROOT, path), bytes);
    console.log(`build: ${path} ${stale.has(path) ? "written" : "is up to date"}`);
  }
  return 0;
}

function readIfExists(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(join(ROOT, path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
