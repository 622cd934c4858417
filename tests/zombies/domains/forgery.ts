/**
 * A zombie as client: writes to the disk over the channel of its life.
 *
 * @module
 */

import { Block, BLOCK_BYTES } from "@hako/drivers/block";
import { Channel, Doorbell, SLOT_COUNT } from "@hako/ipc";
import { OPERATION, placeRequest, slotWord } from "../../../ipc/channel.ts";
import { PHASE } from "../../../ipc/layouts/channel.ts";
import type { BootMessage } from "../../../kernel/messages.ts";
import type { Leash } from "../leash.ts";

const WRITE = Block.byName.get("write")!;

/** Writes of garbage, to any block, that a driver would carry out. */
export class Forgery {
  readonly #leash: Leash;
  readonly #channel: Channel;
  readonly #states: BigUint64Array;
  readonly #bell: Doorbell;
  readonly #source: Uint8Array;
  readonly #segment: number;
  readonly #blockCount: number;
  #block = 0;

  /**
   * @param boot What the domain was given: its first channel leads to the disk.
   * @param leash What it obeys.
   * @param source A block of a window of its own.
   * @param blockCount Blocks of the disk.
   */
  constructor(boot: BootMessage, leash: Leash, source: Uint8Array, blockCount: number) {
    const { memory, bell, index } = boot.used[0]!;
    this.#leash = leash;
    this.#bell = new Doorbell(bell);
    this.#channel = new Channel(memory, { ring: this.#bell.core.ring, index });
    this.#states = new BigUint64Array(memory.buffer);
    this.#source = source;
    this.#segment = boot.segments.find(({ buffer }) => buffer === source.buffer)!.id;
    this.#blockCount = blockCount;
  }

  /** Fills every slot that it can. */
  round(): void {
    const { core } = this.#channel;
    this.#source.fill(0x5e);
    const first = core.firstUnfinished();
    for (let sequence = first; sequence < first + SLOT_COUNT; sequence++) {
      this.#write(sequence);
      // First by the steps of a client. Once nobody serves the channel, by force.
      if (this.#leash.hasSuccessor) this.#force(sequence);
      else core.post(sequence);
    }
    this.#bell.ring();
  }

  #write(sequence: number): void {
    const { words } = this.#channel;
    const place = { near: 0, far: 0, payload: 0 };
    placeRequest(sequence, place);
    this.#block = (this.#block + 1) % this.#blockCount;
    const request = { first: this.#block, count: 1, source: this.#source };
    WRITE.request.write(this.#channel, place, request, {
      segmentOf: () => this.#segment,
      segment: () => undefined,
    });
    words[slotWord(sequence) + OPERATION] = WRITE.operation.code;
    if (this.#source.byteLength !== BLOCK_BYTES) throw new Error("a block is written");
  }

  /** Posts without asking whose slot it is, for whichever life of the driver. */
  #force(sequence: number): void {
    const at = slotWord(sequence) >> 1;
    const epoch = Atomics.load(this.#states, at) & 0xffff_ff00n;
    const word = (BigInt(sequence >>> 0) << 32n) | epoch | BigInt(PHASE.POSTED);
    Atomics.store(this.#states, at, word);
  }
}
