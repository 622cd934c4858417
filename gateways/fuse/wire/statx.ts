/**
 * The answer to STATX: as GETATTR, and the time of birth.
 *
 * @module
 */

import { ATTRIBUTE } from "@hako/fs-server";
import { putU64, type Validity } from "./attributes.ts";
import { STATX_OUT, SX_TIME } from "./structs.ts";

/** `STATX_BASIC_STATS | STATX_BTIME` of `linux/stat.h`. */
const MASK = 0x7ff | 0x800;
const BLOCK_BYTES = 4096;
const WORDS = STATX_OUT.byteLength >> 2;
const NANOSECONDS = SX_TIME.at.tv_nsec >> 2;

/** Writes a `fuse_statx_out` from a record of attributes. Hot path. */
export function putStatx(
  words: Uint32Array,
  index: number,
  record: DataView,
  valid: Validity,
): void {
  const at = STATX_OUT.at;
  words.fill(0, index, index + WORDS);
  words[index + (at.attr_valid >> 2)] = valid.attrSeconds;
  words[index + (at.attr_valid_nsec >> 2)] = valid.attrNanoseconds;
  words[index + (at.mask >> 2)] = MASK;
  words[index + (at.blksize >> 2)] = BLOCK_BYTES;
  words[index + (at.nlink >> 2)] = record.getUint32(ATTRIBUTE.links, true);
  words[index + (at.uid >> 2)] = record.getUint32(ATTRIBUTE.uid, true);
  words[index + (at.gid >> 2)] = record.getUint32(ATTRIBUTE.gid, true);
  words[index + (at.mode >> 2)] = record.getUint32(ATTRIBUTE.mode, true) & 0xffff;
  words[index + (at.ino >> 2)] = record.getUint32(ATTRIBUTE.inode, true);
  putU64(words, index + (at.size >> 2), record.getFloat64(ATTRIBUTE.size, true));
  putU64(words, index + (at.blocks >> 2), record.getFloat64(ATTRIBUTE.blocks512, true));
  const { atimeSeconds, birthSeconds, ctimeSeconds, mtimeSeconds } = ATTRIBUTE;
  putTime(words, index + (at.atime >> 2), record, atimeSeconds, ATTRIBUTE.atimeNanoseconds);
  putTime(words, index + (at.btime >> 2), record, birthSeconds, ATTRIBUTE.birthNanoseconds);
  putTime(words, index + (at.ctime >> 2), record, ctimeSeconds, ATTRIBUTE.ctimeNanoseconds);
  putTime(words, index + (at.mtime >> 2), record, mtimeSeconds, ATTRIBUTE.mtimeNanoseconds);
  const device = record.getUint32(ATTRIBUTE.device, true);
  words[index + (at.rdev_major >> 2)] = device >>> 8 & 0xfff;
  words[index + (at.rdev_minor >> 2)] = device & 0xff | device >>> 12 & 0xfff00;
}

function putTime(
  words: Uint32Array,
  index: number,
  record: DataView,
  secondsAt: number,
  nanosecondsAt: number,
): void {
  putU64(words, index, record.getFloat64(secondsAt, true));
  words[index + NANOSECONDS] = record.getUint32(nanosecondsAt, true);
}
