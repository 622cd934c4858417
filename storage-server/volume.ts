/**
 * A volume as its clients see it: the handlers of the `Volume` protocol.
 *
 * Plain reads and writes of whole blocks that the journal does not hold go straight between the
 * client's window and the device: they are begun, and answered when the device has done them, while
 * others are served (`transfers.ts`). Everything else runs to completion. A transaction is checked,
 * copied into the journal's tail, and true with one store; it touches the device only when the tail
 * is full.
 *
 * @module
 */

import {
  ERRNO,
  type Later,
  type Reply,
  type Request,
  type RequestContext,
  type RequestName,
} from "@hako/ipc";
import type { BlockView, Content } from "./block_view.ts";
import type { DeathPoint } from "./death_points.ts";
import { type Device, deviceErrno, type Point } from "./device.ts";
import { findExtent } from "./extent.ts";
import type { Journal } from "./journal.ts";
import type { JournalTail } from "./journal_tail.ts";
import type { VolumePlace } from "./layouts/superblock.ts";
import {
  BLOCK_BYTES,
  type operations,
  RANGE_BYTES_MAX,
  SECTOR_BYTES,
  VOLUME_FLAG,
  WRITE_FLAG,
} from "./protocol.ts";
import { TransactionTable, VectorTable } from "./request_table.ts";
import type { Transfers } from "./transfers.ts";

/** A request of the `Volume` protocol. */
export type VolumeRequest<K extends keyof typeof operations> = Request<(typeof operations)[K]>;

/** An answer of the `Volume` protocol. */
export type VolumeReply<K extends keyof typeof operations> = Reply<(typeof operations)[K]>;

/** What a handler that may answer later is told of its request. */
export type LaterContext = Pick<RequestContext, "later">;

/** What a volume stands on: all but its place is shared by the volumes of a device. */
export interface VolumeParts {
  /** The device. */
  readonly device: Device;
  /** Its journal, recovered. */
  readonly journal: Journal;
  /** Its blocks. */
  readonly view: BlockView;
  /** What is under way on it. */
  readonly transfers: Transfers;
  /** Where a fault plan may end this incarnation. */
  readonly point: Point<DeathPoint>;
}

const { EINVAL, EIO, EOPNOTSUPP, EROFS } = ERRNO;
const ANSWER_MAX = 0x7fff_ffff; // An answer is an i32.

/** A volume that is open. An operation answers a count, `-errno`, or later. */
export class StoredVolume {
  readonly #place: VolumePlace;
  readonly #byteLength: number;
  readonly #device: Device;
  readonly #journal: Journal;
  readonly #tail: JournalTail;
  readonly #view: BlockView;
  readonly #transfers: Transfers;
  readonly #point: Point<DeathPoint>;
  readonly #transaction = new TransactionTable();
  readonly #vector = new VectorTable();

  /**
   * Serves what was opened.
   *
   * @param place Where the volume lies.
   * @param parts What it stands on.
   */
  constructor(place: VolumePlace, parts: VolumeParts) {
    this.#place = place;
    this.#byteLength = place.blockCount * BLOCK_BYTES;
    this.#device = parts.device;
    this.#journal = parts.journal;
    this.#tail = parts.journal.tail;
    this.#view = parts.view;
    this.#transfers = parts.transfers;
    this.#point = parts.point;
  }

  /** How large the volume is, and what can be done with it. */
  stat(): VolumeReply<"stat"> {
    const isReadOnly = this.#device.readOnly || this.#tail.failure !== 0;
    const flags = (isReadOnly ? VOLUME_FLAG.READ_ONLY : 0) |
      (this.#zeroesFast ? VOLUME_FLAG.FAST_ZERO : 0);
    return { byteLength: this.#byteLength, flags };
  }

  /** Reads a range, the journal's images laid over what is in place. Hot path. */
  read(request: VolumeRequest<"read">, context: LaterContext): number | Later {
    const { offset, target } = request;
    const { byteLength } = target;
    if (!this.#exists(offset, byteLength) || byteLength > ANSWER_MAX) return -EINVAL;
    try {
      if (isWhole(offset, byteLength)) {
        const first = this.#place.first + offset / BLOCK_BYTES;
        const count = byteLength / BLOCK_BYTES;
        this.#transfers.awaitWrites(first, count);
        if (this.#view.isInPlace(first, count)) {
          const later = context.later();
          this.#transfers.beginRead(first, count, target, later);
          return later;
        }
      }
      this.#view.readBytes(this.#place.first, offset, target);
      return byteLength;
    } catch (error) {
      deviceErrno(error);
      return -EIO;
    }
  }

  /** Writes a range: whole blocks in place, but for pinned ones; the others as images. Hot path. */
  write(request: VolumeRequest<"write">, context: LaterContext): number | Later {
    const { offset, flags, source } = request;
    const { byteLength } = source;
    if (!this.#exists(offset, byteLength) || byteLength > ANSWER_MAX) return -EINVAL;
    if ((flags & ~WRITE_FLAG.FUA) !== 0) return -EINVAL;
    if (this.#tail.failure !== 0) return -EROFS;
    try {
      if (flags === 0 && isWhole(offset, byteLength)) {
        const first = this.#place.first + offset / BLOCK_BYTES;
        const count = byteLength / BLOCK_BYTES;
        this.#transfers.awaitWrites(first, count);
        if (this.#view.isWritableInPlace(first, count)) {
          const later = context.later();
          this.#transfers.beginWrite(first, count, source, later);
          return later;
        }
      }
      return this.#change(offset, byteLength, source, flags);
    } catch (error) {
      return -ERRNO[deviceErrno(error)];
    }
  }

  /** Makes everything acknowledged durable. */
  flush(): number {
    const { failure } = this.#tail;
    if (failure === EROFS) return 0; // A read-only device: nothing was ever acknowledged.
    if (failure !== 0) return failure === EIO ? -EIO : -EROFS;
    try {
      this.#journal.commit();
      return 0;
    } catch (error) {
      return -ERRNO[deviceErrno(error)];
    }
  }

  /** Makes a range read as zeroes. */
  zero(request: VolumeRequest<"zero">): number {
    const { offset, byteLength, flags } = request;
    if (!this.#exists(offset, byteLength) || byteLength > RANGE_BYTES_MAX) return -EINVAL;
    if ((flags & ~(WRITE_FLAG.FUA | WRITE_FLAG.FAST)) !== 0) return -EINVAL;
    if (this.#tail.failure !== 0) return -EROFS;
    if ((flags & WRITE_FLAG.FAST) !== 0 && !this.#zeroesFast) return -EOPNOTSUPP;
    try {
      this.#change(offset, byteLength, undefined, flags);
      return 0;
    } catch (error) {
      return -ERRNO[deviceErrno(error)];
    }
  }

  /** Gives back the whole blocks of a range that are not pinned; all else stays as it is. */
  trim(request: VolumeRequest<"trim">): number {
    const { offset, byteLength, flags } = request;
    if (!this.#exists(offset, byteLength) || byteLength > RANGE_BYTES_MAX) return -EINVAL;
    if ((flags & ~WRITE_FLAG.FUA) !== 0) return -EINVAL;
    if (this.#tail.failure !== 0) return -EROFS;
    const first = Math.ceil(offset / BLOCK_BYTES);
    const end = Math.floor((offset + byteLength) / BLOCK_BYTES);
    try {
      if (end > first) this.#view.discard(this.#place.first + first, end - first);
      if ((flags & WRITE_FLAG.FUA) !== 0) this.#view.makeDurable(false);
      return 0;
    } catch (error) {
      return deviceErrno(error) === "EROFS" ? -EROFS : -EIO;
    }
  }

  /** Reads scattered ranges, one behind the other. */
  readVector(request: VolumeRequest<"readVector">): number {
    const { count, table, target } = request;
    if (!this.#readVectorTable(table, count, target.byteLength)) return -EINVAL;
    const { offsets, byteLengths } = this.#vector;
    try {
      for (let index = 0, at = 0; index < count; index++) {
        const end = at + byteLengths[index]!;
        this.#view.readBytes(this.#place.first, offsets[index]!, target.subarray(at, end));
        at = end;
      }
      return target.byteLength;
    } catch (error) {
      deviceErrno(error);
      return -EIO;
    }
  }

  /** Writes scattered ranges in their order; the ranges before one that fails are written. */
  writeVector(request: VolumeRequest<"writeVector">): number {
    const { count, flags, table, source } = request;
    if ((flags & ~WRITE_FLAG.FUA) !== 0) return -EINVAL;
    if (!this.#readVectorTable(table, count, source.byteLength)) return -EINVAL;
    if (this.#tail.failure !== 0) return -EROFS;
    const { offsets, byteLengths } = this.#vector;
    const base = this.#place.first;
    try {
      let hasImages = false;
      for (let index = 0, at = 0; index < count; index++) {
        const end = at + byteLengths[index]!;
        const part = source.subarray(at, end);
        if (this.#view.writeBytes(base, offsets[index]!, end - at, part)) hasImages = true;
        at = end;
      }
      if (flags !== 0) this.#view.makeDurable(hasImages);
      return source.byteLength;
    } catch (error) {
      return -ERRNO[deviceErrno(error)];
    }
  }

  /** What the start of a range holds. A block of which a part is asked for is judged as a whole. */
  extent(request: VolumeRequest<"extent">): VolumeReply<"extent"> | number {
    const { offset, byteLength } = request;
    if (!this.#exists(offset, byteLength) || byteLength > RANGE_BYTES_MAX) return -EINVAL;
    if (byteLength === 0) return -EINVAL;
    const within = offset % BLOCK_BYTES;
    const first = this.#place.first + (offset - within) / BLOCK_BYTES;
    const count = Math.ceil((within + byteLength) / BLOCK_BYTES);
    try {
      const found = findExtent(this.#view, first, count, this.#journal.scratch);
      const foundBytes = found.blockCount * BLOCK_BYTES - within;
      return { byteLength: Math.min(byteLength, foundBytes), isZero: found.isZero ? 1 : 0 };
    } catch (error) {
      deviceErrno(error);
      return -EIO;
    }
  }

  /**
   * Writes scattered blocks, all or nothing, exactly once. Hot path.
   *
   * A request that was in flight when a server died is given again, known by its client's badge and
   * its sequence. The last one of each client is enough: transactions run to completion one at a
   * time, so only the newest of all can have gone unanswered. Tags do not serve for that: a client
   * may do several transactions for one request of its own.
   */
  transact(request: VolumeRequest<"transact">, context: RequestName): number {
    const { count, table, tagBadge, tagSequence, result, images } = request;
    const { badge, sequence } = context;
    // A dead predecessor did this very request, and only the answer is missing.
    if (this.#tail.last(badge)?.sequence === sequence) return count;
    const transaction = this.#transaction;
    if (!transaction.read(table, count, this.#place, images.byteLength)) return -EINVAL;
    this.#transfers.awaitWritesOf(transaction.blocks, count);
    try {
      this.#journal.makeRoom(count);
    } catch (error) {
      return -ERRNO[deviceErrno(error)];
    }
    this.#point("transact.checked");
    for (let index = 0; index < count; index++) {
      this.#tail.stageImage(transaction.blocks[index]!, images, transaction.offsets[index]!);
      this.#point("transact.image-copied");
    }
    this.#tail.stageLast({ badge, sequence, tagBadge, tagSequence, result });
    this.#point("transact.staged");
    this.#tail.publish();
    this.#point("transact.published");
    this.#tail.settle();
    this.#point("transact.settled");
    return count;
  }

  /** The tag and result of this client's last transaction. */
  lastTag(badge: number): VolumeReply<"lastTag"> {
    const last = this.#tail.last(badge);
    if (last === undefined) return { known: 0, tagBadge: 0, tagSequence: 0, result: 0 };
    const { tagBadge, tagSequence, result } = last;
    return { known: 1, tagBadge, tagSequence, result };
  }

  /** Images of zeroes have to be written out, so only a device that takes them in place is fast. */
  get #zeroesFast(): boolean {
    return this.#device.fastZero && this.#view.writesInPlace;
  }

  /** Whether a range is one of whole sectors of this volume. Hot path. */
  #exists(offset: number, byteLength: number): boolean {
    return offset % SECTOR_BYTES === 0 && byteLength % SECTOR_BYTES === 0 &&
      offset <= this.#byteLength && byteLength <= this.#byteLength - offset;
  }

  /** Writes a range to completion, and makes it durable if that is asked for. */
  #change(offset: number, byteLength: number, content: Content, flags: number): number {
    const hasImages = this.#view.writeBytes(this.#place.first, offset, byteLength, content);
    if ((flags & WRITE_FLAG.FUA) !== 0) this.#view.makeDurable(hasImages);
    return byteLength;
  }

  #readVectorTable(table: Uint8Array, count: number, totalBytes: number): boolean {
    return totalBytes <= ANSWER_MAX &&
      this.#vector.read(table, count, this.#byteLength, totalBytes);
  }
}

/** Whether a range is of whole blocks, and of one at least. Hot path. */
function isWhole(offset: number, byteLength: number): boolean {
  return byteLength > 0 && offset % BLOCK_BYTES === 0 && byteLength % BLOCK_BYTES === 0;
}
