import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { DeathPoint } from "./death_points.ts";
import { BLOCK_BYTES } from "../disk/disk.ts";
import { FLAG_INDEX } from "../ext4/layouts/inode.ts";
import { MemoryDisk } from "../disk/memory_disk.ts";
import { OPEN } from "../protocol.ts";
import {
  fsck,
  hasTool,
  pattern,
  randomOf,
  readImage,
  Rig,
  runTool,
  utf8,
  withImage,
} from "./test_rig.ts";

const ignore = !hasTool("mke2fs") || !hasTool("e2fsck");

/** A disk that mke2fs made. */
function foreign(args: string[], blockCount = 4096): MemoryDisk {
  const path = Deno.makeTempFileSync({ suffix: ".ext2" });
  try {
    const { code, output } = runTool("mke2fs", [
      ...["-q", "-F", "-b", "4096"],
      ...args,
      path,
      String(blockCount),
    ]);
    assertEquals(code, 0, output);
    return readImage(path);
  } finally {
    Deno.removeSync(path);
  }
}

/** By ln(1), since `Deno.symlinkSync` wants to read and write everything. */
function makeLink(target: string, path: string): void {
  const { success } = new Deno.Command("ln", { args: ["-s", target, path] }).outputSync();
  assert(success, "ln -s works");
}

/** A tree for `mke2fs -d`. */
function withTree<T>(use: (path: string) => T): T {
  const path = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${path}/docs/deep`, { recursive: true });
    Deno.writeTextFileSync(`${path}/motd`, "hello from outside");
    Deno.writeFileSync(`${path}/docs/big`, pattern(3_000_000, 5).slice());
    makeLink("../motd", `${path}/docs/short`);
    makeLink("x".repeat(200), `${path}/docs/long`);
    Deno.linkSync(`${path}/motd`, `${path}/docs/deep/hard`);
    for (let index = 0; index < 300; index++) {
      Deno.writeTextFileSync(`${path}/docs/deep/name-from-outside-${index}`, `${index}`);
    }
    return use(path);
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
}

function requireClean(rig: Rig): void {
  const { code, output } = fsck(rig.disk);
  assertEquals(code, 0, output);
}

/** Reads and changes what `withTree` made. */
function exercise(rig: Rig): void {
  assertEquals(rig.readText("/docs/short"), "hello from outside");
  assertEquals(rig.readFile("/docs/big"), pattern(3_000_000, 5).slice());
  assertEquals((rig.list("/docs/deep") as string[]).length, 301);
  for (let index = 0; index < 300; index += 2) {
    assertEquals(rig.readText(`/docs/deep/name-from-outside-${index}`), `${index}`);
    assertEquals(rig.answer("unlink", { path: utf8(`/docs/deep/name-from-outside-${index}`) }), 0);
  }
  for (let index = 0; index < 500; index++) rig.writeFile(`/docs/deep/ours${index}`, "x");
  const handle = rig.open("/docs/big", OPEN.readWrite) as number;
  assertEquals(rig.answer("truncate", { handle, size: 1_000_001 }), 0);
  rig.answer("write", { handle, offset: 5_000_000, append: false, source: utf8("end") });
  rig.answer("close", { handle });
  assertEquals(rig.answer("unlink", { path: utf8("/docs/long") }), 0);
  assertEquals(rig.answer("mkdir", { path: utf8("/ours"), mode: 0o755 }), 0);
  rig.answer("rename", { source: utf8("/docs"), target: utf8("/ours/docs") });
  requireClean(rig);
  assertEquals(rig.answer("unlink", { path: utf8("/ours/docs/big") }), 0);
  rig.fs.halt();
  requireClean(rig);
}

const KINDS: Record<string, string[]> = {
  "ext2": ["-t", "ext2"],
  "ext2 with small inodes": ["-t", "ext2", "-I", "128"],
  "ext2 ready to grow": ["-t", "ext2", "-O", "resize_inode,dir_index,ext_attr,filetype"],
  "ext2 without types": ["-t", "ext2", "-O", "^filetype,^sparse_super,^resize_inode"],
  "ext2 of small groups": ["-t", "ext2", "-g", "512"],
  "ext2 of revision 0": ["-t", "ext2", "-r", "0"],
};

for (const [name, args] of Object.entries(KINDS)) {
  Deno.test({
    name: `an image of mke2fs is read and written: ${name}`,
    ignore,
    fn: () => exercise(new Rig({ disk: withTree((tree) => foreign([...args, "-d", tree])) })),
  });
}

Deno.test({
  name: "a directory with a hash tree loses it when it is changed, and stays sound",
  ignore,
  fn() {
    const disk = withTree((tree) => foreign(["-t", "ext2", "-O", "dir_index", "-d", tree]));
    const hashed = withImage(disk, (path) => {
      const { code } = runTool("e2fsck", ["-fyD", path]);
      assert(code <= 1, "e2fsck hashes directories");
      return readImage(path);
    });
    const flags = withImage(hashed, (path) => {
      return runTool("debugfs", ["-R", "stat /docs/deep", path]).output;
    });
    assert(new RegExp(`Flags: 0x${FLAG_INDEX.toString(16)}`).test(flags), flags);
    const rig = new Rig({ disk: hashed });
    exercise(rig);
    assertEquals((rig.list("/ours/docs/deep") as string[]).length, 651);
  },
});

Deno.test({
  name: "a file too scattered for one transaction is cut and freed in pieces",
  ignore,
  fn() {
    // Groups of 256 blocks and a cache of 80: 48 changed blocks are the most for one transaction.
    const disk = foreign(["-t", "ext2", "-O", "^resize_inode", "-g", "256"], 20_480);
    const points = [undefined, "fs.orphan.before-transaction", "fs.orphan.after-transaction"];
    for (const point of points as (DeathPoint | undefined)[]) {
      const rig = new Rig({ disk: disk.clone(), windowBlocks: 96 });
      const before = rig.fs.usage();
      const handle = rig.open("/f", OPEN.create | OPEN.readWrite) as number;
      const source = pattern(70_000_000);
      let size = 0;
      while (size < source.byteLength) {
        const part = source.subarray(size);
        size += rig.answer("write", {
          handle,
          offset: size,
          append: false,
          source: part,
        }) as number;
      }
      requireClean(rig);
      let transactions = 0;
      rig.disk.afterTransaction = () => {
        transactions++;
        if (point === undefined) requireClean(rig);
      };
      rig.deathAt = point === undefined ? undefined : "fs.truncate.after-transaction";
      assertEquals(rig.answer("truncate", { handle, size: 5001 }), 0);
      assert(transactions > 1, "it took pieces");
      assertEquals(rig.readFile("/f"), source.slice(0, 5001));
      rig.disk.afterTransaction = () => {};
      for (size = 0; size < source.byteLength;) {
        const part = source.subarray(size);
        size += rig.answer("write", {
          handle,
          offset: size,
          append: false,
          source: part,
        }) as number;
      }
      rig.answer("close", { handle });
      transactions = 0;
      rig.disk.afterTransaction = () => transactions++;
      rig.deathAt = point;
      assertEquals(rig.answer("unlink", { path: utf8("/f") }), 0);
      assert(transactions > 1, "it took pieces");
      assertEquals(rig.fs.usage(), before);
      requireClean(rig);
    }
  },
});

const REFUSED: [string, string[], string][] = [
  ["extents", ["-t", "ext4", "-O", "extents"], "extents"],
  ["a journal", ["-t", "ext3", "-O", "has_journal"], "has_journal"],
  ["flex_bg", ["-t", "ext2", "-O", "flex_bg"], "flex_bg"],
  ["inline_data", ["-t", "ext2", "-O", "inline_data"], "inline_data"],
  ["huge_file", ["-t", "ext2", "-O", "huge_file"], "huge_file"],
  ["metadata_csum", ["-t", "ext2", "-O", "metadata_csum"], "metadata_csum"],
];

for (const [name, args, word] of REFUSED) {
  Deno.test({
    name: `mount refuses an image with ${name} by its name`,
    ignore,
    fn() {
      assertThrows(() => new Rig({ disk: foreign(args, 16_384) }), OsError, word);
    },
  });
}

Deno.test({
  name: "mount refuses other block sizes and what is no file system",
  ignore,
  fn() {
    const path = Deno.makeTempFileSync();
    runTool("mke2fs", ["-q", "-F", "-b", "1024", "-t", "ext2", path, "8192"]);
    const small = readImage(path);
    Deno.removeSync(path);
    assertThrows(() => new Rig({ disk: small }), OsError, "block size");
    assertThrows(() => new Rig({ disk: new MemoryDisk(100) }), OsError, "not an ext2 file system");
    const cut = new MemoryDisk(100, new Map(foreign(["-t", "ext2"]).blocks()));
    assertThrows(() => new Rig({ disk: cut }), OsError, "more blocks than the volume has");
  },
});

Deno.test({
  name: "debugfs reads what was written, byte by byte",
  ignore: !hasTool("debugfs"),
  fn() {
    const rig = new Rig({ blockCount: 16_384 });
    rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 });
    for (const byteLength of [1, 4096, 50_000, 5_000_000]) {
      rig.writeFile(`/d/f${byteLength}`, pattern(byteLength, byteLength));
    }
    withImage(rig.disk, (path) => {
      for (const byteLength of [1, 4096, 50_000, 5_000_000]) {
        const out = `${path}.out`;
        runTool("debugfs", ["-R", `dump /d/f${byteLength} ${out}`, path]);
        assertEquals(Deno.readFileSync(out), pattern(byteLength, byteLength).slice());
        Deno.removeSync(out);
      }
    });
  },
});

/** Everything that reads and changes, with whatever answers; only `OsError` may come out. */
function poke(disk: MemoryDisk): void {
  let rig: Rig;
  try {
    rig = new Rig({ disk, windowBlocks: 128 });
  } catch (error) {
    if (error instanceof OsError) return;
    throw error;
  }
  const visit = (path: string, depth: number): void => {
    const names = rig.list(path);
    if (typeof names === "string" || depth > 3) return;
    for (const name of names.slice(0, 30)) {
      const child = `${path}/${name}`;
      rig.stat(child);
      rig.stat(child, false);
      rig.answer("readlink", { path: utf8(child), target: new Uint8Array(100) });
      const handle = rig.open(child, OPEN.readWrite);
      if (typeof handle === "number") {
        const target = pattern(20_000);
        rig.answer("read", { handle, offset: 0, target });
        rig.answer("read", { handle, offset: 4_000_000, target });
        rig.answer("write", { handle, offset: 10_000, append: false, source: target });
        rig.answer("write", { handle, offset: 0, append: true, source: target });
        rig.answer("truncate", { handle, size: 5000 });
        rig.answer("close", { handle });
      }
      visit(child, depth + 1);
      rig.answer("rename", { source: utf8(child), target: utf8("/moved") });
      rig.answer("unlink", { path: utf8(child) });
      rig.answer("rmdir", { path: utf8(child) });
    }
  };
  visit("", 0);
  visit("/", 0);
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

Deno.test({
  name: "no damage to metadata brings out anything but an OsError, or takes for ever",
  ignore,
  fn() {
    const sound = withTree((tree) => foreign(["-t", "ext2", "-d", tree]));
    const metadata = [...sound.blocks().keys()].filter((block) => block < 300);
    for (let seed = 1; seed <= 120; seed++) {
      const random = randomOf(seed);
      const disk = sound.clone();
      for (let flips = 1 + random(40); flips > 0; flips--) {
        const block = metadata[random(metadata.length)] as number;
        const bytes = disk.blocks().get(block) as Uint8Array;
        const end = random(2) === 0 ? 2048 : BLOCK_BYTES;
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
