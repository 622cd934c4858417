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

import { type Codec, compileCodec } from "./codec.ts";
import type { Errno } from "./errno.ts";
import type { Fields, Values } from "./field.ts";
import {
  NAME_BYTES_MAX,
  PAYLOAD_BYTES,
  REPLY_NEAR_WORDS,
  REPLY_WORDS,
  REQUEST_NEAR_WORDS,
  REQUEST_WORDS,
} from "./limits.ts";

/** The largest number of an operation: servers keep their handlers in a table of this size. */
export const CODE_MAX = 1023;

/** One operation of a protocol. */
export interface Operation {
  /** The number on the wire, from 1. For ever: append, never reuse. */
  readonly code: number;
  /** What the client says. */
  readonly request: Fields;
  /** What the server answers besides the result. Without it the answer is the result, a count. */
  readonly reply?: Fields;
  /** Nobody waits for an answer: the client goes on at once, and the slot comes back by itself. */
  readonly oneWay?: true;
  /** Every error that the operation can answer. */
  readonly errors: readonly Errno[];
  /** Whether doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
}

/** Operations by name. */
export type Operations = Readonly<Record<string, Operation>>;

/** What a client passes to an operation. */
export type Request<O extends Operation> = Values<O["request"]>;

/** What a client gets from an operation: its reply fields, or the result if it declares none. */
export type Reply<O extends Operation> = O["reply"] extends Fields ? Values<O["reply"]> : number;

/** The operations that are answered. */
export type Answered<O extends Operations> = {
  [K in keyof O & string]: O[K] extends { readonly oneWay: true } ? never : K;
}[keyof O & string];

/** The operations that are answered by a count alone. */
export type Counted<O extends Operations> = {
  [K in Answered<O>]: O[K]["reply"] extends Fields ? never : K;
}[Answered<O>];

/** The operations that are not answered. */
export type OneWay<O extends Operations> = Exclude<keyof O & string, Answered<O>>;

/** A request's name, for ever, within a boot. */
export interface RequestName {
  /** The client's number, given by the kernel. Never reused within a boot. */
  readonly badge: number;
  /** The request's number in its channel, or in the one in which its client first gave it. */
  readonly sequence: number;
}

/** Where a request came from, as the channel's owner tells it: nothing here is read from client memory. */
export interface RequestContext extends RequestName {
  /** Whether nobody waits for the answer any more: for handlers that take long and can stop early. */
  isAbandoned(): boolean;

  /**
   * What a handler returns that will answer later, from the same thread, out of order if need be. For
   * operations that are idempotent: the request is done again if this incarnation dies first. The
   * request object is not the handler's any more once it has returned.
   */
  later(): Later;
}

/** An answer that is still to be given. */
export interface Later {
  /** Answers, once: a count, or `-errno`. */
  answer(result: number): void;
  /** Whether nobody waits for the answer any more. It is to be given nevertheless. */
  isAbandoned(): boolean;
}

/** What a handler returns: the reply (or, if none is declared, a count), or a negative errno. */
export type Outcome<O extends Operation> = O extends { readonly oneWay: true } ? void | number
  : Reply<O> | number;

/**
 * The handlers of a server. One that returns a promise is answered when it settles, out of order if
 * others are faster; only an evented server takes such. The request object is the handler's until it
 * returns or first awaits: destructure it where it comes in.
 */
export type Handlers<O extends Operations> = {
  readonly [K in keyof O]: (
    request: Request<O[K]>,
    context: RequestContext,
  ) => Outcome<O[K]> | Later | Promise<Outcome<O[K]>>;
};

/**
 * Handlers without promises: what a blocking server takes.
 *
 * `C` is what they ask to know of a request: its whole context, or only its name.
 */
export type SyncHandlers<O extends Operations, C extends RequestName = RequestContext> = {
  readonly [K in keyof O]: (request: Request<O[K]>, context: C) => Outcome<O[K]> | Later;
};

/** An operation with the codecs of its messages. */
export interface PlacedOperation {
  /** The operation's name. */
  readonly name: string;
  /** Its declaration. */
  readonly operation: Operation;
  /** Writes and reads its request. */
  readonly request: Codec;
  /** Writes and reads its reply, which is empty when the answer is a count. */
  readonly reply: Codec;
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
  if (new TextEncoder().encode(name).byteLength > NAME_BYTES_MAX || name === "") {
    throw new RangeError(`Cannot define ${name}: a name has 1 to ${NAME_BYTES_MAX} bytes`);
  }
  if (!Number.isInteger(version) || version < 1 || version > 0xffff_ffff) {
    throw new RangeError(`Cannot define ${name}: ${version} is no version from 1 up`);
  }
  const byCode = new Map<number, PlacedOperation>();
  const byName = new Map<string, PlacedOperation>();
  for (const [operationName, operation] of Object.entries(operations)) {
    const placed = placeOperation(`${name}.${operationName}`, operationName, operation);
    if (byCode.has(operation.code)) {
      throw new RangeError(
        `Cannot define ${name}.${operationName}: code ${operation.code} is not free`,
      );
    }
    byCode.set(operation.code, placed);
    byName.set(operationName, placed);
  }
  return { name, version, operations, byCode, byName };
}

function placeOperation(where: string, name: string, operation: Operation): PlacedOperation {
  const { code, request, reply = {}, oneWay } = operation;
  checkName(where, name);
  if (!Number.isInteger(code) || code < 1 || code > CODE_MAX) {
    throw new RangeError(`Cannot define ${where}: code ${code} is not from 1 to ${CODE_MAX}`);
  }
  if (oneWay && operation.reply) {
    throw new RangeError(`Cannot define ${where}: a one-way operation has no reply`);
  }
  checkSize(`${where} request`, request, REQUEST_WORDS);
  checkSize(`${where} reply`, reply, REPLY_WORDS);
  return {
    name,
    operation,
    request: compileCodec(`Cannot send ${where}`, request, REQUEST_NEAR_WORDS),
    reply: compileCodec(`Cannot answer ${where}`, reply, REPLY_NEAR_WORDS),
  };
}

function checkSize(where: string, fields: Fields, wordsMax: number): void {
  let words = 0;
  let byteLength = 0;
  for (const [name, field] of Object.entries(fields)) {
    checkName(where, name);
    words += field.words;
    byteLength += field.byteLengthMax;
  }
  if (words > wordsMax) {
    throw new RangeError(`Cannot define ${where}: ${words} words do not fit in ${wordsMax}`);
  }
  if (byteLength > PAYLOAD_BYTES) {
    throw new RangeError(
      `Cannot define ${where}: ${byteLength} bytes do not fit in ${PAYLOAD_BYTES}`,
    );
  }
}

/** Names become source and are looked up in objects: none may mean anything there by itself. */
function checkName(where: string, name: string): void {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) {
    throw new RangeError(`Cannot define ${where}: ${name} is no name of letters and digits`);
  }
  if (name in Object.prototype) {
    throw new RangeError(`Cannot define ${where}: every object has a ${name} already`);
  }
}
