/**
 * What there is to tell of a journal: data for a page and for JSON.
 *
 * @module
 */

import type { LastTransaction } from "../../storage-server/layouts/record.ts";
import type { VolumePlace } from "../../storage-server/layouts/superblock.ts";

/** A place in the chain of records. */
export interface Place {
  /** The number of the record that stands there, or would. */
  readonly sequence: number;
  /** Its first block within the ring. */
  readonly position: number;
}

/** One of the two superblocks. */
export interface SuperblockReport {
  /** Which: 0 or 1. */
  readonly which: number;
  /** Its block of the device. */
  readonly block: number;
  /** `"in force"`, `"older"`, or what is wrong with it. */
  readonly state: string;
  /** Which write of a superblock it was; only of a valid one. */
  readonly generation?: number;
  /** From where on it says that records are to be replayed; only of a valid one. */
  readonly checkpoint?: Place;
}

/** A record that a recovery would replay, or that keeps it from doing so. */
export interface RecordReport extends Place {
  /** The epoch of the incarnation that wrote it. */
  readonly epoch: number;
  /** Blocks of its header. */
  readonly headerBlocks: number;
  /** The blocks whose images it holds, of the device. */
  readonly blocks: readonly number[];
  /** Those whose image does not match its checksum; left out if nobody looked. */
  readonly badBlocks?: readonly number[];
  /** The last transaction of each client when it was written. */
  readonly tags: readonly LastTransaction[];
}

/** What a recovery would do. */
export interface RecoveryReport {
  /**
   * `"clean"`: nothing to replay. `"replay"`: records are replayed. `"damaged"`: nothing is, and the
   * volumes are read-only.
   */
  readonly state: "clean" | "replay" | "damaged";
  /** How many records would be replayed. */
  readonly records: number;
  /** How many images they have. */
  readonly images: number;
  /** Where the chain of records ends. */
  readonly next: Place;
  /** Whether a record was being written there when all ended, and so never happened. */
  readonly tornTail: boolean;
  /** What is damaged, and where. */
  readonly damage?: string;
}

/** How the blocks of a layer compare with their tags: how many of each kind. */
export interface TagsReport {
  /** They are what was written. */
  readonly good: number;
  /** They have no tag. */
  readonly unknown: number;
  /** They were discarded and may hold anything. */
  readonly discarded: number;
  /** They lie in dirty regions, where a tag may be older than its block. */
  readonly inDoubt: number;
  /** The blocks that are not what was written. */
  readonly badBlocks: readonly number[];
  /** The numbers of tag blocks that are not whole. */
  readonly lostTagBlocks: readonly number[];
}

/** An integrity layer below the journal. */
export interface LayerReport {
  /** Its id, in hexadecimal. */
  readonly layerId: string;
  /** The number of this leg. */
  readonly leg: number;
  /** How many legs it has. */
  readonly legCount: number;
  /** Which write of a label the newest one is. */
  readonly generation: number;
  /** How current each leg is: `"in"`, `"syncing"` or `"out"`. */
  readonly legStates: readonly string[];
  /** The blocks that it offers. */
  readonly blockCount: number;
  /** Blocks of a region. */
  readonly regionBlocks: number;
  /** Whether each block has a tag. */
  readonly isTagged: boolean;
  /** How many regions may have been written since their tags were. */
  readonly dirtyRegions: number;
  /** How many regions a leg that is not in has missed. */
  readonly missedRegions: number;
  /** How the blocks compare with their tags; only if that was asked for. */
  readonly tags?: TagsReport;
}

/** All of it. */
export interface JournalReport {
  /** The image. */
  readonly path: string;
  /** Its blocks of 4 KiB. */
  readonly blockCount: number;
  /** The integrity layer, if there is one; then the rest is told of the blocks that it offers. */
  readonly layer?: LayerReport;
  /** The version of the format. */
  readonly format: number;
  /** Both superblocks. */
  readonly superblocks: readonly SuperblockReport[];
  /** The id of the device, in hexadecimal. */
  readonly deviceId: string;
  /** The volumes. */
  readonly volumes: readonly VolumePlace[];
  /** The ring of records. */
  readonly ring: { readonly first: number; readonly blockCount: number };
  /** From where on records are to be replayed. */
  readonly checkpoint: Place;
  /** Whether images were compared with their checksums. */
  readonly verified: boolean;
  /** The records from the checkpoint on. */
  readonly records: readonly RecordReport[];
  /** What a recovery would do. */
  readonly recovery: RecoveryReport;
}
