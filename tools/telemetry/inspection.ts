/**
 * Starts the host of a system that a tool looks into, in a process that may do what the manifest
 * says, and the little that the tool needs besides.
 *
 * @module
 */

import { resolve } from "node:path";
import type { HostPermissions, SystemManifest } from "@hako/kernel";
import { hostPath } from "../../kernel/manifest/module_url.ts";
import { readManifest } from "../check_manifest/read_manifest.ts";
import type { Place } from "../command_line/command.ts";
import { denoArguments } from "../command_line/launch.ts";
import { runHost } from "./host_process.ts";
import { wantsTelemetry } from "./metrics.ts";

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
  /** Whether the host sends its system's status to its parent, which exports it. */
  readonly isExported: boolean;
}

/** What is to be hosted, once its manifest was read. */
export interface HostStart extends Omit<Inspection, "path"> {
  /** A resolved manifest. */
  readonly manifest: SystemManifest;
  /** What it comes to. */
  readonly permissions: HostPermissions;
}

/**
 * Runs the host on the user's terminal and answers its exit code.
 *
 * @throws {UsageError} The manifest is at fault, or grants what `deno` cannot be told.
 */
export async function inspect({ path, ...inspection }: Inspection): Promise<number> {
  const { place } = inspection;
  const { manifest, permissions } = await readManifest(resolve(place.directory, path), place);
  return await startHost({ ...inspection, manifest, permissions });
}

/**
 * Starts the host of a manifest in a process that may do what that says, and nothing else.
 *
 * @throws {UsageError} The manifest grants what `deno` cannot be told, or there is no such directory.
 */
export async function startHost(start: HostStart): Promise<number> {
  const { manifest, permissions, program, order, write = [], place } = start;
  const mayDo = { ...permissions, write: [...permissions.write ?? [], ...write] };
  const args = denoArguments(program, mayDo, place);
  // Where the manifest lies: relative paths in options mean what they mean in its permissions.
  const directory = manifest.base.startsWith("file:")
    ? hostPath(".", manifest.base)
    : place.directory;
  const isExported = wantsTelemetry(Deno.env);
  const told = { ...order, manifest, isExported };
  return await runHost({ args, directory, order: told, isExported });
}
