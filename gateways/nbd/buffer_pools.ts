/**
 * The gateway's window, divided.
 *
 * ```
 * zeroes (256 KiB) │ chunks for requests, half of the rest │ chunks for replies
 * ```
 *
 * Who waits for a chunk for replies may hold one for requests, never the other way round; and what is
 * in a chunk for replies leaves it when the volume has answered and the client has read, or has been
 * left. So nobody waits in a circle.
 *
 * @module
 */

import { ChunkPool } from "./chunk_pool.ts";

/** Most bytes of data in one request to a volume, and in one chunk of a reply. */
export const PIECE_BYTES_MAX: number = 512 * 1024;

/** Zeroes that are written at once. */
const ZERO_BYTES = 256 * 1024;

/** A chunk holds a piece with its header, at any alignment. */
const CHUNK_BYTES = PIECE_BYTES_MAX + 4096;

/** What every client's bytes go through. */
export interface BufferPools {
  /** For what comes from clients. */
  readonly requests: ChunkPool;
  /** For what goes to them. */
  readonly replies: ChunkPool;
  /** Zeroes, to be written. */
  readonly zeroes: Uint8Array;
}

/**
 * Divides a window of at least 2 MiB.
 *
 * @param chunkBytes Bytes of a chunk, for tests.
 */
export function divideWindow(window: Uint8Array, chunkBytes: number = CHUNK_BYTES): BufferPools {
  const half = Math.floor((window.byteLength - ZERO_BYTES) / 2 / chunkBytes) * chunkBytes;
  if (half <= 0) {
    throw new RangeError(`Cannot serve NBD with a window of ${window.byteLength} bytes`);
  }
  const zeroes = window.subarray(0, ZERO_BYTES);
  zeroes.fill(0); // A predecessor may have died in it.
  const chunks = window.subarray(ZERO_BYTES);
  return {
    zeroes,
    requests: new ChunkPool(chunks.subarray(0, half), chunkBytes),
    replies: new ChunkPool(chunks.subarray(half, 2 * half), chunkBytes),
  };
}
