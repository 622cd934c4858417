/**
 * How a block cache is made.
 *
 * @module
 */

import type { BlockIntegrity } from "./cached_block.ts";

/** What a fault plan may hear of the cache. */
export type CachePoint =
  | "fs.log.written"
  | "fs.log.committed"
  | "fs.checkpoint.sealed"
  | "fs.checkpoint.transacted"
  | "fs.checkpoint.emptied";

/** How a cache is made. */
export interface CacheOptions {
  /** Bytes of a block of the file system: 1, 2 or 4 KiB; 4 KiB if left out. */
  readonly blockBytes?: number;
  /** Checks and seals blocks; nobody does if left out. */
  readonly integrity?: BlockIntegrity;
  /** The keep `metadataLog`; without it each commit is a transaction of the disk. */
  readonly log?: Uint8Array;
  /** Named points at which a fault plan may end this incarnation. */
  readonly point?: (name: CachePoint) => void;
}
