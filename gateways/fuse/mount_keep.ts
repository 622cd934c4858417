/**
 * The keep `mount`: what a successor of the gateway must know.
 *
 * ```
 * 0      HEAD: the mount, and the one request that may not be done twice and is under way
 * 256    numbers of unanswered requests (unanswered.ts)
 * 1024   lock owners (lock_owners.ts), half of the rest
 *        held handles (held_handles.ts), the other half
 * ```
 * The descriptors belong to the process and outlive the worker that opened them.
 *
 * @module
 */

import { assert } from "@hako/ipc";
import { bytes, defineLayout, u32, u64 } from "@hako/ipc/layout";

/** Bytes of the head. */
const HEAD_BYTES = 256;

/** Where the tables begin. */
const TABLES_OFFSET = 1024;

/** Fewest bytes of the keep. */
export const MOUNT_KEEP_BYTES_MIN = 4096;

/** The head. */
const HEAD = defineLayout("mount keep", { byteLength: HEAD_BYTES }, {
  state: u32, // `MOUNT_STATE`. Written last of what it says.
  fd: u32, // The device.
  formerFd: u32, // The number that it had before; 0 once nobody can read there any more.
  commFd: u32, // The end of it makes `fusermount3` unmount.
  pid: u32, // `fusermount3` itself.
  connection: u32, // The number under /sys/fs/fuse/connections, 0 if it is not known.
  flags: u32, // What was agreed on with Linux: bits of `INIT`,
  flags2: u32, // and of `INIT2`.
  isAgreed: u32, // 1 once the two count.
  recordState: u32, // 1 while the record counts; written last, and cleared before it changes.
  uniqueLow: u32, // The number of the request, without the mark of one that is given again.
  uniqueHigh: u32,
  name: u32, // What its request to the file server is called.
  step: u32, // Which of its requests to the file server that is.
  held: u32, // A handle that an earlier step has opened.
  padding: u32,
  lastChange: u64, // The number of the last change by others that Linux was told of; a float.
  reserved: bytes(HEAD_BYTES - 72),
});

/** How far a mount has come. */
export const MOUNT_STATE = { none: 0, mounting: 1, mounted: 2, ended: 3 } as const;

/** The numbers of a mount. */
export interface MountNumbers {
  /** The device's descriptor. */
  readonly fd: number;
  /** The descriptor whose end makes `fusermount3` unmount. */
  readonly commFd: number;
  /** The process of that. */
  readonly pid: number;
  /** The number under /sys/fs/fuse/connections. */
  readonly connection: number;
}

/** The keep. */
export class MountKeep {
  /** Memory for the numbers of unanswered requests. */
  readonly unanswered: Uint32Array;
  /** Memory for lock owners. */
  readonly lockOwners: Uint32Array;
  /** Memory for held handles. */
  readonly heldHandles: Uint32Array;
  readonly #words: Uint32Array;
  readonly #floats: Float64Array;

  /** Takes over what stands in the keep; it is zeroed before the first life. */
  constructor(keep: Uint8Array) {
    const { buffer, byteOffset, byteLength } = keep;
    assert(byteLength >= MOUNT_KEEP_BYTES_MIN, "the keep mount has room for its tables");
    this.#words = new Uint32Array(buffer, byteOffset, HEAD_BYTES / 4);
    this.#floats = new Float64Array(buffer, byteOffset, HEAD_BYTES / 8);
    const unansweredWords = (TABLES_OFFSET - HEAD_BYTES) >> 2;
    this.unanswered = new Uint32Array(buffer, byteOffset + HEAD_BYTES, unansweredWords);
    const halfWords = (byteLength - TABLES_OFFSET) >> 3;
    const from = byteOffset + TABLES_OFFSET;
    this.lockOwners = new Uint32Array(buffer, from, halfWords);
    this.heldHandles = new Uint32Array(buffer, from + halfWords * 4, halfWords);
  }

  /** One of `MOUNT_STATE`. */
  get state(): number {
    return this.#get("state");
  }

  /** What was mounted. */
  get mount(): MountNumbers {
    return {
      fd: this.#get("fd"),
      commFd: this.#get("commFd"),
      pid: this.#get("pid"),
      connection: this.#get("connection"),
    };
  }

  /** The number that the device had before, if somebody may still read there; else 0. */
  get formerFd(): number {
    return this.#get("formerFd");
  }

  /** What was agreed on with Linux; `undefined` before that. */
  get agreed(): { readonly flags: number; readonly flags2: number } | undefined {
    if (this.#get("isAgreed") !== 1) return undefined;
    return { flags: this.#get("flags"), flags2: this.#get("flags2") };
  }

  /** The number of the last change by others that Linux was told of; 0 before the first. */
  get lastChange(): number {
    return this.#floats[HEAD.at.lastChange >> 3]!;
  }

  /** Linux was told of changes up to this number. */
  set lastChange(number: number) {
    this.#floats[HEAD.at.lastChange >> 3] = number;
  }

  /** Whether any request is recorded. */
  get hasRecord(): boolean {
    return this.#get("recordState") === 1;
  }

  /** A mount begins. */
  beginMount(): void {
    this.#set("recordState", 0);
    this.#set("isAgreed", 0);
    this.lastChange = 0;
    this.#commit("state", MOUNT_STATE.mounting);
  }

  /** It is there. */
  mounted({ fd, commFd, pid, connection }: MountNumbers): void {
    this.#set("fd", fd);
    this.#set("formerFd", 0);
    this.#set("commFd", commFd);
    this.#set("pid", pid);
    this.#set("connection", connection);
    this.#commit("state", MOUNT_STATE.mounted);
  }

  /** It is gone. */
  ended(): void {
    this.#commit("state", MOUNT_STATE.ended);
  }

  /** The device has another number; under the former one it is still there. */
  renumbered(fd: number, former: number): void {
    this.#set("formerFd", former); // First: with `fd` alone nobody would know of it.
    this.#commit("fd", fd);
  }

  /** Nobody can read under the former number. */
  retired(): void {
    this.#set("formerFd", 0);
  }

  /** Linux and we have agreed. */
  agree(flags: number, flags2: number): void {
    this.#set("flags", flags);
    this.#set("flags2", flags2);
    this.#commit("isAgreed", 1);
  }

  /** Whether the record is of this request: its number, without the mark. Hot path. */
  isRecorded(uniqueLow: number, uniqueHigh: number): boolean {
    return this.#get("recordState") === 1 && this.#get("uniqueLow") === uniqueLow &&
      this.#get("uniqueHigh") === (uniqueHigh & 0x7fffffff);
  }

  /** What the recorded request's request to the file server is called. */
  get recordedName(): number {
    return this.#get("name");
  }

  /** Which of its requests that is. */
  get recordedStep(): number {
    return this.#get("step");
  }

  /** The handle that an earlier step has opened. */
  get recordedHandle(): number {
    return this.#get("held");
  }

  /** Records a request that may not be done twice, before it is posted. Hot path. */
  record(
    uniqueLow: number,
    uniqueHigh: number,
    name: number,
    { step, held }: { readonly step: number; readonly held: number },
  ): void {
    const words = this.#words;
    Atomics.store(words, HEAD.at.recordState >> 2, 0);
    words[HEAD.at.uniqueLow >> 2] = uniqueLow;
    words[HEAD.at.uniqueHigh >> 2] = uniqueHigh & 0x7fffffff;
    words[HEAD.at.name >> 2] = name;
    words[HEAD.at.step >> 2] = step;
    words[HEAD.at.held >> 2] = held;
    Atomics.store(words, HEAD.at.recordState >> 2, 1);
  }

  #get(field: keyof typeof HEAD.at): number {
    return this.#words[HEAD.at[field] >> 2]!;
  }

  #set(field: keyof typeof HEAD.at, value: number): void {
    this.#words[HEAD.at[field] >> 2] = value;
  }

  #commit(field: keyof typeof HEAD.at, value: number): void {
    Atomics.store(this.#words, HEAD.at[field] >> 2, value);
  }
}
