import { type Random, randomOf } from "./test_random.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { DataRig, Death, diskWithFile } from "./test_file.ts";
import { fsck, hasTool, requireTool, sharedBytes, withImage } from "./test_images.ts";

const MIB = 2 ** 20;
const ignore = !hasTool("mke2fs") || !hasTool("e2fsck") || !hasTool("debugfs");

const VARIANTS: readonly (readonly [string, string[]])[] = [
  ["ext2 in blocks of 1 KiB", ["-t", "ext2", "-b", "1024"]],
  ["ext2 in blocks of 2 KiB", ["-t", "ext2", "-b", "2048"]],
  ["ext2 in blocks of 4 KiB", ["-t", "ext2", "-b", "4096"]],
  ["ext4 in blocks of 1 KiB", ["-t", "ext4", "-b", "1024"]],
  ["ext4 in blocks of 2 KiB", ["-t", "ext4", "-b", "2048"]],
  ["ext4 in blocks of 4 KiB", ["-t", "ext4", "-b", "4096"]],
  ["ext4 without checksums", ["-t", "ext4", "-b", "1024", "-O", "^metadata_csum,^64bit"]],
];

function pattern(byteLength: number, seed: number): Uint8Array {
  const bytes = sharedBytes(byteLength);
  const random = randomOf(seed);
  for (let at = 0; at < byteLength; at++) bytes[at] = random(255) + 1;
  return bytes;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  let at = one.byteLength === other.byteLength ? 0 : -1;
  while (at >= 0 && at < one.byteLength && one[at] === other[at]) at++;
  return at === one.byteLength;
}

function requireClean(disk: MemoryDisk): void {
  const { code, output } = fsck(disk);
  assertEquals(code, 0, output);
}

/** What debugfs reads out of the file. */
function foreignContent(disk: MemoryDisk): Uint8Array {
  const path = Deno.makeTempFileSync();
  try {
    withImage(disk, (image) => requireTool("debugfs", "-R", `dump /file ${path}`, image));
    return Deno.readFileSync(path);
  } finally {
    Deno.removeSync(path);
  }
}

/** The file as it should be. */
class Model {
  content: Uint8Array = new Uint8Array(0);

  resize(size: number): void {
    const next = new Uint8Array(size);
    next.set(this.content.subarray(0, size));
    this.content = next;
  }

  write(offset: number, source: Uint8Array): void {
    if (offset + source.byteLength > this.content.byteLength) {
      this.resize(offset + source.byteLength);
    }
    this.content.set(source, offset);
  }
}

/** One random operation on both. */
function step(rig: DataRig, model: Model, random: Random, space: number): void {
  const offset = random(3) === 0 ? random(space / 512) * 512 : random(space);
  const byteLength = 1 +
    (random(3) === 0 ? random(space / 512) * 512 : random(random(2) ? 3000 : 40_000));
  const end = offset + byteLength;
  const keepSize = random(2) === 0;
  const hasExtents = rig.map.hasExtents(rig.inode);
  const isBeyond = keepSize && end > model.content.byteLength && !hasExtents;
  switch (random(9)) {
    case 0:
      rig.change((inode) => rig.data.truncate(inode, offset));
      return model.resize(offset);
    case 1:
      rig.change((inode) => rig.data.punch(inode, offset, byteLength));
      return void model.content.fill(0, offset, end);
    case 2: {
      if (isBeyond) return;
      rig.change((inode) => rig.data.allocate(inode, { offset, byteLength, keepSize }));
      if (!keepSize && end > model.content.byteLength) model.resize(end);
      return;
    }
    case 3: {
      if (isBeyond) return;
      rig.change((inode) => rig.data.zeroRange(inode, { offset, byteLength, keepSize }));
      if (!keepSize && end > model.content.byteLength) model.resize(end);
      return void model.content.fill(0, offset, end);
    }
    case 4: {
      const target = sharedBytes(byteLength).fill(0xee);
      const count = rig.read(offset, target);
      const expected = model.content.subarray(offset, end);
      assert(same(target.subarray(0, count), expected), `read ${byteLength} at ${offset}`);
      assert(target.subarray(count).every((byte) => byte === 0xee), "nothing behind it is touched");
      return;
    }
    case 5:
      return checkSeek(rig, model, offset);
    default: {
      const source = pattern(byteLength, random(1e6));
      rig.write(offset, source);
      return model.write(offset, source);
    }
  }
}

function checkSeek(rig: DataRig, model: Model, offset: number): void {
  const { content } = model;
  if (offset >= content.byteLength) {
    assertEquals(codeOf(() => rig.data.seek(rig.inode, offset, false)), "ENXIO");
    assertEquals(codeOf(() => rig.data.seek(rig.inode, offset, true)), "ENXIO");
    return;
  }
  const hole = rig.data.seek(rig.inode, offset, true);
  assert(hole >= offset && hole <= content.byteLength);
  const { blockBytes } = rig.cache;
  if (hole < content.byteLength) {
    const blockEnd = Math.floor(hole / blockBytes + 1) * blockBytes;
    assert(content.subarray(hole, blockEnd).every((byte) => byte === 0), "a hole is zeros");
  }
  let data = content.byteLength;
  try {
    data = rig.data.seek(rig.inode, offset, false);
  } catch (error) {
    assertEquals((error as OsError).code, "ENXIO");
  }
  assert(data >= offset && (data === offset) !== (hole === offset), "it is one or the other");
  assert(content.subarray(offset, data).every((byte) => byte === 0), "what is skipped is zeros");
}

function codeOf(body: () => unknown): string {
  return assertThrows(body, OsError).code;
}

for (const [what, args] of VARIANTS) {
  for (const kind of ["", " with deaths", " with deaths and a log"]) {
    const name = `random changes of a file's data on ${what}${kind}`;
    const isMortal = kind !== "";
    Deno.test({
      name: `${name} do what a plain array does`,
      ignore,
      fn() {
        const random = randomOf(args.join().length + kind.length);
        const logBytes = kind.endsWith("log") ? MIB : 0;
        // A small cache, so that what can be done in pieces is.
        const rig = new DataRig(diskWithFile(24 * MIB, ...args), 80 * 4096, logBytes);
        const model = new Model();
        for (let count = 0; count < 300; count++) {
          if (isMortal) {
            rig.disk.before = () => {
              if (random(60) === 0) throw new Death();
            };
          }
          step(rig, model, random, 400_000);
          rig.disk.before = () => {};
          if (count % 50 === 0) rig.flush();
          if (count % 10 > 0) continue;
          assertEquals(rig.inode.size, model.content.byteLength);
          assert(same(rig.content(), model.content), `after ${count}`);
        }
        rig.flush();
        requireClean(rig.disk);
        assert(same(foreignContent(rig.disk), model.content), "debugfs reads the same");
        rig.change((inode) => rig.data.truncate(inode, 0));
        assertEquals(rig.inode.sectors, 0);
        rig.flush();
        requireClean(rig.disk);
      },
    });
  }
}
