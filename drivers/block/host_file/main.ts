/**
 * The driver domain of a disk in one file of the host, or on one of its block devices.
 *
 * Options: `path`, the image or device; `createBytes`, to make or lengthen an image, sparse;
 * `readOnly`. It needs permission to read and write that one path, and nothing else.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { checkedOptions } from "../checked_options.ts";
import { Disk } from "../disk.ts";
import { PatientDisk } from "../patient_disk.ts";
import { Block } from "../protocol.ts";
import { hostErrno, type Image, openImage } from "./image.ts";
import { readOptions } from "./options.ts";

const domain = await enter();

function open(): Image {
  try {
    return openImage(checkedOptions(domain, readOptions), domain);
  } catch (error) {
    if (error instanceof OsError) domain.fail(error.code, error.message);
    throw error;
  }
}

const image = open();
const disk = new PatientDisk(new Disk(image, hostErrno));

domain.serve(Block, {
  stat: () => disk.stat(),
  read: (request) => disk.read(request),
  write: (request) => disk.write(request),
  flush: () => disk.flush(),
  zero: (request, context) => disk.zero(request, context),
  discard: (request) => disk.discard(request),
});

domain.onHalt(() => image.close());
