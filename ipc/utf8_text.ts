/**
 * Text to and from shared memory, as UTF-8.
 *
 * Most texts here are names: short, and ASCII. Those are written and read byte by byte, which costs
 * a tenth of a call to the encoder, and allocates nothing but the string.
 *
 * @module
 */

import { PAYLOAD_BYTES } from "./limits.ts";

/** Up to this length a loop over the characters beats the encoder and the decoder. */
const SHORT_LENGTH_MAX = 48;

/** A character of UTF-16 takes at most this many bytes; a pair takes four. */
const CHARACTER_BYTES_MAX = 3;

const encoder = new TextEncoder();
// A byte-order mark is a character of the text like any other.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Where text is copied on its way. */
const scratch = new Uint8Array(PAYLOAD_BYTES * CHARACTER_BYTES_MAX);

/** What {@linkcode writeText} answers for a text with half a surrogate pair, which no bytes stand for. */
export const NO_TEXT = -1;

/**
 * Writes a text at `at`, unless it has more than `byteLengthMax` bytes. Hot path.
 *
 * @returns How many bytes it has, or at least has, or {@linkcode NO_TEXT}.
 */
export function writeText(
  text: string,
  target: Uint8Array,
  at: number,
  byteLengthMax: number,
): number {
  const { length } = text;
  if (length > byteLengthMax) return length; // It has no fewer bytes than characters.
  if (length <= SHORT_LENGTH_MAX && isWrittenAscii(text, target, at)) return length;
  if (!text.isWellFormed()) return NO_TEXT;
  const { written } = encoder.encodeInto(text, scratch);
  if (written <= byteLengthMax) target.set(scratch.subarray(0, written), at);
  return written;
}

/** Reads the text of some bytes; `undefined` if they are no UTF-8. Each is read once. Hot path. */
export function readText(source: Uint8Array, at: number, byteLength: number): string | undefined {
  let bits = 0;
  for (let i = 0; i < byteLength; i++) {
    const byte = source[at + i]!;
    scratch[i] = byte;
    bits |= byte;
  }
  if (bits < 0x80 && byteLength <= SHORT_LENGTH_MAX) return asciiText(byteLength);
  if (bits >= 0x80 && !isUtf8(byteLength)) return undefined;
  return decoder.decode(scratch.subarray(0, byteLength));
}

/**
 * Whether the first bytes of the scratch are well-formed (the table of the Unicode Standard, section 3.9). A decoder that
 * throws takes 10 us to say no, which a hostile client could ask for again and again.
 */
function isUtf8(byteLength: number): boolean {
  for (let at = 0; at < byteLength;) {
    const first = scratch[at++]!;
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (more > byteLength - at) return false;
    // No longer form than needed, no surrogate, nothing beyond U+10FFFF.
    const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (scratch[at]! < least || scratch[at]! > most) return false;
    for (let i = 1; i < more; i++) if ((scratch[at + i]! & 0xc0) !== 0x80) return false;
    at += more;
  }
  return true;
}

/** Writes a text as if it were ASCII; answers whether it is. */
function isWrittenAscii(text: string, target: Uint8Array, at: number): boolean {
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    bits |= character;
    target[at + i] = character;
  }
  return bits < 0x80;
}

function asciiText(length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode(scratch[i]!);
  return text;
}
