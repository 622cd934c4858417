/**
 * What the compiler says about protocols: `deno check` fails where an expected error is none, or
 * where a type is another one. At run time there is next to nothing to do.
 */

import { assertEquals } from "@std/assert";
import type { CallOptions, CallSyncOptions, Client } from "./client.ts";
import {
  bool,
  bytes,
  f64,
  fixedBytes,
  i16,
  i32,
  i8,
  oneOf,
  u16,
  u32,
  u64,
  u8,
  utf8,
  type Values,
  window,
} from "./field.ts";
import {
  type Answered,
  defineProtocol,
  type Handlers,
  type OneWay,
  type Operations,
  type OperationsOf,
  type Outcome,
  type Protocol,
  type Reply,
  type Request,
} from "./protocol.ts";

const operations = {
  seek: {
    code: 1,
    request: { offset: u64, whence: oneOf("start", "end") },
    reply: { position: u64, name: utf8(16) },
    errors: ["EINVAL", "ESPIPE"],
    idempotent: true,
  },
  write: { code: 2, request: { raw: bytes(64) }, errors: ["EIO"], idempotent: false },
  sync: { code: 3, request: {}, errors: ["EIO"], idempotent: true },
  log: { code: 4, request: { line: utf8(80) }, errors: [], idempotent: false, oneWay: true },
} as const satisfies Operations;

const P: Protocol<typeof operations> = defineProtocol("p", 1, operations);
type P = typeof P;
type O = typeof operations;

/** `true` if two types are one, also inside `readonly` and optional parts. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

/** Compiles if all are `true`. */
type All<T extends readonly true[]> = T;

/** Code that is checked and never run. */
function checkOnly(_code: () => unknown): void {}

declare const client: Client<P>;
declare const loose: { readonly [name: string]: number };

Deno.test("each kind of field has its type", () => {
  const every = {
    ...{ a: u8, b: u16, c: u32, d: u64, e: i8, f: i16, g: i32, h: f64, i: bool },
    ...{ j: oneOf("x", "y"), k: bytes(1), l: fixedBytes(1), m: utf8(1), n: window("read") },
  } as const;
  type Wanted =
    & { readonly [K in "a" | "b" | "c" | "d" | "e" | "f" | "g" | "h"]: number }
    & { readonly i: boolean; readonly j: "x" | "y"; readonly m: string }
    & { readonly [K in "k" | "l" | "n"]: Uint8Array };
  type _ = All<[Equal<Values<typeof every>, { [K in keyof Wanted]: Wanted[K] }>]>;
  assertEquals(Object.keys(every).length, 14);
});

Deno.test("requests, replies and outcomes are inferred from the declaration", () => {
  type Position = { readonly position: number; readonly name: string };
  type _ = All<[
    Equal<Request<O["seek"]>, { readonly offset: number; readonly whence: "start" | "end" }>,
    Equal<Request<O["write"]>, { readonly raw: Uint8Array }>,
    Equal<keyof Request<O["sync"]>, never>,
    Equal<Reply<O["seek"]>, Position>,
    Equal<Reply<O["write"]>, number>,
    Equal<Outcome<O["seek"]>, Position | number>,
    Equal<Outcome<O["write"]>, number>,
    Equal<Outcome<O["log"]>, void | number>,
    Equal<Answered<O>, "seek" | "write" | "sync">,
    Equal<OneWay<O>, "log">,
    Equal<OperationsOf<P>, O>,
    Equal<OperationsOf<typeof P>, typeof operations>,
  ]>;
  assertEquals(P.operations, operations);
});

Deno.test("a protocol that is declared in place has the same types", () => {
  const InPlace = defineProtocol("p", 1, {
    seek: {
      code: 1,
      request: { whence: oneOf("start", "end") },
      reply: { ok: bool },
      errors: ["EINVAL"],
      idempotent: true,
    },
    log: { code: 2, request: {}, errors: [], idempotent: true, oneWay: true },
  });
  type I = OperationsOf<typeof InPlace>;
  type _ = All<[
    Equal<Request<I["seek"]>, { readonly whence: "start" | "end" }>,
    Equal<Reply<I["seek"]>, { readonly ok: boolean }>,
    Equal<OneWay<I>, "log">,
    Equal<Answered<I>, "seek">,
  ]>;
  assertEquals(InPlace.byName.size, 2);
});

Deno.test("a client calls what the protocol declares, with the types that it declares", () => {
  checkOnly(async () => {
    const { position, name } = client.callSync("seek", { offset: 0, whence: "end" });
    const count = await client.call("write", { raw: new Uint8Array(1) });
    const counts = client.callAllSync("sync", [{}, {}]);
    const stream = client.stream("seek", [{ offset: 0, whence: "start" }]);
    const sent = client.send("log", { line: "hello" });
    const shared = client.callSync("write", { raw: new Uint8Array(new SharedArrayBuffer(1)) });
    type Answer = Reply<O["seek"]>;
    type _ = All<[
      Equal<typeof position, number>,
      Equal<typeof name, string>,
      Equal<typeof count, number>,
      Equal<typeof counts, number[]>,
      Equal<typeof stream, AsyncGenerator<Answer, void, void>>,
      Equal<typeof sent, void>,
      Equal<typeof shared, number>,
    ]>;
  });
});

Deno.test("a client is refused what the protocol does not declare", () => {
  checkOnly(() => {
    // @ts-expect-error: there is no such operation.
    client.callSync("seak", { offset: 0, whence: "end" });
    // @ts-expect-error: an offset is a number.
    client.callSync("seek", { offset: "0", whence: "end" });
    // @ts-expect-error: and no bigint.
    client.callSync("seek", { offset: 0n, whence: "end" });
    // @ts-expect-error: a field is missing.
    client.callSync("seek", { offset: 0 });
    // @ts-expect-error: a field may not be undefined.
    client.callSync("seek", { offset: undefined, whence: "end" });
    // @ts-expect-error: a field too many.
    client.callSync("seek", { offset: 0, whence: "end", more: 1 });
    // @ts-expect-error: an enum is a word, not its number.
    client.callSync("seek", { offset: 0, whence: 1 });
    // @ts-expect-error: a word that the enum does not have.
    client.callSync("seek", { offset: 0, whence: "middle" });
    // @ts-expect-error: bytes are no string.
    client.callSync("write", { raw: "abc" });
    // @ts-expect-error: bytes are no buffer.
    client.callSync("write", { raw: new ArrayBuffer(1) });
    // @ts-expect-error: the request is missing.
    client.callSync("sync");
    // @ts-expect-error: any record is no request.
    client.callSync("seek", loose);
  });
});

Deno.test("what is answered is called, and what is not answered is sent", () => {
  checkOnly(() => {
    // @ts-expect-error: nobody answers it.
    client.callSync("log", { line: "a" });
    // @ts-expect-error: nobody answers it.
    client.call("log", { line: "a" });
    // @ts-expect-error: nobody answers it.
    client.callAllSync("log", [{ line: "a" }]);
    // @ts-expect-error: nobody answers it.
    client.stream("log", [{ line: "a" }]);
    // @ts-expect-error: it is answered, and the answer would be lost.
    client.send("sync", {});
  });
});

Deno.test("a reply has its fields, a count has none, and neither can be changed", () => {
  checkOnly(() => {
    const reply = client.callSync("seek", { offset: 0, whence: "end" });
    // @ts-expect-error: no such field in the reply.
    void reply.offset;
    // @ts-expect-error: a reply is the caller's to read.
    reply.position = 1;
    // @ts-expect-error: a position is no string.
    const _text: string = reply.position;
    // @ts-expect-error: with a reply declared, the answer is no count.
    const _count: number = client.callSync("seek", { offset: 0, whence: "end" });
    // @ts-expect-error: a count has no fields.
    void client.callSync("sync", {}).position;
    // @ts-expect-error: a promise is awaited.
    const _late: number = client.call("sync", {});
  });
});

Deno.test("a synchronous call takes a time limit, and only an asynchronous one a signal", () => {
  type _ = All<[
    Equal<CallSyncOptions["timeoutMs"], number | undefined>,
    Equal<CallOptions["signal"], AbortSignal | undefined>,
  ]>;
  checkOnly(() => {
    client.callSync("sync", {}, { timeoutMs: 5 });
    client.call("sync", {}, { timeoutMs: 5, signal: AbortSignal.timeout(1) });
    // @ts-expect-error: milliseconds are a number.
    client.callSync("sync", {}, { timeoutMs: "5" });
    // @ts-expect-error: left out is not undefined.
    client.callSync("sync", {}, { timeoutMs: undefined });
    // @ts-expect-error: no event can come while the thread waits.
    client.callSync("sync", {}, { signal: AbortSignal.timeout(1) });
    // @ts-expect-error: no such option.
    client.call("sync", {}, { timeout: 5 });
  });
});

Deno.test("handlers are those of the protocol: all of them, with its requests and replies", () => {
  const handlers: Handlers<O> = {
    seek: ({ offset, whence }, { badge }) => ({ position: offset + badge, name: whence }),
    write: async ({ raw }) => await Promise.resolve(raw.byteLength),
    sync: () => -5,
    log: () => {},
  };
  const { seek, write, log } = handlers;
  checkOnly(() => {
    // @ts-expect-error: a handler is missing.
    const _missing: Handlers<O> = { seek, write, log };
    // @ts-expect-error: a handler of no operation.
    const _more: Handlers<O> = { ...handlers, seak: seek };
    // @ts-expect-error: a wrong type in the reply.
    const _wrong: Handlers<O> = { ...handlers, seek: () => ({ position: "1", name: "" }) };
    // @ts-expect-error: a field of the reply is missing.
    const _less: Handlers<O> = { ...handlers, seek: () => ({ position: 1 }) };
    // @ts-expect-error: a count is owed.
    const _nothing: Handlers<O> = { ...handlers, sync: () => {} };
    // @ts-expect-error: the answer is a count, as no reply is declared.
    const _object: Handlers<O> = { ...handlers, write: () => ({ count: 1 }) };
    // @ts-expect-error: the request has no such field.
    const _field: Handlers<O> = { ...handlers, write: ({ text }) => text };
    const _change: Handlers<O> = {
      ...handlers,
      seek(request) {
        // @ts-expect-error: a request is the handler's to read.
        request.offset = 1;
        return request.offset;
      },
    };
  });
  assertEquals(Object.keys(handlers).length, 4);
});

Deno.test("a declaration is checked where it stands", () => {
  const fine = { code: 1, request: {}, errors: [], idempotent: true } as const;
  checkOnly(() => {
    // @ts-expect-error: an errno that nobody knows.
    defineProtocol("p", 1, { a: { ...fine, errors: ["EWHAT"] } });
    // @ts-expect-error: whether it can be repeated is to be said.
    defineProtocol("p", 1, { a: { code: 1, request: {}, errors: [] } });
    // @ts-expect-error: a field is a value of `u8`, `bytes(8)`, ...
    defineProtocol("p", 1, { a: { ...fine, request: { x: "u8" } } });
    // @ts-expect-error: an operation is one-way, or says nothing about it.
    defineProtocol("p", 1, { a: { ...fine, oneWay: false } });
    // @ts-expect-error: what a server does with a window is to read or to write it.
    window("append");
    // @ts-expect-error: an enum has a value.
    oneOf();
    const _unknown = {
      // @ts-expect-error: an errno that nobody knows, in a declaration of its own.
      a: { code: 1, request: {}, errors: ["EWHAT"], idempotent: true },
    } as const satisfies Operations;
  });
  assertEquals(defineProtocol("p", 1, { a: fine }).operations.a, fine);
});

Deno.test("a client of one protocol is no client of another, and any is one of no operation known", () => {
  const other = { sync: { ...operations.sync, reply: { ok: bool } } } as const satisfies Operations;
  checkOnly(() => {
    const same: Client<typeof P> = client;
    void same;
    // @ts-expect-error: its `sync` answers something else.
    const _other: Client<Protocol<typeof other>> = client;
  });
  assertEquals(Object.keys(other), ["sync"]);
});
