/**
 * An image file as blocks, for reading alone.
 *
 * @module
 */

import { BLOCK_BYTES } from "../../storage-server/protocol.ts";
import { UsageError } from "../command_line/command.ts";

/** Blocks that can be read. */
export interface Blocks {
  /** How many there are. */
  readonly blockCount: number;
  /** Copies a run of blocks, as little-endian words. */
  read(first: number, count: number): Uint32Array;
}

/** An image, open. */
export class ImageFile implements Blocks, Disposable {
  /** How many whole blocks it has. */
  readonly blockCount: number;
  readonly #file: Deno.FsFile;

  /**
   * Opens an image.
   *
   * @param path Where it is.
   * @throws {UsageError} If it cannot be read.
   */
  constructor(path: string) {
    try {
      this.#file = Deno.openSync(path, { read: true });
    } catch (error) {
      throw cannotRead(path, error);
    }
    try {
      // Not its size: a block device says 0 there.
      this.blockCount = Math.floor(this.#file.seekSync(0, Deno.SeekMode.End) / BLOCK_BYTES);
      if (this.#file.statSync().isDirectory) throw new Deno.errors.IsADirectory();
    } catch (error) {
      this.#file.close();
      throw cannotRead(path, error);
    }
  }

  /** Copies a run of blocks. */
  read(first: number, count: number): Uint32Array {
    const bytes = new Uint8Array(count * BLOCK_BYTES);
    this.#file.seekSync(first * BLOCK_BYTES, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const read = this.#file.readSync(bytes.subarray(at));
      if (read === null) throw new UsageError("Cannot read the image: it became shorter meanwhile");
      at += read;
    }
    return new Uint32Array(bytes.buffer);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function cannotRead(path: string, error: unknown): UsageError {
  const why = error instanceof Deno.errors.NotFound
    ? "there is no such file"
    : error instanceof Deno.errors.IsADirectory
    ? "it is a directory"
    : error instanceof Error
    ? error.message
    : String(error);
  return new UsageError(`Cannot read ${path}: ${why}`);
}
