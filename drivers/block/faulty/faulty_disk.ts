/**
 * A disk that passes its requests on to another one, and does to them what a plan of faults says.
 *
 * @module
 */

import { ERRNO, type RequestContext } from "@hako/ipc";
import type { DiskStat, ReadRequest, RunRequest, WriteRequest } from "../disk.ts";
import { BLOCK_BYTES } from "../protocol.ts";
import { RunOrder } from "../run_order.ts";
import { type DiskFault, type DiskFaultPlan, type DiskOperation, tear } from "./fault_plan.ts";

/** An answer, now or later: a count or `-errno`. An `OsError` that is thrown goes on up. */
export type Answer = number | Promise<number>;

/** The disk below. */
export interface LowerDisk {
  /** Reads a run. */
  read(request: ReadRequest): Answer;
  /** Writes a run. */
  write(request: WriteRequest): Answer;
  /** Makes what was written stable. */
  flush(): Answer;
  /** Makes a run zero. */
  zero(request: RunRequest): Answer;
  /** Forgets a run. */
  discard(request: RunRequest): Answer;
}

/** What a faulty disk is made of. */
export interface FaultyDiskParts {
  /** The disk below. */
  readonly disk: LowerDisk;
  /** What that one says of itself. */
  readonly stat: DiskStat;
  /** What goes wrong. */
  readonly plan: Pick<DiskFaultPlan, "next">;
  /** One block or more of a window, in which torn writes are put together. */
  readonly scratch: Uint8Array;
  /** Resolves after so many milliseconds. */
  readonly delay: (ms: number) => Promise<void>;
}

/** What a handler asks of its request's context. */
export type Asked = Pick<RequestContext, "isAbandoned">;

/** The handlers. Requests whose runs overlap keep their order, however long each takes. */
export class FaultyDisk {
  readonly #parts: FaultyDiskParts;
  readonly #order: RunOrder = new RunOrder();
  readonly #scratchOrder: RunOrder = new RunOrder();

  /** A disk that stands on another. */
  constructor(parts: FaultyDiskParts) {
    this.#parts = parts;
  }

  /** What the disk below says. */
  stat(): DiskStat {
    return this.#parts.stat;
  }

  /** Reads a run. */
  read({ first, count, target }: ReadRequest, asked: Asked): Answer {
    if (!this.#exists(first, count) || !holds(target, count)) return -ERRNO.EINVAL;
    return this.#inTurn("read", { first, count }, asked, (fault) => {
      return fault === undefined
        ? this.#parts.disk.read({ first, count, target })
        : this.#readFaulty({ first, count, target }, fault);
    });
  }

  /** Writes a run. */
  write({ first, count, source }: WriteRequest, asked: Asked): Answer {
    if (!this.#exists(first, count) || !holds(source, count)) return -ERRNO.EINVAL;
    return this.#inTurn("write", { first, count }, asked, (fault) => {
      return fault === undefined
        ? this.#parts.disk.write({ first, count, source })
        : this.#writeFaulty({ first, count, source }, fault);
    });
  }

  /** Makes what was written stable, unless it fails. */
  flush(_: unknown, asked: Asked): Answer {
    return this.#inTurn("flush", { first: 0, count: 0 }, asked, (fault) => {
      return fault?.kind === "error" ? -fault.errno : this.#parts.disk.flush();
    });
  }

  /** Makes a run zero. */
  zero({ first, count }: RunRequest, asked: Asked): Answer {
    if (!this.#exists(first, count)) return -ERRNO.EINVAL;
    return this.#inTurn("zero", { first, count }, asked, (fault) => {
      if (fault?.kind === "stale") return count;
      if (fault?.kind === "error" || fault?.kind === "full") return -fault.errno;
      return this.#parts.disk.zero({ first, count });
    });
  }

  /** Forgets a run. */
  discard({ first, count }: RunRequest, asked: Asked): Answer {
    if (!this.#exists(first, count)) return -ERRNO.EINVAL;
    return this.#inTurn("discard", { first, count }, asked, (fault) => {
      return fault?.kind === "error" ? -fault.errno : this.#parts.disk.discard({ first, count });
    });
  }

  async #inTurn(
    operation: DiskOperation,
    { first, count }: RunRequest,
    asked: Asked,
    work: (fault: DiskFault | undefined) => Answer,
  ): Promise<number> {
    const fate = this.#parts.plan.next(operation, first, count);
    const turn = this.#order.take(first, count, operation === "read" ? "read" : "write");
    try {
      if (turn.waits) await turn.begun();
      if (fate !== undefined && fate.delayMs > 0) await this.#parts.delay(fate.delayMs);
      // Time has passed: the request may be another's by now, who does it again.
      if (asked.isAbandoned()) return -ERRNO.ECANCELED;
      return await work(fate?.fault);
    } finally {
      turn.end();
    }
  }

  async #readFaulty(request: ReadRequest, fault: DiskFault): Promise<number> {
    const { disk } = this.#parts;
    const { first, count, target } = request;
    switch (fault.kind) {
      case "error":
        return -fault.errno;
      case "short": {
        const part = { first, count: fault.count, target: blocksOf(target, 0, fault.count) };
        const moved = fault.count === 0 ? 0 : await disk.read(part);
        return moved < 0 || fault.errno === 0 ? moved : -fault.errno;
      }
      case "misdirected":
        return disk.read({ first: fault.first, count, target });
      case "rot":
        return await this.#rot(request, fault);
      default:
        return disk.read(request);
    }
  }

  /** The medium is to hold what was read: the block is written back as it is now. */
  async #rot(
    { first, count, target }: ReadRequest,
    { byte, bit }: Extract<DiskFault, { readonly kind: "rot" }>,
  ): Promise<number> {
    const { disk } = this.#parts;
    const read = await disk.read({ first, count, target });
    if (read !== count) return read;
    target[byte]! ^= 1 << bit;
    const block = Math.floor(byte / BLOCK_BYTES);
    const source = blocksOf(target, block, 1);
    try {
      await disk.write({ first: first + block, count: 1, source });
    } catch {
      // A disk that cannot be written rots for this one reader.
    }
    return count;
  }

  async #writeFaulty(request: WriteRequest, fault: DiskFault): Promise<number> {
    const { disk } = this.#parts;
    const { first, count, source } = request;
    switch (fault.kind) {
      case "error":
      case "full":
        return -fault.errno;
      case "stale":
        return count;
      case "short": {
        const part = { first, count: fault.count, source: blocksOf(source, 0, fault.count) };
        const moved = fault.count === 0 ? 0 : await disk.write(part);
        return moved < 0 || fault.errno === 0 ? moved : -fault.errno;
      }
      case "torn": {
        const moved = await this.#tear(request, fault.kept);
        return moved < 0 || fault.errno === 0 ? moved : -fault.errno;
      }
      case "misdirected":
        return disk.write({ first: fault.first, count, source });
      default:
        return disk.write(request);
    }
  }

  /** As much at a time as the scratch window holds, one request at a time. */
  async #tear({ first, count, source }: WriteRequest, kept: Uint8Array): Promise<number> {
    const { disk, scratch } = this.#parts;
    const turn = this.#scratchOrder.take(0, 1, "write");
    try {
      if (turn.waits) await turn.begun();
      const blocksMax = Math.floor(scratch.byteLength / BLOCK_BYTES);
      const sectors = kept.length / count;
      for (let done = 0; done < count;) {
        const blocks = Math.min(blocksMax, count - done);
        const part = blocksOf(scratch, 0, blocks);
        const run = { first: first + done, count: blocks };
        const read = await disk.read({ ...run, target: part });
        if (read < 0) return read;
        const partKept = kept.subarray(done * sectors, (done + blocks) * sectors);
        tear(part, blocksOf(source, done, blocks), partKept);
        const written = await disk.write({ ...run, source: part });
        if (written < 0) return written;
        done += blocks;
      }
      return count;
    } finally {
      turn.end();
    }
  }

  #exists(first: number, count: number): boolean {
    const { blockCount } = this.#parts.stat;
    return first <= blockCount && count <= blockCount - first;
  }
}

function holds(view: Uint8Array, count: number): boolean {
  return view.byteLength === count * BLOCK_BYTES;
}

function blocksOf(view: Uint8Array, first: number, count: number): Uint8Array {
  return view.subarray(first * BLOCK_BYTES, (first + count) * BLOCK_BYTES);
}
