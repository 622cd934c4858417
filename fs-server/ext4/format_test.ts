import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { BLOCK_BYTES } from "../disk/disk.ts";
import { format, isBlank } from "./format.ts";
import { MemoryDisk } from "../disk/memory_disk.ts";
import { fsck, hasTool, runTool, sharedBytes, TEST_UUID, withImage } from "../server/test_rig.ts";

const MIB = 256; // Blocks.
const window = sharedBytes(64 * BLOCK_BYTES);

function formatted(blockCount: number, inodeRatioBytes = 16_384): MemoryDisk {
  const disk = new MemoryDisk(blockCount);
  format(disk, window, {
    uuid: TEST_UUID,
    nowMs: 1_700_000_000_000,
    label: "box",
    inodeRatioBytes,
  });
  return disk;
}

const SIZES = [
  4 * MIB,
  127 * MIB + 17,
  128 * MIB,
  128 * MIB + 60,
  129 * MIB,
  500 * MIB,
  1024 * MIB,
];

for (const blockCount of SIZES) {
  Deno.test({
    name: `format() makes what e2fsck finds clean on ${blockCount} blocks`,
    ignore: !hasTool("e2fsck"),
    fn() {
      const { code, output } = fsck(formatted(blockCount));
      assertEquals(code, 0, output);
    },
  });
}

Deno.test({
  name: "format() makes a group for each inode ratio that e2fsck finds clean",
  ignore: !hasTool("e2fsck"),
  fn() {
    for (const ratio of [4096, 8192, 2 ** 20]) {
      const { code, output } = fsck(formatted(300 * MIB, ratio));
      assertEquals(code, 0, output);
    }
  },
});

Deno.test({
  name: "format() sets label, UUID and features as dumpe2fs reads them",
  ignore: !hasTool("dumpe2fs"),
  fn() {
    const disk = formatted(8 * MIB);
    const { output } = withImage(disk, (path) => runTool("dumpe2fs", ["-h", path]));
    const expected = [
      /Filesystem volume name: +box/,
      /UUID: +01020304-0506-0708-090a-0b0c0d0e0f10/,
      /features: +filetype sparse_super large_file/,
      /Filesystem state: +clean/,
      /Inode size:\s+256/,
      /Reserved block count: +0/,
      /Required extra isize: +32/,
    ];
    for (const line of expected) assertEquals(line.test(output), true, `${line}\n${output}`);
  },
});

Deno.test("format() refuses a disk that is too small and options out of range", () => {
  const how = { uuid: TEST_UUID, nowMs: 0 };
  assertThrows(() => format(new MemoryDisk(20), window, how), OsError, "ENOSPC");
  const disk = new MemoryDisk(1024);
  assertThrows(() => format(disk, window, { ...how, label: "x".repeat(17) }), OsError, "EINVAL");
  assertThrows(() => format(disk, window, { ...how, inodeRatioBytes: 1 }), OsError, "EINVAL");
  assertThrows(() => format(disk, window, { ...how, uuid: new Uint8Array(4) }), OsError, "EINVAL");
});

Deno.test("format() leaves the head blank until its last step", () => {
  const disk = new MemoryDisk(300 * MIB);
  assertEquals(isBlank(disk, window), true);
  let transactions = 0;
  disk.before = (call) => {
    if (call === "transact") transactions++;
    if (call === "write") assertEquals(disk.blocks().has(0), false);
  };
  format(disk, window, { uuid: TEST_UUID, nowMs: 1_700_000_000_000 });
  assertEquals(transactions, 1);
  assertEquals(isBlank(disk, window), false);
});
