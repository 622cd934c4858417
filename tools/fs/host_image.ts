/**
 * An image file of the host as the check wants it: to be read, and not to be changed.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Disk } from "@hako/fs-server/check";

/** Unit of what a disk is long. */
const BLOCK_BYTES = 4096;

/** An image that is only read. */
export class HostImage implements Disk, Disposable {
  readonly byteLength: number;
  readonly isReadOnly = true;
  readonly #file: Deno.FsFile;

  /** Opens an image. */
  constructor(path: string) {
    this.#file = Deno.openSync(path);
    this.byteLength = Math.floor(this.#file.statSync().size / BLOCK_BYTES) * BLOCK_BYTES;
  }

  /** Reads all of `target` from an offset on. */
  read(offset: number, target: Uint8Array): void {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < target.byteLength;) {
      const count = this.#file.readSync(target.subarray(done));
      if (count === null) throw new OsError("EIO", `read ${target.byteLength} bytes at ${offset}`);
      done += count;
    }
  }

  /** Reads scattered ranges, one behind the other. */
  readVector(
    ranges: readonly { readonly offset: number; readonly byteLength: number }[],
    target: Uint8Array,
  ): void {
    let at = 0;
    for (const { offset, byteLength } of ranges) {
      this.read(offset, target.subarray(at, at + byteLength));
      at += byteLength;
    }
  }

  /** Refused, as all that would change it. */
  write(): never {
    throw readOnly();
  }

  /** Refused. */
  writeVector(): never {
    throw readOnly();
  }

  /** Refused. */
  zero(): never {
    throw readOnly();
  }

  /** Refused. */
  trim(): never {
    throw readOnly();
  }

  /** There is nothing to be flushed. */
  flush(): void {}

  /** Refused. */
  transact(): never {
    throw readOnly();
  }

  /** There is none. */
  lastTag(): undefined {}

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function readOnly(): OsError {
  return new OsError("EROFS", "change an image that is only read");
}
