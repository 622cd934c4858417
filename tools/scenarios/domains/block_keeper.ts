/**
 * A client of a volume that writes blocks and reads them back until it is told to stop. The disk below
 * may fail: then it must be told so. What it is never told is something else than what it wrote.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { BLOCK_BYTES, Volume } from "@hako/storage-server";
import { Pulse, toldError } from "../../record/pulse.ts";
import { randomFrom } from "../random.ts";

/** What it is told. */
export interface BlockKeeperOptions {
  /** A word that is not 0 when it is to stop. */
  readonly stop: SharedArrayBuffer;
  /** The seed of its chance. */
  readonly seed: number;
  /** The endpoint of the volume. */
  readonly volume: string;
}

/** What it finishes with. */
export interface BlockKeeperResult {
  /** Blocks that were read as they had been written. */
  readonly right: number;
  /** Requests that were refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** What was not as it should be; empty if nothing was. */
  readonly failure: string;
}

/** Blocks that it uses. */
const BLOCKS = 512;

/** Blocks of one request at most. */
const RUN_MAX = 8;

/** How long it leaves the cores to others after each step. */
const DOZE_MS = 1;

const domain = await enter();
const { stop, seed, volume: endpoint } = domain.options as unknown as BlockKeeperOptions;
const stopWord = new Int32Array(stop);
const random = randomFrom(seed);
const pulse = new Pulse(domain);
const volume = domain.connect(Volume, endpoint);
const window = domain.window("blocks");
/** By block: the stamps that it may bear. More than one after a write that failed. */
const stamps: number[][] = Array.from({ length: BLOCKS }, () => [0]);
const refused: Record<string, number> = {};
let lastStamp = 0;
let right = 0;
let failure = "";
try {
  while (Atomics.load(stopWord, 0) === 0) {
    const first = Math.floor(random() * BLOCKS);
    const count = 1 + Math.floor(random() * Math.min(RUN_MAX, BLOCKS - first));
    if (random() < 0.4) write(first, count);
    else if (random() < 0.95) read(first, count);
    else attempt(() => volume.callSync("flush", {}));
    await new Promise((resolve) => setTimeout(resolve, DOZE_MS));
  }
} catch (error) {
  failure = toldError(error);
}
pulse.flush();
domain.finish({ right, refused, failure } satisfies BlockKeeperResult);

function write(first: number, count: number): void {
  const source = window.subarray(0, count * BLOCK_BYTES);
  const stamp = ++lastStamp;
  for (let index = 0; index < count; index++) {
    fill(source.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES), first + index, stamp);
  }
  const isDone = attempt(() =>
    volume.callSync("write", { offset: first * BLOCK_BYTES, flags: 0, source })
  );
  for (let index = 0; index < count; index++) {
    if (isDone) stamps[first + index] = [stamp];
    else stamps[first + index]!.push(stamp);
  }
}

function read(first: number, count: number): void {
  const target = window.subarray(0, count * BLOCK_BYTES);
  target.fill(0xee);
  const isDone = attempt(() => volume.callSync("read", { offset: first * BLOCK_BYTES, target }));
  if (!isDone) return;
  const expected = new Uint8Array(BLOCK_BYTES);
  for (let index = 0; index < count; index++) {
    const block = first + index;
    const found = target.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    const stamp = stamps[block]!.find((stamp) => {
      fill(expected, block, stamp);
      return expected.every((byte, at) => byte === found[at]);
    });
    if (stamp === undefined) {
      const wrong = `block ${block} is read as what was never written there, or not last`;
      pulse.failed(wrong);
      throw new Error(wrong);
    }
    stamps[block] = [stamp]; // What was seen once is not unseen.
    right++;
  }
}

/** What a block holds by this stamp; zeroes before the first. */
function fill(target: Uint8Array, block: number, stamp: number): void {
  if (stamp === 0) return void target.fill(0);
  for (let at = 0; at < target.byteLength; at++) {
    target[at] = (at * 13 + (at >> 8) * 3 + block * 7 + stamp * 29) & 255;
  }
  new DataView(target.buffer, target.byteOffset).setUint32(0, stamp);
}

/** Whether it was done. Being told that it was not is what a client may expect of a broken disk. */
function attempt(call: () => unknown): boolean {
  try {
    pulse.time(call);
    return true;
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    refused[error.code] = (refused[error.code] ?? 0) + 1;
    return false;
  }
}
