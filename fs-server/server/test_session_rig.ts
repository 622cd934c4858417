/**
 * For tests: a file server of bytes in memory with sessions, that may die at any named point, and
 * clients that call its handlers directly, with a window each.
 *
 * @module
 */

import { type Client, errnoName, OsError } from "@hako/ipc";
import { ATTRIBUTE } from "../layouts/attributes.ts";
import type { DirtyRun } from "./session.ts";
import { sessionKeepBytes } from "./layouts/session_keep.ts";
import type { SessionFiles } from "./session_place.ts";
import { Sessions } from "./sessions.ts";
import { type FileSystem, LEASE, OPEN } from "../protocol.ts";

/** What a test throws where an incarnation dies. */
export class ServerDeath extends Error {
  override readonly name = "ServerDeath";
}

interface OpenEntry {
  readonly badge: number;
  readonly inode: number;
  readonly flags: number;
}

type Request = Record<string, never>;

/** Files in memory: what survives every death. */
class ModelFiles implements SessionFiles {
  readonly inodeCount = 1000;
  readonly contents = new Map<number, Uint8Array>();
  free = 1 << 30;
  writes = 0;
  failWith: "EIO" | undefined;

  bytesFree(): number {
    return this.free;
  }

  isWatched(): boolean {
    return false;
  }

  isSame(inode: number, inodeGeneration: number): boolean {
    return this.contents.has(inode) && inodeGeneration === inode + 7;
  }

  writeBack(inode: number, runs: readonly DirtyRun[]): void {
    if (this.failWith !== undefined) throw new OsError(this.failWith, "write back");
    for (const { offset, source } of runs) this.write(inode, offset, source);
  }

  write(inode: number, offset: number, source: Uint8Array): void {
    this.writes++;
    const old = this.contents.get(inode)!;
    const bytes = new Uint8Array(Math.max(old.byteLength, offset + source.byteLength));
    bytes.set(old);
    bytes.set(source, offset);
    this.contents.set(inode, bytes);
  }

  truncate(inode: number, size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.contents.get(inode)!.subarray(0, size));
    this.contents.set(inode, bytes);
  }

  attributes(inode: number, target: Uint8Array): void {
    const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
    view.setUint32(ATTRIBUTE.inode, inode, true);
    view.setUint32(ATTRIBUTE.generation, inode + 7, true);
    view.setUint32(ATTRIBUTE.mode, 0o100644, true);
    view.setFloat64(ATTRIBUTE.size, this.contents.get(inode)!.byteLength, true);
  }

  readMapped(inode: number, offset: number, target: Uint8Array): number {
    const part = this.contents.get(inode)!.subarray(offset, offset + target.byteLength);
    target.set(part);
    target.fill(0, part.byteLength);
    return part.byteLength;
  }
}

/** The server, its clients' windows, and what outlives it. */
export class SessionRig {
  readonly files = new ModelFiles();
  readonly names = new Map<string, number>();
  readonly handles = new Map<number, OpenEntry>();
  readonly windows = new Map<number, Uint8Array>();
  /** By badge: the region of the client's session. */
  readonly regions = new Map<number, Uint8Array>();
  readonly lives = new Map<number, number>();
  keep: Uint8Array = new Uint8Array(new SharedArrayBuffer(sessionKeepBytes(4)));
  sessions: Sessions;
  /** Called at each named point; throws to let the server die. */
  atPoint: (name: string) => void = () => {};
  /** What was asked, in order. */
  asked: string[] = [];
  deaths = 0;
  ms = 0;
  /** For how long a look at the clock pretends that time has passed. */
  msPerLook = 1;

  constructor() {
    this.sessions = this.#begin();
  }

  /** A client with a window of its own; its badge is the number of the window. */
  connect(
    badge: number,
    windowBytes = 2 << 20,
  ): { client: Client<FileSystem>; window: Uint8Array } {
    const window = new Uint8Array(new SharedArrayBuffer(windowBytes));
    this.windows.set(badge, window);
    this.lives.set(badge, badge + 100);
    const callSync = (operation: string, request: unknown) => {
      const reply = this.#request(badge, operation, request as Request);
      if (typeof reply === "number" && reply < 0) {
        throw new OsError(errnoName(-reply) ?? "EIO", operation);
      }
      return reply;
    };
    const post = (operation: string, request: unknown) => {
      this.#request(badge, operation, request as Request);
      return 0;
    };
    const client = {
      callSync,
      call: (operation: string, request: unknown) => Promise.resolve(callSync(operation, request)),
      post,
      collect: () => 0,
      awaitAny() {},
    };
    return { client: client as unknown as Client<FileSystem>, window };
  }

  /** Ends a client. */
  kill(badge: number): void {
    for (let life = 0;; life++) {
      try {
        if (life > 0) this.succeed();
        this.sessions.gone(badge);
        break;
      } catch (error) {
        if (!(error instanceof ServerDeath) || life > 50) throw error;
      }
    }
    this.lives.delete(badge);
    for (const [handle, entry] of this.handles) {
      if (entry.badge === badge) this.handles.delete(handle);
    }
  }

  /** A successor takes over with a copy of the keep, and another if that dies of it. */
  succeed(): void {
    for (let life = 0;; life++) {
      this.deaths++;
      this.keep = this.keep.slice();
      try {
        this.sessions = this.#begin();
        return;
      } catch (error) {
        if (!(error instanceof ServerDeath) || life > 50) throw error;
      }
    }
  }

  /** Calls on the server as a background would, surviving its deaths. */
  idle(): void {
    this.ms += 10_000;
    try {
      this.sessions.expire();
    } catch (error) {
      if (!(error instanceof ServerDeath)) throw error;
      this.succeed();
    }
  }

  #begin(): Sessions {
    return new Sessions(this.files, {
      keep: this.keep,
      nowMs: () => this.ms += this.msPerLook,
      point: (name) => this.atPoint(name),
      clients: () => this.lives,
      windowName: (view) => {
        for (const [segment, window] of this.windows) {
          const { buffer, byteOffset, byteLength } = view;
          if (buffer === window.buffer) return { segment, byteOffset, byteLength };
        }
        throw new OsError("EFAULT", "window");
      },
      windowOf: (badge, { segment, byteOffset, byteLength }) => {
        if (segment !== badge) return undefined;
        return this.windows.get(segment)?.subarray(byteOffset, byteOffset + byteLength);
      },
    });
  }

  #request(badge: number, operation: string, request: Request): unknown {
    this.asked.push(operation);
    for (let life = 0;; life++) {
      try {
        const reply = this.#handle(badge, operation, request);
        this.atPoint(`answer.${operation}`);
        return reply;
      } catch (error) {
        if (error instanceof OsError) return -error.errno;
        if (!(error instanceof ServerDeath) || life > 50) throw error;
        this.succeed();
      }
    }
  }

  #handle(badge: number, operation: string, request: Request): unknown {
    const { sessions, files } = this;
    const inode = () => {
      const entry = this.handles.get(request["handle"]!);
      if (entry === undefined || entry.badge !== badge) throw new OsError("EBADF", operation);
      return entry.inode;
    };
    switch (operation) {
      case "attach":
        sessions.attach(badge, request["session"]!);
        this.regions.set(badge, request["session"]!);
        return 0;
      case "open":
        return this.#open(badge, request);
      case "close": {
        const number = inode();
        sessions.unmap(badge, request["handle"]!);
        this.handles.delete(request["handle"]!);
        const mayWrite = [...this.handles.values()].some((entry) => {
          return entry.badge === badge && entry.inode === number && (entry.flags & 3) !== 0;
        });
        sessions.closed(badge, number, mayWrite);
        return 0;
      }
      case "read": {
        sessions.look(inode(), badge, true);
        const target: Uint8Array = request["target"]!;
        const from: number = request["offset"]!;
        const part = files.contents.get(inode())!.subarray(from, from + target.byteLength);
        target.set(part);
        return part.byteLength;
      }
      case "write": {
        const source: Uint8Array = request["source"]!;
        const isAppend = (this.handles.get(request["handle"]!)!.flags & OPEN.append) !== 0;
        return this.#change(inode(), badge, true, () => {
          const end = files.contents.get(inode())!.byteLength;
          files.write(inode(), isAppend ? end : request["offset"]!, source);
          return source.byteLength;
        });
      }
      case "truncate":
        return this.#change(inode(), badge, false, () => {
          files.truncate(inode(), request["size"]!);
          return 0;
        });
      case "fsync":
        sessions.flush(inode(), badge);
        return 0;
      case "fstat":
        sessions.look(inode(), badge);
        return { attributes: this.#attributes(inode()) };
      case "stat": {
        const number = this.names.get(textOf(request["path"]!));
        if (number === undefined) throw new OsError("ENOENT", operation);
        sessions.look(number, badge);
        return { attributes: this.#attributes(number) };
      }
      case "lease": {
        const { flags } = this.handles.get(request["handle"]!)!;
        const kind = (flags & 3) === 0 ? LEASE.read : request["kind"]!;
        const slot = request["slot"]!;
        return sessions.grant(badge, { inode: inode(), inodeGeneration: inode() + 7, kind, slot });
      }
      case "writeBack":
        sessions.writeBack(badge, request["slot"]!, request["release"]!);
        return 0;
    }
    return this.#handleMapping(badge, operation, request, inode);
  }

  #handleMapping(badge: number, operation: string, request: Request, inode: () => number): number {
    const { offset, target, handle } = request;
    if (operation === "map") {
      const place = { inode: inode(), offset: offset!, target: target! };
      return this.sessions.map(badge, handle!, place);
    }
    if (operation !== "unmap") throw new OsError("ENOSYS", operation);
    this.sessions.unmap(badge, handle!, target!);
    return 0;
  }

  #open(badge: number, request: Request): unknown {
    const path = textOf(request["path"]!);
    const flags: number = request["flags"]!;
    let inode = this.names.get(path);
    if (inode === undefined) {
      if ((flags & OPEN.create) === 0) throw new OsError("ENOENT", "open");
      inode = this.names.size + 11;
      this.files.contents.set(inode, new Uint8Array(0));
      this.names.set(path, inode);
      this.sessions.raise();
    } else this.sessions.look(inode, badge);
    const number = inode;
    if ((flags & OPEN.truncate) !== 0) {
      this.#change(number, badge, false, () => {
        this.files.truncate(number, 0);
        return 0;
      });
    }
    const handle = ++this.#lastHandle;
    this.handles.set(handle, { badge, inode, flags });
    const slot = request["leaseSlot"]! - 1;
    const kind = (flags & 3) === 0 ? LEASE.read : LEASE.write;
    const wish = { inode, inodeGeneration: inode + 7, kind, slot };
    const lease = slot < 0 ? LEASE.none : this.sessions.grant(badge, wish);
    return { handle, lease, attributes: this.#attributes(inode) };
  }

  #lastHandle = 0;

  #change(inode: number, badge: number, isOwnIo: boolean, body: () => number): number {
    try {
      this.sessions.change(inode, badge, isOwnIo);
      const result = body();
      this.sessions.raise();
      this.atPoint("changed");
      return result;
    } finally {
      this.sessions.settle();
    }
  }

  #attributes(inode: number): Uint8Array {
    const record = new Uint8Array(96);
    this.files.attributes(inode, record);
    return record;
  }
}

function textOf(path: Uint8Array): string {
  return new TextDecoder().decode(path.slice());
}
