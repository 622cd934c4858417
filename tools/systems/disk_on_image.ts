/**
 * The disk at the bottom of every ready-made system: an image file of the host.
 *
 * @module
 */

import type { DomainManifest } from "@hako/kernel";
import { Block } from "@hako/drivers/block";

/** The driver of an image, which may touch that one path; makes or lengthens it if `createBytes` says so. */
export function diskOnImage(path: string, createBytes: number | undefined): DomainManifest {
  return {
    kind: "driver",
    module: import.meta.resolve("@hako/drivers/block/host-file"),
    permissions: { read: [path], write: [path] },
    serves: { disk: Block },
    options: { path, ...(createBytes === undefined ? {} : { createBytes }) },
  };
}
