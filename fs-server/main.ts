/**
 * The domain of the file server: an ext2 file system on the volume of a storage server.
 *
 * It uses the endpoint `volume`, serves `FileSystem`, keeps `openFiles` (33 KiB for 1,000 open
 * files), and has the window `cache` (8 MiB). Options: `format` (`"if-blank"` or `"never"`, the
 * default), `label`, `inodeRatioBytes`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type Domain, enter } from "@hako/kernel/domain";
import { Volume } from "@hako/storage-server";
import { Ext2FileSystem } from "./server/file_system.ts";
import { format, isBlank } from "./ext4/format.ts";
import { FileSystem } from "./protocol.ts";
import { handlersOf } from "./server/requests.ts";
import { TABLE_BYTES, VolumeDisk } from "./disk/volume_disk.ts";

const domain = await enter();
const fs = mount(domain);
domain.serve(FileSystem, handlersOf(fs));
domain.onHalt(() => fs.halt());

function mount(domain: Domain): Ext2FileSystem {
  const shared = domain.window("cache");
  const window = shared.subarray(0, shared.byteLength - TABLE_BYTES);
  try {
    const disk = new VolumeDisk(domain.connect(Volume, "volume"), shared);
    if (domain.options["format"] === "if-blank" && isBlank(disk, window)) {
      format(disk, window, formatOptions(domain));
    }
    return new Ext2FileSystem({
      disk,
      window,
      keep: domain.keep("openFiles"),
      nowMs: () => domain.nowMs(),
      point: (name) => domain.point(name),
    });
  } catch (error) {
    if (error instanceof OsError) return domain.fail(error.code, `mount: ${error.message}`);
    throw error;
  }
}

function formatOptions(domain: Domain) {
  const { label, inodeRatioBytes } = domain.options;
  return {
    uuid: crypto.getRandomValues(new Uint8Array(16)),
    nowMs: domain.nowMs(),
    ...(typeof label === "string" ? { label } : {}),
    ...(typeof inodeRatioBytes === "number" ? { inodeRatioBytes } : {}),
  };
}
