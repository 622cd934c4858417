/**
 * The storage server's domain: recovers the volume on one block device, and serves it.
 *
 * Options: `device`, the endpoint of the block driver (`"disk"`); `format`, `"if-blank"` to make a
 * volume of a device whose tail is blank, else `"never"`; `journalBlocks`, the size of the journal
 * when it does. Keep: `journalTail`. Window: `scratch`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { Block } from "@hako/drivers/block";
import { enter } from "@hako/kernel/domain";
import { BlockDevice } from "./block_device.ts";
import type { DeathPoint } from "./death_points.ts";
import { openJournal } from "./recover.ts";
import { readOptions } from "./options.ts";
import { Volume } from "./protocol.ts";
import { StoredVolume } from "./volume.ts";

const domain = await enter();
const options = readOptions(domain.options);

function point(name: DeathPoint): void {
  domain.point(name);
}

function open(): StoredVolume {
  try {
    const opened = openJournal({
      device: new BlockDevice(domain.connect(Block, options.device)),
      scratch: domain.window("scratch"),
      keep: domain.keep("journalTail"),
      epoch: domain.epoch,
      format: options.format,
      ringLength: options.journalBlocks,
      deviceId: crypto.getRandomValues(new Uint32Array(4)),
      point,
    });
    domain.report(opened.recovery);
    return new StoredVolume(opened, point);
  } catch (error) {
    if (error instanceof OsError) domain.fail(error.code, error.message);
    throw error;
  }
}

const volume = open();

domain.serve(Volume, {
  stat: () => volume.stat(),
  read: (request) => volume.read(request),
  write: (request) => volume.write(request),
  flush: () => volume.flush(),
  transact: (request, context) => volume.transact(request, context),
  lastTag: (_, context) => volume.lastTag(context.badge),
});

domain.onHalt(() => {
  try {
    volume.halt();
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    domain.report({ unsettled: error.message }); // The next boot recovers instead.
  }
});
