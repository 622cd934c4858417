/**
 * For tests: a file system on a disk in memory, its lives and deaths, and the tools of e2fsprogs as
 * judges.
 *
 * @module
 */

import { LISTED_ENTRY, listedEntryBytes } from "../ext4/layouts/dir_entry.ts";
import { DISK_BLOCK_BYTES as BLOCK_BYTES } from "../disk/disk.ts";
import type { DeathPoint } from "./death_points.ts";
import { FileServer } from "./file_system.ts";
import { fsck, sharedBytes, type Verdict } from "../ext4/test_images.ts";
import { format } from "../ext4/format.ts";
import type { FileSystemType } from "../ext4/mkfs/plan.ts";
import { MemoryDisk } from "../disk/memory_disk.ts";
import { type FileHandlers, handlersOf } from "./requests.ts";
import { ATTRIBUTE } from "../layouts/attributes.ts";
import { OPEN, type operations } from "../protocol.ts";
import { sessionKeepBytes } from "./layouts/session_keep.ts";
import type { SessionPlace } from "./session_place.ts";
import { errnoName, type Later } from "@hako/ipc";

/** What a request has where a test does not say it. */
const DEFAULTS = {
  ...{ at: 0, sourceAt: 0, targetAt: 0, as: 0, leaseSlot: 0 },
  ...{ flags: 0, follow: false, dataOnly: false, umask: 0, overrides: false, keepTimes: false },
};

/** What a test says of a request: the rest is as in `DEFAULTS`. */
export type Values<K extends keyof typeof operations> =
  & Omit<Parameters<FileHandlers[K]>[0], keyof typeof DEFAULTS>
  & Partial<Parameters<FileHandlers[K]>[0]>;

/** What a test throws where an incarnation dies. Nothing in the file system catches it. */
export class Death extends Error {
  override readonly name = "Death";
}

/** The clock of all tests: a second for each look. */
const START_MS = 1_700_000_000_000;

/** A UUID that every test image has. */
export const TEST_UUID: Uint8Array = Uint8Array.from({ length: 16 }, (_, index) => index + 1);

const decoder = new TextDecoder();

/** Bytes of a string. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Shared bytes of a pattern that a seed fixes. */
export function pattern(byteLength: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(byteLength));
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let index = 0; index < byteLength; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}

/** How a rig is built. */
export interface RigOptions {
  /** By badge: the numbers of the clients' lives; a client is its badge if left out. */
  readonly clients?: Map<number, number>;
  /** By badge: clients' windows; they may have sessions then. */
  readonly windows?: Map<number, Uint8Array>;
  readonly blockCount?: number;
  readonly disk?: MemoryDisk;
  readonly windowBlocks?: number;
  readonly openFiles?: number;
  /** Bytes of the log of metadata; 0 for none, so that each commit is a transaction. */
  readonly logBytes?: number;
  /** How the file system is made, if it is. */
  readonly type?: FileSystemType;
  readonly blockBytes?: number;
  readonly inodeBytes?: number;
  readonly inodeRatioBytes?: number;
  readonly reservedPercent?: number;
}

/** A log that holds a few dozen small operations. */
const LOG_BYTES = 512 * 1024;

/** A file system, what survives it, and a client of its handlers with badge 1. */
export class Rig {
  readonly disk: MemoryDisk;
  readonly window: Uint8Array;
  /** The keep `openFiles`. */
  keep: Uint8Array;
  /** The keep `metadataLog`, of no bytes if there is none. */
  log: Uint8Array;
  /** The keep `sessions`, if clients may have any. */
  sessions: Uint8Array;
  fs: FileServer;
  handlers: FileHandlers;
  /** Where the incarnation dies, and how often that point is passed before. */
  deathAt: DeathPoint | undefined;
  /** Called at each point; may let the incarnation die. */
  onPoint: (name: DeathPoint) => void = () => {};
  /** The points passed, in order. */
  passed: DeathPoint[] = [];
  sequence = 0;
  badge = 1;
  /** By badge: the number of the client's life, where a test lets clients die. */
  readonly clients: Map<number, number> | undefined;
  /** By sequence: what was answered later. */
  readonly lateAnswers = new Map<number, number>();
  /** Sequences of requests that nobody waits for any more. */
  readonly abandoned = new Set<number>();
  readonly #windows: Map<number, Uint8Array> | undefined;
  #seconds = 0;

  constructor(options: RigOptions = {}) {
    this.clients = options.clients;
    this.#windows = options.windows;
    this.sessions = sharedBytes(sessionKeepBytes(4));
    this.window = sharedBytes((options.windowBlocks ?? 512) * BLOCK_BYTES);
    this.disk = options.disk ?? new MemoryDisk((options.blockCount ?? 4096) * BLOCK_BYTES);
    this.keep = sharedBytes(1024 + (options.openFiles ?? 64) * 48);
    this.log = sharedBytes(options.logBytes ?? LOG_BYTES);
    if (options.disk === undefined) {
      format(this.disk, this.window, {
        ...{ uuid: TEST_UUID, nowMs: START_MS, label: "test" },
        ...{ type: options.type ?? "ext2", blockBytes: options.blockBytes ?? 4096 },
        ...{ inodeBytes: options.inodeBytes ?? 256 },
        ...{ inodeRatioBytes: options.inodeRatioBytes ?? 16_384 },
        ...{ reservedPercent: options.reservedPercent ?? 0 },
      });
    }
    this.fs = this.#mount();
    this.handlers = handlersOf(this.fs);
  }

  #mount(): FileServer {
    const { disk, window, keep, log } = this;
    return new FileServer({
      disk,
      window,
      keep,
      ...(log.byteLength === 0 ? {} : { metadataLog: log }),
      ...(this.clients === undefined ? {} : { clients: this.clients }),
      ...(this.#windows === undefined ? {} : { sessions: this.#sessionPlace(this.#windows) }),
      nowMs: () => this.#nowMs(),
      point: (name) => this.#pass(name),
    });
  }

  #nowMs(): number {
    return START_MS + 1000 * this.#seconds++;
  }

  #pass(name: DeathPoint): void {
    this.passed.push(name);
    this.onPoint(name);
    if (name !== this.deathAt) return;
    this.deathAt = undefined;
    throw new Death(name);
  }

  #sessionPlace(windows: Map<number, Uint8Array>): SessionPlace {
    return {
      keep: this.sessions,
      nowMs: () => this.#nowMs(),
      point: (name) => this.#pass(name as DeathPoint),
      clients: () => this.clients ?? new Map([...windows.keys()].map((badge) => [badge, badge])),
      windowName: ({ buffer, byteOffset, byteLength }) => {
        const found = [...windows].find(([_, window]) => window.buffer === buffer);
        if (found === undefined) throw new Error("no window of a client");
        return { segment: found[0], byteOffset, byteLength };
      },
      windowOf: (badge, { segment, byteOffset, byteLength }) =>
        segment === badge
          ? windows.get(badge)?.subarray(byteOffset, byteOffset + byteLength)
          : undefined,
    };
  }

  /** What `e2fsck -fn` says once everything that was committed is on the disk. */
  fsck(): Verdict {
    if (!this.fs.mount.isReadOnly) this.fs.mount.cache.checkpoint();
    return fsck(this.disk);
  }

  /** Ends the incarnation from inside a call of its disk. */
  die(where: string): never {
    throw new Death(where);
  }

  /** A successor takes over: same disk, a copy of the keeps. */
  succeed(): void {
    // Copies, so that a zombie scribbles on memory that nobody reads.
    this.keep = copyOf(this.keep);
    this.log = copyOf(this.log);
    this.sessions = copyOf(this.sessions);
    this.window.fill(0xa5);
    this.fs = this.#mount();
    this.handlers = handlersOf(this.fs);
  }

  /** Successors take over until one lives through its own mount. */
  #revive(): void {
    for (let life = 0;; life++) {
      try {
        this.succeed();
        return;
      } catch (error) {
        if (!(error instanceof Death) || life > 50) throw error;
      }
    }
  }

  /** The whole process starts again: keeps are blank. */
  reboot(): void {
    this.keep.fill(0);
    this.log.fill(0);
    this.sessions.fill(0);
    this.succeed();
  }

  /** Does a request, and does it again with a successor whenever the incarnation dies in it. */
  request<K extends keyof typeof operations>(
    operation: K,
    values: Values<K>,
  ): ReturnType<FileHandlers[K]> {
    const sequence = ++this.sequence;
    const context = { badge: this.badge, sequence, later: () => this.#laterOf(sequence) };
    for (let life = 0;; life++) {
      try {
        const handler = this.handlers[operation] as (
          values: unknown,
          context: unknown,
        ) => ReturnType<FileHandlers[K]>;
        return handler({ ...DEFAULTS, ...values }, context);
      } catch (error) {
        if (!(error instanceof Death) || life > 50) throw error;
        this.#revive();
      }
    }
  }

  /** An answer to be given later: it is found in `lateAnswers`. */
  #laterOf(sequence: number): Later {
    return {
      answer: (result) => void this.lateAnswers.set(sequence, result),
      isAbandoned: () => this.abandoned.has(sequence),
    };
  }

  /** The answer as a number or the name of an error. */
  answer<K extends keyof typeof operations>(
    operation: K,
    values: Values<K>,
  ): number | string {
    const reply = this.request(operation, values);
    if (typeof reply !== "number") return 0;
    return reply < 0 ? errnoName(-reply) ?? String(reply) : reply;
  }

  /** Opens; answers the handle, or the name of an error. */
  open(path: string, flags: number = OPEN.readOnly, mode = 0o644): number | string {
    const reply = this.request("open", { path: utf8(path), flags, mode });
    if (typeof reply === "number") return errnoName(-reply) ?? String(reply);
    return reply.handle;
  }

  /** Makes or replaces a whole file; answers the count written, or the name of an error. */
  writeFile(path: string, content: Uint8Array | string): number | string {
    const handle = this.open(path, OPEN.create | OPEN.truncate | OPEN.writeOnly);
    if (typeof handle === "string") return handle;
    const bytes = typeof content === "string" ? utf8(content) : content;
    let count = 0;
    while (count < bytes.byteLength) {
      const source = bytes.subarray(count);
      const written = this.answer("write", { handle, offset: count, append: false, source });
      if (typeof written === "string") {
        this.request("close", { handle });
        return written;
      }
      count += written;
    }
    this.request("close", { handle });
    return count;
  }

  /** The whole content of a file, or the name of an error. */
  readFile(path: string): Uint8Array | string {
    const opened = this.request("open", { path: utf8(path), flags: OPEN.readOnly, mode: 0 });
    if (typeof opened === "number") return errnoName(-opened) ?? String(opened);
    const target = sharedBytes(statOf(opened.attributes).size);
    const { handle } = opened;
    const count = this.answer("read", { handle, offset: 0, target });
    this.request("close", { handle });
    return typeof count === "string" ? count : target.slice(0, count);
  }

  /** The content of a file as text. */
  readText(path: string): string {
    const content = this.readFile(path);
    return typeof content === "string" ? content : decoder.decode(content);
  }

  /** What `stat` answers, or the name of an error. */
  stat(path: string, follow = true) {
    const reply = this.request("stat", { path: utf8(path), follow });
    return typeof reply === "number"
      ? errnoName(-reply) ?? String(reply)
      : statOf(reply.attributes);
  }

  /** The names in a directory but `.` and `..`, sorted, or the name of an error. */
  list(path: string, bytes = 4096): string[] | string {
    const handle = this.open(path);
    if (typeof handle === "string") return handle;
    const names: string[] = [];
    const target = sharedBytes(bytes);
    const view = new DataView(target.buffer);
    let cookie = 0;
    while (true) {
      const count = this.answer("readdir", { handle, cookie, target });
      if (typeof count === "string") return count;
      if (count === 0) break;
      for (let at = 0; at < count;) {
        const nameBytes = view.getUint8(at + LISTED_ENTRY.nameBytes);
        const start = at + LISTED_ENTRY.name;
        const name = decoder.decode(target.slice(start, start + nameBytes));
        if (name !== "." && name !== "..") names.push(name);
        cookie = view.getFloat64(at + LISTED_ENTRY.nextCookie, true);
        at += listedEntryBytes(nameBytes);
      }
    }
    this.request("close", { handle });
    return names.sort();
  }
}

/** What an attributes record tells. */
export function statOf(record: Uint8Array): Record<keyof typeof ATTRIBUTE, number> {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const entries = Object.entries(ATTRIBUTE).map(([name, offset]) => {
    const isWide = /size|blocks|Seconds$/.test(name);
    return [name, isWide ? view.getFloat64(offset, true) : view.getUint32(offset, true)];
  });
  return Object.fromEntries(entries) as Record<keyof typeof ATTRIBUTE, number>;
}

function copyOf(memory: Uint8Array): Uint8Array {
  const copy = sharedBytes(memory.byteLength);
  copy.set(memory);
  return copy;
}
