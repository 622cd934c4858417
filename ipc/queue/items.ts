/**
 * The items of one queue or pool, seen from one worker: its memory, its core, its payloads.
 *
 * @module
 */

import { assert } from "../assert.ts";
import { ITEM, ITEMS_AT, orderOf, payloadsAt } from "./layouts.ts";
import { ITEMS_MAX, LEASE_MS_MAX, PAGES_MAX } from "./limits.ts";
import { instantiateQueueCore, type QueueCore } from "./queue_core.ts";

/** What everybody who opens the same items must agree on. Survives structured cloning. */
export interface ItemsHandle {
  /** The shared memory. Who holds it can write all of it, so it is for workers who trust each other. */
  readonly memory: WebAssembly.Memory;
  /** How many items there are. */
  readonly items: number;
  /** Bytes of each payload. */
  readonly itemBytes: number;
  /** How long an owner may keep an item without a word. */
  readonly leaseMs: number;
}

/** Where the counters of fresh items begin: a test begins shortly before they wrap. */
export interface Beginning {
  /** The first cycle of the rings, as a signed number: -1 is the last before they wrap. */
  readonly cycle: number;
  /** The first generation of each item, of 20 bits. */
  readonly generation: number;
}

const PAGE_BYTES = 65_536;
const LABEL_RANGE = 2 ** 32;
const BYTE_LENGTH = (ITEMS_AT + ITEM.at.byteLength) >> 2;
const ITEM_WORDS = ITEM.byteLength >> 2;

/** One worker's view of shared items. */
export class Items {
  /** The core on their memory. */
  readonly core: QueueCore;
  /** The power of two that holds them. */
  readonly order: number;
  /** How many there are. */
  readonly count: number;
  /** Bytes of each payload. */
  readonly itemBytes: number;
  /** How long an owner may keep one without a word. */
  readonly leaseMs: number;
  /** The memory as words. */
  readonly words: Int32Array;
  readonly #memory: WebAssembly.Memory;
  readonly #payloadsAt: number;
  readonly #payloads: Uint8Array[] = [];

  /**
   * Opens shared items.
   *
   * @throws {RangeError} The handle's numbers are out of range, or the memory is too small for them.
   */
  constructor({ memory, items, itemBytes, leaseMs }: ItemsHandle, rings: number) {
    checkRange("items", items, ITEMS_MAX);
    checkRange("itemBytes", itemBytes, PAGES_MAX * PAGE_BYTES);
    checkRange("leaseMs", leaseMs, LEASE_MS_MAX);
    const byteLength = bytesOf(items, itemBytes, rings);
    if (memory.buffer.byteLength < byteLength) {
      throw new RangeError(
        `Cannot open ${items} items: they take ${byteLength} bytes, ` +
          `the memory has ${memory.buffer.byteLength}`,
      );
    }
    this.#memory = memory;
    this.core = instantiateQueueCore(memory);
    this.order = orderOf(items);
    this.count = items;
    this.itemBytes = itemBytes;
    this.leaseMs = leaseMs;
    this.words = new Int32Array(memory.buffer);
    this.#payloadsAt = payloadsAt(this.order, rings);
  }

  /** When a lease that begins now ends, modulo 2^32. Hot path. */
  deadline(nowMs: number): number {
    return (nowMs + this.leaseMs) >>> 0;
  }

  /** The whole payload of an item. Hot path: one view for each item that was ever asked for. */
  payload(index: number): Uint8Array {
    const known = this.#payloads[index];
    if (known !== undefined) return known;
    assert(index < this.count, "an item has an index below their number");
    const at = this.#payloadsAt + index * this.itemBytes;
    const payload = new Uint8Array(this.#memory.buffer, at, this.itemBytes);
    this.#payloads[index] = payload;
    return payload;
  }

  /** Copies a payload into a reserved item. Hot path. */
  write(index: number, bytes: Uint8Array): void {
    this.payload(index).set(bytes);
    this.words[BYTE_LENGTH + index * ITEM_WORDS] = bytes.length;
  }

  /** The byte length of a payload, bounded: somebody else wrote it. Hot path. */
  byteLength(index: number): number {
    return Math.min(this.words[BYTE_LENGTH + index * ITEM_WORDS]! >>> 0, this.itemBytes);
  }
}

/** Which item a claim names: the high half of what the core answers. Hot path. */
export function indexOf(claim: number): number {
  return Math.floor(claim / LABEL_RANGE);
}

/**
 * A memory with fresh items, all FREE.
 *
 * @throws {RangeError} A number is out of range.
 */
export function createItems(
  { items, itemBytes, leaseMs }: Omit<ItemsHandle, "memory">,
  rings: number,
  beginning: Beginning = { cycle: 0, generation: 0 },
): ItemsHandle {
  checkRange("items", items, ITEMS_MAX);
  checkRange("itemBytes", itemBytes, PAGES_MAX * PAGE_BYTES);
  const pages = Math.ceil(bytesOf(items, itemBytes, rings) / PAGE_BYTES);
  checkRange("pages", pages, PAGES_MAX);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const handle = { memory, items, itemBytes, leaseMs };
  const { core, order } = new Items(handle, rings);
  core.initialise(order, items, rings, beginning.cycle, beginning.generation);
  return handle;
}

/** Throws unless a number is a whole one from 1 to `max`. */
export function checkRange(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new RangeError(`Cannot lay out a queue: ${name} is ${value}, not from 1 to ${max}`);
}

function bytesOf(items: number, itemBytes: number, rings: number): number {
  return payloadsAt(orderOf(items), rings) + items * itemBytes;
}
