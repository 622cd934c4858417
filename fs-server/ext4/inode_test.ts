import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { hasTool } from "./test_images.ts";
import { editImage, ImageRig, judge, makeImage } from "./test_mke2fs.ts";
import { fromDiskTime, type Inode, InodeTable, toDiskTime } from "./inode.ts";
import {
  FLAG_HUGE,
  INODE,
  MODE_BLOCK_DEVICE,
  MODE_CHARACTER_DEVICE,
  MODE_DIRECTORY,
  MODE_FILE,
} from "./layouts/inode.ts";

const ignore = !hasTool("mke2fs") || !hasTool("debugfs");
const FORMATS: readonly (readonly [string, readonly string[]])[] = [
  ["ext2, inodes of 128", ["-t", "ext2", "-b", "1024", "-I", "128"]],
  ["ext3, inodes of 256", ["-t", "ext3", "-b", "4096"]],
  ["ext4, inodes of 128", ["-t", "ext4", "-b", "1024", "-I", "128"]],
  ["ext4, inodes of 256", ["-t", "ext4", "-b", "4096"]],
  ["ext4, inodes of 512", ["-t", "ext4", "-b", "2048", "-I", "512"]],
];

class InodeRig extends ImageRig {
  readonly inodes: InodeTable = new InodeTable(this.cache, this.geometry);

  /** What debugfs says of an inode. */
  told(number: number): string {
    this.commit();
    const { output } = judge(this.image, "debugfs", ["-R", `stat <${number}>`]);
    assert(!/checksum.*not match|Corrupt/i.test(output), output);
    return output;
  }
}

function field(text: string, name: string): string {
  return new RegExp(`${name}: +(\\S+)`).exec(text)?.[1] ?? "";
}

/** All fields of an inode, copied. */
function plain(inode: Inode): Inode {
  return { ...inode, pointers: inode.pointers.slice() };
}

function hex(value: number, width = 8): string {
  return value.toString(16).padStart(width, "0");
}

const SECONDS = 1_234_567_890.125;

function fill(inode: Inode): void {
  inode.uid = 100_000;
  inode.gid = 4_000_000_000;
  inode.size = 5 * 2 ** 32 + 77;
  inode.links = 3;
  inode.sectors = 2 ** 31 + 8;
  inode.atime = toDiskTime(SECONDS * 1000);
  inode.mtime = toDiskTime(5_000_000_000_250);
  inode.ctime = toDiskTime(-1000);
  inode.birthTime = toDiskTime(1500);
  inode.generation = 0xdead_beef;
  inode.pointers.fill(7);
}

for (const [name, args] of FORMATS) {
  Deno.test({
    name: `an inode is stored as debugfs reads it, and loaded as it was stored: ${name}`,
    ignore,
    fn() {
      const rig = new InodeRig(makeImage(args, 20_000));
      const made = rig.inodes.create(20, MODE_FILE | 0o4751, toDiskTime(0));
      const old = made.generation;
      fill(made);
      rig.inodes.store({ ...plain(made), generation: old });
      const text = rig.told(20);
      assertEquals(field(text, "Type"), "regular");
      assertEquals(field(text, "Mode"), "04751");
      assertEquals(field(text, "User"), "100000");
      assertEquals(Number(field(text, "Group")) >>> 0, 4_000_000_000);
      assertEquals(field(text, "Size"), String(5 * 2 ** 32 + 77));
      assertEquals(field(text, "Links"), "3");
      assertEquals(field(text, "Blockcount"), String(2 ** 31 + 8));
      const isLarge = rig.sizes.inodeBytes > 128;
      const time = (seconds: number, extra: number) =>
        `0x${hex(seconds)}${isLarge ? `:${hex(extra)}` : ""}`;
      assertEquals(field(text, "atime"), time(1_234_567_890, 125_000_000 * 4));
      assertEquals(field(text, "mtime"), time(5_000_000_000 - 2 ** 32, 250_000_000 * 4 + 1));
      assertEquals(field(text, "ctime"), time(0xffff_ffff, 0));
      if (isLarge) assertEquals(field(text, "crtime"), time(1, 500_000_000 * 4));
      const none = toDiskTime(0);
      const short = (disk: { seconds: number; extra: number }) =>
        isLarge ? disk : { ...disk, extra: 0 };
      assertEquals(plain(rig.inodes.load(20)), {
        ...plain(made),
        generation: old,
        atime: short(made.atime),
        mtime: short(made.mtime),
        ctime: short(made.ctime),
        birthTime: isLarge ? made.birthTime : none,
      });
      assertEquals(plain(new InodeRig(rig.image).inodes.load(20)), plain(rig.inodes.load(20)));
    },
  });

  Deno.test({
    name: `devices have the numbers that debugfs gave them, and those we give: ${name}`,
    ignore,
    fn() {
      const commands = "mknod small c 5 1\nmknod large b 300 60000\n";
      const image = editImage(makeImage(args, 20_000), (path, run) => {
        run("debugfs", ["-w", "-f", "/dev/stdin", path], commands);
      });
      const rig = new InodeRig(image);
      assertEquals(rig.inodes.load(12).device, 0x501);
      const large = 300 * 256 + (60_000 & 255) + (60_000 >> 8) * 2 ** 20;
      assertEquals(rig.inodes.load(13).device, large);
      for (const [number, device] of [[14, 0x107], [15, large]] as const) {
        const type = number === 14 ? MODE_CHARACTER_DEVICE : MODE_BLOCK_DEVICE;
        const inode = rig.inodes.create(number, type | 0o600, toDiskTime(0));
        inode.device = device;
        inode.links = 1;
        rig.inodes.store(inode);
        assertEquals(rig.inodes.load(number).device, device);
        const expected = number === 14 ? "01:07" : "300:60000";
        assertEquals(field(rig.told(number), "major/minor number"), expected);
      }
    },
  });
}

Deno.test({
  name: "counts of blocks go beyond 32 and 48 bits where the file system has huge files",
  ignore,
  fn() {
    const rig = new InodeRig(makeImage(["-t", "ext4"], 20_000));
    const inode = rig.inodes.create(20, MODE_FILE, toDiskTime(0));
    for (const sectors of [8, 2 ** 32 - 8, 2 ** 32, 2 ** 48 - 8, 2 ** 48, 2 ** 50 + 8]) {
      inode.sectors = sectors;
      rig.inodes.store(inode);
      const { flags, sectors: loaded } = rig.inodes.load(20);
      assertEquals([loaded, (flags & FLAG_HUGE) !== 0], [sectors, sectors >= 2 ** 48]);
    }
    const small = new InodeRig(makeImage(["-t", "ext3"], 20_000));
    const refused = small.inodes.create(20, MODE_FILE, toDiskTime(0));
    refused.sectors = 2 ** 32;
    assertThrows(() => small.inodes.store(refused), OsError, "EFBIG");
  },
});

Deno.test({
  name: "fields that Hako does not know keep their bytes",
  ignore,
  fn() {
    const rig = new InodeRig(makeImage(["-t", "ext4"], 20_000));
    const inode = rig.inodes.load(11);
    const before = rig.image.slice();
    inode.mtime = toDiskTime(77_000);
    rig.inodes.store(inode);
    inode.mtime = new InodeRig(before).inodes.load(11).mtime;
    rig.inodes.store(inode);
    rig.commit();
    assertEquals(rig.image, before);
  },
});

Deno.test({
  name: "the space behind an inode's fields is found, and given to inodes of ext2 that had none",
  ignore,
  fn() {
    const rig = new InodeRig(makeImage(["-t", "ext4"], 20_000));
    const inode = rig.inodes.load(11);
    assertEquals(rig.inodes.extraSpace(inode).byteLength, 256 - 128 - 32);
    rig.inodes.changeExtraSpace(inode).set([1, 2, 3]);
    rig.inodes.store(inode);
    assertEquals([...rig.inodes.extraSpace(rig.inodes.load(11)).subarray(0, 4)], [1, 2, 3, 0]);
    rig.told(11);

    const table = rig.cache.get(rig.geometry.inodeTable(0), 5, 1);
    const at = 10 * 256;
    table.view.setUint16(at + INODE.extraBytes, 0, true);
    rig.checksums.sealInode(table, at, inode.seed);
    const old = rig.inodes.load(11);
    assertEquals([old.extraBytes, old.birthTime.seconds], [0, 0]);
    assertEquals(rig.inodes.extraSpace(old).byteLength, 0);
    assertEquals(rig.inodes.changeExtraSpace(old).byteLength, 96);
    assertEquals(rig.inodes.extraSpace(old).every((byte) => byte === 0), true);
    rig.inodes.store(old);
    assertEquals(rig.inodes.load(11).extraBytes, 32);

    const small = new InodeRig(makeImage(["-t", "ext2", "-I", "128"], 20_000));
    assertEquals(small.inodes.extraSpace(small.inodes.load(11)).byteLength, 0);
  },
});

Deno.test({
  name: "inodes that cannot be are refused",
  ignore,
  fn() {
    const rig = new InodeRig(makeImage(["-t", "ext4"], 20_000));
    for (const number of [0, -1, rig.sizes.inodeCount + 1, 2 ** 32, NaN]) {
      assertThrows(() => rig.inodes.load(number), OsError, "EUCLEAN");
    }
    const inode = rig.inodes.load(11);
    const table = rig.cache.get(rig.geometry.inodeTable(0), 5, 1);
    for (const [offset, value] of [[INODE.extraBytes, 200], [INODE.extraBytes, 30]] as const) {
      table.view.setUint16(2560 + offset, value, true);
      rig.checksums.sealInode(table, 2560, inode.seed);
      assertThrows(() => rig.inodes.load(11), OsError, "EUCLEAN");
    }
    const huge = rig.inodes.create(20, MODE_FILE, toDiskTime(0));
    rig.inodes.store(huge);
    table.view.setUint32(19 * 256 - 4096 + INODE.sizeHigh, 0, true);
    const block = rig.cache.get(rig.geometry.inodeTable(0) + 1, 5, 17);
    block.view.setUint32(3 * 256 + INODE.sizeHigh, 0x8000_0000, true);
    assertThrows(() => rig.inodes.load(20), OsError, "EUCLEAN");
  },
});

Deno.test({
  name: "a directory has a size beyond 32 bits only with large_dir",
  ignore,
  fn() {
    for (const feature of ["large_dir", "^large_dir"]) {
      const rig = new InodeRig(makeImage(["-t", "ext4", "-O", feature], 20_000));
      const inode = rig.inodes.create(20, MODE_DIRECTORY, toDiskTime(0));
      inode.size = 2 ** 33 + 4096;
      rig.inodes.store(inode);
      assertEquals(rig.inodes.load(20).size, feature === "large_dir" ? 2 ** 33 + 4096 : 4096);
    }
  },
});

Deno.test("times from 1901 to 2446 go through the disk", () => {
  for (const ms of [0, 1, 999.5, -1, -2_000_000_000_000, 1.7e12, 4_294_967_296_000, 1.4e13]) {
    assertEquals(fromDiskTime(toDiskTime(ms)), ms);
  }
  assertEquals(fromDiskTime(toDiskTime(-1e15)), -(2 ** 31) * 1000);
});

Deno.test({
  name: "an inode keeps its pointers, whether they were looked at or not",
  ignore,
  fn() {
    const rig = new InodeRig(makeImage(["-t", "ext2"], 20_000));
    const before = rig.inodes.load(2).pointers.slice();
    assert(before.some((pointer) => pointer !== 0));
    const unseen = rig.inodes.load(2);
    unseen.links = 9;
    rig.inodes.store(unseen);
    assertEquals(rig.inodes.load(2).pointers, before);
    assertEquals(unseen.pointers, before);
    const seen = rig.inodes.load(2);
    seen.pointers[14] = 5;
    assertEquals(rig.inodes.load(2).pointers, before);
    rig.inodes.store(seen);
    before[14] = 5;
    assertEquals(rig.inodes.load(2).pointers, before);
    const made = rig.inodes.create(20, MODE_FILE, toDiskTime(0));
    assertEquals(made.pointers, new Uint32Array(15));
  },
});

Deno.test({
  name: "an inode with a wrong checksum stays so when its neighbours go to the disk",
  ignore,
  fn() {
    const rig = new InodeRig(makeImage(["-t", "ext4"], 20_000));
    const table = rig.cache.get(rig.geometry.inodeTable(0), 5, 1);
    const damagedAt = 6 * 256;
    const unusedAt = 13 * 256;
    table.view.setUint32(damagedAt + INODE.mtime, 77, true);
    const before = table.bytes.slice(damagedAt, damagedAt + 256);
    assertThrows(() => rig.inodes.load(7), OsError, "EBADMSG");
    assertEquals(rig.inodes.load(14).mode, 0);
    rig.inodes.store(rig.inodes.load(11));
    rig.commit();
    const after = new InodeRig(rig.image);
    assertThrows(() => after.inodes.load(7), OsError, "EBADMSG");
    assertEquals(table.bytes.slice(damagedAt, damagedAt + 256), before);
    assertEquals(table.bytes.slice(unusedAt, unusedAt + 256), new Uint8Array(256));
    assertEquals(after.inodes.load(11).links, 2);
  },
});
