/**
 * One open file of SQLite.
 *
 * @module
 */

import type { FsFile } from "../client/file.ts";
import { OsError } from "@hako/ipc";
import { LockLevel } from "./lock_levels.ts";

/** An open file: a database, a journal, or a temporary one. */
export class DatabaseFile {
  /** The path, absolute; a temporary file has one that is gone. */
  readonly path: string;
  /** Its locks. */
  readonly lock: LockLevel;
  readonly #file: FsFile;
  readonly #syncDirectory: () => void;
  /** Whether its name may be lost in a power cut yet. */
  #isNew: boolean;

  /**
   * @param file The open file, which is closed with this one.
   * @param how Its path, whether it was just made, and how its directory is made durable.
   */
  constructor(
    file: FsFile,
    how: { readonly path: string; readonly isNew: boolean; readonly syncDirectory: () => void },
  ) {
    this.#file = file;
    this.path = how.path;
    this.#isNew = how.isNew;
    this.#syncDirectory = how.syncDirectory;
    this.lock = new LockLevel(file);
  }

  /** Reads from `offset` on; what lies behind the end becomes zero. Answers the count. */
  read(target: Uint8Array, offset: number): number {
    let done = 0;
    while (done < target.byteLength) {
      const count = this.#file.readSync(target.subarray(done), offset + done);
      if (count === null) break;
      done += count;
    }
    target.fill(0, done);
    return done;
  }

  /** Writes all. @throws {OsError} `ENOSPC` if it does not fit. */
  write(source: Uint8Array, offset: number): void {
    for (let done = 0; done < source.byteLength;) {
      const count = this.#file.writeSync(source.subarray(done), offset + done);
      if (count === 0) throw new OsError("ENOSPC", `write '${this.path}'`);
      done += count;
    }
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#file.statSync().size;
  }

  /** Makes the file longer or shorter. */
  truncate(size: number): void {
    this.#file.truncateSync(size);
  }

  /** Returns when the file would survive a power cut; one that is new, with its name. */
  sync(dataOnly: boolean): void {
    if (dataOnly) this.#file.syncDataSync();
    else this.#file.syncSync();
    if (!this.#isNew) return;
    this.#syncDirectory();
    this.#isNew = false;
  }

  /** Lets go of the locks and closes the file. */
  close(): void {
    this.#file.close();
  }
}
