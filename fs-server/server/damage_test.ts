import { randomOf } from "../ext4/test_random.ts";
import { OsError } from "@hako/ipc";
import { DISK_BLOCK_BYTES } from "../disk/disk.ts";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { hasTool, madeByMke2fs, sharedBytes } from "../ext4/test_images.ts";
import { ALLOCATE, OPEN } from "../protocol.ts";
import { pattern, Rig, utf8 } from "./test_rig.ts";
import { sourceTree } from "./test_trees.ts";

const ignore = !hasTool("mke2fs");
const MIB = 2 ** 20;

/** Everything that reads and changes, with whatever answers; only `OsError` may come out. */
function poke(disk: MemoryDisk): void {
  let rig: Rig;
  try {
    rig = new Rig({ disk, windowBlocks: 192 });
  } catch (error) {
    if (error instanceof OsError) return;
    throw error;
  }
  visit(rig, "", 0);
  visit(rig, "/", 0);
  for (let index = 0; index < 20; index++) {
    rig.writeFile(`/new${index}`, pattern(10_000));
    rig.answer("mkdir", { path: utf8(`/dir${index}`), mode: 0o755 });
  }
  try {
    rig.fs.halt();
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
  }
}

function visit(rig: Rig, path: string, depth: number): void {
  const names = rig.list(path);
  if (typeof names === "string" || depth > 3) return;
  for (const name of names.slice(0, 25)) {
    const child = `${path}/${name}`;
    const at = utf8(child);
    rig.stat(child);
    rig.stat(child, false);
    rig.answer("readlink", { path: at, target: sharedBytes(100) });
    const target = sharedBytes(1000);
    rig.answer("listxattr", { path: at, target });
    rig.answer("getxattr", { path: at, target, name: utf8("user.x") });
    rig.answer("setxattr", { path: at, value: utf8("value"), name: utf8("user.y") });
    const handle = rig.open(child, OPEN.readWrite);
    if (typeof handle === "number") change(rig, handle);
    visit(rig, child, depth + 1);
    rig.answer("rename", { source: at, target: utf8("/moved") });
    rig.answer("unlink", { path: at });
    rig.answer("rmdir", { path: at });
  }
}

function change(rig: Rig, handle: number): void {
  const target = pattern(20_000);
  rig.answer("read", { handle, offset: 0, target });
  rig.answer("read", { handle, offset: 4_000_000, target });
  rig.answer("write", { handle, offset: 10_000, append: false, source: target });
  rig.answer("write", { handle, offset: 0, append: true, source: target });
  const flags = ALLOCATE.punchHole | ALLOCATE.keepSize;
  rig.answer("allocate", { handle, flags, offset: 4096, byteLength: 9000 });
  rig.answer("truncate", { handle, size: 5000 });
  rig.answer("close", { handle });
}

const VARIANTS: [name: string, args: string[], mutantCount: number][] = [
  ["ext2", ["-t", "ext2", "-b", "4096"], 60],
  ["ext2 of 1 KiB", ["-t", "ext2", "-b", "1024", "-I", "128"], 40],
  // Without checksums, so that more than the checksum is looked at.
  ["ext4", ["-t", "ext4", "-b", "1024", "-O", "^metadata_csum,^has_journal"], 60],
  ["ext4 with checksums", ["-t", "ext4", "-b", "4096"], 40],
];

for (const [name, args, mutantCount] of VARIANTS) {
  Deno.test({
    name: `no damage to metadata brings out anything but an OsError, or takes for ever: ${name}`,
    ignore,
    fn() {
      const sound = madeByMke2fs(24 * MIB, ...args, "-d", sourceTree());
      const metadata = [...sound.blocks().keys()].filter((block) => block < 400);
      for (let seed = 1; seed <= mutantCount; seed++) {
        const random = randomOf(seed);
        const disk = sound.clone();
        for (let flips = 1 + random(40); flips > 0; flips--) {
          const block = metadata[random(metadata.length)] as number;
          const bytes = disk.blocks().get(block) as Uint8Array;
          const end = random(2) === 0 ? 2048 : DISK_BLOCK_BYTES;
          bytes[random(end)] = random(3) === 0 ? 0xff : random(256);
        }
        try {
          poke(disk);
        } catch (error) {
          throw new Error(`seed ${seed}`, { cause: error });
        }
      }
    },
  });
}
