/**
 * The functions of `node:fs` on open files, and on whole files by path or number.
 *
 * @module
 */

import {
  bytesOf,
  contentOf,
  encodingIn,
  flagsOf,
  integerOf,
  lengthOf,
  modeOf,
  optionsOf,
  outOfRange,
  ownerOf,
  type PathLike,
  pathOf,
  positionOf,
  shown,
  timeOf,
} from "./arguments.ts";
import { constants } from "./constants.ts";
import { type Context, locate } from "./context.ts";
import type { Descriptor } from "./descriptors.ts";
import { decode, encodingOf } from "./encoding.ts";
import { attempt, nodeError, systemError } from "./errors.ts";
import { BigIntStats, Stats } from "./stats.ts";

/** Bytes that a file whose size is not known is read in. */
const CHUNK_BYTES = 64 * 1024;

/** The bits of flags that say whether a file is read or written. */
const ACCESS_MODE = 3;

/** Bytes that are read where nobody says how many. */
const READ_BYTES = 16 * 1024;

/** Opens a file; answers its number. */
export function open(context: Context, path: PathLike, flags?: unknown, mode?: unknown): number {
  const bits = flagsOf(flags, "r");
  const permissions = modeOf(mode, 0o666) & ~context.umask & 0o7777;
  const given = pathOf(path);
  const subject = { syscall: "open", path: shown(given) };
  const full = locate(context, given, subject);
  try {
    const file = context.calls.open(full, bits, permissions);
    return context.descriptors.add(file, { flags: bits, path: subject.path });
  } catch (error) {
    throw nodeError(error, subject);
  }
}

/** Closes a file. */
export function close(context: Context, fd: unknown): void {
  context.descriptors.close(fd);
}

/** Reads into a part of a buffer; answers the count. */
export function read(
  context: Context,
  fd: unknown,
  buffer: unknown,
  offsetOrOptions?: unknown,
  length?: unknown,
  position?: unknown,
): number {
  const bytes = bytesOf(buffer);
  const part = partOf(bytes, offsetOrOptions, length, position);
  return readPart(context.descriptors.get(fd, "read"), part.bytes, part.position);
}

/** The same for a caller who names the buffer among options, or none; answers it too. */
export function readAnyhow(
  context: Context,
  fd: unknown,
  bufferOrOptions?: unknown,
  ...values: unknown[]
): readonly [count: number, buffer: unknown] {
  if (ArrayBuffer.isView(bufferOrOptions)) {
    const [offset, length, position] = values;
    return [read(context, fd, bufferOrOptions, offset, length, position), bufferOrOptions];
  }
  const options = optionsOf(bufferOrOptions);
  const buffer = options["buffer"] ?? context.toBuffer(new Uint8Array(READ_BYTES));
  return [read(context, fd, buffer, options), buffer];
}

/** Writes text, or a part of a buffer; answers the count. */
export function write(
  context: Context,
  fd: unknown,
  data: unknown,
  offsetOrPosition?: unknown,
  lengthOrEncoding?: unknown,
  position?: unknown,
): number {
  const descriptor = context.descriptors.get(fd, "write");
  if (typeof data === "string") {
    const at = typeof offsetOrPosition === "number" ? offsetOrPosition : undefined;
    const bytes = contentOf(data, encodingOf(lengthOrEncoding));
    return writePart(descriptor, bytes, positionOf(at));
  }
  const part = partOf(bytesOf(data), offsetOrPosition, lengthOrEncoding, position);
  return writePart(descriptor, part.bytes, part.position);
}

/** Reads into buffers, one after the other; answers the count. */
export function readv(
  context: Context,
  fd: unknown,
  buffers: readonly unknown[],
  position?: unknown,
): number {
  const descriptor = context.descriptors.get(fd, "read");
  let at = positionOf(position);
  let done = 0;
  for (const buffer of buffers) {
    const bytes = bytesOf(buffer, "buffers");
    const count = readPart(descriptor, bytes, at);
    done += count;
    if (at !== undefined) at += count;
    if (count < bytes.byteLength) break;
  }
  return done;
}

/** Writes buffers, one after the other; answers the count. */
export function writev(
  context: Context,
  fd: unknown,
  buffers: readonly unknown[],
  position?: unknown,
): number {
  const descriptor = context.descriptors.get(fd, "write");
  let at = positionOf(position);
  let done = 0;
  for (const buffer of buffers) {
    const bytes = bytesOf(buffer, "buffers");
    const count = writePart(descriptor, bytes, at);
    done += count;
    if (at !== undefined) at += count;
    if (count < bytes.byteLength) break;
  }
  return done;
}

/** Tells about an open file. */
export function fstat(
  context: Context,
  fd: unknown,
  options?: { bigint?: boolean },
): Stats | BigIntStats {
  const { file } = context.descriptors.get(fd, "fstat");
  const info = attempt({ syscall: "fstat" }, () => file.attributes());
  return options?.bigint === true ? new BigIntStats(info) : new Stats(info);
}

/** Makes an open file longer, with a hole, or shorter. */
export function ftruncate(context: Context, fd: unknown, length?: unknown): void {
  const { file } = context.descriptors.get(fd, "ftruncate");
  const size = lengthOf(length, "len");
  attempt({ syscall: "ftruncate" }, () => file.truncate(size));
}

/** Returns when an open file would survive the death of the process. */
export function fsync(context: Context, fd: unknown): void {
  const { file } = context.descriptors.get(fd, "fsync");
  attempt({ syscall: "fsync" }, () => file.sync(false));
}

/** The same for its data, and what is needed to read it. */
export function fdatasync(context: Context, fd: unknown): void {
  const { file } = context.descriptors.get(fd, "fdatasync");
  attempt({ syscall: "fdatasync" }, () => file.sync(true));
}

/** Sets the permissions of an open file. */
export function fchmod(context: Context, fd: unknown, mode: unknown): void {
  const { file } = context.descriptors.get(fd, "fchmod");
  const permissions = modeOf(mode) & 0o7777;
  attempt({ syscall: "fchmod" }, () => file.chmod(permissions));
}

/** Sets owner and group of an open file. */
export function fchown(context: Context, fd: unknown, uid: unknown, gid: unknown): void {
  const { file } = context.descriptors.get(fd, "fchown");
  const [user, group] = [ownerOf(uid, "uid"), ownerOf(gid, "gid")];
  attempt({ syscall: "fchown" }, () => file.chown(user, group));
}

/** Sets the times of an open file. */
export function futimes(context: Context, fd: unknown, atime: unknown, mtime: unknown): void {
  const { file } = context.descriptors.get(fd, "futime");
  const [first, second] = [timeOf(atime), timeOf(mtime)];
  attempt({ syscall: "futime" }, () => file.utimens(first, second));
}

/** The whole content of a file by path, or what is left of an open one. */
export function readFile(
  context: Context,
  file: PathLike | number,
  options?: unknown,
): string | Uint8Array {
  const given = optionsOf(options);
  const encoding = encodingIn(given);
  const bytes = withFile(context, { file, flags: given["flag"], otherwise: "r" }, (descriptor) => {
    return readRest(descriptor);
  });
  return encoding === undefined ? context.toBuffer(bytes) : decode(bytes, encoding);
}

/** Makes or replaces a file by path, or writes to an open one. */
export function writeFile(
  context: Context,
  file: PathLike | number,
  data: unknown,
  options?: unknown,
): void {
  const given = optionsOf(options);
  const bytes = contentOf(data, encodingIn(given));
  const how = { file, flags: given["flag"], otherwise: "w", mode: given["mode"] };
  withFile(context, how, (descriptor) => {
    for (let done = 0; done < bytes.byteLength;) {
      done += writePart(descriptor, bytes.subarray(done), undefined);
    }
    if (given["flush"] === true) attempt({ syscall: "fsync" }, () => descriptor.file.sync(false));
  });
}

/** Writes at the end of a file. */
export function appendFile(
  context: Context,
  file: PathLike | number,
  data: unknown,
  options?: unknown,
): void {
  const given = optionsOf(options);
  writeFile(context, file, data, { ...given, flag: given["flag"] ?? "a" });
}

/** Makes a file by path longer or shorter. */
export function truncate(context: Context, path: PathLike, length?: unknown): void {
  const size = lengthOf(length, "len");
  withFile(context, { file: path, flags: "r+", otherwise: "r+" }, ({ file }) => {
    attempt({ syscall: "ftruncate" }, () => file.truncate(size));
  });
}

/** Reads what is left of an open file: up to its size, or to the end if it tells none. */
export function readRest(descriptor: Descriptor): Uint8Array<ArrayBuffer> {
  const { file } = descriptor;
  const { size } = attempt({ syscall: "fstat" }, () => file.attributes());
  const rest = size - descriptor.position;
  const bytes = new Uint8Array(rest > 0 ? rest : CHUNK_BYTES);
  let done = 0;
  while (done < bytes.byteLength) {
    const count = readPart(descriptor, bytes.subarray(done), undefined);
    if (count === 0) return bytes.slice(0, done);
    done += count;
  }
  return bytes;
}

/** Reads at a position or at the file's own; answers the count. Hot path. */
export function readPart(
  descriptor: Descriptor,
  bytes: Uint8Array,
  position: number | undefined,
): number {
  if (bytes.byteLength === 0) return 0;
  if ((descriptor.flags & ACCESS_MODE) === constants.O_WRONLY) {
    throw systemError("EBADF", { syscall: "read" });
  }
  try {
    const count = descriptor.file.read(bytes, position ?? descriptor.position);
    if (position === undefined) descriptor.position += count;
    return count;
  } catch (error) {
    throw nodeError(error, { syscall: "read" });
  }
}

/** Writes at a position, at the file's own, or at the end; answers the count. Hot path. */
export function writePart(
  descriptor: Descriptor,
  bytes: Uint8Array,
  position: number | undefined,
): number {
  const { file, flags } = descriptor;
  const access = flags & ACCESS_MODE;
  if (access === constants.O_RDONLY) throw systemError("EBADF", { syscall: "write" });
  if (bytes.byteLength === 0) return 0;
  const isAppend = (flags & constants.O_APPEND) !== 0;
  try {
    const at = isAppend ? undefined : position ?? descriptor.position;
    const count = file.write(bytes, at);
    if (count === 0) throw systemError("ENOSPC", { syscall: "write" });
    if (position === undefined) descriptor.position += count;
    // Whoever also reads goes on behind what was written, wherever the end was.
    if (position === undefined && isAppend && access === constants.O_RDWR) {
      descriptor.position = file.attributes().size;
    }
    return count;
  } catch (error) {
    throw nodeError(error, { syscall: "write" });
  }
}

/** How a file is named that is used once. */
interface UsedFile {
  readonly file: PathLike | number;
  readonly flags: unknown;
  readonly otherwise: string;
  readonly mode?: unknown;
}

/** Uses an open file by its number, or opens one for the time. */
function withFile<T>(context: Context, used: UsedFile, use: (descriptor: Descriptor) => T): T {
  if (typeof used.file === "number") return use(context.descriptors.get(used.file, "read"));
  const fd = open(context, used.file, used.flags ?? used.otherwise, used.mode);
  try {
    return use(context.descriptors.get(fd, "read"));
  } finally {
    context.descriptors.close(fd);
  }
}

/** A part of a buffer by offset and length, or by options that name them. */
function partOf(
  bytes: Uint8Array,
  offsetOrOptions: unknown,
  length: unknown,
  position: unknown,
): { readonly bytes: Uint8Array; readonly position: number | undefined } {
  if (typeof offsetOrOptions === "object" && offsetOrOptions !== null) {
    const options = offsetOrOptions as { offset?: unknown; length?: unknown; position?: unknown };
    return partOf(bytes, options.offset, options.length, options.position);
  }
  const offset = lengthOf(offsetOrOptions, "offset");
  if (offset > bytes.byteLength) throw outOfRange("offset", `<= ${bytes.byteLength}`, offset);
  const rest = bytes.byteLength - offset;
  const count = length === undefined || length === null ? rest : integerOf(length, "length");
  if (count < 0 || count > rest) throw outOfRange("length", `>= 0 && <= ${rest}`, count);
  return { bytes: bytes.subarray(offset, offset + count), position: positionOf(position) };
}
