import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { MemoryDisk } from "../disk/memory_disk.ts";
import {
  canLoopMount,
  fsck,
  hasTool,
  madeByMke2fs,
  readImage,
  requireTool,
  withImage,
  withMount,
} from "../ext4/test_images.ts";
import { ALLOCATE, OPEN, RENAME } from "../protocol.ts";
import { pattern, Rig, utf8 } from "./test_rig.ts";
import {
  debugfsTree,
  hostTree,
  nameFromOutside,
  NAMES_FROM_OUTSIDE,
  plainTree,
  servedTree,
  sourceTree,
} from "./test_trees.ts";

const MIB = 2 ** 20;
const ignore = !hasTool("mke2fs") || !hasTool("e2fsck") || !hasTool("debugfs");
const canMount = !ignore && canLoopMount();

/** What Hako is asked to do with a tree of `sourceTree`: some of everything. */
function exercise(rig: Rig): void {
  const must = (what: string, answer: number | string) => {
    if (typeof answer === "string") throw new Error(`${what}: ${answer}`);
    return answer;
  };
  for (let index = 0; index < NAMES_FROM_OUTSIDE; index += 2) {
    const path = utf8(`/docs/deep/${nameFromOutside(index)}`);
    must(`unlink ${index}`, rig.answer("unlink", { path }));
  }
  for (let index = 0; index < 150; index++) {
    const path = `/docs/deep/${longName("ours", index)}`;
    must(`write ${index}`, rig.writeFile(path, "x".repeat(3 * index)));
  }
  const handle = must("open", rig.open("/docs/big", OPEN.readWrite));
  must("truncate", rig.answer("truncate", { handle, size: 1_000_001 }));
  must("write", rig.answer("write", write(handle, 5_000_000, utf8("end"))));
  must("punch", rig.answer("allocate", { handle, ...PUNCH, offset: 100_000, byteLength: 300_000 }));
  must("allocate", rig.answer("allocate", { handle, flags: 0, offset: 0, byteLength: 6_000_000 }));
  must("write", rig.answer("write", write(handle, 5_500_000, pattern(10_000, 9))));
  must("close", rig.answer("close", { handle }));
  must("unlink", rig.answer("unlink", { path: utf8("/docs/long") }));
  must("mkdir", rig.answer("mkdir", { path: utf8("/ours"), mode: 0o755 }));
  must("rename", rig.answer("rename", { source: utf8("/docs"), target: utf8("/ours/docs") }));
  must(
    "exchange",
    rig.answer("rename", {
      source: utf8("/motd"),
      target: utf8("/ours/docs/short"),
      flags: RENAME.exchange,
    }),
  );
  must("link", rig.answer("link", { source: utf8("/pipe"), target: utf8("/ours/pipe") }));
  const target = utf8("t".repeat(300));
  must("symlink", rig.answer("symlink", { target, path: utf8("/ours/link") }));
  must("mknod", rig.answer("mknod", { path: utf8("/ours/tty"), mode: 0o020666, device: 0x501 }));
  must("chmod", rig.answer("chmod", { path: utf8("/empty"), follow: true, mode: 0o640 }));
  must("chown", rig.answer("chown", { path: utf8("/empty"), follow: true, uid: 70_001, gid: 5 }));
  for (const [name, value] of [["user.small", "v"], ["user.large", "w".repeat(700)]] as const) {
    const set = { path: utf8("/empty"), flags: 16, value: utf8(value), name: utf8(name) };
    must(`setxattr ${name}`, rig.answer("setxattr", set));
  }
}

/** A name that takes so much room that few of them fill the blocks of a directory. */
function longName(what: string, index: number): string {
  return `${what}-${"l".repeat(40)}${index}`;
}

const PUNCH = { flags: ALLOCATE.punchHole | ALLOCATE.keepSize };

function write(handle: number, offset: number, source: Uint8Array) {
  return { handle, offset, append: false, source };
}

function requireClean(disk: MemoryDisk): void {
  const { code, output } = fsck(disk);
  assertEquals(code, 0, output);
}

/** An image with a tree in it, and that tree as the host has it. */
function withTree(args: readonly string[], byteLength = 32 * MIB) {
  const source = sourceTree();
  const disk = madeByMke2fs(byteLength, ...args, "-d", source);
  return { disk, tree: hostTree(source) };
}

/** The image is clean, and the same tree comes out of it whoever reads it. */
function requireSameEverywhere(disk: MemoryDisk): void {
  const rig = new Rig({ disk: disk.clone() });
  const tree = servedTree(rig);
  withImage(disk, (path) => {
    requireTool("e2fsck", "-fn", path);
    assertEquals(debugfsTree(path), plainTree(tree), "as debugfs reads it");
    if (!canMount) return;
    const { blockCount } = rig.fs.usage();
    withMount(path, "ro", (place) => {
      assertEquals(hostTree(place), tree, "as Linux reads it");
      assertEquals(Number(requireTool("stat", "-f", "-c", "%b", place)), blockCount, "for files");
    });
  });
}

const VARIANTS: [string, string[]][] = [];
for (const type of ["ext2", "ext3", "ext4"]) {
  for (const blockBytes of ["1024", "2048", "4096"]) {
    for (const inodeBytes of ["128", "256"]) {
      const name = `${type}, blocks of ${blockBytes}, inodes of ${inodeBytes}`;
      VARIANTS.push([name, ["-t", type, "-b", blockBytes, "-I", inodeBytes]]);
    }
  }
}
VARIANTS.push(
  ["ext2 without types", ["-t", "ext2", "-O", "^filetype,^sparse_super,^resize_inode"]],
  ["ext2 of small groups", ["-t", "ext2", "-b", "4096", "-g", "512"]],
  ["ext2 of revision 0", ["-t", "ext2", "-r", "0"]],
  ["ext4 with uninit_bg", ["-t", "ext4", "-O", "^metadata_csum,uninit_bg"]],
  ["ext4 of 32 bits", ["-t", "ext4", "-O", "^64bit"]],
  ["ext4 with metadata_csum_seed", ["-t", "ext4", "-O", "metadata_csum_seed"]],
  ["ext4 with sparse_super2", ["-t", "ext4", "-O", "sparse_super2,^resize_inode"]],
  ["ext4 with meta_bg", ["-t", "ext4", "-b", "1024", "-O", "meta_bg,^resize_inode"]],
  ["ext4 with an orphan file", ["-t", "ext4", "-O", "orphan_file"]],
  ["ext4 with large_dir", ["-t", "ext4", "-b", "1024", "-O", "large_dir"]],
  ["ext4 without extents", ["-t", "ext4", "-O", "^extent,^64bit"]],
);

for (const [name, args] of VARIANTS) {
  Deno.test({
    name: `an image of mke2fs is read and written, and Linux reads what we wrote: ${name}`,
    ignore,
    fn() {
      const { disk, tree } = withTree(args);
      const rig = new Rig({ disk });
      assertEquals(servedTree(rig), tree, "as it was made");
      exercise(rig);
      const before = servedTree(rig);
      rig.succeed();
      assertEquals(servedTree(rig), before, "as a successor sees it");
      rig.fs.halt();
      requireSameEverywhere(disk);
      const again = new Rig({ disk });
      assertEquals(again.answer("unlink", { path: utf8("/ours/docs/big") }), 0);
      assertEquals(again.answer("unlink", { path: utf8("/empty") }), 0);
      again.fs.halt();
      requireClean(disk);
    },
  });
}

const SIZE = { blockCount: 8192, inodeRatioBytes: 8192 };

for (const type of ["ext2", "ext3", "ext4"] as const) {
  for (const [blockBytes, inodeBytes] of [[1024, 128], [4096, 256]] as const) {
    Deno.test({
      name: `Linux reads and writes what we made: ${type}, blocks of ${blockBytes}`,
      ignore,
      fn() {
        const rig = new Rig({ type, blockBytes, inodeBytes, ...SIZE });
        const must = (answer: number | string) => assert(typeof answer === "number", `${answer}`);
        const files = Array.from({ length: 600 }, (_, index) => `/${longName("f", index)}`);
        files.forEach((path, index) => must(rig.writeFile(path, `${index}`)));
        for (let index = 0; index < files.length; index += 3) {
          must(rig.answer("unlink", { path: utf8(files[index]!) }));
        }
        must(rig.writeFile("/big", pattern(6_000_000)));
        rig.fs.halt();
        requireSameEverywhere(rig.disk);
        if (!canMount) return;
        const changed = withImage(rig.disk, (path) => {
          withMount(path, "rw", (place) => {
            requireTool("cp", `${place}/big`, `${place}/copy`);
            for (let index = 1; index < files.length; index += 3) {
              Deno.removeSync(`${place}${files[index]}`);
            }
          });
          return readImage(path);
        });
        requireClean(changed);
        const after = new Rig({ disk: changed });
        assertEquals(after.readFile("/copy"), pattern(6_000_000).slice());
        assertEquals(after.list("/")?.length, files.length / 3 + 3);
        requireClean(changed);
      },
    });
  }
}

Deno.test({
  name: "what Linux was doing when its power was cut is brought to an end by our mount",
  ignore: !canMount,
  fn() {
    for (const args of [["-t", "ext3"], ["-t", "ext4"], ["-t", "ext4", "-O", "orphan_file"]]) {
      const cut = withImage(
        madeByMke2fs(64 * MIB, ...args),
        (path) =>
          withMount(path, "commit=1", (place) => {
            for (let index = 0; index < 300; index++) {
              Deno.writeTextFileSync(`${place}/f${index}`, `${index}`);
            }
            using open = Deno.openSync(`${place}/f7`, { read: true });
            Deno.removeSync(`${place}/f7`);
            using directory = Deno.openSync(place, { read: true });
            directory.syncSync();
            const copy = readImage(path);
            assertEquals(open.statSync().nlink, 0);
            return copy;
          }),
      ) as MemoryDisk;
      const rig = new Rig({ disk: cut });
      assertEquals(rig.list("/")?.length, 300);
      assertEquals(rig.stat("/f7"), "ENOENT");
      assertEquals(rig.writeFile("/ours", "x"), 1);
      rig.fs.halt();
      requireClean(cut);
      const said = withImage(cut, (path) => requireTool("dumpe2fs", "-h", path));
      assert(!/needs_recovery|orphan_present|First orphan/.test(said), said);
    }
  },
});

const REFUSED: [feature: string, args: string[]][] = [
  ["inline_data", ["-O", "inline_data"]],
  ["encrypt", ["-O", "encrypt"]],
  ["casefold", ["-O", "casefold"]],
  ["ea_inode", ["-O", "ea_inode"]],
  ["mmp", ["-O", "mmp"]],
  ["journal_dev", ["-O", "journal_dev"]],
];

for (const [feature, args] of REFUSED) {
  Deno.test({
    name: `mount refuses an image with ${feature} by its name`,
    ignore,
    fn() {
      const disk = madeByMke2fs(16 * MIB, "-t", "ext4", "-b", "4096", ...args);
      const before = disk.clone();
      const error = assertThrows(() => new Rig({ disk }), OsError, feature);
      assertEquals(error.code, "EOPNOTSUPP");
      assertEquals(disk.blocks(), before.blocks());
    },
  });
}

const READ_ONLY: [feature: string, args: string[]][] = [
  ["quota", ["-O", "quota"]],
  ["project", ["-O", "project,quota"]],
  ["verity", ["-O", "verity"]],
  ["bigalloc", ["-O", "bigalloc", "-C", "16384"]],
  ["shared_blocks", ["-E", "discard", "-O", "^has_journal"]],
];

for (const [feature, args] of READ_ONLY) {
  Deno.test({
    name: `an image with ${feature} is only read`,
    ignore,
    fn() {
      const { disk, tree } = withTree(["-t", "ext4", "-b", "4096", ...args]);
      if (feature === "shared_blocks") setReadOnlyFeature(disk, 0x4000);
      const before = disk.clone();
      const rig = new Rig({ disk });
      assertEquals(servedTree(rig), tree);
      assertEquals(rig.writeFile("/new", "x"), "EROFS");
      assertEquals(rig.answer("unlink", { path: utf8("/motd") }), "EROFS");
      assertEquals(rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 }), "EROFS");
      assertEquals(rig.open("/motd", OPEN.readWrite), "EROFS");
      rig.fs.halt();
      assertEquals(disk.blocks(), before.blocks());
    },
  });
}

/** mke2fs does not make it: tune2fs and e2fsck do, of an image without checksums. */
function setReadOnlyFeature(disk: MemoryDisk, bit: number): void {
  const changed = withImage(disk, (path) => {
    requireTool("debugfs", "-w", "-R", "feature shared_blocks", path);
    return readImage(path);
  });
  const view = new DataView(changed.peek(1024, 1024).buffer);
  assertEquals(view.getUint32(100, true) & bit, bit);
  disk.poke(0, changed.peek(0, 4096));
}

Deno.test({
  name: "mount refuses what is no file system, or has more blocks than the disk",
  ignore,
  fn() {
    assertThrows(() => new Rig({ disk: new MemoryDisk(MIB) }), OsError, "no ext2");
    const whole = madeByMke2fs(16 * MIB, "-t", "ext2");
    const cut = new MemoryDisk(4 * MIB, new Map([...whole.blocks()].filter(([at]) => at < 1024)));
    assertThrows(() => new Rig({ disk: cut }), OsError, "more blocks than the volume has");
    const large = madeByMke2fs(64 * MIB, "-t", "ext4", "-b", "4096");
    const superblock = large.peek(1024, 1024);
    superblock[24] = 6;
    large.poke(1024, superblock);
    assertThrows(() => new Rig({ disk: large }), OsError);
  },
});
