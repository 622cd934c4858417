/**
 * The file-backed driver's options, checked.
 *
 * @module
 */

import type { ImageOptions } from "./image.ts";

/**
 * Reads the options of a manifest.
 *
 * @throws {TypeError} If one is of no use; a manifest is written by a person, who is told.
 */
export function readOptions(options: Readonly<Record<string, unknown>>): ImageOptions {
  const { path, createBytes, readOnly } = options;
  if (typeof path !== "string" || path === "") {
    throw new TypeError(`Cannot start the disk driver: path is ${String(path)}, no file name`);
  }
  if (
    createBytes !== undefined && !(Number.isSafeInteger(createBytes) && Number(createBytes) > 0)
  ) {
    throw new TypeError(
      `Cannot start the disk driver: createBytes is ${String(createBytes)}, no count of bytes`,
    );
  }
  if (readOnly !== undefined && typeof readOnly !== "boolean") {
    throw new TypeError(
      `Cannot start the disk driver: readOnly is ${String(readOnly)}, no boolean`,
    );
  }
  return { path, createBytes: createBytes as number | undefined, readOnly };
}
