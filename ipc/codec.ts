/**
 * Compiles the fields of a message into functions that write and read it, once, when a protocol is
 * defined.
 *
 * The functions are generated as source: a loop over field declarations looks each value up by a
 * name that it does not know, which costs about 15 ns a field, more than all atomic steps of a call.
 * Names and bounds in the source come from the declaration alone and are checked there; no value
 * ever becomes source.
 *
 * What is read may have been written by anyone: each word is copied once, the copy is checked, and
 * the copy is used. There is one way to write a value: what none of ours would write is refused.
 *
 * @module
 */

import { ERRNO, OsError } from "./errno.ts";
import { type Field, type Fields, INTEGER_BOUNDS } from "./field.ts";
import { outOfRange, wrongLength, wrongType } from "./refusal.ts";
import { NO_TEXT, readText, writeText } from "./utf8_text.ts";

/** The windows that one end of a channel can name. */
export interface WindowTable {
  /** The number of the segment whose memory this is, or 0 if it is no window. */
  segmentOf(buffer: ArrayBufferLike): number;
  /** The bytes of a segment that the peer with `badge` may name, or `undefined`. */
  segment(segment: number, badge: number): Uint8Array | undefined;
}

/** One end's view of a channel. */
export interface Ends {
  /** The channel's memory as words. */
  readonly words: Int32Array;
  /** The same as bytes. */
  readonly bytes: Uint8Array;
}

/** Where one message lies. */
export interface MessagePlace {
  /** Word index of the first fixed field. */
  near: number;
  /** Word index of the first fixed field that is not in the line of the state. */
  far: number;
  /** Byte offset of the variable fields. */
  payload: number;
}

/** Field values by name. */
export type AnyValues = Record<string, unknown>;

/** Writes and reads one kind of message. */
export interface Codec {
  /** A fresh object with every field, to be read into. */
  blank(): AnyValues;
  /**
   * Writes a message. Hot path.
   *
   * @throws {TypeError | RangeError} If a value does not fit its field: nothing is to be posted then.
   * @throws {OsError} `EFAULT` if a view does not lie in a window.
   */
  write(ends: Ends, place: MessagePlace, values: Readonly<AnyValues>, windows: WindowTable): void;
  /**
   * Reads a message into `values`. Hot path. Answers 0, or the errno with which a message that breaks
   * the protocol is refused: `EPROTO`, or `EFAULT` for a window that the peer does not hold.
   */
  read(
    ends: Ends,
    place: MessagePlace,
    values: AnyValues,
    windows: WindowTable,
    badge: number,
  ): number;
}

/** A field at its place in a message. */
interface Part {
  readonly name: string;
  readonly field: Field<unknown>;
  /** Its words, as source that names them. */
  readonly at: readonly string[];
  /** Itself, as source that names it. */
  readonly self: string;
  /** How a message begins that refuses one of its values. */
  readonly what: string;
}

/** The high word of the one NaN that is sent: its bits tell nothing about where it came from. */
const NAN_HIGH = 0x7ff8_0000;

const doubles = new Float64Array(1);

/** What generated source may call. */
const RUNTIME = {
  doubles,
  doubleWords: new Int32Array(doubles.buffer),
  refuse,
  notFields,
  putText,
  getText: readText,
  putBytes,
  enumIndex,
  segmentOf,
  windowOf,
};

/** What every message with fields begins with. */
const OBJECT_GUARD =
  `    if (typeof values !== "object" || values === null) notFields(what, values);\n`;

/** How each integer of one word is narrowed: a value that narrowing changes does not fit. */
const NARROW: Readonly<Record<string, (value: string) => string>> = {
  u8: (value) => `(${value} & 0xff)`,
  u16: (value) => `(${value} & 0xffff)`,
  u32: (value) => `(${value} >>> 0)`,
  i8: (value) => `(${value} << 24 >> 24)`,
  i16: (value) => `(${value} << 16 >> 16)`,
  i32: (value) => `(${value} | 0)`,
};

/**
 * Compiles a codec.
 *
 * @param what How a refusal begins, as `"Cannot send block.read"`.
 * @param fields The declaration; names are letters and digits, and all fits in a slot.
 * @param nearWords How many words lie in the line of the state.
 */
export function compileCodec(what: string, fields: Fields, nearWords: number): Codec {
  const parts = placeParts(what, fields, nearWords);
  const source = `"use strict";
const { ${Object.keys(RUNTIME).join(", ")} } = runtime;
const [${parts.map(({ self }) => self).join(", ")}] = parts;
return {
  blank: () => ({ ${parts.map(({ name }) => `${name}: undefined`).join(", ")} }),
  write({ words, bytes }, { near, far, payload }, values, windows) {
${parts.length > 0 ? OBJECT_GUARD : ""}    let at = payload, value;
${parts.map(writeSource).join("")}  },
  read({ words, bytes }, { near, far, payload }, values, windows, badge) {
    let at = payload, value = 0;
${parts.map(readSource).join("")}    return 0;
  },
};`;
  return new Function("runtime", "parts", "what", source)(RUNTIME, parts, what) as Codec;
}

function placeParts(what: string, fields: Fields, nearWords: number): Part[] {
  let word = 0;
  return Object.entries(fields).map(([name, field], index) => {
    const at = Array.from({ length: field.words }, () => {
      const source = word < nearWords
        ? `words[near + ${word}]`
        : `words[far + ${word - nearWords}]`;
      word++;
      return source;
    });
    return { name, field, at, self: `part${index}`, what: `${what}: ${name}` };
  });
}

function writeSource({ name, field, at: [first, second, third], self }: Part): string {
  const get = `    value = values.${name};\n`;
  const refused = `refuse(${self}, value);\n`;
  const narrow = NARROW[field.kind];
  if (narrow) {
    return `${get}    if (typeof value !== "number" || ${narrow("value")} !== value) ${refused}` +
      `    ${first} = value;\n`;
  }
  switch (field.kind) {
    case "u64":
      return `${get}    if (!Number.isSafeInteger(value) || value < 0) ${refused}` +
        `    ${first} = value % 0x100000000;\n    ${second} = value / 0x100000000;\n`;
    case "f64":
      return `${get}    if (typeof value !== "number") ${refused}    doubles[0] = value;\n` +
        `    ${first} = value === value ? doubleWords[0] : 0;\n` +
        `    ${second} = value === value ? doubleWords[1] : ${NAN_HIGH};\n`;
    case "bool":
      return `${get}    if (typeof value !== "boolean") ${refused}    ${first} = value ? 1 : 0;\n`;
    case "enum":
      return `    ${first} = enumIndex(${self}, values.${name});\n`;
    case "window":
      return `${get}    ${first} = segmentOf(${self}, value, windows);\n` +
        `    ${second} = value.byteOffset;\n    ${third} = value.byteLength;\n`;
  }
  const put = field.kind === "utf8" ? "putText" : "putBytes";
  return `    value = ${put}(${self}, values.${name}, bytes, at);\n    at += value;\n` +
    (first ? `    ${first} = value;\n` : "");
}

function readSource({ name, field, at: [first, second, third], self }: Part): string {
  const refused = `return ${ERRNO.EPROTO};\n`;
  const put = `    values.${name} =`;
  const narrow = NARROW[field.kind];
  if (narrow) {
    const copy = field.kind === "u32" ? `${first} >>> 0` : first;
    return `    value = ${copy};\n    if (${narrow("value")} !== value) ${refused}${put} value;\n`;
  }
  switch (field.kind) {
    case "u64":
      return `    value = (${second} >>> 0) * 0x100000000 + (${first} >>> 0);\n` +
        `    if (value > Number.MAX_SAFE_INTEGER) ${refused}${put} value;\n`;
    case "f64":
      return `    doubleWords[0] = ${first};\n    doubleWords[1] = ${second};\n${put} doubles[0];\n`;
    case "bool":
      return `    value = ${first} >>> 0;\n    if (value > 1) ${refused}${put} value === 1;\n`;
    case "enum":
      return `    value = ${first} >>> 0;\n    if (value >= ${field.values!.length}) ${refused}` +
        `${put} ${self}.field.values[value];\n`;
    case "window":
      return `${put} windowOf(windows, badge, ${first} >>> 0, ${second} >>> 0, ${third} >>> 0);\n` +
        `    if (values.${name} === undefined) return ${ERRNO.EFAULT};\n`;
    case "fixed":
      return `${put} bytes.slice(at, at + ${field.byteLengthMax});\n` +
        `    at += ${field.byteLengthMax};\n`;
  }
  // The sum of all bounds fits in the payload, so each length that keeps its bound lies inside.
  const checked = `    value = ${first} >>> 0;\n    if (value > ${field.byteLengthMax}) ${refused}`;
  if (field.kind === "bytes") {
    return `${checked}${put} bytes.slice(at, at + value);\n    at += value;\n`;
  }
  return `${checked}${put} getText(bytes, at, value);\n` +
    `    if (values.${name} === undefined) ${refused}    at += value;\n`;
}

function refuse({ what, field: { kind } }: Part, value: unknown): never {
  if (kind === "bool") throw wrongType(what, value, "true or false");
  if (typeof value !== "number") throw wrongType(what, value, "a number");
  const [least, most] = INTEGER_BOUNDS[kind]!;
  throw outOfRange(what, value, `not a whole number from ${least} to ${most}`);
}

function notFields(what: string, values: unknown): never {
  throw wrongType(`${what}: the message`, values, "an object with the declared fields");
}

function putText({ what, field }: Part, value: unknown, bytes: Uint8Array, at: number): number {
  if (typeof value !== "string") throw wrongType(what, value, "a string");
  const byteLength = writeText(value, bytes, at, field.byteLengthMax);
  if (byteLength === NO_TEXT) {
    throw outOfRange(what, value, "which UTF-8 cannot say: it has half a surrogate pair");
  }
  if (byteLength <= field.byteLengthMax) return byteLength;
  throw wrongLength(what, byteLength, `or more: at most ${field.byteLengthMax} fit`);
}

function putBytes({ what, field }: Part, value: unknown, bytes: Uint8Array, at: number): number {
  if (!(value instanceof Uint8Array)) throw wrongType(what, value, "a Uint8Array");
  const { byteLength } = value;
  const { kind, byteLengthMax } = field;
  if (kind === "fixed" && byteLength !== byteLengthMax) {
    throw wrongLength(what, byteLength, `not ${byteLengthMax}`);
  }
  if (byteLength > byteLengthMax) throw wrongLength(what, byteLength, `more than ${byteLengthMax}`);
  bytes.set(value, at);
  return byteLength;
}

function enumIndex({ what, field }: Part, value: unknown): number {
  const values: readonly unknown[] = field.values!;
  const index = values.indexOf(value);
  if (index >= 0) return index;
  throw outOfRange(what, value, `none of ${values.join(", ")}`);
}

function segmentOf({ what }: Part, value: unknown, windows: WindowTable): number {
  if (!(value instanceof Uint8Array)) throw wrongType(what, value, "a Uint8Array");
  const segment = windows.segmentOf(value.buffer);
  if (segment === 0) throw new OsError("EFAULT", what);
  const { byteOffset, byteLength } = value;
  if (byteOffset >>> 0 !== byteOffset || byteLength >>> 0 !== byteLength) {
    throw wrongLength(what, byteLength, `from ${byteOffset} on: not within the first 4 GiB`);
  }
  return segment;
}

function windowOf(
  windows: WindowTable,
  badge: number,
  id: number,
  offset: number,
  byteLength: number,
): Uint8Array | undefined {
  const segment = windows.segment(id, badge);
  if (segment === undefined || offset > segment.byteLength) return undefined;
  if (byteLength > segment.byteLength - offset) return undefined;
  return segment.subarray(offset, offset + byteLength);
}
