/**
 * Writes the files of a new project: all of them, where nothing is yet, or none.
 *
 * @module
 */

import { join } from "node:path";
import { OsError } from "@hako/ipc";

/**
 * Writes a project to a directory, which is made, with what is missing above it.
 *
 * @throws {OsError} `EEXIST` if something is there already, `EACCES` or `EIO` if it cannot be written.
 * Then nothing has been.
 */
export function writeProject(directory: string, files: ReadonlyMap<string, string>): void {
  const isNew = makeEmpty(directory);
  const written: string[] = [];
  try {
    for (const [name, text] of files) {
      const path = join(directory, name);
      Deno.writeTextFileSync(path, text, { createNew: true });
      written.push(path);
    }
  } catch (error) {
    for (const path of written) Deno.removeSync(path);
    if (isNew) Deno.removeSync(directory);
    throw refusal(directory, error);
  }
}

/** Makes a directory, or finds it empty. */
function makeEmpty(directory: string): boolean {
  try {
    const [first] = Deno.readDirSync(directory);
    if (first === undefined) return false;
    throw new OsError("EEXIST", `make ${directory}: there is something in it already`);
  } catch (error) {
    if (error instanceof Deno.errors.NotADirectory) {
      throw new OsError("EEXIST", `make ${directory}: a file is in its way`);
    }
    if (!(error instanceof Deno.errors.NotFound)) throw refusal(directory, error);
  }
  try {
    Deno.mkdirSync(directory, { recursive: true });
    return true;
  } catch (error) {
    throw refusal(directory, error);
  }
}

function refusal(directory: string, error: unknown): unknown {
  // Deno itself keeps what no permission of one path opens, as /proc and /dev.
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return new OsError("EACCES", `make ${directory}: you may not write there`);
  }
  if (error instanceof OsError || !(error instanceof Error)) return error;
  return new OsError("EIO", `make ${directory}: ${error.message}`);
}
