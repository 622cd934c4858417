/**
 * A volume on an image of the host, for NBD clients.
 *
 * ```text
 *   clients ──▶ nbd ──────────▶ storage ──▶ disk ──▶ IMAGE
 *               one port or     none        read and write of that one path
 *               one socket
 * ```
 *
 * @module
 */

import { resolve } from "node:path";
import type { DomainManifest, HostPermissions, RestartPolicy } from "@hako/kernel";
import { BLOCK_BYTES } from "@hako/drivers/block";
import type { ListenAddress } from "@hako/gateways/nbd";
import { Volume } from "@hako/storage-server";
import { diskOnImage } from "../systems/disk_on_image.ts";

const MiB = 1024 * 1024;

/** Blocks of a journal that is made: a 32nd of the volume within these. */
const JOURNAL_BLOCKS_MIN = 2_112;
const JOURNAL_BLOCKS_MAX = 8_192;

/** Of what tags need, at least: 32 bytes for each block, and a little. */
const TAG_SHARE = 1 / 128;
const TAG_BLOCKS_MIN = 64;

/** What is behind every volume: superblocks. */
const BLOCKS_BEHIND = 2;

/** What is served, and where. */
export interface NbdOnImageOptions {
  /** The image, an absolute path. */
  readonly path: string;
  /** Makes the image for a volume of so many bytes; it is there already if left out. */
  readonly createBytes?: number;
  /** Where the gateway listens. */
  readonly listen: ListenAddress;
  /** The export's name. */
  readonly exportName: string;
  /** Whether clients may only read. */
  readonly readOnly?: boolean;
  /** Whether every block has a tag that tells whether it is what was written. */
  readonly tags?: boolean;
  /** How often each server may die. */
  readonly restart?: RestartPolicy;
}

/** The domains `disk`, `storage` and `nbd`. */
export function nbdOnImage(
  options: NbdOnImageOptions,
): Record<"disk" | "storage" | "nbd", DomainManifest> {
  const { path, createBytes, listen, exportName, readOnly = false, tags = false } = options;
  const { restart } = options;
  const life = { spare: true, ...(restart === undefined ? {} : { restart }) };
  const made = createBytes === undefined ? undefined : sizesFor(createBytes, tags);
  return {
    disk: { ...diskOnImage(path, made?.deviceBytes), ...life },
    storage: {
      kind: "server",
      module: import.meta.resolve("@hako/storage-server/server"),
      serves: { [exportName]: Volume },
      uses: ["disk"],
      keeps: { journalTail: 16 * MiB },
      windows: { scratch: 4 * MiB },
      options: {
        tags,
        ...(made === undefined ? { format: "never" } : {
          format: "if-blank",
          journalBlocks: made.journalBlocks,
          volumes: { [exportName]: { blocks: made.volumeBlocks } },
        }),
      },
      ...life,
    },
    nbd: {
      kind: "gateway",
      module: import.meta.resolve("@hako/gateways/nbd/server"),
      permissions: listenPermissions(listen),
      uses: [exportName],
      windows: { buffers: 64 * MiB },
      options: { listen, exports: [exportName], readOnly },
      ...life,
    },
  };
}

/** What a gateway may touch of the host: one port, or one socket. */
export function listenPermissions(listen: ListenAddress): HostPermissions {
  if (!("path" in listen)) {
    const { hostname, port } = listen;
    return { net: [hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`] };
  }
  const path = resolve(listen.path);
  return { read: [path], write: [path], net: [`unix:${path}`] };
}

interface Sizes {
  readonly volumeBlocks: number;
  readonly journalBlocks: number;
  readonly deviceBytes: number;
}

/** How large an image is that holds a volume of so many bytes, rounded up to blocks. */
function sizesFor(volumeBytes: number, tags: boolean): Sizes {
  const volumeBlocks = Math.ceil(volumeBytes / BLOCK_BYTES);
  const share = Math.ceil(volumeBlocks / 32);
  const journalBlocks = Math.min(JOURNAL_BLOCKS_MAX, Math.max(JOURNAL_BLOCKS_MIN, share));
  const plain = volumeBlocks + journalBlocks + BLOCKS_BEHIND;
  const tagBlocks = tags ? TAG_BLOCKS_MIN + Math.ceil(plain * TAG_SHARE) : 0;
  return { volumeBlocks, journalBlocks, deviceBytes: (plain + tagBlocks) * BLOCK_BYTES };
}
