/**
 * Arguments as Node takes them, checked with its words.
 *
 * @module
 */

import type { PathBytes, TimeToSet } from "./calls.ts";
import { encode, type Encoding, encodingOf } from "./encoding.ts";
import { argumentError } from "./errors.ts";
import { constants } from "./constants.ts";

/** A path as Node takes it. */
export type PathLike = string | Uint8Array | URL;

/** Letters for the flags of `open`. */
const FLAGS: Readonly<Record<string, number>> = (() => {
  const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY } = constants;
  const write = O_TRUNC | O_CREAT;
  const append = O_APPEND | O_CREAT;
  return {
    "r": 0,
    ...{ "rs": O_SYNC, "sr": O_SYNC, "r+": O_RDWR },
    ...{ "rs+": O_RDWR | O_SYNC, "sr+": O_RDWR | O_SYNC },
    ...{ "w": write | O_WRONLY, "wx": write | O_WRONLY | O_EXCL, "xw": write | O_WRONLY | O_EXCL },
    ...{ "w+": write | O_RDWR, "wx+": write | O_RDWR | O_EXCL, "xw+": write | O_RDWR | O_EXCL },
    ...{ "a": append | O_WRONLY, "ax": append | O_WRONLY | O_EXCL },
    ...{ "xa": append | O_WRONLY | O_EXCL, "as": append | O_WRONLY | O_SYNC },
    ...{ "sa": append | O_WRONLY | O_SYNC, "a+": append | O_RDWR, "ax+": append | O_RDWR | O_EXCL },
    ...{ "xa+": append | O_RDWR | O_EXCL, "as+": append | O_RDWR | O_SYNC },
    ...{ "sa+": append | O_RDWR | O_SYNC },
  };
})();

const decoder = new TextDecoder();

/** What was received instead, in Node's words. */
function received(value: unknown): string {
  if (value === undefined || value === null) return ` Received ${value}`;
  if (typeof value === "function") return ` Received function ${value.name}`;
  if (typeof value === "object") {
    return ` Received an instance of ${value.constructor?.name ?? "Object"}`;
  }
  const shown = typeof value === "string" ? `'${value}'` : String(value);
  return ` Received type ${typeof value} (${shown})`;
}

/** The error of an argument of a wrong type. */
export function wrongType(name: string, wanted: string, value: unknown): Error {
  const message = `The "${name}" argument must be ${wanted}.${received(value)}`;
  return argumentError("ERR_INVALID_ARG_TYPE", message);
}

/** The error of an argument out of range. */
export function outOfRange(name: string, wanted: string, value: unknown): Error {
  const message = `The value of "${name}" is out of range. It must be ${wanted}. Received ${value}`;
  return argumentError("ERR_OUT_OF_RANGE", message);
}

/** A path without its URL. */
export function pathOf(value: unknown, name = "path"): PathBytes {
  if (typeof value === "string") {
    if (value.includes("\0")) throw nullByte(name, value);
    return value;
  }
  if (value instanceof Uint8Array) {
    if (value.includes(0)) throw nullByte(name, decoder.decode(value));
    return value;
  }
  if (value instanceof URL) return pathOf(pathOfUrl(value), name);
  throw wrongType(name, "of type string or an instance of Buffer or URL", value);
}

/** A path for messages. */
export function shown(path: PathBytes): string {
  return typeof path === "string" ? path : decoder.decode(path);
}

function nullByte(name: string, value: string): Error {
  const rule = `must be a string, Uint8Array, or URL without null bytes`;
  const escaped = value.replaceAll("\0", "\\x00");
  const message = `The argument '${name}' ${rule}. Received '${escaped}'`;
  return argumentError("ERR_INVALID_ARG_VALUE", message);
}

function pathOfUrl(url: URL): string {
  if (url.protocol !== "file:") {
    throw argumentError("ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
  }
  if (/%2f/i.test(url.pathname)) {
    const message = "File URL path must not include encoded / characters";
    throw argumentError("ERR_INVALID_FILE_URL_PATH", message);
  }
  return decodeURIComponent(url.pathname);
}

/** An integer between two bounds. */
export function integerOf(
  value: unknown,
  name: string,
  bounds: { min?: number; max?: number } = {},
): number {
  const { min = -Number.MAX_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds;
  if (typeof value !== "number") throw wrongType(name, "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange(name, "an integer", value);
  if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
  return value;
}

/** A file descriptor. */
export function descriptorOf(value: unknown): number {
  return integerOf(value, "fd", { min: 0, max: 2147483647 });
}

/** A position in a file; `undefined` for the file's own. A bigint is taken too. */
export function positionOf(value: unknown, name = "position"): number | undefined {
  if (value === undefined || value === null || value === -1 || value === -1n) return undefined;
  if (typeof value === "bigint") return integerOf(Number(value), name, { min: 0 });
  return integerOf(value, name, { min: 0 });
}

/** A byte length or an offset, at least 0; a default for what was left out. */
export function lengthOf(value: unknown, name: string, otherwise = 0): number {
  if (value === undefined || value === null) return otherwise;
  return Math.max(0, integerOf(value, name));
}

/** Permissions: a number, or an octal string. */
export function modeOf(value: unknown, otherwise?: number): number {
  if ((value === undefined || value === null) && otherwise !== undefined) return otherwise;
  if (typeof value === "string") {
    if (/^[0-7]+$/.test(value)) return parseInt(value, 8);
    const rule = "must be a 32-bit unsigned integer or an octal string";
    const message = `The argument 'mode' ${rule}. Received '${value}'`;
    throw argumentError("ERR_INVALID_ARG_VALUE", message);
  }
  return integerOf(value, "mode", { min: 0, max: 0xffffffff });
}

/** A user or a group; -1 leaves it as it is. */
export function ownerOf(value: unknown, name: string): number {
  return integerOf(value, name, { min: -1, max: 0xffffffff }) >>> 0;
}

/** The flags of `open`: a number, or letters. */
export function flagsOf(value: unknown, otherwise: string): number {
  if (typeof value === "number") {
    return integerOf(value, "flags", { min: -0x80000000, max: 0x7fffffff });
  }
  const letters = value ?? otherwise;
  const flags = typeof letters === "string" && Object.hasOwn(FLAGS, letters)
    ? FLAGS[letters]
    : undefined;
  if (flags !== undefined) return flags;
  const told = typeof letters === "string" ? `'${letters}'` : String(letters);
  throw argumentError("ERR_INVALID_ARG_VALUE", `The argument 'flags' is invalid. Received ${told}`);
}

/** A time: a `Date`, or seconds since 1970 as a number or a string. */
export function timeOf(value: unknown): TimeToSet {
  let ms = Number.NaN;
  if (value instanceof Date) ms = value.getTime();
  else if (typeof value === "number") ms = value * 1000;
  else if (typeof value === "string" && String(+value) === value) ms = +value * 1000;
  if (!Number.isFinite(ms)) {
    throw wrongType("time", "an instance of Date or an Time in seconds", value);
  }
  // Microseconds: what a double of seconds still tells apart.
  const micros = Math.round(ms * 1000);
  const seconds = Math.floor(micros / 1e6);
  return { seconds, nanoseconds: (micros - seconds * 1e6) * 1000 };
}

/** Any view of memory as bytes. */
export function bytesOf(value: unknown, name = "buffer"): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  throw wrongType(name, "an instance of Buffer, TypedArray, or DataView", value);
}

/** What is to be written: text in an encoding, or a view of memory. */
export function contentOf(value: unknown, encoding: Encoding | undefined): Uint8Array {
  if (typeof value === "string") return encode(value, encoding);
  if (ArrayBuffer.isView(value)) return bytesOf(value);
  const wanted = "of type string or an instance of Buffer, TypedArray, or DataView";
  throw wrongType("data", wanted, value);
}

/** Options of a function that also takes an encoding in their place. */
export interface Options {
  readonly [name: string]: unknown;
}

/** Options, or an encoding in their place. */
export function optionsOf(value: unknown): Options {
  if (value === undefined || value === null) return {};
  if (typeof value === "string") return { encoding: value };
  if (typeof value === "object") return value as Options;
  throw wrongType("options", "of type string or an instance of Object", value);
}

/** The encoding that options name. */
export function encodingIn(options: Options): Encoding | undefined {
  return encodingOf(options["encoding"]);
}

/** A callback. */
export function callbackOf(value: unknown, name = "cb"): (...results: unknown[]) => void {
  if (typeof value === "function") return value as () => void;
  throw wrongType(name, "of type function", value);
}
