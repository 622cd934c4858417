/**
 * What a capability can be to, and what its holder may do with it.
 *
 * Rights are bits of one word, since they are compared at every call: a capability's are a subset of
 * those that it was derived from.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import { LIMITED_CODE_MAX } from "./limits.ts";

/** What a capability is to. */
export type CapabilityKind = "endpoint" | "segment" | "domain";

/** The kinds by their numbers in the table. 0 is no kind: a row that holds none. */
export const KINDS: readonly (CapabilityKind | undefined)[] = [
  undefined,
  "endpoint",
  "segment",
  "domain",
];

/** Every right, by its bit. For ever: append, never reorder, since the table outlives the kernel. */
export const RIGHT = {
  /** Make a capability with fewer rights, for oneself. */
  derive: 1 << 0,
  /** Give others a capability with the same rights. */
  grant: 1 << 1,
  /** Take back what was derived and granted from it. */
  revoke: 1 << 2,
  /** Endpoint: have a channel to it. */
  call: 1 << 3,
  /** Segment: copy its bytes; with `write`, hold its memory. */
  read: 1 << 4,
  /** Segment: with `read`, hold its memory. */
  write: 1 << 5,
  /** Domain: see how it is. */
  look: 1 << 6,
  /** Domain: give it another life. */
  restart: 1 << 7,
  /** Domain: end it for good. */
  terminate: 1 << 8,
} as const satisfies Readonly<Record<Right, number>>;

/** The name of a right. */
export type Right =
  | "derive"
  | "grant"
  | "revoke"
  | "call"
  | "read"
  | "write"
  | "look"
  | "restart"
  | "terminate";

const COMMON = RIGHT.derive | RIGHT.grant | RIGHT.revoke;

/** All the rights that a capability of a kind can have. */
export const ALL_RIGHTS: Readonly<Record<CapabilityKind, number>> = {
  endpoint: COMMON | RIGHT.call,
  segment: COMMON | RIGHT.read | RIGHT.write,
  domain: COMMON | RIGHT.look | RIGHT.restart | RIGHT.terminate,
};

/** Rights as bits. */
export function rightsOf(names: readonly Right[]): number {
  return names.reduce((bits, name) => bits | RIGHT[name], 0);
}

/** Rights by name, in the order of their bits. */
export function rightNames(bits: number): Right[] {
  return (Object.keys(RIGHT) as Right[]).filter((name) => (bits & RIGHT[name]) !== 0);
}

/** The operations that a limited endpoint capability allows: bit `code - 1` of 64. */
export interface OperationMask {
  /** Codes 1 to 32. */
  readonly low: number;
  /** Codes 33 to 64. */
  readonly high: number;
}

/** Operation codes, each from 1 to {@linkcode LIMITED_CODE_MAX}, as bits. */
export function maskOf(codes: Iterable<number>): OperationMask {
  let low = 0;
  let high = 0;
  for (const code of codes) {
    assert(
      Number.isInteger(code) && code >= 1 && code <= LIMITED_CODE_MAX,
      "a limited capability names operation codes from 1 to 64",
    );
    if (code <= 32) low |= 1 << (code - 1);
    else high |= 1 << (code - 33);
  }
  return { low: low >>> 0, high: high >>> 0 };
}

/** The operation codes of a mask, in order. */
export function codesOf({ low, high }: OperationMask): number[] {
  const codes: number[] = [];
  for (let bit = 0; bit < 32; bit++) if (low >>> bit & 1) codes.push(bit + 1);
  for (let bit = 0; bit < 32; bit++) if (high >>> bit & 1) codes.push(bit + 33);
  return codes;
}

/** Whether every operation of one mask is in the other. */
export function isWithin(some: OperationMask, all: OperationMask): boolean {
  return (some.low & ~all.low) === 0 && (some.high & ~all.high) === 0;
}
