/**
 * An image file of the host as a disk that is being formatted.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  type BlockImage,
  type ByteRange,
  type CommittedTag,
  type Disk,
  DISK_BLOCK_BYTES,
} from "../../fs-server/disk/disk.ts";
import { HEAD_BYTES } from "../../fs-server/ext4/mkfs/block_writer.ts";
import { errorOf } from "../systems/host_error.ts";

const ZEROS = new Uint8Array(1024 * 1024);

/** How an image is opened. */
export interface ImageDiskOptions {
  /** How large it shall be; as it is if left out. */
  readonly byteLength?: number;
  /** Whether what it holds may be lost. */
  readonly force: boolean;
}

/** A file of the host, open. */
export class ImageDisk implements Disk, Disposable {
  readonly byteLength: number;
  readonly isReadOnly = false;
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #isNew: boolean;

  /**
   * Opens an image, or makes it if there is none.
   *
   * @throws {OsError} `EEXIST` if it holds something and `force` is not set; `EINVAL` if it is
   *   no file; `ENOENT` if there is none and no size is given; what the host says.
   */
  constructor(path: string, { byteLength, force }: ImageDiskOptions) {
    const isNew = !exists(path);
    if (isNew && byteLength === undefined) {
      throw new OsError("ENOENT", `make a file system in ${path}: --size makes the image`);
    }
    this.#path = path;
    this.#isNew = isNew;
    this.#file = openImage(path, isNew);
    try {
      const { isFile, size } = this.#file.statSync();
      if (!isFile) throw new OsError("EINVAL", `make a file system in ${path}: it is no file`);
      if (!force && size > 0 && !this.#isBlank(size)) {
        throw new OsError("EEXIST", `${path} holds something; --force makes it lose that`);
      }
      const wanted = byteLength ?? size;
      this.byteLength = wanted - wanted % DISK_BLOCK_BYTES;
    } catch (error) {
      this.#file.close();
      this.undo();
      throw error;
    }
  }

  /** Removes the image if it was made here. */
  undo(): void {
    if (this.#isNew) Deno.removeSync(this.#path);
  }

  /** Nothing where file systems begin, nor where Hako and partition tables end. */
  #isBlank(size: number): boolean {
    const bytes = new Uint8Array(Math.min(HEAD_BYTES, size));
    return [0, size - bytes.byteLength].every((offset) => {
      this.#fill(offset, bytes);
      return bytes.every((byte) => byte === 0);
    });
  }

  /** Loses what it holds: it reads as zeros, and takes no room on the host for them. */
  empty(): void {
    this.#file.truncateSync(0);
    this.#file.truncateSync(this.byteLength);
  }

  #fill(offset: number, target: Uint8Array): void {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let at = 0; at < target.byteLength;) {
      const count = this.#file.readSync(target.subarray(at));
      if (count === null) throw new OsError("EIO", "the image became shorter meanwhile");
      at += count;
    }
  }

  /** As `Disk.read`. */
  read(offset: number, target: Uint8Array): void {
    this.#fill(offset, target);
  }

  /** As `Disk.write`. */
  write(offset: number, source: Uint8Array): void {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let at = 0; at < source.byteLength;) {
      try {
        at += this.#file.writeSync(source.subarray(at));
      } catch (error) {
        throw errorOf(error, "write the image");
      }
    }
  }

  /** As `Disk.readVector`. */
  readVector(ranges: readonly ByteRange[], target: Uint8Array): void {
    let at = 0;
    for (const { offset, byteLength } of ranges) {
      this.read(offset, target.subarray(at, at += byteLength));
    }
  }

  /** As `Disk.writeVector`. */
  writeVector(ranges: readonly ByteRange[], source: Uint8Array): void {
    let at = 0;
    for (const { offset, byteLength } of ranges) {
      this.write(offset, source.subarray(at, at += byteLength));
    }
  }

  /** As `Disk.zero`. */
  zero(offset: number, byteLength: number): void {
    for (let at = 0; at < byteLength; at += ZEROS.byteLength) {
      this.write(offset + at, ZEROS.subarray(0, Math.min(ZEROS.byteLength, byteLength - at)));
    }
  }

  /** As `Disk.trim`: nothing is given up. */
  trim(): void {}

  /** As `Disk.flush`. */
  flush(): void {
    this.#file.syncDataSync();
  }

  /** As `Disk.transact`, but for a death in the middle: nobody uses the image yet. */
  transact(images: readonly BlockImage[]): void {
    // The last block first, so that the superblock comes when all the rest is there.
    for (const { block, image } of [...images].reverse()) {
      this.write(block * DISK_BLOCK_BYTES, image);
    }
  }

  /** As `Disk.lastTag`: there is none. */
  lastTag(): CommittedTag | undefined {
    return undefined;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw errorOf(error, `look at ${path}`);
  }
}

function openImage(path: string, isNew: boolean): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true, createNew: isNew });
  } catch (error) {
    throw errorOf(error, `open ${path}`);
  }
}
