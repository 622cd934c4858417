/**
 * The block protocol's handlers over an export of an NBD server.
 *
 * @module
 */

import { ERRNO, OsError, type RequestContext } from "@hako/ipc";
import { COMMAND, COMMAND_FLAG, NBD_ERROR, TRANSMISSION_FLAG } from "../../nbd/wire.ts";
import type { DiskStat, ReadRequest, RunRequest, WriteRequest } from "../disk.ts";
import { BLOCK_BYTES, DISK_FLAG } from "../protocol.ts";
import { RunOrder } from "../run_order.ts";
import { type ExportLink, UNANSWERED } from "./export_link.ts";
import type { ExportFacts } from "./negotiation.ts";
import type { Unflushed } from "./unflushed.ts";

/** Who asks, and whether it still waits. */
export type Asker = Pick<RequestContext, "badge" | "isAbandoned">;

/** How an export is used. */
export interface RemoteDiskOptions {
  /** Whether writes are refused, whatever the server allows. */
  readonly readOnly: boolean;
  /** Whether every write is answered only when it is on stable storage. */
  readonly fua: boolean;
}

/** Bytes that one `TRIM` or `WRITE_ZEROES` names: no payload, but some time of the server. */
const RANGE_BYTES_MAX = 128 * 1024 * 1024;

/** Requests into which one is split that are under way at once. */
const PIECES_MAX = 16;

/** What is written where the server cannot write zeroes by itself. */
const ZEROES = new Uint8Array(256 * 1024);

/** What a request to the server is, but for its place. */
interface Piecewise {
  readonly command: number;
  readonly flags: number;
  /** The longest that one request may be. */
  readonly most: number;
  /** What one writes from or reads into, if it does. */
  readonly part: (start: number, byteLength: number) => {
    readonly source?: Uint8Array;
    readonly target?: Uint8Array;
  };
}

const NO_PAYLOAD = (): Record<string, never> => ({});

/** A disk behind a link. Requests whose runs overlap keep their order, over every connection. */
export class RemoteDisk {
  readonly #link: ExportLink;
  readonly #unflushed: Unflushed;
  readonly #options: RemoteDiskOptions;
  readonly #order: RunOrder = new RunOrder();

  /**
   * A disk.
   *
   * @param link Where its requests go.
   * @param unflushed What may be lost with a connection.
   * @param options How it is used.
   */
  constructor(link: ExportLink, unflushed: Unflushed, options: RemoteDiskOptions) {
    this.#link = link;
    this.#unflushed = unflushed;
    this.#options = options;
  }

  /** How large the export is, and what its server can do. */
  async stat(): Promise<DiskStat> {
    const { byteLength, flags } = await this.#facts();
    const has = (flag: number, says: number) => (flags & flag) === 0 ? 0 : says;
    return {
      blockCount: Math.floor(byteLength / BLOCK_BYTES),
      flags: (this.#isReadOnly(flags) ? DISK_FLAG.READ_ONLY : 0) |
        has(TRANSMISSION_FLAG.SEND_WRITE_ZEROES, DISK_FLAG.FAST_ZERO) |
        has(TRANSMISSION_FLAG.SEND_TRIM, DISK_FLAG.DISCARDS),
    };
  }

  /** Reads a run straight into the window. */
  read({ first, count, target }: ReadRequest, asker: Asker): Promise<number> {
    return this.#inTurn({ first, count }, "read", async ({ most }) => {
      if (target.byteLength !== count * BLOCK_BYTES) return -ERRNO.EINVAL;
      const part = (start: number, byteLength: number) => {
        return { target: target.subarray(start, start + byteLength) };
      };
      const how = { command: COMMAND.READ, flags: 0, most, part };
      const outcome = await this.#send(first, target.byteLength, how, asker);
      return outcome > 0 ? -ERRNO.EIO : answer(outcome, count); // A read fails in no other way.
    });
  }

  /** Writes a run straight from the window. */
  write({ first, count, source }: WriteRequest, asker: Asker): Promise<number> {
    return this.#inTurn({ first, count }, "write", (facts) => {
      if (source.byteLength !== count * BLOCK_BYTES) return -ERRNO.EINVAL;
      const part = (start: number, byteLength: number) => {
        return { source: source.subarray(start, start + byteLength) };
      };
      const how = { command: COMMAND.WRITE, flags: this.#durably(facts), most: facts.most, part };
      return this.#change({ first, count }, how, asker);
    });
  }

  /** Makes a run zero; by writing zeroes where the server cannot do it by itself. */
  zero({ first, count }: RunRequest, asker: Asker): Promise<number> {
    return this.#inTurn({ first, count }, "write", (facts) => {
      const flags = this.#durably(facts);
      const how = (facts.flags & TRANSMISSION_FLAG.SEND_WRITE_ZEROES) !== 0
        ? { command: COMMAND.WRITE_ZEROES, flags, most: RANGE_BYTES_MAX, part: NO_PAYLOAD }
        : {
          command: COMMAND.WRITE,
          flags,
          most: Math.min(facts.most, ZEROES.byteLength),
          part: (_: number, byteLength: number) => ({ source: ZEROES.subarray(0, byteLength) }),
        };
      return this.#change({ first, count }, how, asker);
    });
  }

  /** Forgets a run; does nothing where the server cannot. What is lost of it is no loss. */
  discard({ first, count }: RunRequest, asker: Asker): Promise<number> {
    return this.#inTurn({ first, count }, "write", async (facts) => {
      if (this.#isReadOnly(facts.flags)) return -ERRNO.EROFS;
      if ((facts.flags & TRANSMISSION_FLAG.SEND_TRIM) === 0) return count;
      const how = { command: COMMAND.TRIM, flags: 0, most: RANGE_BYTES_MAX, part: NO_PAYLOAD };
      return answer(await this.#send(first, count * BLOCK_BYTES, how, asker), count);
    });
  }

  /**
   * Returns when every write answered before it is on stable storage; fails if a connection broke
   * over one of them, since the server may have died with it.
   */
  async flush(_: unknown, asker: Asker): Promise<number> {
    const { flags } = this.#link.facts ?? await this.#facts();
    const how = { command: COMMAND.FLUSH, flags: 0, most: BLOCK_BYTES, part: NO_PAYLOAD };
    for (;;) {
      if (this.#unflushed.settle(asker.badge)) return -ERRNO.EIO;
      const isNeeded = (flags & TRANSMISSION_FLAG.SEND_FLUSH) !== 0;
      if (!isNeeded || this.#isReadOnly(flags)) return 0;
      const mark = this.#unflushed.mark();
      const outcome = await this.#post({ offset: 0, byteLength: 0 }, how, asker);
      if (outcome === UNANSWERED.LOST) continue; // What that has cost is known by now.
      if (outcome === 0) this.#unflushed.flushed(mark);
      else if (outcome !== UNANSWERED.DROPPED) {
        this.#unflushed.lose(); // What could not be flushed may be gone: the others hear of it too.
        this.#unflushed.settle(asker.badge);
      }
      return answer(outcome, 0);
    }
  }

  /** Refuses an export that cannot be what is promised here. @throws {OsError} Why. */
  check({ byteLength, flags, least, most }: ExportFacts): void {
    if (byteLength < 0) refuse("EFBIG", "it is larger than 2^53 bytes");
    if (least > BLOCK_BYTES) refuse("EOPNOTSUPP", `its blocks have ${least} bytes`);
    if (most < BLOCK_BYTES) refuse("EOPNOTSUPP", `it takes no more than ${most} bytes at once`);
    const lasting = TRANSMISSION_FLAG.SEND_FLUSH | TRANSMISSION_FLAG.SEND_FUA;
    if ((flags & lasting) === 0 && !this.#isReadOnly(flags)) {
      refuse("EOPNOTSUPP", "its server knows neither FLUSH nor FUA");
    }
    if (this.#options.fua && (flags & TRANSMISSION_FLAG.SEND_FUA) === 0) {
      refuse("EOPNOTSUPP", "its server does not know FUA");
    }
    const before = this.#link.facts;
    if (before === undefined) return;
    const needed = before.flags & USED_FLAGS;
    if (
      byteLength !== before.byteLength || most < before.most || (flags & needed) !== needed ||
      this.#isReadOnly(flags) !== this.#isReadOnly(before.flags)
    ) {
      refuse("ENODEV", "it is not the export that was there before");
    }
  }

  async #inTurn(
    { first, count }: RunRequest,
    access: "read" | "write",
    work: (facts: ExportFacts) => number | Promise<number>,
  ): Promise<number> {
    const turn = this.#order.take(first, count, access);
    try {
      if (turn.waits) await turn.begun();
      const facts = this.#link.facts ?? await this.#facts();
      const blockCount = Math.floor(facts.byteLength / BLOCK_BYTES);
      if (first > blockCount || count > blockCount - first) return -ERRNO.EINVAL;
      return await work(facts);
    } finally {
      turn.end();
    }
  }

  async #change({ first, count }: RunRequest, how: Piecewise, asker: Asker): Promise<number> {
    const facts = this.#link.facts!;
    if (this.#isReadOnly(facts.flags)) return -ERRNO.EROFS;
    const outcome = await this.#send(first, count * BLOCK_BYTES, how, asker);
    // Of what failed some may have been done: it is the caller's to write again, or to give up.
    if (outcome === 0 && (how.flags & COMMAND_FLAG.FUA) === 0) {
      this.#unflushed.acknowledge(asker.badge);
    }
    return answer(outcome, count);
  }

  /** In as many requests as the server needs; answers how the first one failed that did. */
  async #send(first: number, byteLength: number, how: Piecewise, asker: Asker): Promise<number> {
    const offset = first * BLOCK_BYTES;
    if (byteLength === 0) return 0;
    if (byteLength <= how.most) return await this.#post({ offset, byteLength }, how, asker);
    const most = how.most - how.most % BLOCK_BYTES;
    for (let start = 0; start < byteLength;) {
      const pieces: Promise<number>[] = [];
      for (; start < byteLength && pieces.length < PIECES_MAX; start += most) {
        const piece = { offset, start, byteLength: Math.min(most, byteLength - start) };
        pieces.push(this.#post(piece, how, asker));
      }
      const failed = (await Promise.all(pieces)).find((outcome) => outcome !== 0);
      if (failed !== undefined) return failed;
    }
    return 0;
  }

  #post(
    { offset, start = 0, byteLength }: {
      readonly offset: number;
      readonly start?: number;
      readonly byteLength: number;
    },
    { command, flags, part }: Piecewise,
    asker: Asker,
  ): Promise<number> {
    return new Promise((ended) =>
      this.#link.post({
        command,
        flags,
        offset: offset + start,
        byteLength,
        ...part(start, byteLength),
        isResent: command !== COMMAND.FLUSH,
        isAbandoned: () => asker.isAbandoned(),
        ended,
      })
    );
  }

  #durably({ flags }: ExportFacts): number {
    const isNeeded = this.#options.fua || (flags & TRANSMISSION_FLAG.SEND_FLUSH) === 0;
    return isNeeded ? COMMAND_FLAG.FUA : 0;
  }

  #isReadOnly(flags: number): boolean {
    return this.#options.readOnly || (flags & TRANSMISSION_FLAG.READ_ONLY) !== 0;
  }

  /** @throws {OsError} `EIO` if there has been no connection for as long as a request may wait. */
  async #facts(): Promise<ExportFacts> {
    if (await this.#link.opened()) return this.#link.facts!;
    throw new OsError("EIO", "open the export", { cause: this.#link.failure });
  }
}

/** What the next connection has to offer as well. */
const USED_FLAGS: number = TRANSMISSION_FLAG.SEND_FLUSH | TRANSMISSION_FLAG.SEND_FUA |
  TRANSMISSION_FLAG.SEND_TRIM | TRANSMISSION_FLAG.SEND_WRITE_ZEROES;

/** How the block protocol answers; what it has no word for is `EIO`. */
function answer(outcome: number, count: number): number {
  if (outcome === 0) return count;
  if (outcome === UNANSWERED.DROPPED) return -ERRNO.ECANCELED;
  if (outcome === NBD_ERROR.ENOSPC) return -ERRNO.ENOSPC;
  return outcome === NBD_ERROR.EPERM ? -ERRNO.EROFS : -ERRNO.EIO;
}

function refuse(code: "EFBIG" | "EOPNOTSUPP" | "ENODEV", why: string): never {
  throw new OsError(code, `use the export: ${why}`);
}
