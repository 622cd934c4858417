/**
 * The end of set-user-ID and set-group-ID when a program is changed by somebody who may not give such
 * rights. Linux leaves that to us (`HANDLE_KILLPRIV_V2`), and in return does not ask before each write
 * whether the file has capabilities.
 *
 * @module
 */

import { ATTRIBUTE } from "@hako/fs-server";
import type { Files } from "../files.ts";

const TYPE_BITS = 0o170000;
const REGULAR = 0o100000;
const SET_USER = 0o4000;
const SET_GROUP = 0o2000;
const GROUP_EXECUTE = 0o010;

/** The permissions of a file without those rights; `undefined` if it has none. */
export function withoutSetId(attributes: DataView): number | undefined {
  const mode = attributes.getUint32(ATTRIBUTE.mode, true);
  if ((mode & TYPE_BITS) !== REGULAR) return undefined;
  // Without the right to execute, it is no set-group-ID but a mark of old.
  const setGroup = (mode & GROUP_EXECUTE) === 0 ? 0 : SET_GROUP;
  const cleared = mode & ~(SET_USER | setGroup);
  return cleared === mode ? undefined : cleared & 0o7777;
}

/** Ends those rights of a file, if it has them; answers whether it had. */
export function endSetId(attributes: Uint8Array, path: Uint8Array, { client }: Files): boolean {
  const { buffer, byteOffset, byteLength } = attributes;
  const mode = withoutSetId(new DataView(buffer, byteOffset, byteLength));
  if (mode === undefined) return false;
  client.callSync("chmod", { at: 0, path, follow: false, mode, as: 0 });
  return true;
}

/** Looks whether a file has those rights, and ends them; answers whether it had. */
export function lookAndEndSetId(path: Uint8Array, files: Files): boolean {
  const { attributes } = files.client.callSync("stat", { at: 0, path, follow: false, as: 0 });
  return endSetId(attributes, path, files);
}
