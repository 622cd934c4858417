/**
 * What the gateway offers: volumes by name.
 *
 * @module
 */

import { TRANSMISSION_FLAG } from "@hako/drivers/nbd";
import { VOLUME_FLAG } from "@hako/storage-server";
import type { VolumePort } from "./volume_port.ts";

/** A volume that clients can choose. */
export interface Export {
  /** By this name. */
  readonly name: string;
  /** How many bytes. */
  readonly byteLength: number;
  /** NBD's `TRANSMISSION_FLAG`s. */
  readonly flags: number;
  /** Where its requests go. */
  readonly volume: VolumePort;
}

/** The exports of a gateway. */
export class Exports {
  readonly #byName: Map<string, Export>;
  readonly #first: Export | undefined;

  /** @param exports The first one is also the default export, whose name is "". */
  constructor(exports: readonly Export[]) {
    this.#byName = new Map(exports.map((offered) => [offered.name, offered]));
    this.#first = exports[0];
  }

  /** The names of all. */
  get names(): string[] {
    return [...this.#byName.keys()];
  }

  /** The export that a client means. */
  find(name: string): Export | undefined {
    return name === "" ? this.#first : this.#byName.get(name);
  }
}

/**
 * The `TRANSMISSION_FLAG`s of a volume. Every connection sees what was answered on any other, and a
 * flush covers it: so a client may use several.
 *
 * @param volumeFlags What the volume says of itself.
 */
export function transmissionFlags(volumeFlags: number): number {
  const always = TRANSMISSION_FLAG.HAS_FLAGS | TRANSMISSION_FLAG.SEND_FLUSH |
    TRANSMISSION_FLAG.SEND_FUA | TRANSMISSION_FLAG.SEND_DF | TRANSMISSION_FLAG.CAN_MULTI_CONN |
    TRANSMISSION_FLAG.SEND_CACHE;
  if (volumeFlags & VOLUME_FLAG.READ_ONLY) return always | TRANSMISSION_FLAG.READ_ONLY;
  const fast = volumeFlags & VOLUME_FLAG.FAST_ZERO ? TRANSMISSION_FLAG.SEND_FAST_ZERO : 0;
  return always | TRANSMISSION_FLAG.SEND_TRIM | TRANSMISSION_FLAG.SEND_WRITE_ZEROES | fast;
}
