/**
 * What some commands of the pages need, and not every machine has.
 *
 * @module
 */

import { findTool } from "../host_tool.ts";

/** A mount namespace and a process namespace: when a script ends, all that it started does. */
const NAMESPACES = ["-m", "-p", "-f", "--kill-child", "--mount-proc", "--propagation", "private"];

/** The command that runs another one where nothing outlives it, if this machine has one; or none. */
export const CONFINED: readonly string[] = canUnshare("true") ? ["unshare", ...NAMESPACES] : [];

/** Mounts are made only where they end with the test. */
const CAN_MOUNT = findTool("fusermount3") !== undefined && findTool("pgrep") !== undefined &&
  canUnshare("test", "-r", "/dev/fuse", "-a", "-w", "/dev/fuse");

/**
 * Whether this machine has what a block of commands needs.
 *
 * @param need A program, or `mount`: the right to mount.
 */
export function has(need: string): boolean {
  return need === "mount" ? CAN_MOUNT : findTool(need) !== undefined;
}

function canUnshare(...command: readonly string[]): boolean {
  try {
    const args = [...NAMESPACES, ...command];
    return new Deno.Command("unshare", { args, stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false; // There is no such program.
  }
}
