/**
 * For tests: directories of an image, changed one operation at a time, beside a model of them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import { NO_REQUEST } from "../disk/disk.ts";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { Accounts } from "./accounts.ts";
import { BlockAllocation } from "./block_allocation.ts";
import { MetadataChecksums } from "./checksums.ts";
import { Directories } from "./directory.ts";
import { FileMap } from "./file_map.ts";
import { descriptorBlock, Geometry, readSizes } from "./geometry.ts";
import { type Inode, InodeTable } from "./inode.ts";
import { InodeAllocation } from "./inode_allocation.ts";
import { ENTRY_TYPE, LISTED_ENTRY, listedEntryBytes } from "./layouts/dir_entry.ts";
import { MODE_DIRECTORY, MODE_FILE, ROOT_INODE } from "./layouts/inode.ts";
import { SUPERBLOCK_BYTES, SUPERBLOCK_OFFSET } from "./layouts/superblock.ts";
import { sharedBytes } from "./test_images.ts";

const TIME = { seconds: 1_700_000_000, extra: 0 };

/** Ways to make a file system that directories differ by: name, and arguments of mke2fs. */
export const LAYOUTS: readonly (readonly [string, readonly string[]])[] = [
  ["ext4 of 1 KiB", ["-t", "ext4", "-b", "1024"]],
  ["ext4 of 2 KiB, no checksums", ["-t", "ext4", "-b", "2048", "-O", "^metadata_csum"]],
  ["ext4 of 4 KiB", ["-t", "ext4", "-b", "4096"]],
  ["ext4 with large_dir", ["-t", "ext4", "-b", "1024", "-O", "large_dir"]],
  ["ext2 with trees", ["-t", "ext2", "-b", "1024"]],
  ["ext2 without trees", ["-t", "ext2", "-b", "1024", "-O", "^dir_index"]],
  ["ext4 without trees", ["-t", "ext4", "-b", "1024", "-O", "^dir_index"]],
  ["ext2 without types", ["-t", "ext2", "-b", "1024", "-O", "^filetype"]],
];

/** A piece of a listing. */
export interface Listed {
  readonly name: string;
  readonly inode: number;
  readonly nextCookie: number;
}

/** An image with its directories. */
export class DirectoryRig {
  readonly cache: BlockCache;
  readonly inodes: InodeTable;
  readonly directories: Directories;
  readonly geometry: Geometry;
  readonly #map: FileMap;
  readonly #inodeAllocation: InodeAllocation;
  readonly #out = sharedBytes(1 << 16);

  constructor(readonly disk: MemoryDisk, windowBlocks = 2048) {
    const head = sharedBytes(4096);
    disk.read(0, head);
    const superblock = head.slice(SUPERBLOCK_OFFSET, SUPERBLOCK_OFFSET + SUPERBLOCK_BYTES);
    const sizes = readSizes(new DataView(superblock.buffer), disk.byteLength);
    const { blockBytes, descriptorsPerBlock } = sizes;
    const integrity = new MetadataChecksums(sizes);
    const cache = new BlockCache(disk, sharedBytes(windowBlocks * 4096), { blockBytes, integrity });
    const geometry = new Geometry(sizes, (index) => {
      const block = descriptorBlock(sizes, index);
      return cache.get(block, BLOCK_KIND.descriptors, index * descriptorsPerBlock).view;
    });
    const accounts = new Accounts(cache, sizes);
    const allocation = new BlockAllocation(cache, geometry, accounts);
    const map = new FileMap(cache, geometry, allocation);
    this.cache = cache;
    this.geometry = geometry;
    this.inodes = new InodeTable(cache, geometry);
    this.directories = new Directories({ cache, geometry, allocation, map });
    this.#map = map;
    this.#inodeAllocation = new InodeAllocation(cache, geometry, accounts);
  }

  /** What stands at a path of plain names. */
  at(path: string): Inode {
    let inode = this.inodes.load(ROOT_INODE);
    for (const name of path.split("/").filter((one) => one !== "")) {
      inode = this.inodes.load(this.directories.find(inode, name));
    }
    return inode;
  }

  /** Makes an empty directory in the root. */
  makeDirectory(name: string): Inode {
    const root = this.at("/");
    const number = this.#inodeAllocation.takeForDirectory(ROOT_INODE);
    const inode = this.inodes.create(number, MODE_DIRECTORY | 0o755, TIME);
    inode.links = 2;
    this.directories.begin(inode, ROOT_INODE);
    this.inodes.store(inode);
    this.directories.insert(root, { name, inode: number, type: ENTRY_TYPE.directory });
    root.links++;
    this.inodes.store(root);
    this.commit();
    return inode;
  }

  /** Makes an empty file in the root, under a name of its own. */
  makeFile(name: string): Inode {
    const root = this.at("/");
    const number = this.#inodeAllocation.takeForFile(ROOT_INODE);
    const inode = this.inodes.create(number, MODE_FILE | 0o644, TIME);
    inode.links = 1;
    this.#map.begin(inode);
    this.inodes.store(inode);
    this.insert(root, name, number);
    return inode;
  }

  /** Adds a name of a file, without counting it. */
  insert(directory: Inode, name: string, inode: number): void {
    this.directories.insert(directory, { name, inode, type: ENTRY_TYPE.file });
    this.inodes.store(directory);
    this.commit();
  }

  /** Removes a name, without counting it. */
  remove(directory: Inode, name: string): void {
    this.directories.remove(directory, name);
    this.inodes.store(directory);
    this.commit();
  }

  /** Sets how many names a file has. */
  setLinks(inode: number, links: number): void {
    const file = this.inodes.load(inode);
    file.links = links;
    this.inodes.store(file);
    this.commit();
  }

  commit(): void {
    this.cache.commit(NO_REQUEST, 0);
    this.directories.committed();
  }

  rollback(): void {
    this.#map.abandon();
    this.cache.rollback();
    this.directories.rolledBack();
  }

  /** The block of the disk that holds a block of a directory. */
  blockOf(directory: Inode, index: number): number {
    return this.#map.lookup(directory, index, 1).first;
  }

  /** One answer of a listing. */
  listOnce(directory: Inode, cookie: number, byteLength = this.#out.byteLength): Listed[] {
    const target = this.#out.subarray(0, byteLength);
    const view = new DataView(target.buffer);
    const count = this.directories.list(directory, cookie, target);
    const listed: Listed[] = [];
    for (let at = 0; at < count;) {
      const nameBytes = view.getUint8(at + LISTED_ENTRY.nameBytes);
      const bytes = target.slice(at + LISTED_ENTRY.name, at + LISTED_ENTRY.name + nameBytes);
      listed.push({
        name: String.fromCharCode(...bytes),
        inode: view.getUint32(at + LISTED_ENTRY.inode, true),
        nextCookie: view.getFloat64(at + LISTED_ENTRY.nextCookie, true),
      });
      at += listedEntryBytes(nameBytes);
    }
    return listed;
  }

  /** All names with their inodes, but `.` and `..`. */
  list(directory: Inode, byteLength = 4096): Map<string, number> {
    const names = new Map<string, number>();
    for (let cookie = 0;;) {
      const listed = this.listOnce(directory, cookie, byteLength);
      if (listed.length === 0) break;
      const before = cookie;
      for (const { name, inode, nextCookie } of listed) {
        assert(!names.has(name), "a name is told once");
        // Names of one key share a cookie; they are told in one answer.
        assert(nextCookie >= cookie, "a listing never goes back");
        names.set(name, inode);
        cookie = nextCookie;
      }
      assert(cookie > before, "a listing goes on");
    }
    assert(names.delete(".") && names.delete(".."), "dots are told");
    return names;
  }

  /** Compares a directory with its model: by its listing, and by looking names up. */
  compare(directory: Inode, model: ReadonlyMap<string, number>): void {
    const listed = this.list(directory);
    assertEquals(listed.size, model.size);
    for (const [name, inode] of model) {
      assertEquals(listed.get(name), inode, name);
      assertEquals(this.directories.find(directory, name), inode, name);
    }
  }
}
