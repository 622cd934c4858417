import { randomOf } from "../ext4/test_random.ts";
import { assert, assertEquals } from "@std/assert";
import {
  hasTool,
  IMAGES,
  readImage,
  requireTool,
  runTool,
  sharedBytes,
  writeImage,
} from "../ext4/test_images.ts";
import { VARIANTS } from "../ext4/test_mke2fs.ts";
import { Rig } from "../server/test_rig.ts";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { checkFileSystem, type CheckReport } from "./check.ts";

const MiB = 1024 * 1024;
const hasE2fsprogs = ["mke2fs", "e2fsck", "debugfs"].every(hasTool);

function check(disk: MemoryDisk): CheckReport {
  return checkFileSystem(disk, { window: sharedBytes(4 * MiB) });
}

let madeTree: string | undefined;
const images = new Map<string, Uint8Array>();

/** The path of a tree with something of every kind, which goes when the process does. */
function sharedTree(): string {
  if (madeTree !== undefined) return madeTree;
  const root = Deno.makeTempDirSync(IMAGES);
  globalThis.addEventListener("unload", () => Deno.removeSync(root, { recursive: true }));
  makeTree(root);
  return madeTree = root;
}

/** Puts an image of that tree somewhere, of blocks of 1 KiB. */
function writeTreeImage(type: string, path: string): void {
  const known = images.get(type);
  if (known !== undefined) return Deno.writeFileSync(path, known);
  requireTool("mke2fs", "-q", "-t", type, "-b", "1024", "-d", sharedTree(), path, "6M");
  images.set(type, Deno.readFileSync(path));
}

function makeTree(root: string): void {
  Deno.mkdirSync(`${root}/many`, { recursive: true });
  for (let at = 0; at < 300; at++) Deno.writeTextFileSync(`${root}/many/name-${at}`, `${at}`);
  Deno.mkdirSync(`${root}/a/b/c`, { recursive: true });
  Deno.writeFileSync(`${root}/a/large`, new Uint8Array(700_000).fill(1));
  Deno.linkSync(`${root}/a/large`, `${root}/a/b/hard`);
  using sparse = Deno.openSync(`${root}/a/sparse`, { write: true, createNew: true });
  for (let at = 0; at < 20; at++) {
    sparse.seekSync(at * 100_000, Deno.SeekMode.Start);
    sparse.writeSync(new Uint8Array(10).fill(2));
  }
}

function inTempDir(use: (directory: string) => void): void {
  const directory = Deno.makeTempDirSync(IMAGES);
  try {
    use(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

for (const [name, args] of VARIANTS) {
  Deno.test({
    name: `a check finds nothing wrong with ${name} of mke2fs`,
    ignore: !hasE2fsprogs,
    fn: () =>
      inTempDir((directory) => {
        const image = `${directory}/image`;
        requireTool("mke2fs", "-q", ...args, "-d", sharedTree(), image, "24M");
        const report = check(readImage(image));
        assertEquals(report.findings, []);
        assert(report.inodeCount > 300 && report.directoryCount >= 5, "it has read the tree");
      }),
  });
}

Deno.test("a check finds nothing wrong with what Hako has written", () => {
  const rig = new Rig();
  for (let at = 0; at < 200; at++) rig.writeFile(`/file-${at}`, new Uint8Array(at * 100));
  rig.answer("mkdir", { path: new TextEncoder().encode("/d"), mode: 0o755 });
  rig.answer("unlink", { path: new TextEncoder().encode("/file-7") });
  rig.fs.halt();
  assertEquals(check(rig.disk).findings, []);
});

/** What debugfs is told, and what the check says to it. */
const DAMAGES: readonly (readonly [what: string, command: string, expected: RegExp])[] = [
  ["a wrong count of names", "sif /a/large links_count 7", /inode \d+: says 7 names, and has 2/],
  ["a block marked free", "freeb $BLOCK 1", /block \d+: is in use and free/],
  ["a block marked in use", "setb 5800 1", /block 5800: is taken by nobody/],
  ["an inode marked free", "freei /a/sparse", /leads to inode \d+, which is free/],
  ["a wrong count of sectors", "sif /a/large blocks 4", /says 4 sectors, and has \d+/],
  ["a name lost", "unlink /a/b", /inode \d+: no name leads to it/],
  ["a wrong ..", "unlink /a/b/..", /has no name \.\./],
  ["a wrong type in a name", "sif /a/b mode 0100644", /another/],
];

/** The same of what `e2fsck -n` passes over: it mends or ignores it without a word. */
const QUIET_DAMAGES: typeof DAMAGES = [
  ["a wrong count of free blocks", "ssv free_blocks_count 5", /superblock: says 5 free blocks/],
  ["a wrong count of free inodes", "ssv free_inodes_count 5", /superblock: says 5 free inodes/],
  ["a list of orphans into nothing", "ssv last_orphan 3000", /orphans leads to inode 3000/],
];

for (const type of ["ext2", "ext4"]) {
  for (const [what, command, expected] of [...DAMAGES, ...QUIET_DAMAGES]) {
    const isQuiet = QUIET_DAMAGES.some(([one]) => one === what);
    Deno.test({
      name: `a check finds ${what} on ${type}${isQuiet ? "" : ", as e2fsck does"}`,
      ignore: !hasE2fsprogs,
      fn: () =>
        inTempDir((directory) => {
          const image = `${directory}/image`;
          writeTreeImage(type, image);
          const block = requireTool("debugfs", "-R", "bmap /a/large 0", image).split("\n")[0]!;
          requireTool("debugfs", "-w", "-R", command.replace("$BLOCK", block), image);
          if (!isQuiet) assert(runTool("e2fsck", ["-fn", image]).code !== 0, "e2fsck finds it");
          const { findings } = check(readImage(image));
          const text = findings.map((finding) => `${finding.where}: ${finding.what}`).join("\n");
          assert(expected.test(text), `${expected} is not in:\n${text}`);
        }),
    });
  }
}

Deno.test({
  name:
    "whatever bits are flipped, a check ends, and finds nothing only where e2fsck finds nothing",
  ignore: !hasE2fsprogs,
  fn: () =>
    inTempDir((directory) => {
      const image = `${directory}/image`;
      writeTreeImage("ext4", image);
      const sound = readImage(image);
      const random = randomOf(5);
      for (let round = 0; round < 60; round++) {
        const disk = sound.clone();
        // Superblock, descriptors, bitmaps and the first inodes.
        const at = 1024 + random(80 * 1024);
        const bytes = sharedBytes(512);
        disk.read(at - at % 512, bytes);
        bytes[at % 512]! ^= 1 << random(8);
        disk.write(at - at % 512, bytes);
        let count = 1;
        try {
          count = check(disk).findingCount;
        } catch (error) {
          if (!(error instanceof Error && error.name === "OsError")) throw error;
        }
        if (count > 0) continue;
        writeImage(disk, image);
        const { code, output } = runTool("e2fsck", ["-fn", image]);
        assertEquals(code, 0, `byte ${at}: ${output}`);
      }
    }),
});
