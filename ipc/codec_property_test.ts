import { assert, assertEquals } from "@std/assert";
import fc, { type Arbitrary } from "fast-check";
import { Channel, placeReply, placeRequest } from "./channel.ts";
import type { AnyValues, Codec, MessagePlace, WindowTable } from "./codec.ts";
import { ERRNO } from "./errno.ts";
import {
  bool,
  bytes,
  f64,
  type Field,
  type Fields,
  fixedBytes,
  i16,
  i32,
  i8,
  INTEGER_BOUNDS,
  oneOf,
  u16,
  u32,
  u64,
  u8,
  utf8,
  window,
} from "./field.ts";
import {
  PAYLOAD_BYTES,
  REPLY_NEAR_WORDS,
  REPLY_WORDS,
  REQUEST_NEAR_WORDS,
  REQUEST_WORDS,
} from "./limits.ts";
import { defineProtocol } from "./protocol.ts";

const WINDOW_BYTES = 1 << 16;
const memory = new Uint8Array(new SharedArrayBuffer(WINDOW_BYTES));
const windows: WindowTable = {
  segmentOf: (buffer) => buffer === memory.buffer ? 2 : 0,
  segment: (segment, badge) => segment === 2 && badge === 1 ? memory : undefined,
};

/** One message at one place of a slot. */
interface Message {
  readonly fields: Fields;
  readonly values: AnyValues;
  readonly codec: Codec;
  readonly place: MessagePlace;
  readonly nearWords: number;
}

const ENCODER = new TextEncoder();

const name = fc.oneof(
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/).filter((name) => !(name in Object.prototype)),
  fc.constantFrom("class", "at", "value", "values", "words", "bytes", "near", "payload", "part0"),
);

const byteLength = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 256 }));

const field: Arbitrary<Field<unknown>> = fc.oneof(
  fc.constantFrom<Field<unknown>>(u8, u16, u32, u64, i8, i16, i32, f64, bool),
  fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 5 })
    .map((values) => oneOf(...values as [string])),
  byteLength.map(bytes),
  byteLength.map(fixedBytes),
  byteLength.map(utf8),
  fc.constantFrom("read" as const, "write" as const).map(window),
);

/** A character, of one byte more often than of several. */
const character = fc.oneof(
  { arbitrary: fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 1 }), weight: 9 },
  { arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), weight: 1 },
);

/** Any value of a field, its bounds often. */
function valueOf(field: Field<unknown>): Arbitrary<unknown> {
  const { kind, byteLengthMax } = field;
  switch (kind) {
    case "f64":
      return fc.double();
    case "bool":
      return fc.boolean();
    case "enum":
      return fc.constantFrom(...field.values!);
    case "bytes":
      return fc.uint8Array({ maxLength: byteLengthMax });
    case "fixed":
      return fc.uint8Array({ minLength: byteLengthMax, maxLength: byteLengthMax });
    case "utf8":
      return fc.string({ unit: character, maxLength: byteLengthMax })
        .filter((text) => ENCODER.encode(text).byteLength <= byteLengthMax);
    case "window":
      return fc.tuple(fc.nat(WINDOW_BYTES), fc.nat(WINDOW_BYTES))
        .map(([from, to]) => memory.subarray(Math.min(from, to), Math.max(from, to)));
  }
  const [min, max] = INTEGER_BOUNDS[kind]!;
  return fc.maxSafeInteger().map((value) => Math.min(max, Math.max(min, value)))
    .chain((value) => fc.constantFrom(value, min, max, (value & 0xff) % (max + 1)));
}

/** As many of the fields as fit in a message. */
function fitting(named: readonly [string, Field<unknown>][], wordsMax: number): Fields {
  const fields: Record<string, Field<unknown>> = {};
  let words = 0;
  let payload = 0;
  for (const [name, field] of named) {
    if (words + field.words > wordsMax || payload + field.byteLengthMax > PAYLOAD_BYTES) continue;
    words += field.words;
    payload += field.byteLengthMax;
    fields[name] = field;
  }
  return fields;
}

const named = fc.uniqueArray(fc.tuple(name, field), { maxLength: 14, selector: ([name]) => name });

/** A message of any kind in any slot. */
const message: Arbitrary<Message> = fc.tuple(
  fc.constantFrom("request", "even reply", "odd reply"),
  fc.nat(0xffff_ffff),
  named,
).chain(([kind, sequence, named]) => {
  const isRequest = kind === "request";
  const fields = fitting(named, isRequest ? REQUEST_WORDS : REPLY_WORDS);
  const place = { near: 0, far: 0, payload: 0 };
  if (isRequest) placeRequest(sequence, place);
  else placeReply(sequence, kind === "odd reply" ? 1 : 0, place);
  const nearWords = isRequest ? REQUEST_NEAR_WORDS : REPLY_NEAR_WORDS;
  const codec = codecOf(fields, isRequest);
  const values = Object.entries(fields).map(([name, field]) => [name, valueOf(field)]);
  return fc.record(Object.fromEntries(values), { noNullPrototype: true })
    .map((values: AnyValues) => ({ fields, values, codec, place, nearWords }));
});

function codecOf(fields: Fields, isRequest: boolean): Codec {
  const { request, reply } = defineProtocol("any", 1, {
    op: {
      ...{ code: 1, errors: [], idempotent: true },
      request: isRequest ? fields : {},
      ...(isRequest ? {} : { reply: fields }),
    },
  }).byName.get("op")!;
  return isRequest ? request : reply;
}

const channel = Channel.create(0, 1);

Deno.test("whatever is written comes out the same, and no byte changes but the message's own", () => {
  fc.assert(
    fc.property(message, fc.nat(255), (message, filling) => {
      channel.bytes.fill(filling);
      const { codec, place, values } = message;

      codec.write(channel, place, values, windows);

      for (const [from, to] of ownBytes(message)) channel.bytes.fill(filling, from, to);
      assertEquals(firstOther(channel.bytes, () => filling), -1, "a byte of another's");
      codec.write(channel, place, values, windows);
      const out = codec.blank();
      assertEquals(codec.read(channel, place, out, windows, 1), 0);
      assertEquals(out, values);
    }),
    { numRuns: 400 },
  );
});

Deno.test("a message of any words is refused, or gives values that could have been sent", () => {
  const word = fc.oneof(fc.nat(4), fc.nat(300), fc.integer());
  const words = fc.array(word, { minLength: REPLY_WORDS, maxLength: REPLY_WORDS });
  const payload = fc.uint8Array({ minLength: PAYLOAD_BYTES, maxLength: PAYLOAD_BYTES });
  let wellFormed = 0;
  fc.assert(
    fc.property(message, words, payload, ({ codec, fields, ...at }, words, payload) => {
      const { place: { near, far, payload: target }, nearWords } = at;
      channel.words.set(words.slice(0, nearWords), near);
      channel.words.set(words.slice(nearWords, isRequest(at) ? REQUEST_WORDS : REPLY_WORDS), far);
      channel.bytes.set(payload, target);
      const before = channel.bytes.slice();

      const values = codec.blank();
      const refused = codec.read(channel, at.place, values, windows, 1);

      assertEquals(
        channel.bytes.findIndex((byte, index) => byte !== before[index]),
        -1,
        "it writes",
      );
      assert(refused === 0 || refused === ERRNO.EPROTO || refused === ERRNO.EFAULT);
      if (refused !== 0) return;
      wellFormed++;
      for (const [name, field] of Object.entries(fields)) assertValue(field, values[name]);
      codec.write(channel, at.place, values, windows);
      const again = codec.blank();
      assertEquals(codec.read(channel, at.place, again, windows, 1), 0);
      assertEquals(again, values);
    }),
    { numRuns: 400 },
  );
  assert(wellFormed > 40, "some of it makes sense");
});

/** Where bytes are first not as they should be, or -1. `findIndex` takes ten times as long. */
function firstOther(bytes: Uint8Array, wanted: (at: number) => number): number {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== wanted(at)) return at;
  return -1;
}

function isRequest({ nearWords }: { readonly nearWords: number }): boolean {
  return nearWords === REQUEST_NEAR_WORDS;
}

/** The bytes that a message may write: its fields' words, and as much of the payload as it has. */
function ownBytes({ fields, values, place, nearWords }: Message): [number, number][] {
  let words = 0;
  let payload = 0;
  for (const [name, field] of Object.entries(fields)) {
    words += field.words;
    const value = values[name];
    if (field.kind === "utf8") payload += ENCODER.encode(value as string).byteLength;
    else if (field.byteLengthMax > 0) payload += (value as Uint8Array).byteLength;
  }
  const near = Math.min(words, nearWords);
  return [
    [place.near * 4, (place.near + near) * 4],
    [place.far * 4, (place.far + words - near) * 4],
    [place.payload, place.payload + payload],
  ];
}

/** Says whether a value has the type of its field, and its bounds. */
function assertValue(field: Field<unknown>, value: unknown): void {
  const { kind, byteLengthMax, values } = field;
  if (kind === "bool") return assertEquals(typeof value, "boolean");
  if (kind === "f64") return assertEquals(typeof value, "number");
  if (kind === "enum") return assert(values!.includes(value as string));
  if (kind === "utf8") return assert(ENCODER.encode(value as string).byteLength <= byteLengthMax);
  if (kind === "window") return assertEquals((value as Uint8Array).buffer, memory.buffer);
  if (kind === "bytes") return assert((value as Uint8Array).byteLength <= byteLengthMax);
  if (kind === "fixed") return assertEquals((value as Uint8Array).byteLength, byteLengthMax);
  const [least, most] = INTEGER_BOUNDS[kind]!;
  assert(Number.isInteger(value) && (value as number) >= least && (value as number) <= most);
}
