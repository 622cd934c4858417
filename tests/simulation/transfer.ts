/**
 * A transfer to or from a simulated disk, and who hears of its end.
 *
 * @module
 */

import type { DiskFault, DiskOperation } from "../../drivers/block/faulty/fault_plan.ts";
import type { Done } from "../../storage-server/device.ts";

/** What a port asks for. */
export interface TransferRequest {
  /** What is to be done. */
  readonly kind: DiskOperation;
  /** The first block. */
  readonly first: number;
  /** Blocks; none for a flush. */
  readonly count: number;
  /** The bytes, if it moves any. */
  readonly view: Uint8Array | undefined;
  /** Hears of the end, if the transfer was begun and not done at once. */
  readonly done: Done | undefined;
}

/** A transfer that is under way. */
export interface Transfer extends TransferRequest {
  /** Counts up. */
  readonly number: number;
  /** Who asked. */
  readonly owner: TransferOwner;
  /** For a flush: which writes it covers. */
  readonly mark: number;
  /** How it went, once it has taken effect. */
  errno: number;
  /** How far it is. */
  state: "begun" | "effected" | "answered" | "dropped";
  /** What it suffers. */
  fault: DiskFault | undefined;
}

/** Who hears of the end of transfers. */
export interface TransferOwner {
  /** One has ended. */
  hear(transfer: Transfer): void;
}

/** What takes transfers. */
export interface TransferTaker {
  /** Takes one. */
  begin(owner: TransferOwner, request: TransferRequest): Transfer;
}
