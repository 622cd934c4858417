/**
 * The answers to READDIR and READDIRPLUS.
 *
 * @module
 */

import { ATTRIBUTES_BYTES } from "@hako/fs-server";
import { assert } from "@hako/ipc";
import { putEntry, putU64, type Validity } from "./attributes.ts";
import { DATA_OFFSET } from "./places.ts";
import { DIRENT, DIRENTPLUS, ENTRY_OUT } from "./structs.ts";

const INO = DIRENT.at.ino >> 2;
const OFF = DIRENT.at.off >> 2;
const NAMELEN = DIRENT.at.namelen >> 2;
const TYPE = DIRENT.at.type >> 2;
/** Words before the `fuse_dirent` of an entry with attributes. */
const PLUS_WORDS = ENTRY_OUT.byteLength >> 2;
/** `DT_REG`, `DT_DIR`, ... of `dirent.h`, for the types of ext2's directory entries. */
const DT_OF_TYPE = new Uint8Array([0, 8, 4, 2, 6, 1, 12, 10]);

/**
 * Packs the entries of a listing until no more fit. Hot path: nothing but `begin()` allocates.
 *
 * Names and records of attributes are read from the listing's memory by their offsets there; a
 * name that does not lie in it is not packed. The answer is `reply.data(packer.byteLength)`.
 */
export class DirectoryPacker {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  #source: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #limit = 0;
  #byteLength = 0;

  /** Packs into a request's buffer, where its answer's data lies. */
  constructor(buffer: Uint8Array) {
    assert((buffer.byteOffset & 7) === 0, "a buffer begins at a multiple of 8");
    this.#bytes = buffer.subarray(DATA_OFFSET);
    this.#words = new Uint32Array(
      buffer.buffer,
      buffer.byteOffset + DATA_OFFSET,
      this.#bytes.byteLength >>> 2,
    );
  }

  /** Bytes packed since `begin()`. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /**
   * Begins an answer.
   *
   * @param source The listing's memory; not this packer's own buffer.
   * @param byteLengthMax The `size` of the request.
   */
  begin(source: Uint8Array, byteLengthMax: number): void {
    if (source !== this.#source) {
      this.#source = source;
      this.#view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    }
    this.#limit = Math.min(byteLengthMax, this.#bytes.byteLength);
    this.#byteLength = 0;
  }

  /**
   * Packs an entry without attributes.
   *
   * @param cookie Where the listing goes on behind this entry.
   * @param type As in ext2's directory entries: 1 a file, 2 a directory, ...
   * @param nameAt Where in the source its name is.
   * @returns Whether it had room; if not, nothing was packed.
   */
  add(inode: number, cookie: number, type: number, nameAt: number, nameBytes: number): boolean {
    const at = this.#byteLength;
    if (!this.#hasRoom(DIRENT.byteLength, nameAt, nameBytes)) return false;
    this.#putDirent(at >>> 2, inode, cookie, type);
    this.#putName(at + DIRENT.byteLength, nameAt, nameBytes);
    return true;
  }

  /**
   * Packs an entry with attributes. `.` and `..` are packed without, as are those with a record of
   * zeros: Linux looks them up when it wants to know.
   *
   * @param place Where in the source the name and the record of attributes are.
   * @param valid How long Linux may believe name and attributes.
   */
  addPlus(
    inode: number,
    cookie: number,
    type: number,
    place: PlusPlace,
    valid: Validity,
  ): boolean {
    const { nameAt, nameBytes, attributesAt } = place;
    const at = this.#byteLength;
    const index = at >>> 2;
    if (attributesAt > this.#source.byteLength - ATTRIBUTES_BYTES) return false;
    if (!this.#hasRoom(DIRENTPLUS.byteLength, nameAt, nameBytes)) return false;
    if (this.#view.getUint32(attributesAt, true) === 0 || this.#isDots(nameAt, nameBytes)) {
      this.#words.fill(0, index, index + PLUS_WORDS);
    } else putEntry(this.#words, index, this.#view, attributesAt, valid);
    this.#putDirent(index + PLUS_WORDS, inode, cookie, type);
    this.#putName(at + DIRENTPLUS.byteLength, nameAt, nameBytes);
    return true;
  }

  #hasRoom(structBytes: number, nameAt: number, nameBytes: number): boolean {
    if (nameBytes > this.#source.byteLength - nameAt) return false;
    const byteLength = (structBytes + nameBytes + 7) & ~7;
    return byteLength <= this.#limit - this.#byteLength;
  }

  #isDots(nameAt: number, nameBytes: number): boolean {
    const dot = 0x2e;
    if (nameBytes > 2 || this.#source[nameAt] !== dot) return false;
    return nameBytes === 1 || this.#source[nameAt + 1] === dot;
  }

  #putDirent(index: number, inode: number, cookie: number, type: number): void {
    const words = this.#words;
    words[index + INO] = inode;
    words[index + INO + 1] = 0;
    putU64(words, index + OFF, cookie);
    words[index + TYPE] = DT_OF_TYPE[type & 7]!;
  }

  #putName(at: number, nameAt: number, nameBytes: number): void {
    const bytes = this.#bytes;
    const source = this.#source;
    const end = (at + nameBytes + 7) & ~7;
    this.#words[((at - DIRENT.byteLength) >>> 2) + NAMELEN] = nameBytes;
    for (let index = 0; index < nameBytes; index++) bytes[at + index] = source[nameAt + index]!;
    for (let index = at + nameBytes; index < end; index++) bytes[index] = 0;
    this.#byteLength = end;
  }
}

/** Where in a listing an entry's name and attributes are. Reused from entry to entry. */
export interface PlusPlace {
  /** Offset of the name. */
  readonly nameAt: number;
  /** Bytes of the name. */
  readonly nameBytes: number;
  /** Offset of the record of attributes. */
  readonly attributesAt: number;
}
