/**
 * The system of a round: every server that there is, and clients of each kind.
 *
 * ```text
 *   filer-1, filer-2 ──▶ fs ──▶ storage ──▶ disk ──▶ IMAGE
 *   adder-1, adder-2 ──▶ tally
 * ```
 *
 * @module
 */

import { defineSystem, type DomainManifest, type SystemManifest } from "@hako/kernel";
import { filesOnImage } from "@hako/tools";
import type { Board } from "./board.ts";
import { HANG_MS } from "./kill_plan.ts";
import { Tally } from "./tally_protocol.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** The clients of the tally. */
export const ADDERS = ["adder-1", "adder-2"] as const;

/** The clients of the file system. */
export const FILERS = ["filer-1", "filer-2"] as const;

/** A round's deaths are no reason to give anybody up. */
const RESTART = { limit: 1_000_000, windowMs: 1_000 };

/** Several deaths may meet one request, which is no poison. */
const TRIES = 1_000;

/** The system of one round, on an image that it makes. */
export function killedSystem(path: string, board: Board, seed: number): SystemManifest {
  const life = { hangMs: HANG_MS, spare: true, restart: RESTART, poisonTries: TRIES };
  const files = filesOnImage({ path, createBytes: 32 * MiB });
  const domains: Record<string, DomainManifest> = {
    disk: { ...files.disk, ...life },
    storage: { ...files.storage, ...life },
    fs: { ...files.fs, ...life },
    tally: {
      kind: "server",
      module: "./domains/tally.ts",
      serves: { tally: Tally },
      keeps: { sums: 64 * KiB },
      ...life,
    },
  };
  const options = (index: number) => ({ board: board.buffer, seed: seed * 8 + index });
  for (const [index, name] of ADDERS.entries()) {
    domains[name] = {
      kind: "app",
      module: "./domains/adder.ts",
      uses: ["tally"],
      options: options(index),
    };
  }
  for (const [index, name] of FILERS.entries()) {
    domains[name] = {
      kind: "app",
      module: "./domains/filer.ts",
      uses: ["files"],
      windows: { buffers: MiB },
      options: options(4 + index),
    };
  }
  return defineSystem({ base: import.meta.url, domains });
}
