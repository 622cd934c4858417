/**
 * All clients of a gateway: takes connections, serves each until it leaves, and leaves those that keep
 * it waiting.
 *
 * @module
 */

import type { BufferPools } from "./buffer_pools.ts";
import type { Exports } from "./exports.ts";
import { negotiate } from "./negotiation.ts";
import { type ByteStream, type Patience, Peer } from "./peer.ts";
import { transmit } from "./transmission.ts";

/** Most connections at once. Each costs 8 KiB while it is idle. */
export const CONNECTIONS_MAX = 4096;

/** What serves NBD. */
export class NbdServer {
  readonly #exports: Exports;
  readonly #pools: BufferPools;
  readonly #patience: Patience;
  readonly #peers: Set<Peer> = new Set();

  /** A server without a client. */
  constructor(exports: Exports, pools: BufferPools, patience: Patience) {
    this.#exports = exports;
    this.#pools = pools;
    this.#patience = patience;
  }

  /** How many clients there are. */
  get connectionCount(): number {
    return this.#peers.size;
  }

  /** Serves one client until it has left and nothing of it is under way. */
  async serve(stream: ByteStream): Promise<void> {
    const peer = new Peer(stream, this.#patience);
    if (this.#peers.size >= CONNECTIONS_MAX) return peer.close();
    this.#peers.add(peer);
    try {
      const agreed = await negotiate(peer, this.#exports);
      if (agreed === undefined) return;
      peer.beginTransmission();
      await transmit(peer, agreed, this.#pools);
    } finally {
      peer.close();
      this.#peers.delete(peer);
    }
  }

  /** One tick of the clock by which clients are left. */
  tick(): void {
    for (const peer of this.#peers) peer.tick();
  }

  /** Leaves every client. What it was not answered may have been done or not. */
  close(): void {
    for (const peer of this.#peers) peer.close();
  }
}
