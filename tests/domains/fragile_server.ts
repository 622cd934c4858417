/**
 * What both versions of the fragile server do.
 *
 * @module
 */

import type { Domain } from "@hako/kernel/domain";
import { Fragile } from "./fragile_protocol.ts";

/** Serves, as the given version. */
export function serveFragile(domain: Domain, version: number): void {
  const words = new Int32Array(domain.keep("nonces").buffer);
  domain.serve(Fragile, {
    ping: () => ({ epoch: domain.epoch, version }),
    kill({ how }) {
      if (how === "throw") throw new Error("asked to throw");
      if (how === "exit") self.close();
      const endMs = domain.nowMs() + 2_000; // Far beyond any limit of a test, and no burden later.
      while (domain.nowMs() < endMs);
      return 0;
    },
    dieOnce({ nonce }) {
      if (Atomics.exchange(words, nonce % words.length, 1) === 1) return nonce;
      throw new Error("asked to die once");
    },
  });
}
