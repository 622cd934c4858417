/**
 * What the host of a live view is told first.
 *
 * @module
 */

import type { SystemManifest } from "@hako/kernel";

/** What to host, and how. */
export interface DashOrder {
  /** The user's manifest, resolved; the ready-made system if left out. */
  readonly manifest?: SystemManifest;
  /** Where the ready-made system's image and nothing else goes: a directory that the host makes. */
  readonly directory: string;
  /** Begins each line of the host. */
  readonly mark: string;
  /** After how long the system halts by itself; never if left out. */
  readonly durationMs?: number;
  /** The seed of the ready-made work, and of the presses if there are any. */
  readonly seed: number;
  /** Whether the host presses buttons by itself. */
  readonly isChaos: boolean;
}
