/**
 * A disk whose long `zero` leaves others their turn: it is done in parts, and the driver is in its
 * event loop between two of them, where it can be stopped.
 *
 * @module
 */

import { ERRNO, nextTurn, type RequestContext } from "@hako/ipc";
import type { Disk, DiskStat, ReadRequest, RunRequest, WriteRequest } from "./disk.ts";
import { BLOCK_BYTES } from "./protocol.ts";
import { RunOrder } from "./run_order.ts";

/** Blocks that are made zero in one go: 32 MiB, which takes a disk some tens of milliseconds. */
export const PART_BLOCKS: number = 32 * 1024 * 1024 / BLOCK_BYTES;

type Answer = number | Promise<number>;

/** The handlers over a disk. While nothing long is under way they add one look to its own. */
export class PatientDisk {
  readonly #disk: Disk;
  readonly #order: RunOrder = new RunOrder();

  /** Stands before a disk. */
  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** How large the disk is, and what can be done with it. */
  stat(): DiskStat {
    return this.#disk.stat();
  }

  /** Reads a run. Hot path. */
  read(request: ReadRequest): Answer {
    if (this.#order.underWay === 0) return this.#disk.read(request);
    const { first, count, target } = request;
    return this.#behind({ first, count }, "read", () => this.#disk.read({ first, count, target }));
  }

  /** Writes a run. Hot path. */
  write(request: WriteRequest): Answer {
    if (this.#order.underWay === 0) return this.#disk.write(request);
    const { first, count, source } = request;
    return this.#behind({ first, count }, "write", () => {
      return this.#disk.write({ first, count, source });
    });
  }

  /** Makes stable what was written and answered. */
  flush(): number {
    return this.#disk.flush();
  }

  /** Makes a run zero, in parts if it is long. Nobody waits for it any more: then it ends early. */
  zero(request: RunRequest, asked: Pick<RequestContext, "isAbandoned">): Answer {
    const { first, count } = request;
    const isLong = count > PART_BLOCKS && count <= this.#disk.blockCount;
    if (this.#order.underWay === 0 && !isLong) return this.#disk.zero(request);
    return this.#behind({ first, count }, "write", async () => {
      if (!isLong || first > this.#disk.blockCount - count) {
        return this.#disk.zero({ first, count });
      }
      for (let done = 0; done < count; done += PART_BLOCKS) {
        if (asked.isAbandoned()) return -ERRNO.ECANCELED;
        const part = { first: first + done, count: Math.min(PART_BLOCKS, count - done) };
        const answer = this.#disk.zero(part);
        if (answer < 0) return answer;
        await nextTurn();
      }
      return count;
    });
  }

  /** Forgets a run. */
  discard(request: RunRequest): number {
    return this.#disk.discard(request);
  }

  async #behind({ first, count }: RunRequest, access: "read" | "write", work: () => Answer) {
    const turn = this.#order.take(first, count, access);
    try {
      if (turn.waits) await turn.begun();
      return await work();
    } finally {
      turn.end();
    }
  }
}
