/**
 * One request of Linux, in the buffer into which read(2) put it.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import { NAME_COUNT, OPCODE_COUNT, STRUCT_BYTES } from "./arguments.ts";
import { OPCODE } from "./opcodes.ts";
import { ARGS, BUFFER_BYTES_MIN, REQUEST_OFFSET, ROOT_INODE, ROOT_NODE } from "./places.ts";
import {
  BATCH_FORGET_IN,
  FORGET_ONE,
  IN_HEADER,
  IOCTL_IN,
  SETXATTR_IN,
  SETXATTR_IN_SHORT_BYTES,
  WRITE_IN,
} from "./structs.ts";

const WORD = 4;
const TWO_32 = 2 ** 32;
/** The upper word of a number that still fits: 2^53 - 1. */
const HIGH_MAX = 0x1fffff;

/**
 * A request, checked for its lengths before anything of it is used.
 *
 * {@linkcode take} copies the header, so it holds after an answer has overwritten the buffer; the
 * arguments do not. Offsets count from the request's first byte: `request.u32(ARGS + OPEN_IN.at.flags)`.
 * Hot path: nothing here allocates but `name()`, `secondName()` and `data()`.
 */
export class FuseRequest {
  /** The whole buffer. */
  readonly buffer: Uint8Array;
  /** Where read(2) puts a request. */
  readonly target: Uint8Array;
  /** What Linux asks for: one of `OPCODE`, or a number that is not known. */
  opcode = 0;
  /** The lower half of the request's number. */
  uniqueLow = 0;
  /** The upper half of the request's number; bit 31 set: given again, see {@linkcode isResent}. */
  uniqueHigh = 0;
  /** The inode that is meant; 2 for the root, 0 where none is. */
  nodeInode = 0;
  /** The generation of that inode; 0 for the root, whatever it really is. */
  nodeGeneration = 0;
  /** Who asks. */
  uid = 0;
  /** The group of who asks. */
  gid = 0;
  /** The thread that asks; 0 for Linux itself. */
  pid = 0;
  /** Bytes of the request without its extensions: nothing behind them is read. */
  byteLength = 0;
  /** Where the first name begins; 0 if the request has none. */
  nameAt = 0;
  /** Bytes of the first name. */
  nameByteLength = 0;
  /** Where the second name begins; 0 if the request has none. */
  secondNameAt = 0;
  /** Bytes of the second name: the new one of RENAME, what a SYMLINK points to. */
  secondNameByteLength = 0;
  /** Where data begins: of WRITE, SETXATTR, IOCTL, the records of BATCH_FORGET. Else 0. */
  dataAt = 0;
  /** Bytes of that data. */
  dataByteLength = 0;
  /** To be set where `INIT.SETXATTR_EXT` was agreed on: SETXATTR has a longer struct then. */
  hasLongSetxattr = false;
  readonly #words: Uint32Array;

  /**
   * A place for requests.
   *
   * @param buffer `BUFFER_BYTES`, or less where `max_write` is less; its first byte at a multiple
   * of 8 of its memory. It belongs to this object and to its `FuseReply`.
   */
  constructor(buffer: Uint8Array) {
    assert(
      buffer.byteLength >= BUFFER_BYTES_MIN,
      "a buffer holds what Linux wants to be able to put",
    );
    assert((buffer.byteOffset & 7) === 0, "a buffer begins at a multiple of 8");
    this.buffer = buffer;
    this.target = buffer.subarray(REQUEST_OFFSET);
    this.#words = new Uint32Array(
      buffer.buffer,
      buffer.byteOffset + REQUEST_OFFSET,
      this.target.byteLength >>> 2,
    );
  }

  /** Whether Linux has given this request before, to whoever had the device then. */
  get isResent(): boolean {
    return this.uniqueHigh >= 0x80000000;
  }

  /** Whether Linux waits for an answer: it must not get one otherwise. */
  get isAnswered(): boolean {
    const opcode = this.opcode;
    return opcode !== OPCODE.FORGET && opcode !== OPCODE.BATCH_FORGET &&
      opcode !== OPCODE.INTERRUPT && opcode !== OPCODE.NOTIFY_REPLY;
  }

  /**
   * Takes the request that read(2) has put here.
   *
   * @param byteLength What read(2) returned.
   * @returns Whether it is well formed: every length in it fits. If not, and
   * {@linkcode isAnswered}, the answer is an error (`EPROTO`); if `uniqueLow` and `uniqueHigh`
   * are zero not even that can be sent.
   */
  take(byteLength: number): boolean {
    this.#forget();
    if (byteLength < ARGS || byteLength > this.target.byteLength) return false;
    const words = this.#words;
    this.opcode = words[IN_HEADER.at.opcode / WORD]!;
    this.uniqueLow = words[IN_HEADER.at.unique / WORD]!;
    this.uniqueHigh = words[IN_HEADER.at.unique / WORD + 1]!;
    const low = words[IN_HEADER.at.nodeid / WORD]!;
    const high = words[IN_HEADER.at.nodeid / WORD + 1]!;
    this.nodeInode = low === ROOT_NODE && high === 0 ? ROOT_INODE : low;
    this.nodeGeneration = high;
    this.uid = words[IN_HEADER.at.uid / WORD]!;
    this.gid = words[IN_HEADER.at.gid / WORD]!;
    this.pid = words[IN_HEADER.at.pid / WORD]!;
    if (words[IN_HEADER.at.len / WORD] !== byteLength) return false;
    const extensionBytes = (words[IN_HEADER.at.total_extlen / WORD]! & 0xffff) * 8;
    this.byteLength = byteLength - extensionBytes;
    return this.byteLength >= ARGS && this.#takeArguments();
  }

  /** A word of the request. Hot path. @throws {OsError} `EPROTO` if it has no such word. */
  u32(at: number): number {
    if (at > this.byteLength - 4) throw new OsError("EPROTO", "read a FUSE request");
    return this.#words[at >>> 2]!;
  }

  /**
   * Two words of the request as one number. Hot path.
   *
   * @throws {OsError} `EOVERFLOW` if it is beyond 2^53 - 1, as numbers of lock owners are, whose
   * two words are to be read one by one; `EPROTO` if the request is too short.
   */
  u64(at: number): number {
    const high = this.u32(at + 4);
    if (high > HIGH_MAX) throw new OsError("EOVERFLOW", "read a FUSE request");
    return high * TWO_32 + this.u32(at);
  }

  /** As {@linkcode u64}, but 2^53 - 1 for whatever is more: the end of a lock, a size. Hot path. */
  saturated(at: number): number {
    const high = this.u32(at + 4);
    return high > HIGH_MAX ? Number.MAX_SAFE_INTEGER : high * TWO_32 + this.u32(at);
  }

  /**
   * Two words as one signed number, as times before 1970 and offsets of LSEEK are. Hot path.
   *
   * @throws {OsError} `EOVERFLOW` if it is beyond 2^53 - 1 either way; `EPROTO`.
   */
  i64(at: number): number {
    const high = this.u32(at + 4) | 0;
    if (high > HIGH_MAX || high < -HIGH_MAX) throw new OsError("EOVERFLOW", "read a FUSE request");
    return high * TWO_32 + this.u32(at);
  }

  /** The inode that a node number among the arguments means; 2 for the root. Hot path. */
  inode(at: number): number {
    const low = this.u32(at);
    return low === ROOT_NODE && this.u32(at + 4) === 0 ? ROOT_INODE : low;
  }

  /** The generation that a node number among the arguments means; 0 for the root. Hot path. */
  generation(at: number): number {
    return this.u32(at + 4);
  }

  /** The first name, in place: it is gone when the answer is written. */
  name(): Uint8Array {
    return this.#view(this.nameAt, this.nameByteLength);
  }

  /** The second name, in place. */
  secondName(): Uint8Array {
    return this.#view(this.secondNameAt, this.secondNameByteLength);
  }

  /** The data, in place. That of a WRITE begins at `DATA_OFFSET` of the buffer. */
  data(): Uint8Array {
    return this.#view(this.dataAt, this.dataByteLength);
  }

  /**
   * Copies bytes of the request, such as a name. Hot path.
   *
   * @returns The offset behind them in `target`.
   * @throws {OsError} `ENAMETOOLONG` if `target` has no room; `EPROTO` if the request is too short.
   */
  copy(at: number, byteLength: number, target: Uint8Array, offset: number): number {
    if (byteLength > this.byteLength - at) throw new OsError("EPROTO", "read a FUSE request");
    if (byteLength > target.byteLength - offset) {
      throw new OsError("ENAMETOOLONG", "copy a name of a FUSE request");
    }
    const source = this.target;
    for (let index = 0; index < byteLength; index++) target[offset + index] = source[at + index]!;
    return offset + byteLength;
  }

  #forget(): void {
    this.opcode = 0;
    this.uniqueLow = 0;
    this.uniqueHigh = 0;
    this.byteLength = 0;
    this.nameAt = 0;
    this.nameByteLength = 0;
    this.secondNameAt = 0;
    this.secondNameByteLength = 0;
    this.dataAt = 0;
    this.dataByteLength = 0;
  }

  #takeArguments(): boolean {
    const opcode = this.opcode;
    if (opcode >= OPCODE_COUNT) return true;
    let at = ARGS + STRUCT_BYTES[opcode]!;
    if (opcode === OPCODE.SETXATTR && this.hasLongSetxattr) {
      at += SETXATTR_IN.byteLength - SETXATTR_IN_SHORT_BYTES;
    }
    if (at > this.byteLength) return false;
    const names = NAME_COUNT[opcode]!;
    if (names > 0) {
      const end = this.#endOfName(at);
      if (end < 0) return false;
      this.nameAt = at;
      this.nameByteLength = end - at;
      at = end + 1;
    }
    if (names > 1) {
      const end = this.#endOfName(at);
      if (end < 0) return false;
      this.secondNameAt = at;
      this.secondNameByteLength = end - at;
      at = end + 1;
    }
    return this.#takeData(opcode, at);
  }

  /** What follows struct and names is as long as the struct says. */
  #takeData(opcode: number, at: number): boolean {
    if (opcode === OPCODE.WRITE) this.dataByteLength = this.u32(ARGS + WRITE_IN.at.size);
    else if (opcode === OPCODE.SETXATTR) this.dataByteLength = this.u32(ARGS + SETXATTR_IN.at.size);
    else if (opcode === OPCODE.IOCTL) this.dataByteLength = this.u32(ARGS + IOCTL_IN.at.in_size);
    else if (opcode === OPCODE.BATCH_FORGET) {
      this.dataByteLength = this.u32(ARGS + BATCH_FORGET_IN.at.count) * FORGET_ONE.byteLength;
    } else return true;
    this.dataAt = at;
    return this.dataByteLength <= this.byteLength - at;
  }

  /** Where the NUL behind a name is, or -1. */
  #endOfName(at: number): number {
    const bytes = this.target;
    const end = this.byteLength;
    for (let index = at; index < end; index++) if (bytes[index] === 0) return index;
    return -1;
  }

  #view(at: number, byteLength: number): Uint8Array {
    return this.target.subarray(at, at + byteLength);
  }
}
