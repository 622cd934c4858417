import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { DataRig, Death, diskWithFile } from "./test_file.ts";
import { depthOf } from "./extent_node.ts";
import { fsck, hasTool, sharedBytes } from "./test_images.ts";

const MIB = 2 ** 20;
const ignore = !hasTool("mke2fs") || !hasTool("e2fsck");
const EXT2 = ["-t", "ext2", "-b", "1024"];
const EXT4 = ["-t", "ext4", "-b", "4096"];

function test(name: string, fn: () => void): void {
  Deno.test({ name, ignore, fn });
}

function filled(byteLength: number, byte: number): Uint8Array {
  return sharedBytes(byteLength).fill(byte);
}

function codeOf(body: () => unknown): string {
  return assertThrows(body, OsError).code;
}

function requireClean(disk: MemoryDisk): void {
  const { code, output } = fsck(disk);
  assertEquals(code, 0, output);
}

/** Writes single blocks apart from each other, so that a file between them is scattered. */
function scatter(rig: DataRig, count: number): void {
  const { blockBytes } = rig.cache;
  // From the back to the front no block can follow the one before.
  for (let at = count - 1; at >= 0; at--) {
    rig.write(at * blockBytes, filled(blockBytes, at % 250 + 1));
  }
}

/** One transfer that a disk was asked for. */
interface Transfer {
  readonly call: string;
  readonly bytes: Uint8Array;
  readonly pieces: number;
}

/** Tells of every transfer from now on. */
function watch(disk: MemoryDisk): Transfer[] {
  const seen: Transfer[] = [];
  const { read, write, readVector, writeVector } = disk;
  let isInside = false;
  const tell = (call: string, bytes: Uint8Array, pieces: number, body: () => void) => {
    if (!isInside) seen.push({ call, bytes, pieces });
    const before = isInside;
    isInside = true;
    body();
    isInside = before;
  };
  disk.read = (at, bytes) => tell("read", bytes, 1, () => read.call(disk, at, bytes));
  disk.write = (at, bytes) => tell("write", bytes, 1, () => write.call(disk, at, bytes));
  disk.readVector = (ranges, bytes) => {
    tell("read", bytes, ranges.length, () => readVector.call(disk, ranges, bytes));
  };
  disk.writeVector = (ranges, bytes) => {
    tell("write", bytes, ranges.length, () => writeVector.call(disk, ranges, bytes));
  };
  return seen;
}

for (const args of [EXT2, EXT4]) {
  test(`whole blocks go between window and disk uncopied, scattered ones in one call, ${args[1]}`, () => {
    const rig = new DataRig(diskWithFile(16 * MIB, ...args));
    const { blockBytes } = rig.cache;
    scatter(rig, 40);
    rig.content();
    const seen = watch(rig.disk);
    const { inode } = rig;
    for (
      const [offset, byteLength] of [
        [0, 40 * blockBytes],
        [3 * blockBytes, 5 * blockBytes],
        [100, 30 * blockBytes],
        [2 * blockBytes - 1, 3 * blockBytes + 2],
        [5, 10],
        [blockBytes - 5, 10],
      ] as const
    ) {
      for (const call of ["read", "write"]) {
        const window = filled(byteLength, 9);
        seen.length = 0;
        if (call === "read") rig.data.read(inode, offset, window);
        else rig.change((inode) => rig.data.write(inode, offset, window));
        const first = Math.ceil(offset / blockBytes);
        const last = Math.floor((offset + byteLength) / blockBytes);
        const wholeBytes = Math.max(last - first, 0) * blockBytes;
        const mine = seen.filter((one) => one.bytes.buffer === window.buffer);
        assertEquals(
          mine.map(({ call, bytes }) => [call, bytes.byteLength]),
          wholeBytes > 0 ? [[call, wholeBytes]] : [],
          `${call} ${byteLength} at ${offset}`,
        );
        if (wholeBytes > 0) {
          assertEquals(mine[0]?.bytes.byteOffset, first * blockBytes - offset, "each at its place");
          assert((mine[0]?.pieces as number) >= wholeBytes / blockBytes / 2, "they are scattered");
        }
        const bounced = seen.filter((one) => one.bytes.buffer !== window.buffer);
        for (const { bytes } of bounced) assert(bytes.byteLength <= 2 * Math.max(blockBytes, 4096));
        const isWhole = wholeBytes === byteLength;
        assert(
          bounced.length <= (isWhole ? 0 : call === "read" ? 1 : 2),
          "the ends take few calls",
        );
      }
    }
  });
}

for (const where of ["a hole", "kept ready blocks", "what is behind the end"]) {
  test(`a death before the transaction of a write into ${where} leaves the old content`, () => {
    const rig = new DataRig(diskWithFile(16 * MIB, ...EXT4));
    // What freed blocks hold must never be seen.
    rig.write(0, filled(2 * MIB, 0xaa));
    rig.change((inode) => rig.data.truncate(inode, 0));
    rig.flush();
    rig.write(0, filled(10_000, 1));
    const range = { offset: 0, byteLength: 200_000, keepSize: where === "what is behind the end" };
    if (where === "a hole") rig.change((inode) => rig.data.truncate(inode, 200_000));
    else rig.change((inode) => rig.data.allocate(inode, range));
    const before = rig.content().slice();
    assert(before.subarray(10_000).every((byte) => byte === 0), "what was never written is zeros");
    const writes = [[40_960, 8192], [50_001, 70_003]] as [number, number][];
    if (before.byteLength === 10_000) writes.push([10_000, 5000]);
    for (const [offset, byteLength] of writes) {
      let calls = 0;
      for (let death = 0; death < 50; death++) {
        calls = 0;
        rig.disk.before = () => {
          if (calls++ === death) throw new Death();
        };
        let isDead = false;
        try {
          const { inode } = rig;
          rig.data.write(inode, offset, filled(byteLength, 0xbb));
          rig.disk.transact([], { badge: 0, sequence: 0 }, 0);
        } catch (error) {
          isDead = error instanceof Death;
          if (!isDead) assert(/a transaction fits/.test(String(error)), String(error));
        }
        rig.disk.before = () => {};
        rig.succeed();
        assertEquals(rig.content(), before, `dead at call ${death}`);
        if (!isDead) break;
      }
      assert(calls >= 1);
    }
    rig.write(50_001, filled(70_003, 0xbb));
    const after = rig.content();
    assert(after.subarray(50_001, 120_004).every((byte) => byte === 0xbb));
    assert(after.subarray(10_000, 50_001).every((byte) => byte === 0));
    assert(after.subarray(120_004).every((byte) => byte === 0));
    requireClean(rig.disk);
  });
}

for (const args of [EXT2, EXT4]) {
  test(`a full disk takes what fits and gives everything back, ${args[1]}`, () => {
    const rig = new DataRig(diskWithFile(8 * MIB, ...args, "-O", "^has_journal"));
    const free = rig.accounts.blocksFree;
    const tooMuch = { offset: 0, byteLength: 2 ** 30, keepSize: false };
    const untouched = rig.inode;
    assertEquals(codeOf(() => rig.data.allocate(untouched, tooMuch)), "ENOSPC");
    assertEquals(rig.accounts.blocksFree, free, "nothing is taken in vain");
    const source = filled(50_000, 7);
    let size = 0;
    try {
      for (;;) size += rig.change((inode) => rig.data.write(inode, size, source));
    } catch (error) {
      assertEquals((error as OsError).code, "ENOSPC");
    }
    assert(size > 6 * MIB);
    assertEquals(rig.accounts.blocksFree, 0);
    requireClean(rig.disk);
    const { inode } = rig;
    assertEquals(
      codeOf(() => rig.data.allocate(inode, { offset: 0, byteLength: 8 * MIB, keepSize: false })),
      "ENOSPC",
    );
    rig.map.abandon();
    rig.cache.rollback();
    rig.change((inode) => rig.data.punch(inode, 100_000, 200_000));
    rig.write(150_000, filled(4096, 3));
    requireClean(rig.disk);
    rig.change((inode) => rig.data.truncate(inode, 0));
    rig.flush();
    assertEquals(rig.accounts.blocksFree, free);
    requireClean(rig.disk);
  });
}

test("what was allocated can be written, although the disk is full", () => {
  const rig = new DataRig(diskWithFile(8 * MIB, ...EXT4, "-O", "^has_journal"));
  rig.write(0, filled(6 * MIB, 0xaa));
  rig.change((inode) => rig.data.truncate(inode, 0));
  rig.flush();
  rig.change((inode) =>
    rig.data.allocate(inode, { offset: 0, byteLength: 4 * MIB, keepSize: false })
  );
  const { allocation } = rig;
  while (rig.accounts.blocksFree > 0) allocation.take(0, 1e6);
  let size = 0;
  for (let at = 3 * MIB + 100; at > 0; at -= 131_072) {
    assertEquals(rig.change((inode) => rig.data.write(inode, at, filled(5000, 5))), 5000);
    size += 5000;
  }
  const content = rig.content();
  assertEquals(content.reduce((sum, byte) => sum + (byte === 5 ? 1 : 0), 0), size);
  assert(content.every((byte) => byte === 5 || byte === 0));
});

test("files reach as far as their maps, and no further", () => {
  const cases = [
    [EXT4, (2 ** 32 - 1) * 4096],
    [["-t", "ext4", "-b", "1024"], (2 ** 32 - 1) * 1024],
    [["-t", "ext4", "-b", "4096", "-O", "^huge_file"], (2 ** 29 - 1) * 4096],
    [["-t", "ext2", "-b", "4096"], 536_346_619 * 4096],
    [["-t", "ext3", "-b", "4096", "-O", "huge_file"], (12 + 2 ** 10 + 2 ** 20 + 2 ** 30) * 4096],
    [EXT2, (12 + 2 ** 8 + 2 ** 16 + 2 ** 24) * 1024],
  ] as const;
  for (const [args, bytesMax] of cases) {
    const what = args.join(" ");
    const rig = new DataRig(diskWithFile(8 * MIB, ...args));
    const { data } = rig;
    assertEquals(rig.change((inode) => data.write(inode, bytesMax - 2, filled(5, 6))), 2, what);
    const { inode } = rig;
    assertEquals(inode.size, bytesMax, what);
    assertEquals(codeOf(() => data.write(inode, bytesMax, filled(1, 1))), "EFBIG", what);
    assertEquals(codeOf(() => data.truncate(inode, bytesMax + 1)), "EFBIG", what);
    const range = { offset: bytesMax - 10, byteLength: 11, keepSize: true };
    assertEquals(codeOf(() => data.allocate(inode, range)), "EFBIG", what);
    const end = sharedBytes(8);
    assertEquals(rig.read(bytesMax - 4, end), 4, what);
    assertEquals(end.slice(), Uint8Array.of(0, 0, 6, 6, 0, 0, 0, 0), what);
    const { blockBytes } = rig.cache;
    const lastBlock = Math.floor((bytesMax - 1) / blockBytes) * blockBytes;
    assertEquals(data.seek(inode, 5, false), lastBlock, what);
    assertEquals(data.seek(inode, bytesMax - 1, true), bytesMax, what);
    requireClean(rig.disk);
    rig.change((inode) => data.truncate(inode, 1));
    assertEquals([rig.inode.size, rig.inode.sectors], [1, 0], what);
    requireClean(rig.disk);
  }
});

for (const args of [EXT2, ["-t", "ext4", "-b", "1024"]]) {
  test(`what one transaction does not hold is done in pieces, each whole, ${args[1]}`, () => {
    const rig = new DataRig(diskWithFile(24 * MIB, ...args, "-g", "256", "-N", "64"), 67 * 4096);
    const { data, cache } = rig;
    let pieces = 0;
    const commit = cache.commit.bind(cache);
    cache.commit = (tag, result) => {
      commit(tag, result);
      if (++pieces < 4) requireClean(rig.disk);
    };
    const inPieces = (what: string, body: () => void) => {
      pieces = 0;
      body();
      assert(pieces > 1, `${what} took ${pieces} transactions`);
    };
    inPieces("write", () => {
      for (let at = 0; at < 12 * MIB; at += 40_960) rig.write(at, filled(20_480, 1));
    });
    const range = { offset: 3, byteLength: 15 * MIB, keepSize: false };
    const more = { offset: 12 * MIB, byteLength: 4.5 * MIB, keepSize: false };
    inPieces("allocate behind the end", () => {
      rig.change((inode) => data.allocate(inode, more));
    });
    inPieces("allocate", () => rig.change((inode) => data.allocate(inode, range)));
    inPieces("punch", () => rig.change((inode) => data.punch(inode, 5000, 11 * MIB)));
    inPieces("zeroRange", () => rig.change((inode) => data.zeroRange(inode, range)));
    inPieces("truncate", () => rig.change((inode) => data.truncate(inode, 2000)));
    assertEquals(rig.inode.sectors, 4);
    assertEquals(rig.content().subarray(3), new Uint8Array(1997));
    requireClean(rig.disk);
  });
}

test("blocks beyond the end go when a truncation that was left half done is finished", () => {
  for (const args of [EXT2, EXT4]) {
    const rig = new DataRig(diskWithFile(16 * MIB, ...args));
    rig.write(0, filled(300_000, 1));
    rig.change((inode) => {
      inode.size = 5000;
    });
    rig.change((inode) => rig.data.finishTruncation(inode));
    assertEquals(rig.inode.sectors, args === EXT2 ? 10 : 16);
    requireClean(rig.disk);
  }
});

test("a tree of many extents is whole for e2fsck at every depth", () => {
  const rig = new DataRig(diskWithFile(48 * MIB, "-t", "ext4", "-b", "1024"));
  let depth = 0;
  for (let at = 0; at < 9000; at++) {
    rig.change((inode) => {
      const run = rig.allocation.take(1, 1);
      rig.map.assign(inode, (at * 7919) % 9001 * 2, run, at % 3 === 0);
      inode.size = 2 * 9001 * 1024;
    });
    const { pointers } = rig.inode;
    if (depthOf(pointers) === depth && at < 8999) continue;
    depth = depthOf(pointers);
    requireClean(rig.disk);
  }
  assertEquals(depth, 2);
  for (let from = 17_000; from >= 0; from -= 1700) {
    rig.change((inode) => rig.data.punch(inode, from * 1024, 1000 * 1024));
    requireClean(rig.disk);
  }
  rig.change((inode) => rig.data.truncate(inode, 0));
  assertEquals(rig.inode.sectors, 0);
  requireClean(rig.disk);
});
