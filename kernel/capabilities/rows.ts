/**
 * The rows of the capability table, as the kernel's keep holds them.
 *
 * Row 0 is the table's own: it holds the serial that was given last. So no capability is ever at index
 * 0, and 0 can mean "no parent".
 *
 * @module
 */

import { type Field, u32, u64, type Values } from "@hako/ipc";

/** Rows that outlive the kernel: what the table needs of a keep. */
export interface Rows<T> {
  /** How many there are, used or not. */
  readonly length: number;
  /** The values of a row that is in use. */
  get(index: number): T | undefined;
  /** Uses a row. */
  put(index: number, values: T): void;
  /** Stops to use a row. */
  remove(index: number): void;
  /** The index of a row that is not in use, or -1. */
  free(): number;
  /** The rows in use. */
  entries(): Iterable<[number, T]>;
}

/** One capability. */
export const CAPABILITY_FIELDS: {
  readonly serial: Field<number>;
  readonly kind: Field<number>;
  readonly object: Field<number>;
  readonly owner: Field<number>;
  readonly rights: Field<number>;
  readonly flags: Field<number>;
  readonly operationsLow: Field<number>;
  readonly operationsHigh: Field<number>;
  readonly badge: Field<number>;
  readonly parent: Field<number>;
  readonly granter: Field<number>;
  readonly via: Field<number>;
  readonly byteLength: Field<number>;
} = {
  serial: u64, // No two rows of a boot have the same: a stale handle is known by it.
  kind: u32, // An index of KINDS.
  object: u32, // Endpoint, segment or domain: the number by which the kernel knows it.
  owner: u32, // Who holds it, or may accept it.
  rights: u32, // Bits of RIGHT: a subset of its parent's.
  flags: u32, // Bits of FLAG.
  operationsLow: u32, // With FLAG.LIMITED: an OperationMask, a subset of its parent's.
  operationsHigh: u32,
  badge: u32, // Endpoint: the number by which the server knows its holder. No two rows share one.
  parent: u32, // The row that it was derived or granted from; 0 for one that the manifest gave.
  granter: u32, // Granted: who gave it, and who pays for it until it is accepted.
  via: u32, // Granted: the badge of the channel over which it was given; 0 for all others.
  byteLength: u32, // Segment that its owner asked for at run time: its size. Counted once.
};

/** The values of one capability's row. */
export type CapabilityRow = Values<typeof CAPABILITY_FIELDS>;

/** What else is known of a capability. */
export const FLAG = {
  /** Granted, and not accepted yet. */
  OFFERED: 1 << 0,
  /** Limited to the operations of its mask. */
  LIMITED: 1 << 1,
  /** Endpoint: there is a channel. Segment: the holder has had the memory. */
  IN_USE: 1 << 2,
} as const;

/** The first row: nothing but the serial given last. */
export function counterRow(serial: number): CapabilityRow {
  return {
    serial,
    kind: 0,
    object: 0,
    owner: 0,
    rights: 0,
    flags: 0,
    operationsLow: 0,
    operationsHigh: 0,
    badge: 0,
    parent: 0,
    granter: 0,
    via: 0,
    byteLength: 0,
  };
}
