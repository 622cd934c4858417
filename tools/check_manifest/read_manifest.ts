/**
 * Reads a manifest for a command: one that is a module runs in a process of its own that may do
 * nothing at all. A manifest gives authority; it needs none to be written down.
 *
 * @module
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { HostPermissions, SystemManifest } from "@hako/kernel";
import { checkManifest } from "../../kernel/manifest_check.ts";
import { processPermissions } from "../../kernel/permissions.ts";
import { type Place, UsageError } from "../command_line/command.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import { isModule, loadManifest } from "./load_manifest.ts";
import { modulePaths } from "./module_graph.ts";
import { readPrinted } from "./printed_manifest.ts";
import { resolvedManifest } from "./resolved_manifest.ts";

/** A manifest without a fault. */
export interface ReadManifest {
  /** The manifest, resolved. */
  readonly manifest: SystemManifest;
  /** What its process must be allowed, and nothing else. */
  readonly permissions: HostPermissions;
}

/**
 * The manifest in a file, checked and resolved, and what its process must be allowed.
 *
 * @param path The file, an absolute path.
 * @throws {UsageError} If there is no such file, or what is in it is no manifest without a fault.
 */
export async function readManifest(path: string, place: Place): Promise<ReadManifest> {
  try {
    const manifest = isModule(path)
      ? await runModule(path, place)
      : resolvedManifest(await loadManifest(path));
    const permissions = processPermissions(manifest, await modulePaths(manifest, place));
    return { manifest, permissions };
  } catch (error) {
    throw misuse(path, error);
  }
}

/** As the main module: what that imports may lie anywhere, and needs no permission to be loaded. */
async function runModule(path: string, { sourceRoot }: Place): Promise<SystemManifest> {
  Deno.statSync(path); // A file that is not there is told as such, and not as a stack.
  const printer = pathToFileURL(join(sourceRoot, "tools/check_manifest/printed_manifest.ts"));
  const program = `import * as module from ${JSON.stringify(pathToFileURL(path))};
import { printManifest } from ${JSON.stringify(printer)};
printManifest(module);`;
  const { stdout, stderr } = await new Deno.Command(denoProgram(), {
    args: [
      "run",
      "--quiet",
      "--frozen",
      "--no-prompt",
      `--config=${join(sourceRoot, "deno.json")}`,
      `data:application/typescript,${encodeURIComponent(program)}`,
    ],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const printed = readPrinted(decoder.decode(stdout));
  if (printed === undefined) throw new TypeError(decoder.decode(stderr).trim());
  if ("fault" in printed) throw new TypeError(printed.fault);
  checkManifest(printed.manifest); // The module may have printed what it liked.
  return printed.manifest;
}

function misuse(path: string, error: unknown): unknown {
  const isOurs = !(error instanceof TypeError || error instanceof SyntaxError ||
    error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory);
  if (isOurs) return error;
  if (error instanceof Deno.errors.NotFound) {
    return new UsageError(`${path}: there is no such file`);
  }
  return new UsageError(`${path}: ${error.message}`);
}
