/**
 * A directory that is read name by name, in Node's class.
 *
 * @module
 */

import { callbackOf, encodingIn, optionsOf, type PathLike, pathOf, shown } from "./arguments.ts";
import type { ListedName, PathBytes } from "./calls.ts";
import { type Context, joinPath, locate, told } from "./context.ts";
import { Dirent, modeOfName } from "./dirent.ts";
import { constants } from "./constants.ts";
import type { Encoding } from "./encoding.ts";
import { nodeError, stateError } from "./errors.ts";

/** An entry whose name is in the encoding that was asked for. */
type AnyDirent = Dirent<string | Uint8Array>;

/** How the names are told. */
interface DirOptions {
  readonly encoding: Encoding | undefined;
  readonly asBuffer: boolean;
  readonly recursive: boolean;
}

/** A directory that is open, and those below it that are to be read with it. */
interface Level {
  readonly names: IterableIterator<ListedName>;
  /** Taken already: so a directory that is none is noticed when it is opened. */
  next: IteratorResult<ListedName>;
  readonly full: PathBytes;
  readonly told: string;
}

/** A directory that is read name by name. */
export class Dir implements AsyncIterable<AnyDirent> {
  /** The path with which it was opened. */
  readonly path: string;
  readonly #context: Context;
  readonly #options: DirOptions;
  readonly #levels: Level[] = [];
  #isClosed = false;

  /** Made by `opendir`. */
  constructor(context: Context, given: PathBytes, options: DirOptions) {
    this.#context = context;
    this.#options = options;
    this.path = shown(given);
    const full = locate(context, given, { syscall: "opendir", path: this.path });
    this.#enter(full, this.path);
  }

  /** The next name; `null` behind the last one. */
  readSync(): AnyDirent | null {
    this.#requireOpen();
    while (true) {
      const level = this.#levels.at(-1);
      if (level === undefined) return null;
      if (level.next.done !== true) return this.#direntOf(level, level.next.value);
      this.#levels.pop();
    }
  }

  /** The next name; `null` behind the last one. */
  read(callback?: unknown): Promise<AnyDirent | null> | undefined {
    return this.#answer(() => this.readSync(), callback);
  }

  /** Closes the directory. */
  closeSync(): void {
    this.#requireOpen();
    this.#isClosed = true;
    for (const { names } of this.#levels) names.return?.();
  }

  /** Closes the directory. */
  close(callback?: unknown): Promise<void> | undefined {
    return this.#answer(() => this.closeSync(), callback);
  }

  /** All names that are left; the directory is closed at the end. */
  async *entries(): AsyncIterableIterator<AnyDirent> {
    try {
      for (let entry = await this.read(); entry; entry = await this.read()) yield entry;
    } finally {
      if (!this.#isClosed) this.closeSync();
    }
  }

  /** All names that are left. */
  [Symbol.asyncIterator](): AsyncIterableIterator<AnyDirent> {
    return this.entries();
  }

  /** Closes the directory unless it is closed. */
  [Symbol.dispose](): void {
    if (!this.#isClosed) this.closeSync();
  }

  /** Closes the directory unless it is closed. */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) this.closeSync();
    return Promise.resolve();
  }

  #answer<T>(act: () => T, callback: unknown): Promise<T> | undefined {
    const answer = new Promise<T>((resolve) => resolve(act()));
    if (callback === undefined) return answer;
    const call = callbackOf(callback, "callback");
    answer.then((value) => call(null, value), (error) => call(error));
    return undefined;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw stateError("ERR_DIR_CLOSED", "Directory handle was closed");
  }

  #enter(full: PathBytes, path: string): void {
    try {
      const names = this.#context.calls.list(full);
      this.#levels.push({ names, next: names.next(), full, told: path });
    } catch (error) {
      throw nodeError(error, { syscall: "opendir", path });
    }
  }

  #direntOf(level: Level, listed: ListedName): AnyDirent {
    try {
      level.next = level.names.next();
    } catch (error) {
      throw nodeError(error, { syscall: "scandir", path: level.told });
    }
    const mode = modeOfName(this.#context, level.full, listed);
    if (this.#options.recursive && mode === constants.S_IFDIR) {
      const below = shown(joinPath(level.told, shown(listed.nameBytes)));
      this.#enter(joinPath(level.full, listed.nameBytes), below);
    }
    return new Dirent(told(this.#context, listed.nameBytes, this.#options), level.told, mode);
  }
}

/** Opens a directory, to read it name by name. */
export function opendir(context: Context, path: PathLike, options?: unknown): Dir {
  const given = optionsOf(options);
  return new Dir(context, pathOf(path), {
    encoding: encodingIn(given),
    asBuffer: given["encoding"] === "buffer",
    recursive: given["recursive"] === true,
  });
}
