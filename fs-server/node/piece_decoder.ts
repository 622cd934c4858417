/**
 * Text of bytes that come in pieces: what belongs together is not torn apart.
 *
 * @module
 */

import { decode, type Encoding } from "./encoding.ts";

/** Bytes that make one unit of text; more than one for encodings of groups. */
const GROUPS: Partial<Record<Encoding, number>> = { base64: 3, base64url: 3, utf16le: 2 };

/** Decodes pieces, one after the other. */
export class PieceDecoder {
  readonly #encoding: Encoding;
  readonly #utf8: TextDecoder | undefined;
  #rest: Uint8Array = new Uint8Array(0);

  /** For pieces in this encoding. */
  constructor(encoding: Encoding) {
    this.#encoding = encoding;
    if (encoding === "utf8") this.#utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  }

  /** The text of a piece, and of what was left of the one before. */
  decode(piece: Uint8Array): string {
    if (this.#utf8 !== undefined) return this.#utf8.decode(piece, { stream: true });
    const group = GROUPS[this.#encoding] ?? 1;
    const bytes = new Uint8Array(this.#rest.byteLength + piece.byteLength);
    bytes.set(this.#rest);
    bytes.set(piece, this.#rest.byteLength);
    const whole = bytes.byteLength - bytes.byteLength % group;
    this.#rest = bytes.subarray(whole);
    return decode(bytes.subarray(0, whole), this.#encoding);
  }

  /** The text of what is left. */
  end(): string {
    if (this.#utf8 !== undefined) return this.#utf8.decode();
    const rest = this.#rest;
    this.#rest = new Uint8Array(0);
    return decode(rest, this.#encoding);
  }
}
