/**
 * Starts the host of a system that a tool looks into, in a process that may do what the manifest
 * says, and the little that the tool needs besides.
 *
 * @module
 */

import { resolve } from "node:path";
import type { SystemManifest } from "@hako/kernel";
import { hostPath } from "../../kernel/manifest/module_url.ts";
import { readManifest } from "../check_manifest/read_manifest.ts";
import { type Place, UsageError } from "../command_line/command.ts";
import { launch, permissionFlags } from "../command_line/launch.ts";
import { TELEMETRY_VARIABLE } from "./metrics.ts";

/** What Linux takes for one argument of a program is 128 KiB; most of it is the manifest. */
const ORDER_BYTES_MAX = 120_000;

/** What to look into, and how. */
export interface Inspection {
  /** The manifest, as the user wrote it. */
  readonly path: string;
  /** The host, below the root of the source. */
  readonly program: string;
  /** What the host is told besides the manifest: a JSON value. */
  readonly order: Readonly<Record<string, unknown>>;
  /** What the host writes: absolute paths. */
  readonly write?: readonly string[];
  /** Where all is. */
  readonly place: Place;
}

/** What a host is told. */
export interface InspectionOrder {
  /** The manifest, resolved. */
  readonly manifest: SystemManifest;
}

/**
 * Runs the host on the user's terminal and answers its exit code.
 *
 * @throws {UsageError} The manifest is at fault, larger than a program can be told, or grants what
 * `deno` cannot be told.
 */
export async function inspect({ path, program, order, write, place }: Inspection): Promise<number> {
  const file = resolve(place.directory, path);
  const { manifest, permissions } = await readManifest(file, place);
  const told = JSON.stringify({ ...order, manifest });
  if (new TextEncoder().encode(told).byteLength > ORDER_BYTES_MAX) {
    throw new UsageError(
      `Cannot look into ${path}: its manifest is above ${ORDER_BYTES_MAX} bytes`,
    );
  }
  const mayDo = {
    ...permissions,
    write: [...permissions.write ?? [], ...write ?? []],
    env: [TELEMETRY_VARIABLE],
  };
  const args = [
    "run",
    "--quiet",
    "--frozen",
    "--no-prompt",
    `--config=${resolve(place.sourceRoot, "deno.json")}`,
    "--unstable-worker-options",
    ...permissionFlags(mayDo, place.directory),
    resolve(place.sourceRoot, program),
    told,
  ];
  // Where the manifest lies: relative paths in options mean what they mean in its permissions.
  const directory = manifest.base.startsWith("file:")
    ? hostPath(".", manifest.base)
    : place.directory;
  return await launch(args, { ...place, directory });
}
