/**
 * A disk on a host that has less room than it promised: the first write to a block takes some of what
 * is left, and when nothing is left such writes are refused with `ENOSPC`. Blocks that have been
 * written can be written again, as in a sparse file.
 *
 * Options: `device`, the endpoint below; `room`, the memory of a `HostRoom`.
 *
 * @module
 */

import { Block } from "@hako/drivers/block";
import { ERRNO } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { HostRoom } from "./host_room.ts";

const domain = await enter();
const { device, room: memory } = domain.options as {
  readonly device: string;
  readonly room: SharedArrayBuffer;
};
const below = domain.connect(Block, device);
const stat = await below.call("stat", {});
const room = new HostRoom(memory);

domain.serve(Block, {
  stat: () => stat,
  read: (request) => below.call("read", request),
  write: (request) => {
    const { first, count } = request;
    return room.take(first, count) ? below.call("write", request) : -ERRNO.ENOSPC;
  },
  zero: (request) => {
    const { first, count } = request;
    return room.take(first, count) ? below.call("zero", request) : -ERRNO.ENOSPC;
  },
  discard: (request) => below.call("discard", request),
  flush: () => below.call("flush", {}),
});
