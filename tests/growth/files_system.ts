/**
 * The standard stack, for curves of files.
 *
 * @module
 */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { boot, defineSystem } from "@hako/kernel";
import { filesOnImage, type ImageOptions } from "@hako/tools";
import type { GrowthFigure } from "./curve.ts";

const MiB = 1024 * 1024;

/** Lets `use` work on the files of an image, and tells how long booting and halting took. */
export async function withFiles(
  image: ImageOptions,
  use: (fs: FileSystemClient) => readonly GrowthFigure[],
): Promise<readonly GrowthFigure[]> {
  const startMs = performance.now();
  const domains = filesOnImage(image);
  const system = await boot(defineSystem({ base: import.meta.url, domains }));
  try {
    const window = await system.window(4 * MiB);
    const fs = new FileSystemClient(await system.connect(FileSystem, "files"), window);
    const bootMs = performance.now() - startMs;
    const figures = use(fs);
    const haltStartMs = performance.now();
    await system.halt();
    return [
      { name: "boot", value: bootMs, unit: "ms" },
      ...figures,
      { name: "halt", value: performance.now() - haltStartMs, unit: "ms" },
    ];
  } finally {
    await system.halt();
  }
}
