/**
 * An image file of the host, or one of its block devices, opened for one driver: the only code here
 * that touches the host.
 *
 * **Two systems must not share an image.** Every incarnation holds a shared lock on it (`flock`) for
 * as long as it has it open. The first incarnation of a boot takes the exclusive lock before, which
 * it gets only if nobody at all holds one, and then steps down to the shared lock. So a second
 * system is refused, while a successor is not held up by a fenced predecessor that still has the
 * file open. What this cannot see: a second system that starts in the milliseconds between the end
 * of one incarnation and the start of its successor.
 *
 * @module
 */

import { type Errno, OsError } from "@hako/ipc";
import type { DiskFile } from "../disk.ts";

/** How an image is opened. */
export interface ImageOptions {
  /** Where it is. */
  readonly path: string;
  /** Made or lengthened, sparse, to so many bytes if it is missing or shorter. Not for devices. */
  readonly createBytes?: number | undefined;
  /** Whether writes are refused. */
  readonly readOnly?: boolean | undefined;
}

/** An open image. */
export interface Image extends DiskFile {
  /** Closes the file and so lets go of the lock. */
  close(): void;
}

/** The life that uses an image: a domain is one. */
export interface ImageLife {
  /** Its number. */
  readonly epoch: number;
  /** Throws if it is over. */
  requireLife(): void;
}

/**
 * Opens an image or a block device. Every transfer looks first whether the life still goes on: one
 * that was held up until its successor served would write what has been overwritten since.
 *
 * @param options What the manifest says.
 * @param life Whose it is; the first one makes sure that it is alone.
 * @throws {OsError} `ENOENT`, `EACCES`, `EISDIR`, `EINVAL` for what is neither file nor block device
 * and for a device that is to be made, `EBUSY` if another system has it, `ENOSPC` or `EIO`.
 */
export function openImage(options: ImageOptions, life: ImageLife): Image {
  const { path, createBytes = 0, readOnly = false } = options;
  const create = createBytes > 0 && !readOnly;
  const file = attempt(`open ${path}`, () => openFile(path, { readOnly, create }));
  try {
    const stat = attempt(`look at ${path}`, () => file.statSync());
    if (stat.isDirectory) throw new OsError("EISDIR", `open ${path}`);
    const isDevice = stat.isBlockDevice === true;
    if (!stat.isFile && !isDevice) {
      throw new OsError("EINVAL", `open ${path}: it is neither a file nor a block device`);
    }
    if (!lock(file, { path, epoch: life.epoch, isDevice })) {
      throw new OsError("EBUSY", `open ${path}: another system has it open`);
    }
    if (isDevice) {
      if (createBytes > 0) {
        throw new OsError("EINVAL", `make ${path} of createBytes: a device has the size it has`);
      }
      // The size that stat tells of a device is 0.
      const byteLength = attempt(`measure ${path}`, () => file.seekSync(0, Deno.SeekMode.End));
      return new HostImage(file, life, { byteLength, readOnly });
    }
    if (create && stat.size < createBytes) {
      attempt(`lengthen ${path}`, () => file.truncateSync(createBytes));
    }
    const byteLength = create ? Math.max(stat.size, createBytes) : stat.size;
    return new HostImage(file, life, { byteLength, readOnly });
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The errno of an error that Deno threw for a host operation. */
export function hostErrno(error: unknown): Errno {
  if (error instanceof Deno.errors.NotFound) return "ENOENT";
  if (error instanceof Deno.errors.PermissionDenied) return "EACCES";
  if (error instanceof Deno.errors.NotCapable) return "EACCES";
  if (error instanceof Deno.errors.IsADirectory) return "EISDIR";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") return "ENOSPC";
  return code === "EROFS" ? "EROFS" : "EIO";
}

/** What is written to make a run zero, in pieces: the host cannot be asked to punch a hole. */
const ZEROES = new Uint8Array(256 * 1024);

class HostImage implements Image {
  readonly byteLength: number;
  readonly readOnly: boolean;
  readonly fastZero = false;
  readonly #file: Deno.FsFile;
  readonly #life: ImageLife;
  /** Where the host's next transfer begins; unknown after one that failed. */
  #position = NaN;

  constructor(
    file: Deno.FsFile,
    life: ImageLife,
    { byteLength, readOnly }: { byteLength: number; readOnly: boolean },
  ) {
    this.#file = file;
    this.#life = life;
    this.byteLength = byteLength;
    this.readOnly = readOnly;
  }

  /** Reads until `target` is full or the file ends. Hot path. */
  readAt(offset: number, target: Uint8Array): number {
    this.#seek(offset);
    let byteLength = this.#file.readSync(target) ?? 0;
    while (byteLength < target.byteLength) {
      const more = this.#file.readSync(target.subarray(byteLength));
      if (more === null || more === 0) break;
      byteLength += more;
    }
    this.#position = offset + byteLength;
    return byteLength;
  }

  /** Writes all of `source`. Hot path. */
  writeAt(offset: number, source: Uint8Array): void {
    this.#seek(offset);
    let byteLength = this.#file.writeSync(source);
    while (byteLength < source.byteLength) {
      const more = this.#file.writeSync(source.subarray(byteLength));
      if (more === 0) throw new OsError("EIO", "write to the image: the host takes no more");
      byteLength += more;
    }
    this.#position = offset + byteLength;
  }

  /** A seek costs a third of a small transfer: who goes on where the last one ended needs none. */
  #seek(offset: number): void {
    this.#life.requireLife();
    if (offset !== this.#position) this.#file.seekSync(offset, Deno.SeekMode.Start);
    this.#position = NaN;
  }

  zeroAt(offset: number, byteLength: number): void {
    for (let done = 0; done < byteLength; done += ZEROES.byteLength) {
      this.writeAt(offset + done, ZEROES.subarray(0, byteLength - done));
    }
  }

  sync(): void {
    this.#file.syncDataSync();
  }

  close(): void {
    this.#file.close();
  }
}

function openFile(path: string, how: { readOnly: boolean; create: boolean }): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: !how.readOnly, create: how.create });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable) || !/all access to "/.test(error.message)) {
      throw error;
    }
    const why =
      "Deno opens nothing below /dev for less than all permissions; make a node elsewhere";
    throw new OsError("EACCES", `open ${path}: ${why}, as with mknod disk b 7 0`, { cause: error });
  }
}

/** Whether nobody else has it. A device that knows no locks is nobody's. */
function lock(
  file: Deno.FsFile,
  { path, epoch, isDevice }: { path: string; epoch: number; isDevice: boolean },
): boolean {
  try {
    if (epoch === 1 && !file.tryLockSync(true)) return false;
    return file.tryLockSync(false);
  } catch (error) {
    if (isDevice) return true;
    throw new OsError(hostErrno(error), `lock ${path}`, { cause: error });
  }
}

function attempt<T>(what: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof OsError) throw error;
    throw new OsError(hostErrno(error), what, { cause: error });
  }
}
