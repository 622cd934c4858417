/**
 * Writing what a handler has answered into its slot.
 *
 * @module
 */

import { assert } from "./assert.ts";
import { placeReply } from "./channel.ts";
import type { AnyValues, MessagePlace, WindowTable } from "./codec.ts";
import type { AcceptedChannel, ServedOperation } from "./served_channel.ts";

/** Writes the answers of one server. */
export class ReplyWriter {
  /** Where the last answer was written. */
  readonly place: MessagePlace = { near: 0, far: 0, payload: 0 };
  readonly #windows: WindowTable;

  /** For answers that may name windows of a table. */
  constructor(windows: WindowTable) {
    this.#windows = windows;
  }

  /** Where the answer of a request belongs. */
  placeOf(sequence: number, epoch: number): MessagePlace {
    placeReply(sequence, epoch & 1, this.place);
    return this.place;
  }

  /** Writes an answer into its slot; answers its result. Hot path. */
  write(
    { channel, epoch }: AcceptedChannel,
    operation: ServedOperation | undefined,
    sequence: number,
    outcome: unknown,
  ): number {
    const reply = this.placeOf(sequence, epoch);
    const hasReply = operation?.placed.operation.reply !== undefined;
    let result = 0;
    if (typeof outcome === "number") {
      assert(
        (outcome | 0) === outcome,
        "a handler answers a count below 2^31, or an errno below 0",
      );
      assert(outcome < 0 || !hasReply, "a handler with a reply to give answers it, or an errno");
      result = outcome;
    } else if (hasReply) {
      operation.placed.reply.write(channel, reply, outcome as AnyValues, this.#windows);
    } else {
      assert(operation?.oneWay === 1, "a handler without a reply to give answers a count");
    }
    channel.words[reply.near - 1] = result;
    return result;
  }
}
