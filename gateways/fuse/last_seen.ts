/**
 * What was told last of some files: for as long as it holds, to be told again; and for those who still
 * ask when a file is gone. Whoever has only `open(O_PATH)` of it, or stands in a directory that was
 * replaced, does: Linux does not tell of these, so nothing is open for them at the file server.
 *
 * @module
 */

import { ATTRIBUTE, ATTRIBUTES_BYTES } from "@hako/fs-server";
import { ROOT_INODE } from "./wire/mod.ts";

/** Places, by the lower bits of the inode's number. */
const PLACES = 1024;

/** A stamp under which nothing holds. */
export const NEVER = 0;

/** The last attributes of as many files as there are places. */
export class LastSeen {
  readonly #bytes: Uint8Array = new Uint8Array(PLACES * ATTRIBUTES_BYTES);
  readonly #views: DataView[] = [];
  /** While what each place holds is true. */
  readonly #stamps: Float64Array = new Float64Array(PLACES);

  /** Begins with nothing. */
  constructor() {
    for (let place = 0; place < PLACES; place++) {
      this.#views.push(
        new DataView(this.#bytes.buffer, place * ATTRIBUTES_BYTES, ATTRIBUTES_BYTES),
      );
    }
  }

  /** Notes what is told of a file, and under which stamp it holds. Hot path. */
  note(attributes: Uint8Array, inode: number, stamp: number = NEVER): void {
    const place = inode & (PLACES - 1);
    this.#bytes.set(attributes, place * ATTRIBUTES_BYTES);
    this.#stamps[place] = stamp;
  }

  /** What holds of a file under a stamp. Hot path. */
  current(inode: number, generation: number, stamp: number): DataView | undefined {
    const place = inode & (PLACES - 1);
    if (this.#stamps[place] !== stamp || stamp === NEVER) return undefined;
    return this.#find(inode, generation);
  }

  /** What was told of a file holds no more. Hot path. */
  expire(inode: number): void {
    this.#stamps[inode & (PLACES - 1)] = NEVER;
  }

  /** What was told last of a file, but that it has no name any more. */
  ofGone(inode: number, generation: number): DataView | undefined {
    const view = this.#find(inode, generation);
    if (view === undefined) return undefined;
    this.expire(inode);
    view.setUint32(ATTRIBUTE.links, 0, true);
    return view;
  }

  #find(inode: number, generation: number): DataView | undefined {
    const view = this.#views[inode & (PLACES - 1)]!;
    const isIt = view.getUint32(ATTRIBUTE.inode, true) === inode &&
      (inode === ROOT_INODE || view.getUint32(ATTRIBUTE.generation, true) === generation);
    return isIt ? view : undefined;
  }
}
