/**
 * Fills the record of `layouts/attributes.ts` from an inode.
 *
 * @module
 */

import type { DiskTime, Inode } from "../ext4/inode.ts";
import { ATTRIBUTE, ATTRIBUTES_BYTES } from "../layouts/attributes.ts";

/** Writes what is told of an inode. Hot path. */
export function putAttributes(inode: Inode, view: DataView): void {
  view.setUint32(ATTRIBUTE.inode, inode.number, true);
  view.setUint32(ATTRIBUTE.generation, inode.generation, true);
  view.setUint32(ATTRIBUTE.mode, inode.mode, true);
  view.setUint32(ATTRIBUTE.links, inode.links, true);
  view.setUint32(ATTRIBUTE.uid, inode.uid, true);
  view.setUint32(ATTRIBUTE.gid, inode.gid, true);
  view.setFloat64(ATTRIBUTE.size, inode.size, true);
  view.setFloat64(ATTRIBUTE.blocks512, inode.sectors, true);
  view.setUint32(ATTRIBUTE.device, inode.device, true);
  view.setUint32(ATTRIBUTE.flags, inode.flags, true);
  putTime(view, ATTRIBUTE.atimeSeconds, ATTRIBUTE.atimeNanoseconds, inode.atime);
  putTime(view, ATTRIBUTE.mtimeSeconds, ATTRIBUTE.mtimeNanoseconds, inode.mtime);
  putTime(view, ATTRIBUTE.ctimeSeconds, ATTRIBUTE.ctimeNanoseconds, inode.ctime);
  putTime(view, ATTRIBUTE.birthSeconds, ATTRIBUTE.birthNanoseconds, inode.birthTime);
}

function putTime(view: DataView, seconds: number, nanoseconds: number, time: DiskTime): void {
  view.setFloat64(seconds, time.seconds + (time.extra & 3) * 2 ** 32, true);
  view.setUint32(nanoseconds, time.extra >>> 2, true);
}

/** A record, used again for each answer. */
export class AttributesRecord {
  readonly #bytes = new Uint8Array(ATTRIBUTES_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);

  /** The record of an inode, valid until the next one is asked for. Hot path. */
  of(inode: Inode): Uint8Array {
    putAttributes(inode, this.#view);
    return this.#bytes;
  }
}
