/**
 * The answers of one connection to requests that may not be done twice.
 *
 * One record for each slot of the channel. It is committed in one transaction with all that the
 * handler changed, before the answer is published; so a successor that finds the request unfinished
 * finds either both or neither. A record is overwritten by the next such request of its slot, which
 * its client posts only after it has read the answer.
 *
 * @module
 */

import { ANSWER_WORDS_MAX, type AnswerLog, crc32c, ERRNO, SLOT_COUNT } from "@hako/ipc";
import { ANSWER } from "./layouts.ts";
import { ANSWER_RECORD_WORDS, ANSWERS_BYTES } from "./limits.ts";
import type { Region } from "./transactions.ts";

const CHECKSUM = ANSWER.at.checksum >> 2;
const SEQUENCE = ANSWER.at.sequence >> 2;
const COUNT = ANSWER.at.count >> 2;
const HEAD_WORDS = ANSWER.byteLength >> 2;

/** The recorded answers of one connection, of {@linkcode ANSWERS_BYTES}, zeroed when it was made. */
export class Answers implements AnswerLog {
  readonly #region: Region;
  readonly #record: Uint32Array = new Uint32Array(ANSWER_RECORD_WORDS);

  /** The answers in a region. */
  constructor(region: Region) {
    if (region.byteLength < ANSWERS_BYTES) {
      throw new RangeError(
        `Cannot keep answers in ${region.byteLength} bytes: they take ${ANSWERS_BYTES}`,
      );
    }
    this.#region = region;
  }

  recall(sequence: number, target: Int32Array): number {
    const at = recordAt(sequence);
    const record = this.#record;
    this.#region.load(at, record, ANSWER_RECORD_WORDS);
    const count = record[COUNT]!;
    if (count === 0 && record[CHECKSUM] === 0 && record[SEQUENCE] === 0) return 0;
    if (count < 1 || count > ANSWER_WORDS_MAX || record[CHECKSUM] !== checksumOf(record, at)) {
      // Done or not, nobody knows: to do it could be to do it twice.
      target[0] = -ERRNO.EUCLEAN;
      return 1;
    }
    if (record[SEQUENCE] !== sequence >>> 0) return 0;
    for (let i = 0; i < count; i++) target[i] = record[HEAD_WORDS + i]!;
    return count;
  }

  stage(sequence: number, source: Int32Array, count: number): void {
    const at = recordAt(sequence);
    const record = this.#record;
    record.fill(0, 0, HEAD_WORDS);
    record[SEQUENCE] = sequence;
    record[COUNT] = count;
    for (let i = 0; i < count; i++) record[HEAD_WORDS + i] = source[i]!;
    record[CHECKSUM] = checksumOf(record, at);
    this.#region.stage(at, record, HEAD_WORDS + count, "answer");
  }
}

function recordAt(sequence: number): number {
  return (sequence & (SLOT_COUNT - 1)) * ANSWER_RECORD_WORDS;
}

/** Of the record's place, and of all that follows the checksum. */
function checksumOf(record: Uint32Array, at: number): number {
  return crc32c(record, SEQUENCE, HEAD_WORDS - SEQUENCE + record[COUNT]!, at);
}
