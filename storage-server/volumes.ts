/**
 * The volumes of one device, served together: they share its journal, and what is under way on it.
 *
 * @module
 */

import type { Background } from "@hako/ipc";
import { type AtomicWrites, BlockView } from "./block_view.ts";
import type { DeathPoint } from "./death_points.ts";
import type { Device, Point } from "./device.ts";
import type { Journal } from "./journal.ts";
import type { OpenedJournal } from "./recover.ts";
import { Transfers } from "./transfers.ts";
import { StoredVolume } from "./volume.ts";

/** How volumes are served. */
export interface VolumesOptions {
  /** Who makes sure that a block is written whole. */
  readonly atomicWrites: AtomicWrites;
  /** Where a fault plan may end this incarnation. */
  readonly point: Point<DeathPoint>;
}

/** The volumes of one device that are served, and what goes on between their requests. */
export class Volumes implements Background {
  /** The volumes by name, in the order in which they are wanted. */
  readonly byName: ReadonlyMap<string, StoredVolume>;
  readonly #device: Device;
  readonly #journal: Journal;
  readonly #transfers: Transfers;

  /**
   * Serves what was opened.
   *
   * @param opened The device's journal, recovered, and the volumes that are wanted.
   * @param options How they are served.
   */
  constructor(opened: OpenedJournal, options: VolumesOptions) {
    const { device, journal } = opened;
    const { point, atomicWrites } = options;
    const transfers = new Transfers(device, point);
    const view = new BlockView({ device, journal, transfers, atomicWrites, point });
    const parts = { device, journal, view, transfers, point };
    this.byName = new Map(opened.volumes.map((place) => [
      place.name,
      new StoredVolume(place, parts),
    ]));
    this.#device = device;
    this.#journal = journal;
    this.#transfers = transfers;
  }

  /** Answers the requests whose transfers have ended; answers how many. Hot path. */
  turn(): number {
    return this.isWaiting ? this.#device.poll() : 0;
  }

  /** Whether transfers are under way. Hot path. */
  get isWaiting(): boolean {
    return this.#transfers.isAnyUnderWay;
  }

  /** Waits for one of them, at most so long. */
  wait(timeoutMs: number): void {
    this.#device.wait(timeoutMs);
  }

  /**
   * Leaves an image with nothing to replay.
   *
   * @throws {OsError} What the device said; the image is recovered at the next boot instead.
   */
  halt(): void {
    this.#transfers.awaitAll();
    this.#journal.halt();
  }
}
