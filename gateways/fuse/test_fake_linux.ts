/**
 * A Linux with one FUSE connection, as a gateway sees it: it gives requests, waits for answers, and
 * gives again what was not answered.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import type { FusePort } from "./line.ts";

const HEADER_BYTES = 40;
const RESEND = 7;
const NO_ANSWER: readonly number[] = [2, 36, 42];

interface Sent {
  readonly unique: number;
  readonly bytes: Uint8Array;
  isResent: boolean;
}

/** A request to be made. */
export interface Asking {
  readonly opcode: number;
  readonly inode?: number;
  readonly body?: Uint8Array;
}

/** One connection. */
export class FakeLinux implements FusePort {
  /** By number: the errno and the body of each answer. */
  readonly answers: Map<number, { readonly error: number; readonly body: string }> = new Map();
  /** Answers to what nobody waits for. */
  strayCount = 0;
  readonly #givesAgain: boolean;
  #pending: Sent[] = [];
  readonly #processing: Map<number, Sent> = new Map();
  #unique = 0;

  /** @param givesAgain Whether it gives again what was not answered, as from 6.9 on. */
  constructor({ givesAgain = true } = {}) {
    this.#givesAgain = givesAgain;
  }

  /** Whether it waits for nothing. */
  get isQuiet(): boolean {
    return this.#pending.length === 0 && this.#processing.size === 0;
  }

  /** Whether everything has been read. */
  get isRead(): boolean {
    return this.#pending.length === 0;
  }

  /** Makes a request; answers its number. */
  ask({ opcode, inode = 1, body = new Uint8Array(0) }: Asking): number {
    const unique = this.#unique += 2;
    const bytes = new Uint8Array(HEADER_BYTES + body.byteLength);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, bytes.byteLength, true);
    view.setUint32(4, opcode, true);
    view.setUint32(8, unique, true);
    view.setUint32(16, inode, true);
    bytes.set(body, HEADER_BYTES);
    this.#pending.push({ unique, bytes, isResent: false });
    return unique;
  }

  read(target: Uint8Array): number {
    const sent = this.#pending.shift();
    if (sent === undefined) return -ERRNO.EAGAIN;
    target.set(sent.bytes);
    const view = new DataView(target.buffer, target.byteOffset, HEADER_BYTES);
    view.setUint32(12, sent.isResent ? 0x80000000 : 0, true);
    if (!NO_ANSWER.includes(view.getUint32(4, true))) this.#processing.set(sent.unique, sent);
    return sent.bytes.byteLength;
  }

  write(source: Uint8Array, byteLength: number): number {
    const view = new DataView(source.buffer, source.byteOffset, byteLength);
    const error = view.getInt32(4, true);
    const unique = view.getUint32(8, true);
    if (unique === 0) return error === RESEND ? this.#giveAgain(byteLength) : byteLength;
    const sent = this.#processing.get(unique);
    if (sent === undefined || sent.isResent !== view.getUint32(12, true) >= 0x80000000) {
      this.strayCount++;
      return -ERRNO.ENOENT;
    }
    this.#processing.delete(unique);
    const body = Array.from(source.subarray(16, byteLength)).join(" ");
    this.answers.set(unique, { error: 0 - error, body });
    return byteLength;
  }

  poll(): boolean {
    return this.#pending.length > 0;
  }

  #giveAgain(byteLength: number): number {
    if (!this.#givesAgain) return -ERRNO.EINVAL;
    const again = [...this.#processing.values()].reverse(); // In no order that counts.
    this.#processing.clear();
    for (const sent of again) sent.isResent = true;
    this.#pending = [...again, ...this.#pending];
    return byteLength;
  }
}

/** Bytes of numbers of 32 bits and names, each with a NUL behind it. */
export function bodyOf(...parts: readonly (number | string)[]): Uint8Array {
  const bytes: number[] = [];
  for (const part of parts) {
    if (typeof part === "string") bytes.push(...new TextEncoder().encode(part), 0);
    else bytes.push(part & 255, part >>> 8 & 255, part >>> 16 & 255, part >>> 24);
  }
  return Uint8Array.from(bytes);
}
