/**
 * The files of an image as a directory of the host, for every program there.
 *
 * ```text
 *   programs ──▶ Linux ──▶ mount ──▶ fs ──▶ storage ──▶ disk ──▶ IMAGE
 *                          libc      none   none        read and write of that one path
 * ```
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { DomainManifest } from "@hako/kernel";
import { filesOnImage, type ImageOptions } from "./files_on_image.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * Eight requests at once, of a page and 1 MiB each, so that the data of a WRITE begins on a page.
 */
const REQUESTS_BYTES = 8 * (MiB + 4 * KiB);

/** For what the gateway keeps in mind of files: attributes and leases. */
const KNOWN_BYTES = 128 * KiB;

/** The same where Linux keeps no pages: they lie here then. Those never touched take no memory. */
const PAGES_BYTES = 96 * MiB;

/**
 * Programs that use the files know nothing of Hako, and see no error as long as it goes on: so all may
 * die ten times a second. What dies more often than that does not work at all; then it ends in order,
 * for a mount without servers would hang whoever looks at it.
 */
const RESTART = { limit: 100, windowMs: 10_000, atLimit: "stop" } as const;

/** A request may meet that many deaths of others' making, and is not what kills if it does. */
const POISON_TRIES = 20;

/** A disk of the host may be slow, as one that has to spin up, and is no better for another driver. */
const DISK_HANG_MS = 30_000;

/** The gateway is asked whether it lives at every turn of its event loop, which it makes often. */
const MOUNT_HANG_MS = 5_000;

/** An image, and how it appears. */
export interface MountedImageOptions extends ImageOptions {
  /** Where: the absolute path of a directory that exists. */
  readonly directory: string;
  /** The absolute path of the C library; the gateway may call it and nothing else of the host. */
  readonly libc: string;
  /** What `mount` and `df` show as the device; the image's path if left out. */
  readonly fsName?: string;
  /** Whether nothing can be changed there. */
  readonly readOnly?: boolean;
  /** Whether other users may use it. Who is not root needs `user_allow_other` in /etc/fuse.conf. */
  readonly allowOther?: boolean;
  /**
   * `"writeback"`, the default: Linux keeps what is written for a while, and nobody but this mount
   * may change files. `"shared"`: other clients of the file server may, and Linux hears of it.
   */
  readonly cache?: "writeback" | "shared";
  /** As whose everything appears; on disk, what is made belongs to them. */
  readonly uid?: number;
  /** The group of everything, likewise. */
  readonly gid?: number;
  /** How long Linux may believe what it was told of a file, in milliseconds. */
  readonly attrTimeoutMs?: number;
  /** How long Linux may believe what stands under a name, in milliseconds. */
  readonly entryTimeoutMs?: number;
  /** Whether each read and write of a program reaches the gateway. */
  readonly directIo?: boolean;
}

/**
 * The domains `disk`, `storage`, `fs` and `mount`. Each may be killed as often as ten times a second.
 *
 * @throws {OsError} `EINVAL` if the image lies below the directory: its driver would wait for itself.
 */
export function mountedImage(
  options: MountedImageOptions,
): Record<"disk" | "storage" | "fs" | "mount", DomainManifest> {
  const { path, directory, libc, createBytes, journalBlocks, inodeRatioBytes, ...rest } = options;
  const { restart = RESTART, fsName = path, ...appearance } = rest;
  if (path.startsWith(`${directory === "/" ? "" : directory}/`)) {
    throw new OsError("EINVAL", `mount ${path} at ${directory}: it lies there itself`);
  }
  const image = {
    path,
    restart,
    ...(createBytes === undefined ? {} : { createBytes }),
    ...(journalBlocks === undefined ? {} : { journalBlocks }),
    ...(inodeRatioBytes === undefined ? {} : { inodeRatioBytes }),
  };
  const { disk, storage, fs } = filesOnImage(image);
  const life = { poisonTries: POISON_TRIES };
  return {
    disk: { ...disk, ...life, hangMs: DISK_HANG_MS },
    storage: { ...storage, ...life },
    fs: { ...fs, ...life },
    mount: {
      kind: "gateway",
      module: import.meta.resolve("@hako/gateways/fuse/server"),
      permissions: { ffi: [libc] },
      uses: ["files"],
      keeps: { mount: 64 * KiB },
      windows: {
        requests: REQUESTS_BYTES,
        places: 64 * KiB + (appearance.directIo ? PAGES_BYTES : KNOWN_BYTES),
        changes: 64 * KiB,
      },
      options: { directory, libc, fsName, ...appearance },
      ...{ spare: true, restart, hangMs: MOUNT_HANG_MS, ...life },
    },
  };
}
