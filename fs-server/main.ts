/**
 * The domain of the file server: an ext2, ext3 or ext4 file system on the volume of a storage
 * server.
 *
 * It uses the endpoint `volume` and serves `FileSystem`. Keeps: `openFiles` (1 KiB, and about 48
 * bytes for each open file), `metadataLog` (4 MiB), `sessions` (256 KiB). Window: `cache` (8 MiB).
 * Options: `format` (`"if-blank"`, or `"never"` by default) with `type`, `blockBytes`, `inodeBytes`,
 * `inodeRatioBytes`, `journalBlocks`,
 * `reservedPercent` and `label`; `uid` and `gid`, on whose authority clients act
 * that name no credential: root by default.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type Domain, enter } from "@hako/kernel/domain";
import { Volume } from "@hako/storage-server";
import { TABLE_BYTES, VolumeDisk } from "./disk/volume_disk.ts";
import { format, isBlank } from "./ext4/format.ts";
import type { FormatOptions } from "./ext4/mkfs/plan.ts";
import { FileSystem } from "./protocol.ts";
import { FileServer } from "./server/file_system.ts";
import type { Credential } from "./server/permissions.ts";
import { handlersOf } from "./server/requests.ts";
import { Upkeep } from "./server/upkeep.ts";

const domain = await enter();
const fs = mount(domain);
domain.serve(FileSystem, handlersOf(fs));
domain.onClientGone((badge) => fs.clientGone(badge));
domain.background(new Upkeep(fs));
domain.onHalt(() => fs.halt());

function mount(domain: Domain): FileServer {
  const shared = domain.window("cache");
  const window = shared.subarray(0, shared.byteLength - TABLE_BYTES);
  const nowMs = () => domain.nowMs();
  const point = (name: string) => domain.point(name);
  try {
    const disk = new VolumeDisk(domain.connect(Volume, "volume"), shared);
    if (domain.options["format"] === "if-blank" && isBlank(disk, window)) {
      format(disk, window, formatOptions(domain));
    }
    return new FileServer({
      ...{ disk, window, nowMs, point },
      keep: domain.keep("openFiles"),
      metadataLog: domain.keep("metadataLog"),
      credential: credentialOf(domain),
      clients: domain.clients(),
      sessions: {
        ...{ nowMs, point },
        keep: domain.keep("sessions"),
        clients: () => domain.clients(),
        windowName: (view) => domain.windowName(view),
        windowOf: (badge, name) => domain.windowOf(badge, name),
      },
    });
  } catch (error) {
    if (error instanceof OsError) return domain.fail(error.code, `mount: ${error.message}`);
    throw error;
  }
}

/** On whose authority clients act that name no credential. */
function credentialOf({ options: { uid, gid } }: Domain): Credential {
  const id = (value: unknown) => typeof value === "number" ? value >>> 0 : 0;
  return { uid: id(uid), gid: id(gid), groups: [] };
}

function formatOptions(domain: Domain): FormatOptions {
  const { type, label } = domain.options;
  const number = (name: keyof FormatOptions) => {
    const value = domain.options[name];
    return typeof value === "number" ? { [name]: value } : {};
  };
  return {
    uuid: crypto.getRandomValues(new Uint8Array(16)),
    nowMs: domain.nowMs(),
    ...(type === "ext2" || type === "ext3" || type === "ext4" ? { type } : {}),
    ...(typeof label === "string" ? { label } : {}),
    ...{
      ...number("blockBytes"),
      ...number("inodeBytes"),
      ...number("inodeRatioBytes"),
      ...number("journalBlocks"),
    },
    ...number("reservedPercent"),
  };
}
