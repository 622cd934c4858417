/**
 * What a keep holds, declared once: records, tables, logs of bytes.
 *
 * @module
 */

import { crc32c, type Fields } from "@hako/ipc";
import { KEEP, ROW, TABLE } from "./layouts.ts";
import { KEEP_BYTES_MAX, PAGE_BYTES, ROWS_MAX } from "./limits.ts";

/** One set of fields. */
export interface RecordShape<F extends Fields> {
  /** What it is. */
  readonly kind: "record";
  /** Its fields, in their order in memory. */
  readonly fields: F;
}

/** Rows of fields, each present or not. */
export interface TableShape<F extends Fields> {
  /** What it is. */
  readonly kind: "table";
  /** How many rows there are. */
  readonly length: number;
  /** The fields of each, in their order in memory. */
  readonly fields: F;
}

/** Runs of bytes, in the order in which they were appended. */
export interface LogShape {
  /** What it is. */
  readonly kind: "log";
  /** Bytes for all entries; each takes 8 more than it has, rounded up to a multiple of 4. */
  readonly byteLength: number;
}

/** One part of a keep. */
export type Shape = RecordShape<Fields> | TableShape<Fields> | LogShape;

/** What a keep holds, by name, in its order in memory. */
export type KeepSchema = Readonly<Record<string, Shape>>;

/** Declares one set of fields; all zero, empty and false until it is put. */
export function record<F extends Fields>(fields: F): RecordShape<F> {
  checkFields(fields);
  return { kind: "record", fields };
}

/** Declares rows of fields, none of which is present at first. */
export function table<F extends Fields>(length: number, fields: F): TableShape<F> {
  if (!Number.isInteger(length) || length < 1 || length > ROWS_MAX) {
    throw new RangeError(`Cannot declare a table of ${length} rows: it has 1 to ${ROWS_MAX}`);
  }
  checkFields(fields);
  return { kind: "table", length, fields };
}

/** Declares a log of bytes, empty at first. */
export function log(byteLength: number): LogShape {
  if (!Number.isInteger(byteLength) || byteLength < 1 || byteLength > KEEP_BYTES_MAX) {
    throw new RangeError(`Cannot declare a log of ${byteLength} bytes`);
  }
  return { kind: "log", byteLength };
}

/** Names become source in the codec, and are looked up in objects. */
function checkFields(fields: Fields): void {
  for (const [name, field] of Object.entries(fields)) {
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name) || name in Object.prototype) {
      throw new RangeError(`Cannot declare the field ${name}: it is no name of letters and digits`);
    }
    if (field.kind !== "window") continue;
    throw new RangeError(`Cannot declare the field ${name}: a window is lent, and not kept`);
  }
}

/** Where one part of a keep lies. */
export interface PlacedShape {
  /** Its name. */
  readonly name: string;
  /** What it is. */
  readonly shape: Shape;
  /** Index of its first word. */
  readonly at: number;
}

/** Words of a log's head: a checksum, the words in use, the number of entries. */
export const LOG_HEAD_WORDS = 3;

/** Words that the fixed fields of a row take. */
export function fixedWords(fields: Fields): number {
  return Object.values(fields).reduce((sum, { words }) => sum + words, 0);
}

/** Words of one row. */
export function rowWords(fields: Fields): number {
  const byteLength = Object.values(fields).reduce((sum, field) => sum + field.byteLengthMax, 0);
  return (ROW.byteLength >> 2) + fixedWords(fields) + ((byteLength + 3) >> 2);
}

/** Where every part of a keep lies, and the words of the whole. */
export function placeShapes(schema: KeepSchema): { parts: PlacedShape[]; words: number } {
  let at = KEEP.byteLength >> 2;
  const parts = Object.entries(schema).map(([name, shape]) => {
    const placed = { name, shape, at };
    at += wordsOfShape(shape);
    return placed;
  });
  if (at * 4 > KEEP_BYTES_MAX) {
    throw new RangeError(`Cannot declare a keep of ${at * 4} bytes: at most ${KEEP_BYTES_MAX}`);
  }
  return { parts, words: at };
}

function wordsOfShape(shape: Shape): number {
  switch (shape.kind) {
    case "record":
      return rowWords(shape.fields);
    case "table":
      return (TABLE.byteLength >> 2) + shape.length * rowWords(shape.fields);
    case "log":
      return LOG_HEAD_WORDS + ((shape.byteLength + 3) >> 2);
  }
}

/** Bytes of a keep for a schema: what a manifest asks for. A multiple of 4,096. */
export function keepBytes(schema: KeepSchema): number {
  return Math.ceil(placeShapes(schema).words * 4 / PAGE_BYTES) * PAGE_BYTES;
}

/** A number that two schemas share only if they lay a keep out in the same way. Never 0. */
export function fingerprintOf(schema: KeepSchema): number {
  const text = Object.entries(schema).map(([name, shape]) => {
    const size = shape.kind === "table"
      ? shape.length
      : shape.kind === "log"
      ? shape.byteLength
      : 1;
    const fields = shape.kind === "log" ? [] : Object.entries(shape.fields);
    return [
      name,
      shape.kind,
      size,
      fields.map(([field, { kind, words, byteLengthMax, values }]) => {
        return [field, kind, words, byteLengthMax, values ?? []];
      }),
    ];
  });
  const words = wordsOfText(JSON.stringify(text));
  return crc32c(words, 0, words.length, 0) || 1;
}

function wordsOfText(text: string): Uint32Array {
  const source = new TextEncoder().encode(text);
  const words = new Uint32Array((source.byteLength + 3) >> 2);
  new Uint8Array(words.buffer).set(source);
  return words;
}
