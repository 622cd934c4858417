/**
 * Damaged images: an image that mke2fs made, a few words of its metadata changed, and then used in
 * every way. Whatever stands there, a request ends, with an answer or with an `OsError`.
 *
 * @module
 */

import { assert, OsError } from "@hako/ipc";
import { FileSystemClient } from "@hako/fs-server";
import { checkFileSystem } from "@hako/fs-server/check";
import { clientOfRig } from "../../fs-server/client/test_rig_client.ts";
import type { MemoryDisk } from "../../fs-server/disk/memory_disk.ts";
import { readImage, requireTool, sharedBytes } from "../../fs-server/ext4/test_images.ts";
import { randomOf } from "../../fs-server/ext4/test_random.ts";
import { Rig } from "../../fs-server/server/test_rig.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const PAGE_BYTES = 4 * KiB;

/** Disk calls of one request: far more than any needs on so small an image. */
const CALLS_MAX = 20_000;

/** Names looked at in one image: a circle of directories has no end. */
const NAMES_MAX = 60;

/** What files are filled with, so that metadata is told from data. */
const FILLER = 0x5a;

/** What mke2fs is told for each sort of image. */
export const VARIANTS: readonly (readonly string[])[] = [
  ["ext2", "-b", "1024", "-I", "128"],
  ["ext3", "-b", "1024"],
  ["ext4", "-b", "1024"],
  ["ext4", "-b", "1024", "-O", "^metadata_csum"],
  ["ext4", "-b", "4096", "-O", "^metadata_csum,^has_journal"],
];

/** Images of one sort, each damaged in another way. */
export class Mutants {
  /** What mke2fs was told. */
  readonly name: string;
  /** How many of them refused at least one request. */
  refused = 0;
  readonly #sound: MemoryDisk;
  readonly #pages: readonly number[];

  /**
   * Makes the sound image.
   *
   * @throws {Error} If that one refuses anything.
   */
  constructor(variant: readonly string[]) {
    this.name = variant.join(" ");
    this.#sound = imageOf(variant);
    this.#pages = metadataPages(this.#sound);
    assert(exercise(this.#sound.clone()) === 0, "nothing is refused on a sound image");
  }

  /**
   * Damages the image as a seed says, and uses what is left.
   *
   * @throws {Error} If a request does not end, or ends with what is no `OsError`.
   */
  play(seed: number): void {
    const disk = this.#sound.clone();
    const damage = mutate(disk, this.#pages, randomOf(seed));
    try {
      if (exercise(disk) > 0) this.refused++;
    } catch (error) {
      throw new Error(`seed ${seed}: ${damage}`, { cause: error });
    }
  }
}

function makeTree(root: string): void {
  Deno.mkdirSync(`${root}/many`, { recursive: true });
  for (let at = 0; at < 25; at++) {
    Deno.writeTextFileSync(`${root}/many/${"n".repeat(30)}-${at}`, "");
  }
  Deno.mkdirSync(`${root}/a/b/c`, { recursive: true });
  Deno.writeFileSync(`${root}/a/file`, new Uint8Array(40_000).fill(FILLER));
  using sparse = Deno.openSync(`${root}/a/sparse`, { write: true, createNew: true });
  for (let at = 0; at < 12; at++) {
    sparse.seekSync(at * 30_000, Deno.SeekMode.Start);
    sparse.writeSync(new Uint8Array(KiB).fill(FILLER));
  }
  Deno.linkSync(`${root}/a/file`, `${root}/a/b/hard`);
}

/** An image of mke2fs with long links and attributes. */
function imageOf([type, ...args]: readonly string[]): MemoryDisk {
  const directory = Deno.makeTempDirSync();
  try {
    makeTree(`${directory}/tree`);
    const image = `${directory}/image`;
    const tree = `${directory}/tree`;
    requireTool("mke2fs", "-q", "-t", type!, ...args, "-d", tree, image, "3M");
    for (
      const command of [
        "symlink /a/short target",
        `symlink /a/long ${"x/".repeat(100)}`,
        "ea_set /a/file user.small value",
        `ea_set /a/b user.large ${"v".repeat(300)}`,
        "mknod pipe p",
      ]
    ) requireTool("debugfs", "-w", "-R", command, image);
    return readImage(image);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** The pages of an image that hold anything but what files are filled with. */
function metadataPages(disk: MemoryDisk): number[] {
  return [...disk.blocks()].filter(([, bytes]) =>
    bytes.some((byte) => byte !== 0 && byte !== FILLER)
  )
    .map(([block]) => block);
}

/** Changes a few words of metadata. Says what it did. */
function mutate(
  disk: MemoryDisk,
  pages: readonly number[],
  random: (bound: number) => number,
): string {
  const said: string[] = [];
  for (let count = 1 + random(3); count > 0; count--) {
    const page = sharedBytes(PAGE_BYTES);
    // Every third change is in the first pages: superblock, descriptors, bitmaps, inodes.
    const block = pages[random(random(3) === 0 ? Math.min(6, pages.length) : pages.length)]!;
    disk.read(block * PAGE_BYTES, page);
    const view = new DataView(page.buffer);
    const used: number[] = [];
    for (let at = 0; at < PAGE_BYTES; at++) if (page[at] !== 0) used.push(at);
    const at = random(4) === 0 ? random(PAGE_BYTES) : used[random(used.length)]!;
    const word = Math.min(at & ~3, PAGE_BYTES - 4);
    const kind = random(7);
    if (kind === 0) page[at]! ^= 1 << random(8);
    else if (kind === 1) page[at] = random(256);
    else if (kind === 2) view.setUint32(word, random(2) === 0 ? 0xffff_ffff : 0, true);
    else if (kind === 3) view.setUint32(word, random(4000), true);
    else if (kind === 4) view.setUint16(word, [0, 1, 8, 12, 0xffff, 0x7fff][random(6)]!, true);
    // A pointer that leads elsewhere: to what another one leads to, which may be above.
    else if (kind === 5) {
      view.setUint32(word, view.getUint32(used[random(used.length)]! & ~3, true), true);
    } else {page.copyWithin(
        word,
        used[random(used.length)]! & ~63,
        (used[random(used.length)]! & ~63) + 64,
      );}
    disk.write(block * PAGE_BYTES, page);
    said.push(`kind ${kind} at ${block * PAGE_BYTES + at}`);
  }
  return said.join(", ");
}

/** Uses all that there is, and answers how many requests were refused. */
function exercise(disk: MemoryDisk): number {
  let calls = 0;
  let refused = 0;
  disk.before = () => assert(++calls <= CALLS_MAX, "a request ends");
  const attempt = (act: () => void) => {
    calls = 0;
    try {
      act();
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      refused++;
    }
  };
  attempt(() => {
    const rig = new Rig({ disk, windowBlocks: 80 });
    const fs = new FileSystemClient(clientOfRig(rig), sharedBytes(128 * KiB));
    walk(fs, attempt);
    for (
      const change of [
        () => fs.writeFileSync("/new", new Uint8Array(20_000)),
        () => fs.mkdirSync("/a/new"),
        () => fs.renameSync("/a/file", "/a/new/moved"),
        () => fs.writeFileSync("/a/sparse", new Uint8Array(3 * KiB), { append: true }),
        () => fs.truncateSync("/a/sparse", 5_000),
        () => fs.setXattrSync("/a/b", "user.other", new Uint8Array(50)),
        () => fs.removeSync("/a/long"),
        () => fs.removeSync("/many", { recursive: true }),
        () => fs.syncSync(),
        () => rig.fs.halt(),
      ]
    ) attempt(change);
  });
  attempt(() => void checkFileSystem(disk, { window: sharedBytes(MiB) }));
  return refused;
}

function walk(fs: FileSystemClient, attempt: (act: () => void) => void): void {
  const open = ["/"];
  let seen = 0;
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    const from: string = directory;
    attempt(() => {
      for (const { name } of fs.readDirSync(from)) {
        if (++seen > NAMES_MAX) return;
        const path = `${from}/${name}`;
        attempt(() => {
          const info = fs.lstatSync(path);
          if (info.isDirectory) open.push(path);
          if (info.isSymlink) fs.readLinkSync(path);
          const itself = { follow: false };
          attempt(() => {
            for (const one of fs.listXattrsSync(path, itself)) fs.getXattrSync(path, one, itself);
          });
          if (!info.isFile) return;
          using file = fs.openSync(path);
          const buffer = new Uint8Array(8 * KiB);
          for (const at of [0, 30_000, Math.max(0, info.size - 10)]) file.readSync(buffer, at);
        });
      }
    });
  }
}
