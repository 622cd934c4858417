/**
 * Errors as every room speaks them: Linux numbers, their names, and {@linkcode OsError}.
 *
 * A handler returns a count or `-ERRNO`; the client stub turns the negative number into an
 * `OsError` in one place. The numbers are those of Linux on x86-64 (`errno(3)`), so that an image
 * tool, a FUSE mount and a test all mean the same thing.
 *
 * @module
 */

/** The errors that some Hako protocol can answer, by name. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EMLINK: 31,
  EPIPE: 32,
  ERANGE: 34,
  EDEADLK: 35,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENODATA: 61,
  EPROTO: 71,
  EBADMSG: 74,
  EOVERFLOW: 75,
  EMSGSIZE: 90,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  ESHUTDOWN: 108,
  ETIMEDOUT: 110,
  EHOSTDOWN: 112,
  ESTALE: 116,
  EUCLEAN: 117,
  ECANCELED: 125,
  ENOTRECOVERABLE: 131,
} as const;

/** The name of an error, such as `"ENOENT"`. */
export type Errno = keyof typeof ERRNO;

const MESSAGES: Readonly<Record<Errno, string>> = {
  EPERM: "operation not permitted",
  ENOENT: "no such file or directory",
  EINTR: "interrupted",
  EIO: "input/output error",
  ENXIO: "no such device or address",
  E2BIG: "argument list too long",
  EBADF: "bad file handle",
  EAGAIN: "would block",
  ENOMEM: "out of memory",
  EACCES: "permission denied",
  EFAULT: "not inside a window that this client lent",
  EBUSY: "busy",
  EEXIST: "file exists",
  EXDEV: "not on the same file system",
  ENODEV: "no such device",
  ENOTDIR: "not a directory",
  EISDIR: "is a directory",
  EINVAL: "invalid argument",
  ENFILE: "too many open files in the system",
  EMFILE: "too many open files",
  EFBIG: "file too large",
  ENOSPC: "no space left on device",
  ESPIPE: "illegal seek",
  EROFS: "read-only file system",
  EMLINK: "too many links",
  EPIPE: "channel closed",
  ERANGE: "result out of range",
  EDEADLK: "would wait for itself",
  ENAMETOOLONG: "file name too long",
  ENOLCK: "no locks left",
  ENOSYS: "no such operation",
  ENOTEMPTY: "directory not empty",
  ELOOP: "too many levels of symbolic links",
  ENODATA: "no data of that name",
  EPROTO: "protocol error",
  EBADMSG: "damaged data",
  EOVERFLOW: "value too large",
  EMSGSIZE: "message too long",
  EPROTONOSUPPORT: "protocol version not supported",
  EOPNOTSUPP: "operation not supported",
  ESHUTDOWN: "server has stopped",
  ETIMEDOUT: "timed out",
  EHOSTDOWN: "server has been given up",
  ESTALE: "stale file handle",
  EUCLEAN: "structure needs cleaning",
  ECANCELED: "cancelled",
  ENOTRECOVERABLE: "every server that took this request died of it",
};

const NAMES: ReadonlyMap<number, Errno> = new Map(
  Object.entries(ERRNO).map(([name, value]) => [value, name as Errno]),
);

/**
 * The name of a Linux error number, or `undefined` if no Hako protocol answers it.
 *
 * @example
 * ```ts
 * import { ERRNO, errnoName } from "@hako/ipc";
 *
 * if (errnoName(ERRNO.ENOENT) !== "ENOENT") throw new Error("wrong name");
 * ```
 */
export function errnoName(value: number): Errno | undefined {
  return NAMES.get(value);
}

/**
 * An operation that could not be done. Its `code` is the same word on both sides of a channel.
 *
 * @example
 * ```ts
 * import { OsError } from "@hako/ipc";
 *
 * const error = new OsError("ENOENT", "open /etc/motd");
 * if (error.message !== "ENOENT: no such file or directory, open /etc/motd") throw error;
 * ```
 */
export class OsError extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "OsError";
  /** The name of the error, such as `"ENOENT"`. */
  readonly code: Errno;
  /** The Linux number of the error, positive. */
  readonly errno: number;

  /**
   * An error that says what was attempted.
   *
   * @param code The name of the error.
   * @param what What was attempted, as `"open /etc/motd"`.
   * @param options The cause, if another error led to this one.
   */
  constructor(code: Errno, what: string, options?: ErrorOptions) {
    super(`${code}: ${MESSAGES[code]}, ${what}`, options);
    this.code = code;
    this.errno = ERRNO[code];
  }
}
