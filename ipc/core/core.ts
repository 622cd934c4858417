/**
 * Loads the wasm core: one instance per memory. The source is `assembly/core.ts`; the bytes are
 * shipped beside it and rebuilt and compared by `deno task build --check`.
 *
 * @module
 */

import { CORE_BASE64 } from "./core_bytes.ts";

/**
 * The operations on the memory that the instance was made for. What each promises, and in how many
 * steps, stands in `assembly/core.ts`. Truth values are 0 or 1.
 */
export interface Core {
  /** Wakes whoever has announced a sleep on this memory's bell. */
  wake(): void;
  /** Wakes everybody, whatever the bell says. */
  rouse(): void;
  /** Announces a sleep; answers what to wait on. */
  announce(): number;
  /** Sleeps while the bell is as announced; answers whether until the time had passed. */
  wait(announced: number, timeoutMs: number): number;
  /** Doorbell, clients: there is something to take in the channel with this index. */
  ring(index: number): void;
  /** Doorbell, server: asks the clients to set ready bits. */
  useReady(): void;
  /** Doorbell, server: takes 32 ready bits. */
  takeReady(word: number): number;
  /** Client: posts and rings; 1 posted, 0 not free, 2 try again. */
  post(sequence: number): number;
  /** Client: posts a run of requests and rings once; answers how many. */
  postMany(first: number, count: number): number;
  /** Client: whether the slot of a sequence is its own. */
  isFree(sequence: number): number;
  /** Client: 0 while unanswered, then 1 (even answer) or 2 (odd). */
  reap(sequence: number): number;
  /** Client: reaps up to `limit` times. */
  spin(sequence: number, limit: number): number;
  /** Client: posts and spins; -1 not posted. */
  call(sequence: number, limit: number): number;
  /** Client: 1 never begun, 4 begun by one who died, 2 the server gives it back, 0 answered, 3 retry. */
  cancel(sequence: number): number;
  /** Server: 1 taken, 0 not there, 2 dealt with already. */
  take(sequence: number, epoch: number): number;
  /** Server: takes what a fenced incarnation had taken; else as `take`. */
  takeAgain(sequence: number, epoch: number): number;
  /** Server: takes, looking up to `limit` times. */
  spinTake(sequence: number, epoch: number, limit: number): number;
  /** Server: publishes the answer, or gives the slot back, and wakes nobody; 0 if fenced. */
  finish(sequence: number, epoch: number, oneWay: number): number;
  /** Server: publishes the answer, or gives the slot back, and wakes the client; 0 if fenced. */
  complete(sequence: number, epoch: number, oneWay: number): number;
  /** Server: whether nobody waits for what it took. */
  isAbandoned(sequence: number, epoch: number): number;
  /** Server: the first sequence that a fresh incarnation looks at. */
  firstUnfinished(): number;
  /** Owner: makes every slot FREE. */
  initialise(first: number, epoch: number): void;
  /** Owner: hands every slot to the server of `epoch`; answers how many requests wait, or -1. */
  fence(epoch: number): number;
}

/** Who is rung by `post`. */
export interface Peer {
  /** The `ring` of the server's doorbell. */
  readonly ring: (index: number) => void;
  /** The channel's index at that doorbell. */
  readonly index: number;
}

/** For whoever never posts. */
const NOBODY: Peer = { ring: () => {}, index: 0 };

let compiled: WebAssembly.Module | undefined;

/**
 * An instance of the core on one memory.
 *
 * @param memory The memory of a channel or of a doorbell.
 * @param peer What `post` rings.
 */
export function instantiateCore(memory: WebAssembly.Memory, peer: Peer = NOBODY): Core {
  compiled ??= new WebAssembly.Module(coreBytes());
  const { ring, index } = peer;
  const instance = new WebAssembly.Instance(compiled, { env: { memory }, peer: { ring, index } });
  return instance.exports as unknown as Core;
}

/** In a plain loop: `Uint8Array.from` leaves so much garbage that it costs every worker 0.2 MB. */
function coreBytes(): Uint8Array<ArrayBuffer> {
  const characters = atob(CORE_BASE64);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}
