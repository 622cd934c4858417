import { randomOf } from "./test_random.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { DirectoryRig, LAYOUTS } from "./test_directory_rig.ts";
import type { Inode } from "./inode.ts";
import { FLAG_INDEX } from "./layouts/inode.ts";
import { SUPERBLOCK } from "./layouts/superblock.ts";
import { NameHash } from "./name_hash.ts";
import {
  canLoopMount,
  changedBy,
  fsck,
  hasTool,
  IMAGES,
  madeByMke2fs,
  requireTool,
  withImage,
  withMount,
} from "./test_images.ts";

const MiB = 1 << 20;
/** Names of a directory that is a tree with blocks of any size. */
const LARGE = 1500;
const ignore = !["mke2fs", "e2fsck", "debugfs", "tune2fs"].every(hasTool);

/** A name of any length and any bytes that a file system takes. */
function randomName(random: (bound: number) => number): string {
  const byteLength = random(8) === 0 ? 1 + random(255) : 3 + random(20);
  let name = "";
  while (name.length < byteLength) {
    const byte = 1 + random(255);
    if (byte !== 0x2f) name += String.fromCharCode(byte);
  }
  return name === "." || name === ".." ? "dots" : name;
}

function requireClean(disk: MemoryDisk): void {
  const { code, output } = fsck(disk);
  assertEquals(code, 0, output);
}

/** A file system that keeps directories in trees hashed so. */
function hashing(disk: MemoryDisk, algorithm: string, chars: "signed" | "unsigned"): MemoryDisk {
  const hashed = changedBy(disk, "tune2fs", "-E", `hash_alg=${algorithm}`);
  const value = chars === "signed" ? 1 : 2;
  return changedBy(hashed, "debugfs", "-w", "-R", `set_super_value flags ${value}`);
}

/** A folder with directories of so many names, and what stands in them. */
function withTree<T>(counts: readonly number[], use: (path: string) => T): T {
  const path = Deno.makeTempDirSync(IMAGES);
  try {
    for (const count of counts) {
      Deno.mkdirSync(`${path}/d${count}`);
      for (let index = 0; index < count; index++) {
        Deno.writeTextFileSync(`${path}/d${count}/n\u00e4me ${index} of ${count}`, "");
      }
    }
    return use(path);
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
}

function bytesOf(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/** What `htree_dump` of debugfs says: the hash of each name. */
function dumpedHashes(disk: MemoryDisk, path: string): Map<string, number> {
  const hashes = new Map<string, number>();
  withImage(disk, (image) => {
    const text = requireTool("debugfs", "-R", `htree_dump ${path}`, image);
    for (const [, , hash, name] of text.matchAll(/(\d+) 0x([0-9a-f]+)-[0-9a-f]+ \(\d+\) (\S+)/g)) {
      hashes.set(name as string, parseInt(hash as string, 16));
    }
  });
  return hashes;
}

for (
  const [blockBytes, algorithm, chars] of [
    [1024, "half_md4", "signed"],
    [2048, "tea", "unsigned"],
    [4096, "legacy", "signed"],
    [4096, "half_md4", "unsigned"],
  ] as const
) {
  Deno.test({
    name: `directories that others made: blocks of ${blockBytes}, ${algorithm}, ${chars} chars`,
    ignore,
    fn: () => readForeign(blockBytes, algorithm, chars),
  });
}

function readForeign(blockBytes: number, algorithm: string, chars: "signed" | "unsigned"): void {
  const counts = [0, 1, 100, LARGE];
  const plain = withTree(counts, (tree) => {
    const options = ["-t", "ext4", "-b", `${blockBytes}`, "-N", "2000", "-d", tree];
    return madeByMke2fs(16 * MiB, ...options);
  });
  const trees = changedBy(hashing(plain, algorithm, chars), "e2fsck", "-fyD");
  for (const disk of [plain, trees]) {
    const rig = new DirectoryRig(disk);
    for (const count of counts) {
      const directory = rig.at(`/d${count}`);
      const listed = rig.list(directory, 1000);
      assertEquals(listed.size, count);
      assertEquals(rig.directories.isEmpty(directory), count === 0);
      for (let index = 0; index < count; index++) {
        const name = bytesOf(`n\u00e4me ${index} of ${count}`);
        const inode = rig.directories.find(directory, name);
        assert(inode !== 0 && listed.get(name) === inode, name);
        if (index % 500 === 0) assertEquals(rig.directories.nameOf(directory, inode), name);
      }
      assertEquals(rig.directories.find(directory, "none"), 0);
      assertEquals(rig.directories.find(directory, ".."), 2);
      assertEquals(rig.directories.find(directory, "."), directory.number);
    }
  }
  const large = new DirectoryRig(trees).at(`/d${LARGE}`);
  assertEquals((large.flags & FLAG_INDEX) !== 0, true, "it is a tree");
  changeForeign(trees);
}

/** Names come and go in a directory that others made, and they can read what became of it. */
function changeForeign(disk: MemoryDisk): void {
  const rig = new DirectoryRig(disk);
  const directory = rig.at(`/d${LARGE}`);
  const model = rig.list(directory);
  const file = rig.makeFile("file");
  for (let index = 0; index < 3000; index++) {
    const name = `n${"e".repeat(index % 40)}w ${index}`;
    rig.insert(directory, name, file.number);
    model.set(name, file.number);
  }
  rig.setLinks(file.number, 3001);
  rig.compare(directory, model);
  requireClean(disk);
}

Deno.test({
  name: "names are hashed as debugfs says of a tree of ours",
  ignore,
  fn() {
    const disk = madeByMke2fs(16 * MiB, "-t", "ext4", "-b", "1024");
    const rig = new DirectoryRig(disk);
    const directory = rig.makeDirectory("d");
    const file = rig.makeFile("file");
    for (let index = 0; index < 500; index++) rig.insert(directory, `x${index}`, file.number);
    const { version, seed } = rig.geometry.sizes.nameHash;
    const hash = new NameHash(version, seed, "signed");
    const dumped = dumpedHashes(disk, "/d");
    assertEquals(dumped.size, 500);
    for (const [name, theirs] of dumped) {
      assertEquals(hash.of(new TextEncoder().encode(name), 0, name.length), theirs, name);
    }
  },
});

for (const [layout, args] of LAYOUTS) {
  for (const algorithm of layout === "ext4 of 1 KiB" ? ["half_md4", "tea", "legacy"] : [""]) {
    for (let seed = 1; seed <= 2; seed++) {
      Deno.test({
        name: `random names come and go as in a map: ${layout} ${algorithm}, seed ${seed}`,
        ignore,
        fn: () => changeAtRandom(args, algorithm, seed),
      });
    }
  }
}

function changeAtRandom(args: readonly string[], algorithm: string, seed: number): void {
  const random = randomOf(seed);
  const made = madeByMke2fs(16 * MiB, ...args);
  const disk = algorithm === "" ? made : hashing(made, algorithm, "unsigned");
  const rig = new DirectoryRig(disk, 128);
  const directory = rig.makeDirectory("d");
  const files = [rig.makeFile("f"), rig.makeFile("g")];
  const model = new Map<string, number>();
  const names: string[] = [];
  for (let step = 0; step < 6000; step++) {
    const isShrinking = step % 3000 > 2200;
    if (names.length > 0 && random(10) < (isShrinking ? 9 : 3)) {
      const index = random(names.length);
      const name = names[index] as string;
      names[index] = names[names.length - 1] as string;
      names.pop();
      model.delete(name);
      rig.remove(directory, name);
      assertEquals(rig.directories.find(directory, name), 0);
    } else {
      const name = randomName(random);
      const { number } = files[random(2)] as Inode;
      assertEquals(rig.directories.find(directory, name), model.get(name) ?? 0);
      if (model.has(name)) {
        rig.directories.replace(directory, { name, inode: number, type: 1 });
        rig.commit();
      } else {
        rig.insert(directory, name, number);
        names.push(name);
      }
      model.set(name, number);
    }
    if (random(400) === 0) undoAtRandom(rig, directory, random, names);
    if (step % 500 === 0) rig.compare(rig.inodes.load(directory.number), model);
  }
  rig.compare(rig.inodes.load(directory.number), model);
  rig.compare(new DirectoryRig(disk).at("/d"), model);
  for (const { number } of files) {
    rig.setLinks(number, 1 + [...model.values()].filter((one) => one === number).length);
  }
  requireClean(disk);
}

/** An operation that is not finished leaves nothing behind. */
function undoAtRandom(
  rig: DirectoryRig,
  directory: Inode,
  random: (bound: number) => number,
  names: readonly string[],
): void {
  const copy = { ...directory, pointers: directory.pointers.slice() };
  for (let count = random(200); count > 0; count--) {
    const name = `undone ${count} ${randomName(random).slice(0, 100)}`;
    rig.directories.insert(copy, { name, inode: 12, type: 1 });
  }
  const victim = names[random(names.length)];
  if (victim !== undefined) rig.directories.remove(copy, victim);
  rig.rollback();
}

Deno.test({
  name: "a directory of 100,000 names is fast, whole for e2fsck, and read by debugfs and Linux",
  ignore,
  fn() {
    const disk = madeByMke2fs(64 * MiB, "-t", "ext4", "-b", "1024", "-N", "64");
    const rig = new DirectoryRig(disk);
    const directory = rig.makeDirectory("d");
    const file = rig.makeFile("file");
    const count = 100_000;
    for (let index = 0; index < count; index++) {
      rig.insert(directory, `name-${index}`, file.number);
    }
    rig.setLinks(file.number, 64_001);
    for (let index = 0; index < count; index++) {
      if (index % 25 < 9) rig.remove(directory, `name-${index}`);
      else assertEquals(rig.directories.find(directory, `name-${index}`), file.number);
    }
    assertEquals(rig.list(directory, 1 << 16).size, 64_000);
    requireClean(disk);
    withImage(disk, (image) => {
      const text = requireTool("debugfs", "-R", "ls -p /d", image);
      // A free record at the beginning of a block still shows its name.
      assertEquals(text.match(new RegExp(`^/${file.number}/.*name-`, "gm"))?.length, 64_000);
      if (!canLoopMount()) return;
      withMount(image, "ro", (place) => {
        assertEquals([...Deno.readDirSync(`${place}/d`)].length, 64_000);
        for (let index = 9; index < count; index += 25) Deno.lstatSync(`${place}/d/name-${index}`);
      });
    });
  },
});

Deno.test({
  name: "without a hash that is known, directories stay without trees",
  ignore,
  fn() {
    const disk = madeByMke2fs(16 * MiB, "-t", "ext4", "-b", "1024", "-O", "^metadata_csum");
    const superblock = disk.blocks().get(0)?.subarray(1024) ?? new Uint8Array(0);
    superblock[SUPERBLOCK.hashVersion] = 77;
    const rig = new DirectoryRig(disk);
    const directory = rig.makeDirectory("d");
    const file = rig.makeFile("file");
    const model = new Map<string, number>();
    for (let index = 0; index < 300; index++) {
      rig.insert(directory, `name ${index}`, file.number);
      model.set(`name ${index}`, file.number);
      if (index === 10) rig.compare(directory, model);
    }
    assertEquals(directory.flags & FLAG_INDEX, 0);
    rig.compare(directory, model);
    rig.setLinks(file.number, 301);
    requireClean(disk);
  },
});

Deno.test({
  name: "emptied leaves take names again, and a tree emptied is empty",
  ignore,
  fn() {
    const disk = madeByMke2fs(16 * MiB, "-t", "ext4", "-b", "1024");
    const rig = new DirectoryRig(disk);
    const directory = rig.makeDirectory("d");
    const file = rig.makeFile("file");
    let size = 0;
    for (let round = 0; round < 5; round++) {
      for (let index = 0; index < 2000; index++) {
        rig.insert(directory, `${round}/${index}`.replace("/", "-"), file.number);
      }
      assertEquals(rig.directories.isEmpty(directory), false);
      for (let index = 0; index < 2000; index++) rig.remove(directory, `${round}-${index}`);
      assertEquals(rig.directories.isEmpty(directory), true);
      if (round === 1) ({ size } = directory);
    }
    assert(directory.size <= size * 1.5, "leaves are used again");
    requireClean(disk);
  },
});

Deno.test({
  name: "names of one hash fill leaf after leaf and are all found, told and removed",
  ignore,
  fn() {
    const { of } = NameHash.prototype;
    NameHash.prototype.of = function (bytes, start, byteLength) {
      return (of.call(this, bytes, start, byteLength) & 0xe000_0000) >>> 0;
    };
    try {
      const rig = new DirectoryRig(madeByMke2fs(16 * MiB, "-t", "ext4", "-b", "1024"));
      const directory = rig.makeDirectory("d");
      const model = new Map<string, number>();
      const random = randomOf(7);
      for (let index = 0; index < 4000; index++) {
        const name = `${index} ${"x".repeat(random(50))}`;
        rig.insert(directory, name, 12);
        model.set(name, 12);
        if (random(3) > 0) continue;
        const [first = ""] = model.keys();
        rig.remove(directory, first);
        model.delete(first);
      }
      rig.compare(directory, model);
      for (const name of model.keys()) rig.remove(directory, name);
      assertEquals(rig.directories.isEmpty(directory), true);
    } finally {
      NameHash.prototype.of = of;
    }
  },
});

for (const hasLargeDir of [false, true]) {
  Deno.test({
    name: `a tree ${
      hasLargeDir ? "has three levels with" : "is full with two levels, without"
    } large_dir`,
    ignore,
    fn() {
      const feature = hasLargeDir ? "large_dir" : "^large_dir";
      const disk = madeByMke2fs(40 * MiB, "-t", "ext4", "-b", "1024", "-O", feature, "-N", "64");
      const rig = new DirectoryRig(disk);
      const directory = rig.makeDirectory("d");
      const file = rig.makeFile("file");
      const nameOf = (index: number) => `${index} ${"x".repeat(244)}`;
      let count = 0;
      const fill = () => {
        while (directory.size < 18 * MiB) rig.insert(directory, nameOf(count++), file.number);
      };
      if (hasLargeDir) fill();
      else {
        assertThrows(fill, OsError, "ENOSPC");
        rig.rollback();
        count--;
      }
      const now = rig.inodes.load(directory.number);
      for (let index = 0; index < count; index += 7) {
        assertEquals(rig.directories.find(now, nameOf(index)), file.number);
      }
      assertEquals(rig.list(now, 1 << 16).size, count);
      rig.setLinks(file.number, count + 1);
      requireClean(disk);
    },
  });
}

Deno.test({
  name: "a damaged directory is an error or is read, and never more than that",
  ignore,
  fn() {
    const disk = madeByMke2fs(16 * MiB, "-t", "ext4", "-b", "1024", "-O", "^metadata_csum");
    const rig = new DirectoryRig(disk);
    const { number } = rig.makeDirectory("d");
    const directory = rig.inodes.load(number);
    for (let index = 0; index < 6000; index++) rig.insert(directory, `name ${index}`, 12);
    const random = randomOf(3);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      damage(rig, directory, random, round);
      const copy = { ...directory, pointers: directory.pointers.slice() };
      for (const attempt of attempts(rig, copy, random)) {
        try {
          attempt();
        } catch (error) {
          if (!(error instanceof OsError)) throw error;
          assert(["EUCLEAN", "ENOSPC", "EINVAL"].includes(error.code), error.message);
          refused++;
        }
      }
      rig.rollback();
    }
    assert(refused > 100, "most damage is noticed");
  },
});

/** Writes over something in the tree, as a part of the operation that is undone afterwards. */
function damage(
  rig: DirectoryRig,
  directory: Inode,
  random: (bound: number) => number,
  round: number,
): void {
  // The root and the first nodes more often than leaves.
  const index = round % 3 === 0 ? 0 : random(directory.size / 1024);
  const block = rig.blockOf(directory, index);
  const cached = rig.cache.get(block);
  rig.cache.change(cached);
  for (let count = 1 + random(3); count > 0; count--) {
    const at = random(round % 2 === 0 ? 64 : 1024);
    cached.bytes[at] = random(2) === 0
      ? random(256)
      : (cached.bytes[at] as number) ^ (1 << random(8));
  }
}

function attempts(
  rig: DirectoryRig,
  directory: Inode,
  random: (bound: number) => number,
): (() => unknown)[] {
  const { directories } = rig;
  const name = `name ${random(6000)}`;
  return [
    () => directories.find(directory, name),
    () => directories.find(directory, ".."),
    () => listAll(rig, directory),
    () => directories.isEmpty(directory),
    () => directories.nameOf(directory, 99),
    () => directories.remove(directory, name),
    () => directories.insert(directory, { name: `new ${name}`, inode: 12, type: 1 }),
  ];
}

function listAll(rig: DirectoryRig, directory: Inode): void {
  let cookie = 0;
  for (let answers = 0; answers < 1000; answers++) {
    const listed = rig.listOnce(directory, cookie);
    const last = listed.at(-1);
    if (last === undefined) return;
    assert(last.nextCookie > cookie, "a listing goes on");
    cookie = last.nextCookie;
  }
  throw new Error("a listing without an end");
}
