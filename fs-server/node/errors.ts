/**
 * Errors as Node has them: those of a call with `errno`, `code`, `syscall`, `path` and `dest`, in the
 * words of libuv; those of an argument with a `code` that begins with `ERR_`.
 *
 * @module
 */

import { ERRNO, type Errno, OsError } from "@hako/ipc";

/** The words of libuv where they differ from ours. */
const WORDS: Partial<Record<Errno, string>> = {
  EACCES: "permission denied",
  EAGAIN: "resource temporarily unavailable",
  EBADF: "bad file descriptor",
  EBUSY: "resource busy or locked",
  EEXIST: "file already exists",
  EINTR: "interrupted system call",
  EIO: "i/o error",
  EISDIR: "illegal operation on a directory",
  ELOOP: "too many symbolic links encountered",
  ENAMETOOLONG: "name too long",
  ENFILE: "file table overflow",
  ENOMEM: "not enough memory",
  ENOSYS: "function not implemented",
  EXDEV: "cross-device link not permitted",
};

/** An error of a call, as Node throws it. */
export interface SystemError extends Error {
  /** The Linux number of the error, negative. */
  readonly errno: number;
  /** The name of the error, such as `"ENOENT"`. */
  readonly code: string;
  /** The call that failed, such as `"open"`. */
  readonly syscall: string;
  /** The path that was given. */
  readonly path?: string;
  /** The second path that was given. */
  readonly dest?: string;
}

/** Names that libuv has for the same number. */
const NAMES: Partial<Record<Errno, string>> = { EOPNOTSUPP: "ENOTSUP" };

/** What a failed call was about. */
export interface Subject {
  /** The call. */
  readonly syscall: string;
  /** The first path, as it was given. */
  readonly path?: string | undefined;
  /** The second path, as it was given. */
  readonly dest?: string | undefined;
}

/** Codes of arguments that cannot be used. */
export type ArgumentCode =
  | "ERR_INVALID_ARG_TYPE"
  | "ERR_INVALID_ARG_VALUE"
  | "ERR_OUT_OF_RANGE"
  | "ERR_INVALID_URL_SCHEME"
  | "ERR_INVALID_FILE_URL_PATH";

/** The error of a call. */
export function systemError(code: Errno, subject: Subject, cause?: unknown): SystemError {
  const { syscall, path, dest } = subject;
  const words = WORDS[code] ?? plainWords(code);
  const name = NAMES[code] ?? code;
  const first = path === undefined ? "" : ` '${path}'`;
  const second = dest === undefined ? "" : ` -> '${dest}'`;
  const options = cause === undefined ? {} : { cause };
  const error = new Error(`${name}: ${words}, ${syscall}${first}${second}`, options);
  const told = { errno: -ERRNO[code], code: name, syscall };
  const paths = {
    ...(path === undefined ? {} : { path }),
    ...(dest === undefined ? {} : { dest }),
  };
  return Object.assign(error, told, paths);
}

/** What a call threw, as Node would throw it. What is no `OsError` stays as it is. */
export function nodeError(error: unknown, subject: Subject): unknown {
  return error instanceof OsError ? systemError(error.code, subject, error) : error;
}

/** Does a call; an error says what it was about. */
export function attempt<T>(subject: Subject, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw nodeError(error, subject);
  }
}

/** The code of an error of either kind. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** The error of an argument: a `RangeError` if it is out of range, else a `TypeError`. */
export function argumentError(code: ArgumentCode, message: string): Error & { code: string } {
  const error = code === "ERR_OUT_OF_RANGE" ? new RangeError(message) : new TypeError(message);
  return Object.assign(error, { code });
}

/** Whether an error is of an argument: such are thrown at once, even where others are called back. */
export function isArgumentError(error: unknown): boolean {
  return (error instanceof TypeError || error instanceof RangeError) &&
    (codeOf(error) ?? "").startsWith("ERR_");
}

/** An error with a code of Node's own that is no argument's. */
export function stateError(code: string, message: string): Error & { code: string } {
  return Object.assign(new Error(message), { code });
}

/** What `rm` and `cp` refuse, in Node's words. */
const REFUSALS = {
  ERR_FS_CP_DIR_TO_NON_DIR: ["Cannot overwrite non-directory with directory", "EISDIR"],
  ERR_FS_CP_EEXIST: ["Target already exists", "EEXIST"],
  ERR_FS_CP_EINVAL: ["Invalid src or dest", "EINVAL"],
  ERR_FS_CP_NON_DIR_TO_DIR: ["Cannot overwrite directory with non-directory", "ENOTDIR"],
  ERR_FS_CP_UNKNOWN: ["Cannot copy an unknown file type", "EINVAL"],
  ERR_FS_EISDIR: ["Path is a directory", "EISDIR"],
} as const;

/** The error of what `rm` or `cp` refuses. */
export function refusal(
  code: keyof typeof REFUSALS,
  about: { readonly syscall: string; readonly path: string; readonly message: string },
): Error & { code: string } {
  const { syscall, path, message } = about;
  const [words, name] = REFUSALS[code];
  const errno = ERRNO[name];
  const error = new Error(`${words}: ${syscall} returned ${name} (${message}) ${path}`);
  const info = { code: name, message, path, syscall, errno };
  return Object.assign(error, { name: "SystemError", code, info, errno, syscall, path });
}

/** The words that `OsError` has. */
function plainWords(code: Errno): string {
  const { message } = new OsError(code, "");
  return message.slice(code.length + 2, -2);
}
