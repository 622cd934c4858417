/**
 * What is told of the machine that a run was on.
 *
 * @module
 */

import { cpus, release, totalmem, type } from "node:os";
import metadata from "../deno.json" with { type: "json" };
import type { MachineRecord } from "./run_record.ts";

/** What Deno must allow to look. */
export const MACHINE_PERMISSIONS: readonly string[] = ["cpus", "osRelease", "systemMemoryInfo"];

/** Looks at this machine. */
export function machineRecord(): MachineRecord {
  return {
    processor: cpus()[0]?.model.trim() ?? "",
    cores: navigator.hardwareConcurrency,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    versions: { hako: metadata.version, deno: Deno.version.deno, v8: Deno.version.v8 },
  };
}
