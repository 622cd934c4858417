/**
 * What stands under some names, or that nothing does: for as long as it holds.
 *
 * @module
 */

import { NEVER } from "./last_seen.ts";
import type { FuseRequest } from "./wire/mod.ts";

/** Places, by a hash of directory and name. */
const PLACES = 2048;

/** Longer names are not remembered. */
const NAME_BYTES_MAX = 64;

/** Words of a place. */
const WORDS = 5;
const AT = { directory: 0, directoryGeneration: 1, nameBytes: 2, inode: 3, generation: 4 } as const;

/** A request of Linux that names a file in a directory. */
export type Named = Pick<
  FuseRequest,
  "target" | "nameAt" | "nameByteLength" | "nodeInode" | "nodeGeneration"
>;

/** Names of files that programs have asked for of late. */
export class KnownNames {
  /** While what each place holds is true. */
  readonly #stamps: Float64Array = new Float64Array(PLACES);
  readonly #words: Uint32Array = new Uint32Array(PLACES * WORDS);
  readonly #bytes: Uint8Array = new Uint8Array(PLACES * NAME_BYTES_MAX);

  /** Where it is noted what stands under a request's name; -1 if it is not. Hot path. */
  find(request: Named, stamp: number): number {
    const place = placeOf(request);
    return place >= 0 && this.#isThere(place, request, stamp) ? place : -1;
  }

  /** The inode under a name; 0 if there is none. Hot path. */
  inodeAt(place: number): number {
    return this.#words[place * WORDS + AT.inode]!;
  }

  /** The generation of the inode under a name. Hot path. */
  generationAt(place: number): number {
    return this.#words[place * WORDS + AT.generation]!;
  }

  /** Notes what stands under a request's name: an inode, or 0 for nothing. Hot path. */
  note(request: Named, inode: number, generation: number, stamp: number): void {
    const place = stamp === NEVER ? -1 : placeOf(request);
    if (place < 0) return;
    const { target, nameAt, nameByteLength } = request;
    const words = this.#words;
    const at = place * WORDS;
    const from = place * NAME_BYTES_MAX;
    this.#stamps[place] = stamp;
    words[at + AT.directory] = request.nodeInode;
    words[at + AT.directoryGeneration] = request.nodeGeneration;
    words[at + AT.nameBytes] = nameByteLength;
    words[at + AT.inode] = inode;
    words[at + AT.generation] = generation;
    for (let index = 0; index < nameByteLength; index++) {
      this.#bytes[from + index] = target[nameAt + index]!;
    }
  }

  /** What is noted under a request's name holds no more. Hot path. */
  expire(request: Named): void {
    const place = placeOf(request);
    if (place >= 0) this.#stamps[place] = NEVER; // Another's, perhaps: that is asked for again.
  }

  #isThere(place: number, request: Named, stamp: number): boolean {
    const { target, nameAt, nameByteLength } = request;
    const words = this.#words;
    const at = place * WORDS;
    const isIt = this.#stamps[place] === stamp && stamp !== NEVER &&
      words[at + AT.directory] === request.nodeInode &&
      words[at + AT.directoryGeneration] === request.nodeGeneration &&
      words[at + AT.nameBytes] === nameByteLength;
    const from = place * NAME_BYTES_MAX;
    for (let index = 0; isIt && index < nameByteLength; index++) {
      if (this.#bytes[from + index] !== target[nameAt + index]) return false;
    }
    return isIt;
  }
}

/** FNV-1a of directory and name; -1 for a name that is too long. */
function placeOf({ target, nameAt, nameByteLength, nodeInode }: Named): number {
  if (nameByteLength > NAME_BYTES_MAX) return -1;
  let hash = Math.imul(0x811c9dc5 ^ nodeInode, 0x01000193);
  for (let index = 0; index < nameByteLength; index++) {
    hash = Math.imul(hash ^ target[nameAt + index]!, 0x01000193);
  }
  return (hash ^ hash >>> 15) & (PLACES - 1);
}
