/**
 * Where in the app's window the client puts what requests name: paths, names, small values, and
 * bytes on their way from and to memory of the app's own.
 *
 * ```
 * 0      4 Ki     8 Ki    12 Ki        40 Ki                    80 Ki     ...              end
 * | path | target | value | names      | the same for promises  | buffers ... | staging ... |
 * ```
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** A path: text, or its bytes for names that are no UTF-8. */
export type Path = string | Uint8Array;

const PATH_BYTES = 4096;
const SET_BYTES = 40 * 1024;

/** Bytes at the window's start that belong to the client. */
export const PLACES_BYTES: number = 2 * SET_BYTES;

const encoder = new TextEncoder();

/** What one operation at a time may use. */
export class Places {
  /** For the path. */
  readonly path: Uint8Array;
  /** For the second path. */
  readonly target: Uint8Array;
  /** For small values: link targets, lists of groups. */
  readonly value: Uint8Array;
  /** For names of a directory, and values of extended attributes. */
  readonly names: Uint8Array;
  /** For bytes on their way. */
  readonly staging: Uint8Array;
  /** No bytes, but in the window. */
  readonly nothing: Uint8Array;

  /**
   * Takes its part of a window.
   *
   * @param index 0 for what is called synchronously, 1 for what is promised.
   */
  constructor(window: Uint8Array, index: 0 | 1, staging: Uint8Array) {
    const from = index * SET_BYTES;
    this.path = window.subarray(from, from + PATH_BYTES);
    this.target = window.subarray(from + PATH_BYTES, from + 2 * PATH_BYTES);
    this.value = window.subarray(from + 2 * PATH_BYTES, from + 3 * PATH_BYTES);
    this.names = window.subarray(from + 3 * PATH_BYTES, from + SET_BYTES);
    this.nothing = window.subarray(from, from);
    this.staging = staging;
  }
}

/**
 * Puts a path into its place; answers the bytes that it takes. Hot path.
 *
 * @throws {OsError} `ENAMETOOLONG` if it does not fit.
 */
export function putPath(place: Uint8Array, path: Path): Uint8Array {
  if (typeof path !== "string") return putBytes(place, path);
  const { length } = path;
  if (length > place.byteLength) throw new OsError("ENAMETOOLONG", "path");
  for (let index = 0; index < length; index++) {
    const unit = path.charCodeAt(index);
    if (unit > 0x7f) return putBytes(place, encoder.encode(path));
    place[index] = unit;
  }
  return place.subarray(0, length);
}

function putBytes(place: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength > place.byteLength) throw new OsError("ENAMETOOLONG", "path");
  place.set(bytes);
  return place.subarray(0, bytes.byteLength);
}
