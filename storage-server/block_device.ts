/**
 * The block driver's endpoint as a {@linkcode Device}.
 *
 * @module
 */

import type { Client } from "@hako/ipc";
import type { Block } from "@hako/drivers/block";
import type { Device } from "./device.ts";

/**
 * A block driver behind a channel.
 *
 * Building one asks the driver for its size. That first call is also a barrier: the driver serves
 * this incarnation's channel only after it has closed that of its predecessor, and it runs requests
 * to completion. So once it has answered, no request of a dead predecessor will be carried out any
 * more.
 */
export class BlockDevice implements Device {
  /** How many blocks the driver has. */
  readonly blockCount: number;
  readonly #disk: Client<Block>;

  /**
   * Asks the driver for its size.
   *
   * @param disk The driver's endpoint.
   */
  constructor(disk: Client<Block>) {
    this.#disk = disk;
    this.blockCount = disk.callSync("stat", {}).blockCount;
  }

  /** Reads straight into a window. Hot path. */
  read(first: number, count: number, target: Uint8Array): void {
    this.#disk.callSync("read", { first, count, target });
  }

  /** Writes straight from a window. Hot path. */
  write(first: number, count: number, source: Uint8Array): void {
    this.#disk.callSync("write", { first, count, source });
  }

  /** Makes every answered write durable. */
  flush(): void {
    this.#disk.callSync("flush", {});
  }
}
