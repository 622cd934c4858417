import { type Random, randomOf } from "./test_random.ts";
import { assertEquals, fail } from "@std/assert";
import type { DiskEvent, MemoryDisk } from "../disk/memory_disk.ts";
import { DataRig, diskWithFile } from "./test_file.ts";
import { fsck, hasTool, sharedBytes } from "./test_images.ts";

const MIB = 2 ** 20;
const SPACE = 2 * MIB;
const KINDS: readonly (readonly [string, string[], number])[] = [
  ["ext2", ["-t", "ext2", "-b", "1024"], 0],
  ["ext4", ["-t", "ext4", "-b", "1024"], 0],
  ["ext4 with a log", ["-t", "ext4", "-b", "1024"], MIB],
];

/** What was durable, and which bytes of the file were changed since. */
class Durable {
  disk: MemoryDisk;
  content: Uint8Array;
  readonly changed = new Uint8Array(4 * SPACE);

  constructor(rig: DataRig) {
    this.disk = rig.disk.clone();
    this.content = rig.content().slice();
  }
}

/** The disk after a power cut: of what came after the last flush, some writes took place or not. */
function cut(durable: Durable, events: readonly DiskEvent[], random: Random): MemoryDisk {
  const disk = durable.disk.clone();
  let transactsLeft = random(events.length + 1);
  for (const event of events) {
    if (event.kind === "write" && random(2) === 0) disk.poke(event.offset, event.bytes);
    if (event.kind === "transact" && transactsLeft-- > 0) {
      for (const { offset, bytes } of event.pieces) disk.poke(offset, bytes);
    }
  }
  return disk;
}

/** One random change; says which bytes it touches. */
function step(rig: DataRig, random: Random, changed: Uint8Array): void {
  const { data } = rig;
  const offset = random(SPACE);
  const byteLength = 1 + random(random(3) === 0 ? 300_000 : 5000);
  const end = offset + byteLength;
  switch (random(6)) {
    case 0:
      changed.fill(1, offset, end);
      rig.change((inode) => data.punch(inode, offset, byteLength));
      return;
    case 1:
      if (random(3) > 0) return;
      changed.fill(1, Math.min(offset, rig.inode.size));
      rig.change((inode) => data.truncate(inode, offset));
      return;
    case 2:
      changed.fill(1, rig.inode.size);
      rig.change((inode) => data.allocate(inode, { offset, byteLength, keepSize: false }));
      return;
    default: {
      changed.fill(1, Math.min(offset, rig.inode.size), end);
      rig.write(offset, sharedBytes(byteLength).fill(1 + random(255)));
    }
  }
}

function check(durable: Durable, disk: MemoryDisk): void {
  const { code, output } = fsck(disk);
  assertEquals(code, 0, output);
  const content = new DataRig(disk).content();
  for (let at = 0; at < durable.content.byteLength; at++) {
    if (durable.changed[at] === 1) continue;
    if (content[at] !== durable.content[at]) fail(`byte ${at} was durable and untouched`);
  }
}

for (const [what, args, logBytes] of KINDS) {
  Deno.test({
    name: `after a power cut the map is whole and what was flushed is there, ${what}`,
    ignore: !hasTool("mke2fs") || !hasTool("e2fsck"),
    fn() {
      const random = randomOf(what.length);
      // So small that freed blocks are wanted again at once.
      const rig = new DataRig(diskWithFile(8 * MIB, ...args), 2 ** 19, logBytes);
      let durable = new Durable(rig);
      const events: DiskEvent[] = [];
      rig.disk.onEvent = (event) => {
        events.push(event);
        if (event.kind !== "flush") return;
        durable.disk = rig.disk.clone();
        events.length = 0;
      };
      for (let count = 0; count < 400; count++) {
        if (random(12) === 0) {
          rig.flush();
          durable = new Durable(rig);
        }
        step(rig, random, durable.changed);
        if (count % 8 === 0) check(durable, cut(durable, events, random));
      }
    },
  });
}
