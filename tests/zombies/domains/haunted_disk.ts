/**
 * A server that keeps values on a disk, a block for each, and of which one life turns into a
 * zombie when asked.
 *
 * @module
 */

import { bootMessage } from "./holdings.ts";
import { Block, BLOCK_BYTES } from "@hako/drivers/block";
import { ERRNO } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Haunted } from "../haunted_protocol.ts";
import { Leash } from "../leash.ts";
import { Forgery } from "./forgery.ts";
import { Haunting } from "./haunting.ts";

const domain = await enter();
const leash = new Leash(domain.options["leash"] as SharedArrayBuffer);
if (leash.hasTurned) leash.succeed();
const boot = await bootMessage;
const disk = domain.connect(Block, "disk");
const { blockCount } = disk.callSync("stat", {});
const block = domain.window("scratch").subarray(0, BLOCK_BYTES);
const words = new Uint32Array(block.buffer, block.byteOffset, BLOCK_BYTES / 4);

domain.serve(Haunted, {
  add: () => -ERRNO.EIO,
  turn({ into }) {
    if (leash.hasTurned) return domain.epoch;
    const forgery = new Forgery(boot, leash, block, blockCount);
    new Haunting(boot, leash, () => forgery.round()).haunt(into);
    return 666; // Whoever hears this was answered by a zombie.
  },
  put({ block: first, value }) {
    words.fill(value);
    return disk.callSync("write", { first, count: 1, source: block });
  },
  get({ block: first }) {
    words.fill(0xdead);
    disk.callSync("read", { first, count: 1, target: block });
    return words.every((word) => word === words[0]) ? words[0]! : -ERRNO.EIO;
  },
});
