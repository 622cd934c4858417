/**
 * What `debugfs` takes out of an image, for programs of the host that judge it.
 *
 * @module
 */

import { runProgram } from "./programs.ts";

/** Where it may lie: sbin is not on everybody's PATH. */
const DEBUGFS = ["debugfs", "/usr/sbin/debugfs", "/sbin/debugfs"];

/**
 * Takes a file, or a directory with all below it, out of an image.
 *
 * @param command `dump FILE TARGET`, or `rdump DIRECTORY TARGET`.
 * @returns What is missing, or went wrong; `undefined` if nothing did.
 */
export async function extract(image: string, command: string): Promise<string | undefined> {
  for (const program of DEBUGFS) {
    try {
      const { code, stderr } = await runProgram({ program, args: ["-R", command, image] });
      // Its first line tells its version; one that is not root can't give files to others.
      const wrong = stderr.split("\n").slice(1).filter((line) =>
        line !== "" && !/ownership/.test(line)
      );
      return code === 0 && wrong.length === 0 ? undefined : `debugfs: ${wrong.join(" | ")}`;
    } catch (error) {
      const isMissing = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotCapable;
      if (!isMissing) throw error;
    }
  }
  return MISSING_DEBUGFS;
}

/** What {@linkcode extract} answers where there is no debugfs. */
export const MISSING_DEBUGFS = "debugfs is not installed (package e2fsprogs)";
