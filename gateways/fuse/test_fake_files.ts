/**
 * A file server of few names that does what it is asked by one name once, and a client of it that may
 * die before or behind each request.
 *
 * @module
 */

import { ATTRIBUTE, ATTRIBUTES_BYTES, LOCK, REFERENCE_BYTES } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import type { FilesClient } from "./files.ts";

interface Outcome {
  readonly reply?: unknown;
  readonly error?: OsError;
}

type AnyRequest = Readonly<Record<string, never>>;

/** The server. It outlives the gateways. */
export class FakeFiles {
  /** What it has done, in order: requests that may not be done twice. */
  readonly done: string[] = [];
  /** By directory and name: the inode. */
  readonly names: Map<string, number> = new Map();
  /** By handle: the inode. */
  readonly open: Map<number, number> = new Map();
  /** Who has the one lock that there is. */
  lockedBy = 0;
  readonly #answered: Map<number, Outcome> = new Map();
  #lastInode = 10;
  #lastHandle = 100;
  nextName = 0;

  /** A client of one life; `point` may end it. */
  client(point: (name: string) => void): FilesClient {
    const results: Map<number, number> = new Map();
    this.nextName += 64; // No name comes twice.
    const call = (operation: string, request: AnyRequest, formerly?: number): unknown => {
      const name = formerly ?? this.nextName;
      if (formerly === undefined) this.nextName++;
      point("files.before");
      const outcome = this.#once(operation, request, name);
      point("files.after");
      if (outcome.error !== undefined) throw outcome.error;
      return outcome.reply;
    };
    const current = () => this.nextName;
    const client = {
      room: 64,
      get nextName() {
        return current();
      },
      callSync: (operation: string, request: AnyRequest, options?: { formerly?: number }) =>
        call(operation, request, options?.formerly),
      post: (operation: string, request: AnyRequest) => {
        const ticket = this.nextName;
        try {
          results.set(ticket, call(operation, request) as number);
        } catch (error) {
          if (!(error instanceof OsError)) throw error;
          results.set(ticket, -error.errno);
        }
        return ticket;
      },
      collect: (ticket: number) => results.get(ticket),
      awaitAny: () => {},
    };
    return client as unknown as FilesClient;
  }

  #once(operation: string, request: AnyRequest, name: number): Outcome {
    const known = this.#answered.get(name);
    if (known !== undefined) return known;
    let outcome: Outcome;
    try {
      outcome = { reply: this.#perform(operation, request) };
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      outcome = { error };
    }
    if (!REPEATABLE.includes(operation)) {
      this.done.push(operation);
      this.#answered.set(name, outcome);
    }
    return outcome;
  }

  #perform(operation: string, request: AnyRequest): unknown {
    const { path, source, target, handle } = request as Readonly<Record<string, Uint8Array>>;
    switch (operation) {
      case "mkdir":
        return this.#make(path!);
      case "open":
        return this.#openAt(path!, Number(request["flags"]));
      case "close":
        if (!this.open.delete(Number(handle))) throw new OsError("EBADF", "close");
        return 0;
      case "stat":
        return { attributes: attributesOf(this.#find(path!)) };
      case "fstat":
        return { attributes: attributesOf(this.open.get(Number(handle)) ?? 0) };
      case "rmdir":
      case "unlink":
        this.#find(path!);
        return void this.names.delete(keyOf(path!));
      case "rename":
        this.names.set(keyOf(target!), this.#find(source!));
        return void this.names.delete(keyOf(source!));
      case "read":
        return target!.fill(7).byteLength;
      case "write":
        return source!.byteLength;
      case "flock":
        return this.#lock(Number(handle), Number(request["kind"]));
      default: // credential, truncate
        return 0;
    }
  }

  #lock(handle: number, kind: number): number {
    if (kind === LOCK.none) return this.lockedBy = 0;
    if (this.lockedBy !== 0 && this.lockedBy !== handle) throw new OsError("EAGAIN", "flock");
    this.lockedBy = handle;
    return 0;
  }

  #openAt(path: Uint8Array, flags: number): unknown {
    const isMade = (flags & 0o100) !== 0;
    if (isMade && (flags & 0o200) !== 0 && this.names.has(keyOf(path))) {
      throw new OsError("EEXIST", "open");
    }
    if (isMade) this.#make(path);
    const inode = this.#find(path);
    this.open.set(++this.#lastHandle, inode);
    return { handle: this.#lastHandle, lease: 0, attributes: attributesOf(inode) };
  }

  #make(path: Uint8Array): number {
    if (this.names.has(keyOf(path))) throw new OsError("EEXIST", "make");
    this.names.set(keyOf(path), ++this.#lastInode);
    return 0;
  }

  #find(path: Uint8Array): number {
    if (path.byteLength === REFERENCE_BYTES) return inodeOf(path);
    const inode = this.names.get(keyOf(path));
    if (inode === undefined) throw new OsError("ENOENT", "find");
    return inode;
  }
}

const REPEATABLE: readonly string[] = ["credential", "flock", "fstat", "read", "stat", "write"];

function inodeOf(path: Uint8Array): number {
  return new DataView(path.buffer, path.byteOffset).getUint32(1, true);
}

function keyOf(path: Uint8Array): string {
  return `${inodeOf(path)}/${new TextDecoder().decode(path.slice(REFERENCE_BYTES + 1))}`;
}

function attributesOf(inode: number): Uint8Array {
  const bytes = new Uint8Array(ATTRIBUTES_BYTES);
  new DataView(bytes.buffer).setUint32(ATTRIBUTE.inode, inode, true);
  return bytes;
}
