/**
 * Answers to Linux, in the buffer of their requests.
 *
 * @module
 */

import { assert, ERRNO } from "@hako/ipc";
import { putAttr, putEntry, putNoEntry, putU64, type Validity } from "./attributes.ts";
import { KERNEL_VERSION } from "./opcodes.ts";
import { BUFFER_BYTES_MIN, DATA_OFFSET, REPLY_OFFSET } from "./places.ts";
import { putStatx } from "./statx.ts";
import {
  ATTR_OUT,
  COPY_FILE_RANGE_OUT,
  ENTRY_OUT,
  GETXATTR_OUT,
  INIT_OUT,
  IOCTL_OUT,
  LK_OUT,
  LSEEK_OUT,
  OPEN_OUT,
  OUT_HEADER,
  POLL_OUT,
  STATFS_OUT,
  STATX_OUT,
  WRITE_OUT,
} from "./structs.ts";

/** Whose answer it is, and where it is put: a `FuseRequest`, or what is left of one. */
export interface Asked {
  /** The whole buffer; at least `BUFFER_BYTES_MIN`, beginning at a multiple of 8 of its memory. */
  readonly buffer: Uint8Array;
  /** The lower half of the request's number. */
  readonly uniqueLow: number;
  /** The upper half of the request's number. */
  readonly uniqueHigh: number;
}

/** What INIT is answered. */
export interface InitAnswer {
  /** The minor number that both speak. */
  readonly minor: number;
  /** Most bytes that Linux reads ahead. */
  readonly maxReadahead: number;
  /** What is agreed on: bits of `INIT`. */
  readonly flags: number;
  /** What is agreed on: bits of `INIT2`. */
  readonly flags2: number;
  /** Most requests under way that nobody waits for: read-ahead, write-back. */
  readonly maxBackground: number;
  /** From so many of those on, Linux holds back. */
  readonly congestionThreshold: number;
  /** Most bytes of one WRITE. */
  readonly maxWrite: number;
  /** Most pages of one request. */
  readonly maxPages: number;
  /** How fine times are, in nanoseconds. */
  readonly timeGran: number;
}

/** What STATFS is answered: the names of `statvfs(3)`. */
export interface StatfsAnswer {
  /** Blocks of `frsize` bytes. */
  readonly blocks: number;
  /** Free blocks. */
  readonly bfree: number;
  /** Free blocks for whoever is not root. */
  readonly bavail: number;
  /** Inodes. */
  readonly files: number;
  /** Free inodes. */
  readonly ffree: number;
  /** Bytes that programs are told to read and write at a time. */
  readonly bsize: number;
  /** Bytes of a block. */
  readonly frsize: number;
  /** Longest name in bytes. */
  readonly namelen: number;
}

/** What GETLK is answered. */
export interface LockAnswer {
  /** The first byte. */
  readonly start: number;
  /** The last byte; 2^53 - 1 and more: to the end of the file. */
  readonly end: number;
  /** One of `LOCK_TYPE`. */
  readonly type: number;
  /** Who has it. */
  readonly pid: number;
}

const BODY = OUT_HEADER.byteLength >> 2;
const LEN = OUT_HEADER.at.len >> 2;
const ERROR = OUT_HEADER.at.error >> 2;
const UNIQUE = OUT_HEADER.at.unique >> 2;
const OPEN_FH = OPEN_OUT.at.fh >> 2;
const OPEN_FLAGS = OPEN_OUT.at.open_flags >> 2;
const OPEN_BACKING = OPEN_OUT.at.backing_id >> 2;
/** Linux takes no error from here on. */
const ERROR_END = 512;
/** The upper word of the last byte that a lock can have. */
const LOCK_END_HIGH = 0x7fffffff;

/**
 * Answers to one request at a time. Hot path: nothing here allocates.
 *
 * Each method fills the buffer, over the request's arguments, and returns how many bytes write(2)
 * is to send from {@linkcode source} on.
 */
export class FuseReply {
  /** What write(2) sends, from its first byte on. */
  readonly source: Uint8Array;
  /** Most bytes that an answer can have behind its header. */
  readonly bodyBytesMax: number;
  readonly #asked: Asked;
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;

  /**
   * A place for answers.
   *
   * @param asked The request that is answered: its number is read when the answer is made.
   */
  constructor(asked: Asked) {
    const { buffer } = asked;
    assert(buffer.byteLength >= BUFFER_BYTES_MIN, "a buffer holds the largest struct");
    assert((buffer.byteOffset & 7) === 0, "a buffer begins at a multiple of 8");
    this.#asked = asked;
    this.source = buffer.subarray(REPLY_OFFSET);
    this.#bytes = buffer.subarray(DATA_OFFSET);
    this.bodyBytesMax = this.#bytes.byteLength;
    this.#words = new Uint32Array(
      buffer.buffer,
      buffer.byteOffset + REPLY_OFFSET,
      this.source.byteLength >>> 2,
    );
  }

  /** It failed. @param errno A positive number; one that Linux would not take becomes `EIO`. */
  error(errno: number): number {
    const isOne = errno > 0 && errno < ERROR_END;
    return this.#finish(0, isOne ? -errno : -ERRNO.EIO);
  }

  /** It is done, and there is nothing to tell. */
  empty(): number {
    return this.#finish(0, 0);
  }

  /** A name and the file behind it: LOOKUP, MKNOD, MKDIR, SYMLINK, LINK. */
  entry(attributes: DataView, valid: Validity): number {
    putEntry(this.#words, BODY, attributes, 0, valid);
    return this.#finish(ENTRY_OUT.byteLength, 0);
  }

  /** LOOKUP found nothing, and Linux may remember that as long as names hold. */
  noEntry(valid: Validity): number {
    putNoEntry(this.#words, BODY, valid);
    return this.#finish(ENTRY_OUT.byteLength, 0);
  }

  /** What is told of a file: GETATTR, SETATTR. */
  attr(attributes: DataView, valid: Validity): number {
    const words = this.#words;
    words[BODY] = valid.attrSeconds;
    words[BODY + 1] = 0;
    words[BODY + 2] = valid.attrNanoseconds;
    words[BODY + 3] = 0;
    putAttr(words, BODY + (ATTR_OUT.at.attr >> 2), attributes, 0);
    return this.#finish(ATTR_OUT.byteLength, 0);
  }

  /** What is told of a file, with the time of its birth: STATX. */
  statx(attributes: DataView, valid: Validity): number {
    putStatx(this.#words, BODY, attributes, valid);
    return this.#finish(STATX_OUT.byteLength, 0);
  }

  /** An open file: OPEN, OPENDIR. @param openFlags Bits of `FOPEN`. */
  open(handle: number, openFlags: number): number {
    this.#putOpen(BODY, handle, openFlags);
    return this.#finish(OPEN_OUT.byteLength, 0);
  }

  /** A file that was made and opened: CREATE, TMPFILE. */
  create(attributes: DataView, valid: Validity, handle: number, openFlags: number): number {
    putEntry(this.#words, BODY, attributes, 0, valid);
    this.#putOpen(BODY + (ENTRY_OUT.byteLength >> 2), handle, openFlags);
    return this.#finish(ENTRY_OUT.byteLength + OPEN_OUT.byteLength, 0);
  }

  /** Bytes that lie at `DATA_OFFSET` of the buffer already: READ, READLINK, xattrs, listings. */
  data(byteLength: number): number {
    assert(byteLength <= this.bodyBytesMax, "data lies in the buffer");
    return this.#finish(byteLength, 0);
  }

  /** Bytes that lie elsewhere; they are copied. */
  bytes(source: Uint8Array): number {
    assert(source.byteLength <= this.bodyBytesMax, "data fits the buffer");
    this.#bytes.set(source);
    return this.#finish(source.byteLength, 0);
  }

  /** Bytes were written: WRITE, COPY_FILE_RANGE. */
  write(byteLength: number): number {
    this.#words[BODY] = byteLength;
    this.#words[BODY + 1] = 0;
    return this.#finish(WRITE_OUT.byteLength, 0);
  }

  /** Bytes were copied: COPY_FILE_RANGE_64. */
  copied(byteLength: number): number {
    putU64(this.#words, BODY, byteLength);
    return this.#finish(COPY_FILE_RANGE_OUT.byteLength, 0);
  }

  /** Where data or a hole begins: LSEEK. */
  lseek(offset: number): number {
    putU64(this.#words, BODY, offset);
    return this.#finish(LSEEK_OUT.byteLength, 0);
  }

  /** How large an extended attribute is, or their list: GETXATTR, LISTXATTR with `size` 0. */
  xattrSize(byteLength: number): number {
    this.#words[BODY] = byteLength;
    this.#words[BODY + 1] = 0;
    return this.#finish(GETXATTR_OUT.byteLength, 0);
  }

  /** What a file is ready for: POLL. */
  poll(revents: number): number {
    this.#words[BODY] = revents;
    this.#words[BODY + 1] = 0;
    return this.#finish(POLL_OUT.byteLength, 0);
  }

  /** What IOCTL gave, and its bytes; they are copied. */
  ioctl(result: number, source: Uint8Array): number {
    const byteLength = IOCTL_OUT.byteLength + source.byteLength;
    assert(byteLength <= this.bodyBytesMax, "data fits the buffer");
    this.#words.fill(0, BODY, BODY + (IOCTL_OUT.byteLength >> 2));
    this.#words[BODY] = result;
    this.#bytes.set(source, IOCTL_OUT.byteLength);
    return this.#finish(byteLength, 0);
  }

  /** Who is in the way of a lock: GETLK. */
  lock(lock: LockAnswer): number {
    const words = this.#words;
    putU64(words, BODY + (LK_OUT.at.start >> 2), lock.start);
    if (lock.end >= Number.MAX_SAFE_INTEGER) {
      words[BODY + (LK_OUT.at.end >> 2)] = 0xffffffff;
      words[BODY + (LK_OUT.at.end >> 2) + 1] = LOCK_END_HIGH;
    } else putU64(words, BODY + (LK_OUT.at.end >> 2), lock.end);
    words[BODY + (LK_OUT.at.type >> 2)] = lock.type;
    words[BODY + (LK_OUT.at.pid >> 2)] = lock.pid;
    return this.#finish(LK_OUT.byteLength, 0);
  }

  /** How much room there is: STATFS. */
  statfs(answer: StatfsAnswer): number {
    const words = this.#words;
    words.fill(0, BODY, BODY + (STATFS_OUT.byteLength >> 2));
    putU64(words, BODY + (STATFS_OUT.at.blocks >> 2), answer.blocks);
    putU64(words, BODY + (STATFS_OUT.at.bfree >> 2), answer.bfree);
    putU64(words, BODY + (STATFS_OUT.at.bavail >> 2), answer.bavail);
    putU64(words, BODY + (STATFS_OUT.at.files >> 2), answer.files);
    putU64(words, BODY + (STATFS_OUT.at.ffree >> 2), answer.ffree);
    words[BODY + (STATFS_OUT.at.bsize >> 2)] = answer.bsize;
    words[BODY + (STATFS_OUT.at.namelen >> 2)] = answer.namelen;
    words[BODY + (STATFS_OUT.at.frsize >> 2)] = answer.frsize;
    return this.#finish(STATFS_OUT.byteLength, 0);
  }

  /** What both agree on: INIT. See `negotiate()`. */
  init(answer: InitAnswer): number {
    const words = this.#words;
    words.fill(0, BODY, BODY + (INIT_OUT.byteLength >> 2));
    words[BODY + (INIT_OUT.at.major >> 2)] = KERNEL_VERSION;
    words[BODY + (INIT_OUT.at.minor >> 2)] = answer.minor;
    words[BODY + (INIT_OUT.at.max_readahead >> 2)] = answer.maxReadahead;
    words[BODY + (INIT_OUT.at.flags >> 2)] = answer.flags;
    words[BODY + (INIT_OUT.at.max_background >> 2)] = answer.maxBackground & 0xffff |
      answer.congestionThreshold << 16;
    words[BODY + (INIT_OUT.at.max_write >> 2)] = answer.maxWrite;
    words[BODY + (INIT_OUT.at.time_gran >> 2)] = answer.timeGran;
    words[BODY + (INIT_OUT.at.max_pages >> 2)] = answer.maxPages & 0xffff;
    words[BODY + (INIT_OUT.at.flags2 >> 2)] = answer.flags2;
    return this.#finish(INIT_OUT.byteLength, 0);
  }

  #putOpen(index: number, handle: number, openFlags: number): void {
    putU64(this.#words, index + OPEN_FH, handle);
    this.#words[index + OPEN_FLAGS] = openFlags;
    this.#words[index + OPEN_BACKING] = 0;
  }

  #finish(bodyBytes: number, error: number): number {
    const words = this.#words;
    words[LEN] = OUT_HEADER.byteLength + bodyBytes;
    words[ERROR] = error;
    words[UNIQUE] = this.#asked.uniqueLow;
    words[UNIQUE + 1] = this.#asked.uniqueHigh;
    return OUT_HEADER.byteLength + bodyBytes;
  }
}
