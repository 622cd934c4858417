/**
 * The domain of a RAM disk: its keep, `disk`, survives its incarnations, not the system.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { Disk } from "../disk.ts";
import { Block } from "../protocol.ts";
import { MemoryFile } from "./memory_file.ts";

const domain = await enter();
const disk = new Disk(new MemoryFile(domain.keep("disk")), () => "EIO");

domain.serve(Block, {
  stat: () => disk.stat(),
  read: (request) => disk.read(request),
  write: (request) => disk.write(request),
  flush: () => disk.flush(),
  zero: (request) => disk.zero(request),
  discard: (request) => disk.discard(request),
});
