/**
 * One client in transmission: what was agreed with it, and what of its requests is under way.
 *
 * @module
 */

import {
  CHUNK_FLAG,
  emptyRequest,
  ERROR_CHUNK_BYTES,
  ERROR_OFFSET_CHUNK_BYTES,
  NBD_ERROR,
  type NbdRequest,
  SIMPLE_REPLY_BYTES,
  unmarkLast,
  writeErrorChunk,
  writeErrorOffsetChunk,
  writeSimpleReply,
} from "@hako/drivers/nbd";
import { assert, ERRNO } from "@hako/ipc";
import type { BufferPools } from "./buffer_pools.ts";
import type { Export } from "./exports.ts";
import type { Agreement } from "./negotiation.ts";
import type { Peer } from "./peer.ts";
import { Replies } from "./replies.ts";
import type { Asker, VolumePort } from "./volume_port.ts";

/** Most replies that one client is owed before its socket is not read any more. */
export const REPLIES_OWED_MAX = 128;

/** What part of the memory for replies one client may have. */
const SHARE_OF_REPLIES = 1 / 4;

/** A request from its header to its answer. */
export interface Ask extends NbdRequest {
  /** Parts that have not ended. */
  parts: number;
  /** 0, or the `NBD_ERROR` of the first part that failed. */
  error: number;
}

/** A request to be read into. */
export function newAsk(): Ask {
  return { ...emptyRequest(), parts: 1, error: 0 };
}

/** One client in transmission. */
export class Session {
  /** The client. */
  readonly peer: Peer;
  /** What it has chosen. */
  readonly exported: Export;
  /** Whether reads are answered in chunks. */
  readonly isStructured: boolean;
  /** Whether it may ask for `base:allocation`. */
  readonly hasAllocation: boolean;
  /** Memory for what comes and goes. */
  readonly pools: BufferPools;
  /** What goes back. */
  readonly replies: Replies;
  readonly #replyBytesMax: number;
  #owed = 0;
  #wake: (() => void) | undefined;

  /** A client that has chosen. */
  constructor(peer: Peer, agreed: Agreement, pools: BufferPools) {
    this.peer = peer;
    this.exported = agreed.exported;
    this.isStructured = agreed.isStructured;
    this.hasAllocation = agreed.hasAllocation;
    this.pools = pools;
    this.#replyBytesMax = pools.replies.count * pools.replies.chunkBytes * SHARE_OF_REPLIES;
    this.replies = new Replies(peer, pools.replies, () => this.#sent());
  }

  /** Where its requests go. */
  get volume(): VolumePort {
    return this.exported.volume;
  }

  /** Whether it may be owed another reply. Hot path. */
  get hasRoom(): boolean {
    return this.#owed < REPLIES_OWED_MAX && this.replies.bytes < this.#replyBytesMax;
  }

  /** Resolves when it may. */
  async room(): Promise<void> {
    while (!this.hasRoom) await this.#change();
  }

  /** Resolves when it is owed nothing. */
  async idle(): Promise<void> {
    while (this.#owed > 0) await this.#change();
  }

  /** Says that it is owed a reply more. Hot path. */
  owe(): void {
    this.#owed++;
  }

  /** Answers a request that has no data to be answered with. Hot path. */
  answer({ cookieHigh, cookieLow }: Ask, error: number): void {
    this.replies.push({
      compose: (view, at) => {
        writeSimpleReply(view, at, { error, cookieHigh, cookieLow });
        return SIMPLE_REPLY_BYTES;
      },
    });
  }

  /** Answers a request that should be answered with data. */
  refuseData(ask: Ask, error: number): void {
    if (!this.isStructured) return this.answer(ask, error);
    this.replies.push({
      compose: (view, at) => {
        writeErrorChunk(view, at, ask, error);
        return ERROR_CHUNK_BYTES;
      },
    });
  }

  /** Says, in a chunk, that a part of what was asked for could not be read; others may follow. */
  refusePart(ask: Ask, error: number, offset: number): void {
    const flags = ask.parts === 0 ? CHUNK_FLAG.DONE : 0;
    this.replies.push({
      compose: (view, at) => {
        writeErrorOffsetChunk(view, at, ask, error, offset);
        if (flags === 0) unmarkLast(view, at);
        return ERROR_OFFSET_CHUNK_BYTES;
      },
    });
  }

  /** What ends a request without data when the volume has answered. */
  acknowledging(ask: Ask): Asker {
    return { ended: (result) => this.answer(ask, nbdError(result)) };
  }

  #sent(): void {
    assert(this.#owed > 0, "a reply that is sent was owed");
    this.#owed--;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #change(): Promise<void> {
    assert(this.#wake === undefined, "only the reader of a session waits for room");
    return new Promise((resolve) => this.#wake = resolve);
  }
}

/** The `NBD_ERROR` of what a volume answered; 0 for a count. */
export function nbdError(result: number): number {
  if (result >= 0) return 0;
  switch (-result) {
    case ERRNO.EROFS:
      return NBD_ERROR.EPERM;
    case ERRNO.EINVAL:
      return NBD_ERROR.EINVAL;
    case ERRNO.ENOSPC:
      return NBD_ERROR.ENOSPC;
    case ERRNO.ENOMEM:
      return NBD_ERROR.ENOMEM;
    case ERRNO.EOPNOTSUPP:
      return NBD_ERROR.ENOTSUP;
    case ERRNO.ESHUTDOWN:
    case ERRNO.EHOSTDOWN:
    case ERRNO.EPIPE:
      return NBD_ERROR.ESHUTDOWN;
    default:
      return NBD_ERROR.EIO;
  }
}

/** The result of a volume's request, awaited. */
export function asked(ask: (asker: Asker) => void): Promise<number> {
  return new Promise((resolve) => ask({ ended: resolve }));
}
