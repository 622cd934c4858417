import { randomOf } from "./test_random.ts";
import { assert, assertEquals } from "@std/assert";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { DataRig, diskWithFile } from "./test_file.ts";
import { depthOf } from "./extent_node.ts";
import {
  canLoopMount,
  fsck,
  hasTool,
  readImage,
  requireTool,
  sharedBytes,
  withImage,
  withMount,
} from "./test_images.ts";

const MIB = 2 ** 20;
const KINDS: readonly (readonly [string, string[]])[] = [
  ["ext2 in blocks of 1 KiB", ["-t", "ext2", "-b", "1024"]],
  ["ext4 in blocks of 1 KiB", ["-t", "ext4", "-b", "1024"]],
  ["ext4 in blocks of 4 KiB", ["-t", "ext4", "-b", "4096"]],
];
const ignore = !hasTool("mke2fs") || !hasTool("fallocate") || !canLoopMount();

/** Lets Linux do something with the file, and answers the disk as it is afterwards. */
function withLinux(disk: MemoryDisk, use: (path: string) => void): MemoryDisk {
  return withImage(disk, (image) => {
    const isDone = withMount(image, "rw", (place) => {
      use(`${place}/file`);
      return true;
    });
    assert(isDone, "Linux mounts it");
    return readImage(image);
  });
}

function requireClean(disk: MemoryDisk): void {
  const { code, output } = fsck(disk);
  assertEquals(code, 0, output);
}

/** A file with many holes, and a part that was only kept ready, through the calls of the host. */
function shapeByLinux(path: string, blockBytes: number): void {
  using file = Deno.openSync(path, { read: true, write: true });
  for (let at = 0; at < 3000; at += 2) {
    file.seekSync(at * 2 * blockBytes, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(blockBytes + 100).fill(at % 255 + 1));
  }
  requireTool("fallocate", "-o", String(2000 * blockBytes), "-l", String(MIB), path);
  requireTool("fallocate", "-n", "-o", String(6100 * blockBytes), "-l", String(MIB), path);
}

for (const [what, args] of KINDS) {
  const hasExtents = args[1] === "ext4";
  Deno.test({
    name: `Linux and Hako go on with each other's file on ${what}`,
    ignore,
    fn() {
      const random = randomOf(args.join().length);
      const blockBytes = Number(args[3]);
      let expected: Uint8Array = new Uint8Array(0);
      const disk = withLinux(diskWithFile(48 * MIB, ...args), (path) => {
        if (hasExtents) shapeByLinux(path, blockBytes);
        else Deno.writeFileSync(path, new Uint8Array(5 * MIB).fill(3));
        expected = Deno.readFileSync(path);
      });
      const rig = new DataRig(disk);
      if (hasExtents) assert(depthOf(rig.inode.pointers) > 0, "Linux made a tree");
      assertEquals(rig.content(), sharedCopy(expected), "Hako reads what Linux wrote");
      for (let count = 0; count < 100; count++) {
        const offset = random(5 * MIB);
        const byteLength = 1 + random(30_000);
        const source = sharedBytes(byteLength).fill(count + 1);
        if (count % 3 === 0) rig.change((inode) => rig.data.punch(inode, offset, byteLength));
        else rig.write(offset, source);
      }
      rig.change((inode) => rig.data.truncate(inode, 4 * MIB + 77));
      rig.flush();
      requireClean(rig.disk);
      const after = rig.content().slice();
      const last = withLinux(rig.disk, (path) => {
        assertEquals(Deno.readFileSync(path), after, "Linux reads what Hako wrote");
        Deno.writeFileSync(path, new Uint8Array(100_000).fill(9), { append: true });
        Deno.truncateSync(path, 2 * MIB + 5);
      });
      requireClean(last);
      assertEquals(new DataRig(last).content().slice(), after.slice(0, 2 * MIB + 5));
    },
  });
}

function sharedCopy(bytes: Uint8Array): Uint8Array {
  const copy = sharedBytes(bytes.byteLength);
  copy.set(bytes);
  return copy;
}
