/**
 * The records in the keep `sessions`.
 *
 * @module
 */

import {
  SESSION,
  SESSION_KEEP_MAGIC,
  SESSION_WORDS,
  SESSIONS_WORD,
} from "./layouts/session_keep.ts";

/** The records of all sessions. */
export class SessionRecords {
  /** The words of the keep, or some that nobody keeps if it is too small. */
  readonly words: Uint32Array;
  /** Whether an incarnation of this boot was here before. */
  readonly isInherited: boolean;
  readonly #count: number;

  /** Takes what stands in the keep; a small one, or none, has room for no session. */
  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    const isKept = byteLength >= SESSIONS_WORD * 4;
    this.words = isKept
      ? new Uint32Array(buffer, byteOffset, byteLength >> 2)
      : new Uint32Array(SESSIONS_WORD);
    this.isInherited = this.words[0] === SESSION_KEEP_MAGIC;
    this.#count = Math.floor((this.words.length - SESSIONS_WORD) / SESSION_WORDS);
    if (!this.isInherited) this.words.fill(0);
  }

  /** Says that what is kept from now on is this boot's. */
  begin(): void {
    this.words[0] = SESSION_KEEP_MAGIC;
  }

  /** The words of a record. */
  at(record: number): Uint32Array {
    const from = SESSIONS_WORD + record * SESSION_WORDS;
    return this.words.subarray(from, from + SESSION_WORDS);
  }

  /** The first record that is free. */
  free(): number | undefined {
    for (let record = 0; record < this.#count; record++) {
      if (this.at(record)[SESSION.state] !== 1) return record;
    }
    return undefined;
  }

  /** The records in use. */
  used(): number[] {
    const all = Array.from({ length: this.#count }, (_, record) => record);
    return all.filter((record) => this.at(record)[SESSION.state] === 1);
  }
}
