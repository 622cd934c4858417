/**
 * For tests: one file of an image that mke2fs made, written by what is under test without a server
 * around it, through lives and deaths.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { BlockCache } from "../disk/block_cache.ts";
import { BLOCK_KIND } from "../disk/cached_block.ts";
import { NO_REQUEST } from "../disk/disk.ts";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { Accounts } from "./accounts.ts";
import { BlockAllocation } from "./block_allocation.ts";
import { MetadataChecksums } from "./checksums.ts";
import { BOUNCE_BLOCKS, FileData } from "./file_data.ts";
import { FileMap } from "./file_map.ts";
import { descriptorBlock, Geometry, readSizes } from "./geometry.ts";
import { type Inode, InodeTable } from "./inode.ts";
import { SUPERBLOCK_BYTES, SUPERBLOCK_OFFSET } from "./layouts/superblock.ts";
import { IMAGES, madeByMke2fs, sharedBytes } from "./test_images.ts";

/** The first inode that mke2fs gives to a file of a tree: the one after lost+found. */
const FILE_INODE = 12;

/** What a test throws where an incarnation dies. Nothing under test catches it. */
export class Death extends Error {
  override readonly name = "Death";
}

/** A disk with one empty file on it. */
export function diskWithFile(byteLength: number, ...args: string[]): MemoryDisk {
  const tree = Deno.makeTempDirSync(IMAGES);
  try {
    Deno.writeTextFileSync(`${tree}/file`, "");
    return madeByMke2fs(byteLength, "-d", tree, ...args);
  } finally {
    Deno.removeSync(tree, { recursive: true });
  }
}

/** One file and all that is under it. */
export class DataRig {
  readonly disk: MemoryDisk;
  cache!: BlockCache;
  allocation!: BlockAllocation;
  map!: FileMap;
  data!: FileData;
  accounts!: Accounts;
  inodes!: InodeTable;
  readonly #window: Uint8Array;
  /** A keep for the log of metadata; without it each change is a transaction of the disk. */
  readonly #log: Uint8Array | undefined;

  constructor(disk: MemoryDisk, windowBytes = 2 ** 20, logBytes = 0) {
    this.disk = disk;
    this.#window = sharedBytes(windowBytes);
    this.#log = logBytes === 0 ? undefined : sharedBytes(logBytes);
    this.succeed();
  }

  /** Begins a life: nothing but the disk is known. */
  succeed(): void {
    for (;;) {
      try {
        return this.#mount();
      } catch (error) {
        if (!(error instanceof Death)) throw error;
      }
    }
  }

  #mount(): void {
    const { disk } = this;
    const superblock = disk.peek(SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
    const sizes = readSizes(new DataView(superblock.buffer), disk.byteLength);
    const bounce = this.#window.subarray(0, BOUNCE_BLOCKS * 4096);
    const { blockBytes } = sizes;
    const integrity = new MetadataChecksums(sizes);
    const options = { blockBytes, integrity, ...(this.#log !== undefined && { log: this.#log }) };
    const cache = new BlockCache(disk, this.#window.subarray(8192), options);
    const geometry = new Geometry(sizes, (index) => {
      const owner = index * sizes.descriptorsPerBlock;
      return cache.get(descriptorBlock(sizes, index), BLOCK_KIND.descriptors, owner).view;
    });
    const accounts = new Accounts(cache, sizes);
    const allocation = new BlockAllocation(cache, geometry, accounts);
    const map = new FileMap(cache, geometry, allocation);
    this.cache = cache;
    this.accounts = accounts;
    this.allocation = allocation;
    this.map = map;
    this.inodes = new InodeTable(cache, geometry);
    this.data = new FileData({ cache, map, allocation, accounts, bounce, point: () => {} });
    // What earlier lives freed may be taken again only when that is durable.
    cache.flush();
  }

  /** The file as it is now. */
  get inode(): Inode {
    return this.inodes.load(FILE_INODE);
  }

  /** Does something to the file, in as many transactions as it takes; in as many lives too. */
  change<T>(body: (inode: Inode) => T): T {
    for (;;) {
      try {
        const { inode } = this;
        const result = body(inode);
        this.inodes.store(inode);
        this.cache.commit(NO_REQUEST, 0);
        if (result !== false) return result;
      } catch (error) {
        if (error instanceof Death) {
          this.succeed();
          continue;
        }
        this.map.abandon();
        this.cache.rollback();
        if (!(error instanceof OsError) || error.code !== "ENOSPC") throw error;
        if (!this.allocation.hasResting) throw error;
        this.flush();
      }
    }
  }

  /** Makes everything durable, so that freed blocks may be taken again. */
  flush(): void {
    this.cache.flush();
    this.allocation.flushed();
  }

  /** Reads, whoever dies. */
  read(offset: number, target: Uint8Array): number {
    for (;;) {
      try {
        return this.data.read(this.inode, offset, target);
      } catch (error) {
        if (!(error instanceof Death)) throw error;
        this.succeed();
      }
    }
  }

  /** Writes all of it, in as many pieces as it takes. */
  write(offset: number, source: Uint8Array): void {
    for (let done = 0; done < source.byteLength;) {
      const part = source.subarray(done);
      done += this.change((inode) => this.data.write(inode, offset + done, part));
    }
  }

  /** Its whole content. */
  content(): Uint8Array {
    const target = sharedBytes(this.inode.size);
    this.read(0, target);
    return target;
  }
}
