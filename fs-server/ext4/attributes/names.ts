/**
 * Names of extended attributes as programs write them, and as they are stored: a prefix as a
 * number, and the rest.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { XATTR_PREFIX } from "../layouts/xattr.ts";

/** Longest name, with its prefix. */
export const XATTR_NAME_BYTES_MAX = 255;

/** A name as it is stored. */
export interface StoredName {
  readonly prefix: number;
  readonly name: Uint8Array;
}

const encoder = new TextEncoder();

/** Prefixes by their numbers; those of an access control list are whole names. */
const PREFIXES: readonly (StoredName & { readonly isWhole: boolean })[] = [
  prefixed(XATTR_PREFIX.user, "user."),
  prefixed(XATTR_PREFIX.trusted, "trusted."),
  prefixed(XATTR_PREFIX.security, "security."),
  { ...prefixed(XATTR_PREFIX.posixAclAccess, "system.posix_acl_access"), isWhole: true },
  { ...prefixed(XATTR_PREFIX.posixAclDefault, "system.posix_acl_default"), isWhole: true },
];

function prefixed(prefix: number, text: string) {
  return { prefix, name: encoder.encode(text), isWhole: false };
}

/**
 * Takes a name apart.
 *
 * @throws {OsError} `EOPNOTSUPP` a prefix that there is not; `EINVAL` nothing behind it; `ERANGE`
 *   too long or empty.
 */
export function readName(whole: Uint8Array): StoredName {
  if (whole.byteLength === 0 || whole.byteLength > XATTR_NAME_BYTES_MAX) {
    throw new OsError("ERANGE", "name of an extended attribute");
  }
  for (const { prefix, name, isWhole } of PREFIXES) {
    if (!name.every((byte, index) => whole[index] === byte)) continue;
    if (isWhole && whole.byteLength !== name.byteLength) continue;
    if (!isWhole && whole.byteLength === name.byteLength) {
      throw new OsError("EINVAL", "name of an extended attribute");
    }
    return { prefix, name: whole.slice(name.byteLength) };
  }
  throw new OsError("EOPNOTSUPP", "kind of extended attribute");
}

/** The whole name, or `undefined` for a prefix that programs do not see. */
export function wholeName({ prefix, name }: StoredName): Uint8Array | undefined {
  const known = PREFIXES.find((one) => one.prefix === prefix);
  if (known === undefined || (known.isWhole && name.byteLength > 0)) return undefined;
  const whole = new Uint8Array(known.name.byteLength + name.byteLength);
  whole.set(known.name);
  whole.set(name, known.name.byteLength);
  return whole;
}
