/**
 * The driver domain of a disk in one file of the host.
 *
 * Options: `path`, the image; `createBytes`, to make or lengthen it, sparse; `readOnly`. It needs
 * permission to read and write that one path, and nothing else.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Disk } from "../disk.ts";
import { Block } from "../protocol.ts";
import { hostErrno, type Image, openImage } from "./image.ts";
import { readOptions } from "./options.ts";

const domain = await enter();

function open(): Image {
  try {
    return openImage(readOptions(domain.options), domain.epoch);
  } catch (error) {
    if (error instanceof OsError) domain.fail(error.code, error.message);
    throw error;
  }
}

const image = open();
const disk = new Disk(image, hostErrno);

domain.serve(Block, {
  stat: () => disk.stat(),
  read: (request) => disk.read(request),
  write: (request) => disk.write(request),
  flush: () => disk.flush(),
});

domain.onHalt(() => image.close());
