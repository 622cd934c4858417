/**
 * The system that is shown when the user has none: the standard stack on an image of its own, and two
 * apps that work on files and find each as they left it.
 *
 * ```text
 *   ann ──┐
 *         ├──▶ fs ──▶ storage ──▶ disk ──▶ IMAGE
 *   ben ──┘
 * ```
 *
 * @module
 */

import { join } from "node:path";
import { defineSystem, type DomainManifest, type SystemManifest } from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";

const MiB = 1024 * 1024;

/** Room for the journal at its least size, and for what the apps write. */
const IMAGE_BYTES = 64 * MiB;

/** A window of an app: its paths, and the largest file that it writes. */
const BUFFER_BYTES = MiB;

/** Who presses Kill a hundred times wants to see it live a hundred times. */
const RESTART = { limit: 2_000, windowMs: 10_000 };

/** A hang is noticed after a second: whoever pressed the button looks at it. */
const HANG_MS = 1_000;

/** A request may meet as many deaths of others' making, and is not what kills if it does. */
const POISON_TRIES = 1_000;

/** The apps, in the order of their seeds. */
const APPS = ["ann", "ben"] as const;

/** How the ready-made system is made. */
export interface ReadyMade {
  /** A directory that is there: the image goes there. */
  readonly directory: string;
  /** A word that ends the apps in order when it is not 0. */
  readonly stop: SharedArrayBuffer;
  /** The seed of their work. */
  readonly seed: number;
}

/** The names of the apps that work. */
export const READY_MADE_APPS: readonly string[] = APPS;

/** What the workers of the ready-made system load, below the root of the source. */
export const READY_MADE_ROOMS: readonly string[] = [
  ...["ipc", "kernel", "drivers", "storage-server", "fs-server"],
  ...["tools/scenarios", "tools/record"],
];

/** The ready-made system. */
export function readyMade({ directory, stop, seed }: ReadyMade): SystemManifest {
  const path = join(directory, "disk.img");
  const stack = filesOnImage({ path, createBytes: IMAGE_BYTES, restart: RESTART });
  const servers = Object.entries(stack).map(([name, domain]) =>
    [name, { ...domain, hangMs: HANG_MS, poisonTries: POISON_TRIES }] as const
  );
  const apps = APPS.map((name, index): readonly [string, DomainManifest] => [name, {
    kind: "app",
    module: import.meta.resolve("../scenarios/domains/file_worker.ts"),
    uses: ["files"],
    windows: { buffers: BUFFER_BYTES },
    options: { stop, seed: seed + index, directory: `/${name}` },
    restart: { limit: 0, windowMs: 1_000 }, // What it knows of its files dies with it.
  }]);
  return defineSystem({
    base: import.meta.url,
    domains: Object.fromEntries([...servers, ...apps]),
  });
}
