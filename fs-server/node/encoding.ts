/**
 * The encodings of `node:buffer` between text and bytes.
 *
 * @module
 */

import { argumentError } from "./errors.ts";

/** Names of encodings, lower case, and what each means. */
const ENCODINGS = {
  "utf8": "utf8",
  "utf-8": "utf8",
  "ascii": "ascii",
  "latin1": "latin1",
  "binary": "latin1",
  "hex": "hex",
  "base64": "base64",
  "base64url": "base64url",
  "ucs2": "utf16le",
  "ucs-2": "utf16le",
  "utf16le": "utf16le",
  "utf-16le": "utf16le",
} as const;

/** An encoding by its one name. */
export type Encoding = typeof ENCODINGS[keyof typeof ENCODINGS];

const encoder = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Characters that `String.fromCharCode` takes at once. */
const CHARACTERS_MAX = 8192;

/** The encoding of that name; `undefined` for none and for `"buffer"`. */
export function encodingOf(name: unknown): Encoding | undefined {
  if (name === undefined || name === null || name === "buffer") return undefined;
  const known = typeof name === "string"
    ? ENCODINGS[name.toLowerCase() as keyof typeof ENCODINGS]
    : undefined;
  if (known !== undefined) return known;
  const received = typeof name === "string" ? `'${name}'` : String(name);
  const message = `The argument 'encoding' is invalid encoding. Received ${received}`;
  throw argumentError("ERR_INVALID_ARG_VALUE", message);
}

/** The bytes of a text. */
export function encode(text: string, encoding: Encoding = "utf8"): Uint8Array<ArrayBuffer> {
  switch (encoding) {
    case "utf8":
      return encoder.encode(text);
    case "ascii":
    case "latin1":
      return Uint8Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
    case "utf16le":
      return utf16Bytes(text);
    case "hex":
      return hexBytes(text);
    case "base64":
    case "base64url":
      return base64Bytes(text);
  }
}

/** The text of bytes. */
export function decode(bytes: Uint8Array, encoding: Encoding = "utf8"): string {
  switch (encoding) {
    case "utf8":
      return utf8.decode(bytes);
    case "ascii":
      return latin1(bytes, 0x7f);
    case "latin1":
      return latin1(bytes, 0xff);
    case "utf16le":
      return utf16Text(bytes);
    case "hex":
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    case "base64":
      return btoa(latin1(bytes, 0xff));
    case "base64url":
      return btoa(latin1(bytes, 0xff)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }
}

function latin1(bytes: Uint8Array, mask: number): string {
  let text = "";
  for (let from = 0; from < bytes.byteLength; from += CHARACTERS_MAX) {
    const part = bytes.subarray(from, from + CHARACTERS_MAX).map((byte) => byte & mask);
    text += String.fromCharCode(...part);
  }
  return text;
}

/** Halves of pairs stay as they are: a `TextDecoder` would not let them. */
function utf16Text(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength & ~1);
  let text = "";
  for (let from = 0; from < view.byteLength; from += CHARACTERS_MAX) {
    const count = Math.min(CHARACTERS_MAX, view.byteLength - from) / 2;
    const units = Array.from({ length: count }, (_, index) => {
      return view.getUint16(from + 2 * index, true);
    });
    text += String.fromCharCode(...units);
  }
  return text;
}

function utf16Bytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < text.length; index++) {
    view.setUint16(index * 2, text.charCodeAt(index), true);
  }
  return bytes;
}

/** As Node: up to the first pair that is no hexadecimal number. */
function hexBytes(text: string): Uint8Array<ArrayBuffer> {
  const valid = /^(?:[0-9a-fA-F]{2})*/.exec(text)?.[0] ?? "";
  const byte = (index: number) => parseInt(valid.slice(index * 2, index * 2 + 2), 16);
  return Uint8Array.from({ length: valid.length / 2 }, (_, index) => byte(index));
}

/** As Node: either alphabet, and what belongs to neither is passed over. */
function base64Bytes(text: string): Uint8Array<ArrayBuffer> {
  const [whole = ""] = text.split("=", 1);
  const plain = whole.replaceAll("-", "+").replaceAll("_", "/").replace(/[^A-Za-z0-9+/]/g, "");
  const usable = plain.length % 4 === 1 ? plain.slice(0, -1) : plain;
  return encode(atob(usable), "latin1");
}
