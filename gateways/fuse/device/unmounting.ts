/**
 * Unmounting through `fusermount3`, as root and as anybody.
 *
 * Linux sends what is still to be written, and DESTROY, while the unmount is under way: the thread
 * that serves the mount must not wait for it. `startUnmount()` does not wait.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { explain } from "./failure.ts";
import type { Libc } from "./libc.ts";
import { ProgramRun } from "./program.ts";

/** What is unmounted, and how. */
export interface UnmountOptions {
  /** Where it is mounted. */
  readonly directory: string;
  /** Whether it vanishes from the directory tree at once, and ends when its last file is closed. */
  readonly lazy?: boolean;
  /** Where `fusermount3` is, if not in a usual place. */
  readonly fusermount?: string;
}

const TIMEOUT_MS = 60_000;
const STEP_MS = 5;

/** An unmount under way. */
export class Unmounting {
  readonly #run: ProgramRun;
  readonly #what: string;
  #isDone = false;

  /** Made by {@linkcode startUnmount}. @internal */
  constructor(run: ProgramRun, what: string) {
    this.#run = run;
    this.#what = what;
  }

  /**
   * Whether it is done. Asks, and does not wait.
   *
   * @throws {OsError} `EBUSY` if a file is open there or somebody works there; `EINVAL` if nothing
   * is mounted there; `EPERM` if it is another user's. It is over then, too.
   */
  poll(): boolean {
    if (this.#isDone) return true;
    const code = this.#run.exitCode();
    if (code === undefined) return false;
    const said = this.#run.said();
    this.#end();
    if (code !== 0) throw explain(this.#what, said);
    return true;
  }

  /** Gives up: ends `fusermount3`. Linux may be at it all the same, and end it. */
  cancel(): void {
    if (this.#isDone) return;
    this.#run.kill();
    this.#end();
  }

  #end(): void {
    this.#isDone = true;
    this.#run.close();
  }
}

/**
 * Begins to unmount.
 *
 * @throws {OsError} `ENOENT` if `fusermount3` is missing.
 */
export function startUnmount(libc: Libc, options: UnmountOptions): Unmounting {
  const what = `unmount ${options.directory}`;
  const args = ["-u", ...(options.lazy === true ? ["-z"] : []), "--", options.directory];
  return new Unmounting(
    ProgramRun.start(libc, { args, program: options.fusermount, what }),
    what,
  );
}

/**
 * Unmounts, and waits for it: only for those who do not serve the mount in this thread.
 *
 * @param timeoutMs For how long to wait; a minute unless told.
 * @throws {OsError} As `Unmounting.poll()`; `ETIMEDOUT` if whoever serves it does not answer.
 */
export function unmount(libc: Libc, options: UnmountOptions & { timeoutMs?: number }): void {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const unmounting = startUnmount(libc, options);
  const nobody = new Uint8Array(new ArrayBuffer(8));
  for (let waited = 0; !unmounting.poll(); waited += STEP_MS) {
    if (waited >= timeoutMs) {
      unmounting.cancel();
      const why = "whoever serves it does not answer";
      throw new OsError("ETIMEDOUT", `unmount ${options.directory}: ${why} for ${timeoutMs} ms`);
    }
    libc.call.poll(nobody, 0, STEP_MS);
  }
}
