/**
 * Typed protocols: one declaration gives operation numbers, field types, units, errors, and the
 * types of client and server. Encoders are built once, when the protocol is defined.
 *
 * A request is up to 12 words of fixed fields and 256 bytes of variable ones; a reply is a result
 * (a count, or a negative errno), up to 14 words and 256 bytes. Bulk data is named, not sent: a
 * `window` field is a run of bytes in shared memory that the kernel lent to the server.
 *
 * @module
 */

import type { Errno } from "./errno.ts";
import { PAYLOAD_BYTES, REPLY_WORDS, REQUEST_WORDS } from "./limits.ts";

/** What a server may do with the window that a field names. */
export type WindowAccess = "read" | "write";

/** How a field is laid out. */
export type FieldKind =
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "i32"
  | "f64"
  | "bool"
  | "bytes"
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
  /** For a window: what the server does with it. */
  readonly access?: WindowAccess;
  /** Carries the type; never present at run time. */
  readonly type?: T;
}

/** Fields by name, in wire order. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** One operation of a protocol. */
export interface Operation {
  /** The number on the wire, from 1. For ever: append, never reuse. */
  readonly code: number;
  /** What the client says. */
  readonly request: Fields;
  /** What the server answers besides the result. Without it the answer is the result, a count. */
  readonly reply?: Fields;
  /** Every error that the operation can answer. */
  readonly errors: readonly Errno[];
  /** Whether doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
}

/** Operations by name. */
export type Operations = Readonly<Record<string, Operation>>;

/** The TypeScript values of a set of fields. */
export type Values<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

/** What a client passes to an operation. */
export type Request<O extends Operation> = Values<O["request"]>;

/** What a client gets from an operation: its reply fields, or the result if it declares none. */
export type Reply<O extends Operation> = O["reply"] extends Fields ? Values<O["reply"]> : number;

/** Where a request came from, as the kernel tells it; nothing here is read from client memory. */
export interface RequestContext {
  /** The client's number, given by the kernel. Never reused within a boot. */
  readonly badge: number;
  /** The request's number in its channel. With the badge it names the request for ever. */
  readonly sequence: number;
}

/** The handlers of a server: each returns the reply, or a negative errno. */
export type Handlers<O extends Operations> = {
  readonly [K in keyof O]: (
    request: Request<O[K]>,
    context: RequestContext,
  ) => Reply<O[K]> | number;
};

/** One field at its place in the slot. */
export interface PlacedField {
  /** The field's name. */
  readonly name: string;
  /** What the field is. */
  readonly field: Field<unknown>;
  /** Index of the field's first word among the fixed fields. */
  readonly word: number;
}

/** An operation with its fields placed. */
export interface PlacedOperation {
  /** The operation's name. */
  readonly name: string;
  /** Its declaration. */
  readonly operation: Operation;
  /** The fields of its request. */
  readonly request: readonly PlacedField[];
  /** The fields of its reply; none when the answer is a count. */
  readonly reply: readonly PlacedField[];
}

/** A named, versioned set of operations. */
export interface Protocol<O extends Operations> {
  /** The name, as error messages and manifests say it. */
  readonly name: string;
  /** Two sides of different versions are refused at connect. */
  readonly version: number;
  /** The declaration. */
  readonly operations: O;
  /** The same by wire code, with every field placed. */
  readonly byCode: ReadonlyMap<number, PlacedOperation>;
  /** The same by name. */
  readonly byName: ReadonlyMap<string, PlacedOperation>;
}

/** The operations of a protocol type. */
export type OperationsOf<P> = P extends Protocol<infer O> ? O : never;

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
/** An integer from -2^31 to 2^31 - 1. */
export const i32: Field<number> = fixed("i32", 1);
/** A double-precision number. */
export const f64: Field<number> = fixed("f64", 2);
/** True or false. */
export const bool: Field<boolean> = fixed("bool", 1);

/** Up to `byteLengthMax` bytes, copied through the slot. */
export function bytes(byteLengthMax: number): Field<Uint8Array> {
  return { kind: "bytes", words: 1, byteLengthMax };
}

/** A string of up to `byteLengthMax` bytes of UTF-8, copied through the slot. */
export function utf8(byteLengthMax: number): Field<string> {
  return { kind: "utf8", words: 1, byteLengthMax };
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

/**
 * Defines a protocol. Throws when an operation does not fit its slot or a code stands twice.
 *
 * @example
 * ```ts
 * import { defineProtocol, type Operations, type Protocol, u32 } from "@hako/ipc";
 *
 * const operations = {
 *   add: { code: 1, request: { a: u32, b: u32 }, errors: ["EOVERFLOW"], idempotent: true },
 * } as const satisfies Operations;
 * const Adder: Protocol<typeof operations> = defineProtocol("adder", 1, operations);
 * if (Adder.byCode.get(1)?.name !== "add") throw new Error("not found");
 * ```
 */
export function defineProtocol<const O extends Operations>(
  name: string,
  version: number,
  operations: O,
): Protocol<O> {
  const byCode = new Map<number, PlacedOperation>();
  const byName = new Map<string, PlacedOperation>();
  for (const [operationName, operation] of Object.entries(operations)) {
    const where = `${name}.${operationName}`;
    const placed = {
      name: operationName,
      operation,
      request: place(`${where} request`, operation.request, REQUEST_WORDS),
      reply: place(`${where} reply`, operation.reply ?? {}, REPLY_WORDS),
    };
    if (!Number.isInteger(operation.code) || operation.code < 1 || byCode.has(operation.code)) {
      throw new RangeError(`Cannot define ${where}: code ${operation.code} is not free`);
    }
    byCode.set(operation.code, placed);
    byName.set(operationName, placed);
  }
  return { name, version, operations, byCode, byName };
}

function place(where: string, fields: Fields, wordsMax: number): PlacedField[] {
  const placed: PlacedField[] = [];
  let word = 0;
  let byteLength = 0;
  for (const [name, field] of Object.entries(fields)) {
    placed.push({ name, field, word });
    word += field.words;
    byteLength += field.byteLengthMax;
  }
  if (word > wordsMax) {
    throw new RangeError(`Cannot define ${where}: ${word} words do not fit in ${wordsMax}`);
  }
  if (byteLength > PAYLOAD_BYTES) {
    throw new RangeError(
      `Cannot define ${where}: ${byteLength} bytes do not fit in ${PAYLOAD_BYTES}`,
    );
  }
  return placed;
}
