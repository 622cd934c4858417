/**
 * One descriptor of `/dev/fuse`.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import { cString, lastError, type Libc, type LibcSymbols } from "./libc.ts";

/** Of `fcntl.h` and `poll.h`: the same on x86-64 and arm64. */
const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const POLLIN = 1;
const POLLFD_BYTES = 8;

/**
 * A device by its number in this process. It does not block.
 *
 * The number belongs to the process and not to a worker: it outlives the worker that opened it, and
 * a successor makes its own `FuseDevice` of it. Programs that the process starts do not get it.
 */
export class FuseDevice {
  /** The number of the descriptor. */
  readonly fd: number;
  readonly #libc: Libc;
  readonly #call: LibcSymbols;
  /** A `struct pollfd`. */
  readonly #asked: Uint8Array<ArrayBuffer>;
  #isClosed = false;

  /**
   * A device by its number.
   *
   * @throws {OsError} `EBADF` if it is not open.
   */
  constructor(libc: Libc, fd: number) {
    this.fd = fd;
    this.#libc = libc;
    this.#call = libc.call;
    const flags = libc.call.fcntl(fd, F_GETFL, 0);
    if (flags < 0 || libc.call.fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
      throw lastError(libc, `use descriptor ${fd} as /dev/fuse`);
    }
    this.#asked = new Uint8Array(new ArrayBuffer(POLLFD_BYTES));
    const view = new DataView(this.#asked.buffer);
    view.setInt32(0, fd, true);
    view.setInt16(4, POLLIN, true);
  }

  /**
   * Reads one request. Hot path.
   *
   * @param target `request.target` of a `FuseRequest`.
   * @returns Its bytes, or a negative errno: `-EAGAIN`, nothing is to be done; `-EINTR` and
   * `-ENOENT`, read again; `-ENODEV`, unmounted or aborted; `-ECONNABORTED` (103), aborted, where
   * `INIT.ABORT_ERROR` was agreed on; `-EPERM`, under this number lies no device of a mount.
   */
  read(target: Uint8Array): number {
    const count = this.#call.read(this.fd, target as Uint8Array<ArrayBuffer>, target.byteLength);
    return count >= 0 ? count : -this.#libc.errno();
  }

  /**
   * Sends an answer or a notification. Hot path.
   *
   * @param source `reply.source` or `notification.source`.
   * @param byteLength How many of its bytes, from the first on.
   * @returns `byteLength`, or a negative errno: `-ENOENT`, nobody waits for that answer any more,
   * or Linux does not know the file that a notification means; `-EINVAL`, it is no answer.
   */
  write(source: Uint8Array, byteLength: number): number {
    const count = this.#call.write(this.fd, source as Uint8Array<ArrayBuffer>, byteLength);
    return count >= 0 ? count : -this.#libc.errno();
  }

  /**
   * Sends a notification from another thread: Linux may wait in there for pages that are being
   * written back or read, which is for requests that this thread answers.
   *
   * @param source `notification.source`; it must not change until the promise is resolved.
   * @returns `byteLength`; or a negative number: Linux does not know that file or name, or the
   * device is gone. Which of these, another thread's errno does not tell.
   */
  async notify(source: Uint8Array, byteLength: number): Promise<number> {
    const bytes = source as Uint8Array<ArrayBuffer>;
    const count = await this.#call.writeApart(this.fd, bytes, byteLength);
    return count >= 0 ? count : -ERRNO.EIO;
  }

  /**
   * Waits until a request can be read, or the device is gone.
   *
   * @returns Whether `read()` would not say `-EAGAIN` now.
   */
  poll(timeoutMs: number): boolean {
    return this.#call.poll(this.#asked, 1, timeoutMs) > 0;
  }

  /**
   * Takes the device from whoever reads it under its number: it has another one from now on, and
   * under the old one lies `/dev/null`. What a zombie still does with that number meets nobody.
   *
   * @param record Is told the new number and the old one, while both are the device. It writes them
   * where a successor finds them: a successor that finds both calls {@linkcode retire} on the old
   * one first.
   * @returns The device under its new number; this object is of no use any more.
   * @throws {OsError} `EMFILE` if the process has no descriptor left, and nothing has changed.
   */
  takeOver(record: (fd: number, former: number) => void): FuseDevice {
    const fd = this.#call.fcntl(this.fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) throw lastError(this.#libc, "take over /dev/fuse");
    record(fd, this.fd);
    this.retire();
    return new FuseDevice(this.#libc, fd);
  }

  /**
   * Puts `/dev/null` under this number: nobody reads a request there any more. The number stays in
   * use, for ever: a zombie that knows it must not meet another file under it.
   *
   * @throws {OsError} `EMFILE` if the process has no descriptor left.
   */
  retire(): void {
    const source = this.#call.open(cString("/dev/null"), O_RDWR | O_CLOEXEC, 0);
    if (source < 0) throw lastError(this.#libc, "open /dev/null");
    const isDone = this.#call.dup3(source, this.fd, O_CLOEXEC) >= 0;
    const failure = isDone ? undefined : lastError(this.#libc, "put /dev/null under a descriptor");
    this.#call.close(source);
    this.#isClosed = true;
    if (failure !== undefined) throw failure;
  }

  /**
   * Closes the descriptor, once. When the last one is closed, Linux ends the connection: whoever
   * waits for an answer gets `ECONNABORTED`.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#call.close(this.fd);
  }
}
