/**
 * What we tell Linux unasked.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { putNode, putU64 } from "./attributes.ts";
import { INVAL_ENTRY_FLAG } from "./flags.ts";
import { NOTIFY } from "./opcodes.ts";
import { DELETE_OUT, INVAL_ENTRY_OUT, INVAL_INODE_OUT, OUT_HEADER } from "./structs.ts";

/** Longest name that Linux takes here, in bytes. */
const NAME_BYTES_MAX = 1024;
const BODY = OUT_HEADER.byteLength >> 2;

/**
 * One notification at a time, in a buffer of its own. Each method fills the buffer and returns how
 * many bytes write(2) is to send from {@linkcode source} on.
 *
 * Linux may answer write(2) with `ENOENT`: it does not know that file or name, which is as good.
 * It may *wait* in there for pages that are being written back: nobody but who serves those
 * requests may be waited for.
 */
export class FuseNotification {
  /** What write(2) sends. */
  readonly source: Uint8Array = new Uint8Array(
    new ArrayBuffer(OUT_HEADER.byteLength + DELETE_OUT.byteLength + NAME_BYTES_MAX + 8),
  );
  readonly #words: Uint32Array = new Uint32Array(this.source.buffer);

  /**
   * Attributes, or attributes and data, of a file are not what Linux remembers.
   *
   * @param offset The first byte of the data; negative: attributes only.
   * @param byteLength Bytes of the data; 0: to the end of the file.
   */
  invalInode(inode: number, generation: number, offset: number, byteLength: number): number {
    putNode(this.#words, BODY + (INVAL_INODE_OUT.at.ino >> 2), inode, generation);
    putU64(this.#words, BODY + (INVAL_INODE_OUT.at.off >> 2), offset);
    putU64(this.#words, BODY + (INVAL_INODE_OUT.at.len >> 2), byteLength);
    return this.#finish(NOTIFY.INVAL_INODE, INVAL_INODE_OUT.byteLength);
  }

  /** A name in a directory is not what Linux remembers. */
  invalEntry(inode: number, generation: number, name: Uint8Array): number {
    return this.#putEntry(inode, generation, name, 0);
  }

  /**
   * A name in a directory is to be looked up again, but files under it stay as they are; only where
   * `INIT2.HAS_EXPIRE_ONLY` was agreed on.
   */
  expireEntry(inode: number, generation: number, name: Uint8Array): number {
    return this.#putEntry(inode, generation, name, INVAL_ENTRY_FLAG.EXPIRE_ONLY);
  }

  /** All requests that nobody has answered are to be given again; `INIT2.HAS_RESEND`. */
  resend(): number {
    return this.#finish(NOTIFY.RESEND, 0);
  }

  #putEntry(inode: number, generation: number, name: Uint8Array, flags: number): number {
    if (name.byteLength > NAME_BYTES_MAX) throw new OsError("ENAMETOOLONG", "tell of a name");
    const at = OUT_HEADER.byteLength + INVAL_ENTRY_OUT.byteLength;
    putNode(this.#words, BODY + (INVAL_ENTRY_OUT.at.parent >> 2), inode, generation);
    this.#words[BODY + (INVAL_ENTRY_OUT.at.namelen >> 2)] = name.byteLength;
    this.#words[BODY + (INVAL_ENTRY_OUT.at.flags >> 2)] = flags;
    this.source.set(name, at);
    this.source[at + name.byteLength] = 0;
    return this.#finish(NOTIFY.INVAL_ENTRY, INVAL_ENTRY_OUT.byteLength + name.byteLength + 1);
  }

  #finish(code: number, bodyBytes: number): number {
    const words = this.#words;
    words[OUT_HEADER.at.len >> 2] = OUT_HEADER.byteLength + bodyBytes;
    words[OUT_HEADER.at.error >> 2] = code;
    words[OUT_HEADER.at.unique >> 2] = 0;
    words[(OUT_HEADER.at.unique >> 2) + 1] = 0;
    return OUT_HEADER.byteLength + bodyBytes;
  }
}
