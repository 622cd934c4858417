/**
 * A set of extended attributes as a run of bytes on the disk: read whole, changed as a list, and
 * written whole.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { XATTR_END_BYTES as END_BYTES, XATTR_ENTRY as ENTRY } from "../layouts/xattr.ts";

const HASH_SHIFT_NAME = 5;
const HASH_SHIFT_VALUE = 16;

/** One attribute. */
export interface Attribute {
  /** One of `XATTR_PREFIX`, or one that we do not know. */
  readonly prefix: number;
  /** The name behind the prefix. */
  readonly name: Uint8Array;
  /** Its value, as it is stored. */
  readonly value: Uint8Array;
}

/** Where a set of attributes lies. */
export interface AttributeArea {
  /** The bytes from the first entry to the end of the last value. */
  readonly bytes: Uint8Array;
  /** Added to an offset in `bytes` it is the offset that an entry holds. */
  readonly offsetBase: number;
}

/**
 * Reads all attributes of an area; copies.
 *
 * @throws {OsError} `EUCLEAN` if anything of it lies outside, or where it cannot be.
 */
export function readAttributes({ bytes, offsetBase }: AttributeArea): Attribute[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Attribute[] = [];
  const end = endOfEntries(view);
  for (let at = 0; at < end; at += entryBytes(view.getUint8(at))) {
    const nameBytes = view.getUint8(at + ENTRY.nameBytes);
    const valueBytes = view.getUint32(at + ENTRY.valueBytes, true);
    const offset = view.getUint16(at + ENTRY.valueOffset, true) - offsetBase;
    if (view.getUint32(at + ENTRY.valueInode, true) !== 0) throw damaged();
    if (valueBytes > 0) {
      const isOutside = offset < end + END_BYTES || offset > bytes.byteLength ||
        valueBytes > bytes.byteLength - offset;
      if (isOutside) throw damaged();
    }
    found.push({
      prefix: view.getUint8(at + ENTRY.prefix),
      name: bytes.slice(at + ENTRY.name, at + ENTRY.name + nameBytes),
      value: valueBytes === 0 ? new Uint8Array(0) : bytes.slice(offset, offset + valueBytes),
    });
  }
  return found;
}

function endOfEntries(view: DataView): number {
  let at = 0;
  while (true) {
    if (at + END_BYTES > view.byteLength) throw damaged();
    if (view.getUint32(at, true) === 0) return at;
    const byteLength = entryBytes(view.getUint8(at + ENTRY.nameBytes));
    if (byteLength > view.byteLength - at) throw damaged();
    at += byteLength;
  }
}

/** Bytes that a set of attributes takes from the first entry on. */
export function bytesOf(attributes: readonly Attribute[]): number {
  let total = END_BYTES;
  for (const { name, value } of attributes) {
    total += entryBytes(name.byteLength) + padded(value.byteLength);
  }
  return total;
}

/**
 * Fills an area with attributes that fit there.
 *
 * @returns The hash over all of them.
 */
export function writeAttributes(
  { bytes, offsetBase }: AttributeArea,
  attributes: readonly Attribute[],
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  bytes.fill(0);
  let at = 0;
  let valueAt = bytes.byteLength;
  let all = 0;
  for (const attribute of attributes) {
    const { prefix, name, value } = attribute;
    valueAt -= padded(value.byteLength);
    bytes.set(value, valueAt);
    const hash = hashOf(attribute);
    view.setUint8(at + ENTRY.nameBytes, name.byteLength);
    view.setUint8(at + ENTRY.prefix, prefix);
    const offset = value.byteLength === 0 ? 0 : valueAt + offsetBase;
    view.setUint16(at + ENTRY.valueOffset, offset, true);
    view.setUint32(at + ENTRY.valueBytes, value.byteLength, true);
    view.setUint32(at + ENTRY.hash, hash, true);
    bytes.set(name, at + ENTRY.name);
    at += entryBytes(name.byteLength);
    all = rotated(all, HASH_SHIFT_VALUE) ^ hash;
  }
  return all >>> 0;
}

/** In the order that a block's entries must have. */
export function compareAttributes(a: Attribute, b: Attribute): number {
  if (a.prefix !== b.prefix) return a.prefix - b.prefix;
  if (a.name.byteLength !== b.name.byteLength) return a.name.byteLength - b.name.byteLength;
  for (let index = 0; index < a.name.byteLength; index++) {
    const difference = a.name[index]! - b.name[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The hash of name and value that stands in an entry. */
function hashOf({ name, value }: Attribute): number {
  let hash = 0;
  for (const byte of name) hash = rotated(hash, HASH_SHIFT_NAME) ^ byte;
  for (let at = 0; at < value.byteLength; at += 4) {
    let word = 0;
    for (let index = 0; index < 4; index++) word |= (value[at + index] ?? 0) << (8 * index);
    hash = rotated(hash, HASH_SHIFT_VALUE) ^ word;
  }
  return hash >>> 0;
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function entryBytes(nameBytes: number): number {
  return padded(ENTRY.name + nameBytes);
}

function padded(byteLength: number): number {
  return (byteLength + 3) & ~3;
}

function damaged(): OsError {
  return new OsError("EUCLEAN", "damaged extended attributes");
}
