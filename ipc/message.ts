/**
 * Writes and reads the fields of a message in shared memory.
 *
 * What is read may have been written by anyone: each word is copied once, the copy is checked, and
 * the copy is used.
 *
 * @module
 */

import type { Channel, MessagePlace } from "./channel.ts";
import { ERRNO, OsError } from "./errno.ts";
import { PAYLOAD_BYTES } from "./limits.ts";
import type { Field, PlacedField } from "./protocol.ts";

/** The windows that one end of a channel can name. */
export interface WindowTable {
  /** The number of the segment whose memory this is, or 0 if it is no window. */
  segmentOf(buffer: ArrayBufferLike): number;
  /** The bytes of a segment that the peer with `badge` may name, or `undefined`. */
  segment(segment: number, badge: number): Uint8Array | undefined;
}

const TWO_32 = 0x1_0000_0000;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const doubles = new Float64Array(1);
const doubleWords = new Int32Array(doubles.buffer);

/**
 * Writes the fields of a message. Hot path.
 *
 * @throws {TypeError | RangeError} If a value does not fit its field: nothing has been posted then.
 * @throws {OsError} `EFAULT` if a view does not lie in a window.
 */
export function writeFields(
  channel: Channel,
  place: MessagePlace,
  fields: readonly PlacedField[],
  values: Readonly<Record<string, unknown>>,
  windows: WindowTable,
): void {
  let payloadBytes = 0;
  for (let i = 0; i < fields.length; i++) {
    const { name, field, word } = fields[i]!;
    const at = place.fields + word;
    const value = values[name];
    if (field.kind === "bytes" || field.kind === "utf8") {
      const source = bytesOf(name, field, value);
      channel.bytes.set(source, place.payload + payloadBytes);
      channel.words[at] = source.byteLength;
      payloadBytes += source.byteLength;
    } else if (field.kind === "window") {
      writeWindow(channel.words, at, name, value, windows);
    } else {
      writeNumber(channel.words, at, name, field, value);
    }
  }
  channel.words[place.payloadBytes] = payloadBytes;
}

function bytesOf(name: string, field: Field<unknown>, value: unknown): Uint8Array {
  const source = field.kind === "utf8" ? encoder.encode(value as string) : value;
  if (!(source instanceof Uint8Array)) throw new TypeError(`Cannot send ${name}: not bytes`);
  if (source.byteLength > field.byteLengthMax) {
    throw new RangeError(
      `Cannot send ${name}: ${source.byteLength} bytes are more than ${field.byteLengthMax}`,
    );
  }
  return source;
}

function writeWindow(
  words: Int32Array,
  at: number,
  name: string,
  value: unknown,
  windows: WindowTable,
): void {
  if (!(value instanceof Uint8Array)) throw new TypeError(`Cannot send ${name}: not bytes`);
  const segment = windows.segmentOf(value.buffer);
  if (segment === 0) throw new OsError("EFAULT", `send ${name}`);
  words[at] = segment;
  words[at + 1] = value.byteOffset;
  words[at + 2] = value.byteLength;
}

function writeNumber(
  words: Int32Array,
  at: number,
  name: string,
  field: Field<unknown>,
  value: unknown,
): void {
  if (field.kind === "bool") {
    words[at] = value ? 1 : 0;
    return;
  }
  if (typeof value !== "number") throw new TypeError(`Cannot send ${name}: not a number`);
  if (field.kind === "f64") {
    doubles[0] = value;
    words[at] = doubleWords[0]!;
    words[at + 1] = doubleWords[1]!;
    return;
  }
  if (!fits(field, value)) {
    throw new RangeError(`Cannot send ${name}: ${value} is no ${field.kind}`);
  }
  words[at] = value | 0;
  if (field.kind === "u64") {
    words[at] = value % TWO_32 | 0;
    words[at + 1] = Math.floor(value / TWO_32);
  }
}

function fits(field: Field<unknown>, value: number): boolean {
  if (!Number.isSafeInteger(value)) return false;
  if (field.kind === "i32") return value === (value | 0);
  if (value < 0) return false;
  if (field.kind === "u64") return true;
  return value <= (field.kind === "u8" ? 0xff : field.kind === "u16" ? 0xffff : TWO_32 - 1);
}

/**
 * Reads the fields of a message. Hot path. Answers 0, or the errno with which a message that breaks
 * the protocol is refused: `EPROTO`, or `EFAULT` for a window that the peer does not hold.
 */
export function readFields(
  channel: Channel,
  place: MessagePlace,
  fields: readonly PlacedField[],
  values: Record<string, unknown>,
  windows: WindowTable,
  badge: number,
): number {
  const { words } = channel;
  let payloadBytes = 0;
  for (let i = 0; i < fields.length; i++) {
    const { name, field, word } = fields[i]!;
    const at = place.fields + word;
    const low = words[at]! >>> 0;
    switch (field.kind) {
      case "bytes":
      case "utf8": {
        if (low > field.byteLengthMax || low > PAYLOAD_BYTES - payloadBytes) return ERRNO.EPROTO;
        const start = place.payload + payloadBytes;
        const copy = channel.bytes.slice(start, start + low);
        payloadBytes += low;
        if (field.kind === "bytes") {
          values[name] = copy;
        } else {
          try {
            values[name] = decoder.decode(copy);
          } catch {
            return ERRNO.EPROTO;
          }
        }
        break;
      }
      case "window": {
        const offset = words[at + 1]! >>> 0;
        const byteLength = words[at + 2]! >>> 0;
        const segment = windows.segment(low, badge);
        if (segment === undefined || offset > segment.byteLength) return ERRNO.EFAULT;
        if (byteLength > segment.byteLength - offset) return ERRNO.EFAULT;
        values[name] = segment.subarray(offset, offset + byteLength);
        break;
      }
      case "u64": {
        const value = (words[at + 1]! >>> 0) * TWO_32 + low;
        if (value > Number.MAX_SAFE_INTEGER) return ERRNO.EPROTO;
        values[name] = value;
        break;
      }
      case "f64":
        doubleWords[0] = low;
        doubleWords[1] = words[at + 1]!;
        values[name] = doubles[0]!;
        break;
      case "i32":
        values[name] = low | 0;
        break;
      case "bool":
        values[name] = low !== 0;
        break;
      default:
        if (!fits(field, low)) return ERRNO.EPROTO;
        values[name] = low;
    }
  }
  return 0;
}
