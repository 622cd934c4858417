/**
 * Loads the wasm core: one instance per memory. The source is `assembly/core.ts`; the bytes are
 * shipped beside it and rebuilt and compared by `deno task build --check`.
 *
 * @module
 */

import { CORE_BASE64 } from "./core_bytes.ts";

/** The operations on the memory that the instance was made for; see `assembly/core.ts`. */
export interface Core {
  /** Makes every slot FREE. */
  initialise(first: number, epoch: number): void;
  /** Client: posts and rings; 1 if posted. */
  post(sequence: number): number;
  /** Client: 0 while unanswered, then 1 (even reply area) or 2 (odd). */
  poll(sequence: number): number;
  /** Client: polls up to `limit` times. */
  spin(sequence: number, limit: number): number;
  /** Client: posts and spins; -1 if the slot is not free. */
  call(sequence: number, limit: number): number;
  /** Client: gives the slot of an answered request back. */
  reap(sequence: number): number;
  /** Server: 1 taken, 0 not there, 2 dealt with already. */
  take(sequence: number, epoch: number): number;
  /** Server: publishes the answer and rings; 0 if fenced. */
  complete(sequence: number, epoch: number): number;
  /** Kernel: hands every slot to the server of `epoch`; answers how many requests wait. */
  fence(epoch: number): number;
  /** Server: the first sequence that a fresh incarnation looks at. */
  firstUnfinished(): number;
  /** Rings the client of the channel. */
  ringClient(): void;
  /** Doorbell: rings its domain. */
  ring(): void;
  /** Doorbell: looks up to `limit` times for a bell other than `seen`. */
  spinBell(seen: number, limit: number): number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * An instance of the core on one memory.
 *
 * @param memory The memory of a channel or of a doorbell.
 * @param ringPeer What `post` calls when a request is there: the `ring` of the server's doorbell.
 */
export function instantiateCore(memory: WebAssembly.Memory, ringPeer: () => void): Core {
  compiled ??= new WebAssembly.Module(coreBytes());
  const instance = new WebAssembly.Instance(compiled, {
    env: { memory },
    peer: { ring: ringPeer },
  });
  return instance.exports as unknown as Core;
}

function coreBytes(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(CORE_BASE64), (character) => character.charCodeAt(0));
}
