/**
 * What is told of a file, as `open`, `stat` and a lease carry it: 96 bytes, little-endian.
 *
 * ```
 * 0  inode u32 | generation u32 | mode u32 | links u32 | uid u32 | gid u32
 * 24 size f64 | blocks512 f64 | device u32 | flags u32
 * 48 seconds since 1970, f64 each: atime | mtime | ctime | birth time
 * 80 nanoseconds within the second, u32 each, in the same order
 * ```
 *
 * @module
 */

/** Bytes of the record. */
export const ATTRIBUTES_BYTES = 96;

/** Byte offsets in the record. */
export const ATTRIBUTE = {
  inode: 0,
  generation: 4,
  mode: 8,
  links: 12,
  uid: 16,
  gid: 20,
  size: 24,
  blocks512: 32,
  device: 40,
  flags: 44,
  atimeSeconds: 48,
  mtimeSeconds: 56,
  ctimeSeconds: 64,
  birthSeconds: 72,
  atimeNanoseconds: 80,
  mtimeNanoseconds: 84,
  ctimeNanoseconds: 88,
  birthNanoseconds: 92,
} as const;
