import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { MemoryDisk } from "../disk/memory_disk.ts";
import { format, FORMAT_WINDOW_BYTES_MIN, isBlank } from "./format.ts";
import { readSizes } from "./geometry.ts";
import type { FormatOptions } from "./mkfs/plan.ts";
import {
  canLoopMount,
  fsck,
  hasTool,
  requireTool,
  sharedBytes,
  withImage,
  withMount,
} from "./test_images.ts";

const MIB = 2 ** 20;
const UUID = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const window = sharedBytes(FORMAT_WINDOW_BYTES_MIN);
const ignore = !hasTool("e2fsck") || !hasTool("dumpe2fs");

/** A disk full of old bytes where they could do harm, formatted. */
function formatted(mebibytes: number, options: Partial<FormatOptions> = {}): MemoryDisk {
  const disk = new MemoryDisk(mebibytes * MIB);
  if (!options.isBlank) {
    const old = new Uint8Array(MIB).fill(0xa5);
    for (let at = 1; at < Math.min(mebibytes, 20); at++) disk.poke(at * MIB, old);
  }
  format(disk, window, { uuid: UUID, nowMs: 1_700_000_000_000, label: "box", ...options });
  return disk;
}

function requireClean(disk: MemoryDisk, what: string): void {
  const { code, output } = fsck(disk);
  assertEquals(code, 0, `${what}: ${output}`);
}

for (const type of ["ext2", "ext3", "ext4"] as const) {
  for (const blockBytes of [1024, 2048, 4096]) {
    Deno.test({
      name: `format() makes ${type} of ${blockBytes} bytes that e2fsck finds clean`,
      ignore,
      fn() {
        for (const inodeBytes of [128, 256, 1024]) {
          for (const mebibytes of [9, 129, 1025]) {
            const canGrow = inodeBytes === 256;
            const disk = formatted(mebibytes, { type, blockBytes, inodeBytes, canGrow });
            requireClean(disk, `${mebibytes} MiB, inodes of ${inodeBytes}`);
            const superblock = new DataView(disk.peek(1024, 1024).buffer);
            assertEquals(readSizes(superblock, disk.byteLength).blockBytes, blockBytes);
          }
        }
      },
    });
  }
}

Deno.test({
  name: "format() makes a last group of any size, and a group for each inode ratio",
  ignore,
  fn() {
    for (const extra of [4096, 60 * 4096, 600 * 4096, 3 * MIB]) {
      for (const type of ["ext2", "ext4"] as const) {
        const disk = new MemoryDisk(256 * MIB + extra);
        format(disk, window, { uuid: UUID, nowMs: 0, type });
        requireClean(disk, `${type}, ${extra} bytes more`);
      }
    }
    for (const inodeRatioBytes of [4096, 8192, 2 ** 20, 2 ** 26]) {
      for (const type of ["ext2", "ext4"] as const) {
        requireClean(formatted(700, { inodeRatioBytes, type }), `${type} ${inodeRatioBytes}`);
      }
    }
  },
});

Deno.test({
  name: "format() gives each type the features that mke2fs gives it",
  ignore,
  fn() {
    const featuresOf = (path: string) => {
      const text = requireTool("dumpe2fs", "-h", path);
      const value = (name: string) => new RegExp(`^${name}: *(.*)$`, "m").exec(text)?.[1];
      return [
        value("Filesystem features"),
        value("Default mount options"),
        value("Inode count"),
        value("Block count"),
        value("Reserved block count"),
        value("Reserved GDT blocks"),
        value("Inode size"),
        value("Flex block group size"),
        value("Total journal blocks"),
        value("Journal backup"),
        value("Default directory hash"),
        value("Checksum type"),
        value("Required extra isize"),
        value("Maximum mount count"),
      ];
    };
    for (const type of ["ext2", "ext3", "ext4"] as const) {
      for (const blockBytes of [1024, 4096]) {
        const theirs = withImage(new MemoryDisk(300 * MIB), (path) => {
          requireTool("mke2fs", "-q", "-F", "-t", type, "-b", String(blockBytes), path);
          return featuresOf(path);
        });
        const ours = formatted(300, { type, blockBytes, canGrow: true, reservedPercent: 5 });
        assertEquals(withImage(ours, featuresOf), theirs, `${type} ${blockBytes}`);
      }
    }
  },
});

Deno.test({
  name: "format() sets label, UUID and times as dumpe2fs reads them",
  ignore,
  fn() {
    const output = withImage(formatted(32), (path) => requireTool("dumpe2fs", "-h", path));
    const expected = [
      /Filesystem volume name: +box/,
      /UUID: +01020304-0506-0708-090a-0b0c0d0e0f10/,
      /features: +ext_attr dir_index filetype sparse_super large_file\n/,
      /Filesystem state: +clean/,
      /Reserved block count: +0/,
      /Filesystem created: +Tue Nov 14 22:13:20 2023/,
    ];
    for (const line of expected) assertEquals(line.test(output), true, `${line}\n${output}`);
  },
});

Deno.test("format() refuses a disk that is too small and options out of range", () => {
  const how = { uuid: UUID, nowMs: 0 };
  assertThrows(() => format(new MemoryDisk(20 * 4096), window, how), OsError, "ENOSPC");
  const disk = new MemoryDisk(4 * MIB);
  const wrong: Partial<FormatOptions>[] = [
    { label: "x".repeat(17) },
    { inodeRatioBytes: 1 },
    { uuid: new Uint8Array(4) },
    { hashSeed: new Uint8Array(4) },
    { blockBytes: 8192 },
    { inodeBytes: 192 },
    { inodeBytes: 8192 },
    { reservedPercent: 51 },
    { type: "ext3", journalBlocks: 10 },
    { type: "ext5" as "ext4" },
  ];
  for (const options of wrong) {
    const error = assertThrows(() => format(disk, window, { ...how, ...options }), OsError);
    assertEquals(error.code, "EINVAL", JSON.stringify(options));
    assertEquals(isBlank(disk, window), true);
  }
});

Deno.test("format() leaves the head blank until its last step", () => {
  for (const type of ["ext2", "ext4"] as const) {
    const disk = new MemoryDisk(300 * MIB);
    assertEquals(isBlank(disk, window), true);
    let transactions = 0;
    disk.before = (call) => {
      if (call === "transact") transactions++;
      if (call === "write") assertEquals(disk.blocks().has(0), false);
    };
    format(disk, window, { uuid: UUID, nowMs: 1_700_000_000_000, type });
    assertEquals(transactions, 1);
    assertEquals(isBlank(disk, window), false);
  }
});

Deno.test({
  name: "format() of 100 GiB writes little and is done at once",
  ignore,
  fn() {
    const disk = new MemoryDisk(100 * 1024 * MIB);
    const before = performance.now();
    format(disk, window, { uuid: UUID, nowMs: 0, type: "ext4", isBlank: true });
    const ms = performance.now() - before;
    assert(ms < 2000, `${ms} ms`);
    assert(disk.blocks().size < 1000, `${disk.blocks().size} blocks`);
    requireClean(disk, "100 GiB");
  },
});

Deno.test({
  name: "format() makes what Linux mounts and writes to",
  ignore: ignore || !canLoopMount(),
  fn() {
    for (const type of ["ext2", "ext3", "ext4"] as const) {
      for (const blockBytes of [1024, 4096]) {
        const disk = formatted(64, { type, blockBytes, canGrow: blockBytes === 1024 });
        withImage(disk, (path) => {
          const found = withMount(path, "rw", (place) => {
            for (let index = 0; index < 300; index++) {
              Deno.mkdirSync(`${place}/d${index % 7}`, { recursive: true });
              Deno.writeTextFileSync(`${place}/d${index % 7}/f${index}`, "x".repeat(index * 50));
            }
            return Deno.readTextFileSync(`${place}/d6/f20`).length;
          });
          assertEquals(found, 1000, `${type} ${blockBytes} can be mounted`);
          requireTool("e2fsck", "-fn", path);
        });
      }
    }
  },
});
