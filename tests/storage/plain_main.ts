/**
 * The storage server without what makes it one: requests go on to the driver, and nothing is kept.
 *
 * @module
 */

import type { Later, RequestContext } from "@hako/ipc";
import { Block } from "@hako/drivers/block";
import { enter } from "@hako/kernel/domain";
import { BlockDevice } from "../../storage-server/block_device.ts";
import { BLOCK_BYTES, Volume } from "@hako/storage-server";

const domain = await enter();
const device = new BlockDevice(domain.connect(Block, "disk"));
const byteLength = device.blockCount * BLOCK_BYTES;

function transfer(
  begin: "beginRead" | "beginWrite",
  offset: number,
  view: Uint8Array,
  context: RequestContext,
): Later {
  const later = context.later();
  while (device.room === 0) device.wait();
  device[begin](offset / BLOCK_BYTES, view.byteLength / BLOCK_BYTES, view, (errno) => {
    later.answer(errno === 0 ? view.byteLength : -errno);
  });
  return later;
}

function refuse(): never {
  throw new Error("a measurement asks for no more than transfers");
}

domain.serve(Volume, {
  stat: () => ({ byteLength, flags: 0 }),
  read: ({ offset, target }, context) => transfer("beginRead", offset, target, context),
  write: ({ offset, source }, context) => transfer("beginWrite", offset, source, context),
  flush: refuse,
  transact: refuse,
  lastTag: refuse,
  zero: refuse,
  trim: refuse,
  readVector: refuse,
  writeVector: refuse,
  extent: refuse,
});

domain.background({
  turn: () => device.poll(),
  get isWaiting() {
    return device.underWay > 0;
  },
  wait: (timeoutMs) => device.wait(timeoutMs),
});
