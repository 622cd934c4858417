/**
 * The fields of a message: what each kind means in TypeScript, and how much of a slot it takes.
 *
 * @module
 */

/** What a server may do with the window that a field names. */
export type WindowAccess = "read" | "write";

/** How a field is laid out. */
export type FieldKind =
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "i8"
  | "i16"
  | "i32"
  | "f64"
  | "bool"
  | "enum"
  | "bytes"
  | "fixed"
  | "utf8"
  | "window";

/** One field of a request or a reply, whose value has the type `T` in TypeScript. */
export interface Field<T> {
  /** How the field is laid out. */
  readonly kind: FieldKind;
  /** 32-bit words that the field takes among the fixed fields. */
  readonly words: number;
  /** Most bytes that the field takes among the variable ones. */
  readonly byteLengthMax: number;
  /** For an enum: the values, by their number on the wire. */
  readonly values?: readonly string[];
  /** For a window: what the server does with it. */
  readonly access?: WindowAccess;
  /** Carries the type; never present at run time. */
  readonly type?: T;
}

/** Fields by name, in wire order. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The TypeScript values of a set of fields. */
export type Values<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

/** The least and the greatest value of each kind of integer. */
export const INTEGER_BOUNDS: Readonly<Record<string, readonly [number, number]>> = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  u64: [0, Number.MAX_SAFE_INTEGER],
  i8: [-0x80, 0x7f],
  i16: [-0x8000, 0x7fff],
  i32: [-0x8000_0000, 0x7fff_ffff],
};

function fixed<T>(kind: FieldKind, words: number): Field<T> {
  return { kind, words, byteLengthMax: 0 };
}

/** An integer from 0 to 255. */
export const u8: Field<number> = fixed("u8", 1);
/** An integer from 0 to 65,535. */
export const u16: Field<number> = fixed("u16", 1);
/** An integer from 0 to 2^32 - 1. */
export const u32: Field<number> = fixed("u32", 1);
/** An integer from 0 to 2^53 - 1; a larger one on the wire is refused. */
export const u64: Field<number> = fixed("u64", 2);
/** An integer from -128 to 127. */
export const i8: Field<number> = fixed("i8", 1);
/** An integer from -32,768 to 32,767. */
export const i16: Field<number> = fixed("i16", 1);
/** An integer from -2^31 to 2^31 - 1. */
export const i32: Field<number> = fixed("i32", 1);
/** A double-precision number. Every NaN is sent as the same one. */
export const f64: Field<number> = fixed("f64", 2);
/** True or false. */
export const bool: Field<boolean> = fixed("bool", 1);

/**
 * One of some words, sent as its number. For ever: append, never reorder.
 *
 * @example
 * ```ts
 * import { oneOf } from "@hako/ipc";
 *
 * const whence = oneOf("start", "current", "end");
 * if (whence.values?.[2] !== "end") throw new Error("reordered");
 * ```
 */
export function oneOf<const V extends readonly [string, ...string[]]>(
  ...values: V
): Field<V[number]> {
  if (values.length === 0) throw new RangeError("Cannot define an enum of no value");
  if (new Set(values).size !== values.length) {
    throw new RangeError(`Cannot define an enum of ${values.join(", ")}: a value stands twice`);
  }
  return { kind: "enum", words: 1, byteLengthMax: 0, values };
}

/** Up to `byteLengthMax` bytes, copied through the slot. */
export function bytes(byteLengthMax: number): Field<Uint8Array> {
  return { kind: "bytes", words: 1, byteLengthMax: checkedBytes(byteLengthMax) };
}

/** Exactly `byteLength` bytes, copied through the slot. */
export function fixedBytes(byteLength: number): Field<Uint8Array> {
  return { kind: "fixed", words: 0, byteLengthMax: checkedBytes(byteLength) };
}

/** A well-formed string of up to `byteLengthMax` bytes of UTF-8, copied through the slot. */
export function utf8(byteLengthMax: number): Field<string> {
  return { kind: "utf8", words: 1, byteLengthMax: checkedBytes(byteLengthMax) };
}

/**
 * A run of bytes in a window, named rather than copied. The client passes a view of a window it
 * owns or was lent; the server gets a view of the same bytes, checked to lie inside it.
 *
 * @param access What the server does with the bytes.
 */
export function window(access: WindowAccess): Field<Uint8Array> {
  return { kind: "window", words: 3, byteLengthMax: 0, access };
}

function checkedBytes(byteLength: number): number {
  if (Number.isInteger(byteLength) && byteLength > 0) return byteLength;
  throw new RangeError(`Cannot define a field of ${byteLength} bytes: no whole number from 1 up`);
}
