/**
 * One run of a program: of `fusermount3`, which has the right to mount that others lack.
 *
 * @module
 */

import { ERRNO, OsError } from "@hako/ipc";
import { cString, errorOf, lastError, type Libc } from "./libc.ts";

const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const WNOHANG = 1;
const SIGKILL = 9;
/** More than `posix_spawn_file_actions_t` has on any host (80 bytes). */
const FILE_ACTIONS_BYTES = 512;
/** For how long to wait for what ends at once. */
const WAIT_MS = 1000;
const STEP_MS = 2;
/** What it says when it fails is shorter. */
const SAID_BYTES_MAX = 4096;
/** Where it is, by distribution. */
const PROGRAMS = ["/usr/bin/fusermount3", "/bin/fusermount3", "/usr/local/bin/fusermount3"];
/** The number of the socket there. */
const COMM_FD = 3;

/** How to run it. */
export interface ProgramOptions {
  /** Its arguments, without its name. */
  readonly args: readonly string[];
  /** Where it is; `fusermount3` in one of its usual places unless told. */
  readonly program?: string | undefined;
  /** What becomes its descriptor 3: the socket on which it sends the device. */
  readonly socket?: number;
  /** What is attempted, for errors. */
  readonly what: string;
}

/** A run that has begun. */
export class ProgramRun {
  /** Its process. */
  readonly pid: number;
  readonly #libc: Libc;
  readonly #words: number;
  #exit: number | undefined;

  private constructor(libc: Libc, pid: number, words: number) {
    this.#libc = libc;
    this.pid = pid;
    this.#words = words;
  }

  /**
   * Begins a run. It reads from and writes to `/dev/null`; what it says of failures is kept.
   *
   * @throws {OsError} `ENOENT` if the program is not there, with the advice to install it.
   */
  static start(libc: Libc, options: ProgramOptions): ProgramRun {
    const { call } = libc;
    const nothing = call.open(cString("/dev/null"), O_RDWR | O_CLOEXEC, 0);
    if (nothing < 0) throw lastError(libc, options.what);
    const pipe = new Int32Array(new ArrayBuffer(8));
    if (call.pipe2(new Uint8Array(pipe.buffer), O_CLOEXEC | O_NONBLOCK) < 0) {
      const error = lastError(libc, options.what);
      call.close(nothing);
      throw error;
    }
    const [words = -1, target = -1] = pipe;
    const descriptors = [nothing, nothing, target];
    if (options.socket !== undefined) descriptors.push(options.socket);
    try {
      return new ProgramRun(libc, spawn(libc, options, descriptors), words);
    } catch (error) {
      call.close(words);
      throw error;
    } finally {
      call.close(target);
      call.close(nothing);
    }
  }

  /** Its exit code if it has ended, 128 and more if a signal ended it. Asks, and does not wait. */
  exitCode(): number | undefined {
    if (this.#exit !== undefined) return this.#exit;
    const status = new Int32Array(new ArrayBuffer(4));
    const pid = this.#libc.call.waitpid(this.pid, new Uint8Array(status.buffer), WNOHANG);
    if (pid === 0) return undefined;
    const word = status[0]!;
    const signal = word & 0x7f;
    // A process that somebody else has waited for has told its code to them.
    this.#exit = pid < 0 ? 0 : signal !== 0 ? 128 + signal : (word >> 8) & 0xff;
    return this.#exit;
  }

  /** Waits until it has ended: only for what ends at once. */
  wait(): void {
    const nobody = new Uint8Array(new ArrayBuffer(8));
    for (let waited = 0; waited < WAIT_MS && this.exitCode() === undefined; waited += STEP_MS) {
      this.#libc.call.poll(nobody, 0, STEP_MS);
    }
  }

  /** What it has said of its failure, in one line. */
  said(): string {
    const bytes = new Uint8Array(new ArrayBuffer(SAID_BYTES_MAX));
    const count = this.#libc.call.read(this.#words, bytes, bytes.byteLength);
    const text = new TextDecoder().decode(bytes.subarray(0, Math.max(0, count)));
    return text.trim().replaceAll(/^\S*fusermount3?: /gm, "").replaceAll("\n", "; ");
  }

  /** Ends it. */
  kill(): void {
    if (this.exitCode() === undefined) this.#libc.call.kill(this.pid, SIGKILL);
  }

  /** Forgets what it says. The process goes on, if it does. */
  close(): void {
    this.#libc.call.close(this.#words);
  }
}

/** Starts the first program that is there. */
function spawn(libc: Libc, options: ProgramOptions, descriptors: readonly number[]): number {
  const programs = options.program === undefined ? PROGRAMS : [options.program];
  const strings = ["fusermount3", ...options.args].map(cString);
  const environment = ["LC_ALL=C", `_FUSE_COMMFD=${COMM_FD}`].map(cString);
  const actions = new Uint8Array(new ArrayBuffer(FILE_ACTIONS_BYTES));
  const pid = new Int32Array(new ArrayBuffer(4));
  libc.call.posix_spawn_file_actions_init(actions);
  try {
    descriptors.forEach((fd, index) => {
      libc.call.posix_spawn_file_actions_adddup2(actions, fd, index);
    });
    for (const program of programs) {
      const errno = libc.call.posix_spawn(
        new Uint8Array(pid.buffer),
        cString(program),
        actions,
        null,
        pointers(libc, strings),
        pointers(libc, environment),
      );
      if (errno === 0) return pid[0]!;
      if (errno !== ERRNO.ENOENT) throw errorOf(errno, `${options.what}: run ${program}`);
    }
  } finally {
    libc.call.posix_spawn_file_actions_destroy(actions);
  }
  const advice = "install it, as by `apt install fuse3`";
  throw new OsError(
    "ENOENT",
    `${options.what}: fusermount3 is not at ${programs.join(", ")}; ${advice}`,
  );
}

/** An array of addresses with a zero behind, as `argv` is. */
function pointers(
  libc: Libc,
  strings: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const words = new BigUint64Array(new ArrayBuffer((strings.length + 1) * 8));
  strings.forEach((string, index) => words[index] = libc.address(string));
  return new Uint8Array(words.buffer);
}
