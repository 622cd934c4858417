/**
 * What was told last of some files, for those who still ask when a file is gone: whoever has only
 * `open(O_PATH)` of it, or stands in a directory that was replaced. Linux does not tell of these, so
 * nothing is open for them at the file server.
 *
 * @module
 */

import { ATTRIBUTE, ATTRIBUTES_BYTES } from "@hako/fs-server";

/** Places, by the lower bits of the inode's number. */
const PLACES = 256;

/** The last attributes of as many files as there are places. */
export class LastSeen {
  readonly #bytes: Uint8Array = new Uint8Array(PLACES * ATTRIBUTES_BYTES);
  readonly #view: DataView = new DataView(this.#bytes.buffer);

  /** Notes what is told of a file. Hot path. */
  note(attributes: Uint8Array, inode: number): void {
    this.#bytes.set(attributes, (inode & (PLACES - 1)) * ATTRIBUTES_BYTES);
  }

  /** What was told last of a file, but that it has no name any more. */
  ofGone(inode: number, generation: number): DataView | undefined {
    const at = (inode & (PLACES - 1)) * ATTRIBUTES_BYTES;
    const isIt = this.#view.getUint32(at + ATTRIBUTE.inode, true) === inode &&
      this.#view.getUint32(at + ATTRIBUTE.generation, true) === generation;
    if (!isIt) return undefined;
    this.#view.setUint32(at + ATTRIBUTE.links, 0, true);
    return new DataView(this.#bytes.buffer, at, ATTRIBUTES_BYTES);
  }
}
