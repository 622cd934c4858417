/**
 * The standard stack: a file system on a volume on an image file of the host.
 *
 * ```text
 *   app ──▶ fs ──▶ storage ──▶ disk ──▶ IMAGE
 *           none   none        read and write of that one path
 * ```
 *
 * @module
 */

import type { DomainManifest, RestartPolicy } from "@hako/kernel";
import { FileSystem } from "@hako/fs-server";
import { Volume } from "@hako/storage-server";
import { diskOnImage } from "./disk_on_image.ts";

/** Bytes of a KiB. */
const KiB = 1024;
/** Bytes of a MiB. */
const MiB = 1024 * KiB;

/** What the stack stands on. */
export interface ImageOptions {
  /** The image, an absolute path. */
  readonly path: string;
  /** Makes the image, or lengthens it, to this size; leaves an existing one as it is if left out. */
  readonly createBytes?: number;
  /** Blocks of the journal, if one is made; a 32nd of the image if left out. */
  readonly journalBlocks?: number;
  /** Bytes of the volume for each inode of a new file system. */
  readonly inodeRatioBytes?: number;
  /** How often each server may die. */
  readonly restart?: RestartPolicy;
  /** How long each server may compute without a sign of life, in milliseconds. */
  readonly hangMs?: number;
  /** MiB of heap after which a server dies, alone. */
  readonly memoryLimitMb?: number;
}

/** The domains `disk`, `storage` and `fs`, which serves the endpoint `files`. */
export function filesOnImage(
  options: ImageOptions,
): Record<"disk" | "storage" | "fs", DomainManifest> {
  const { path, createBytes, journalBlocks, inodeRatioBytes } = options;
  const { restart, hangMs, memoryLimitMb } = options;
  const life = {
    spare: true,
    ...(restart === undefined ? {} : { restart }),
    ...(hangMs === undefined ? {} : { hangMs }),
    ...(memoryLimitMb === undefined ? {} : { memoryLimitMb }),
  };
  return {
    disk: { ...diskOnImage(path, createBytes), ...life },
    storage: {
      kind: "server",
      module: import.meta.resolve("@hako/storage-server/server"),
      serves: { volume: Volume },
      uses: ["disk"],
      keeps: { journalTail: 16 * MiB },
      windows: { scratch: 4 * MiB },
      options: { format: "if-blank", ...(journalBlocks === undefined ? {} : { journalBlocks }) },
      ...life,
    },
    fs: {
      kind: "server",
      module: import.meta.resolve("@hako/fs-server/server"),
      serves: { files: FileSystem },
      uses: ["volume"],
      keeps: { openFiles: 1 * MiB, metadataLog: 4 * MiB, sessions: 256 * KiB },
      windows: { cache: 8 * MiB },
      options: {
        // Hako's journal lies behind the file system: it needs none of its own.
        ...{ format: "if-blank", type: "ext4", journalBlocks: 0 },
        ...(inodeRatioBytes === undefined ? {} : { inodeRatioBytes }),
      },
      ...life,
    },
  };
}
