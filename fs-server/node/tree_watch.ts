/**
 * Watching a directory with all directories below it, those included that come later.
 *
 * @module
 */

import type { PathBytes, WatchedChange } from "./calls.ts";
import { type Context, joinPath } from "./context.ts";
import { constants } from "./constants.ts";
import { encode } from "./encoding.ts";
import { codeOf } from "./errors.ts";
import { modeOfName } from "./dirent.ts";
import { WATCH_EVENT } from "../protocol.ts";

/** Directories that one tree watches at most. */
const WATCHES_MAX = 1024;

/** Watches one file or directory; answers how to end it. */
export function watchOne(
  context: Context,
  full: PathBytes,
  tell: (change: WatchedChange | Error) => void,
): () => void {
  return context.calls.watch(full, tell);
}

/** Called with a change, and with the name of what it is about from the top on. */
type TellBelow = (change: WatchedChange | Error, below: Uint8Array) => void;

/** One watch for each directory of a tree. */
export class TreeWatch {
  readonly #context: Context;
  readonly #top: PathBytes;
  readonly #tell: TellBelow;
  /** How to end each watch, by the path of its directory from the top on. */
  readonly #stops: Map<string, () => void> = new Map();

  /** Watches from here on. */
  constructor(context: Context, top: PathBytes, tell: TellBelow) {
    this.#context = context;
    this.#top = top;
    this.#tell = tell;
    this.#add("");
  }

  /** Ends all watches. */
  stop(): void {
    for (const stop of this.#stops.values()) stop();
    this.#stops.clear();
  }

  /** Watches a directory and those below; one that is gone already is none. */
  #add(below: string): void {
    if (this.#stops.has(below) || this.#stops.size >= WATCHES_MAX) return;
    const full = below === "" ? this.#top : joinPath(this.#top, below);
    try {
      const { calls } = this.#context;
      this.#stops.set(below, calls.watch(full, (change) => this.#take(below, change)));
      for (const listed of [...calls.list(full)]) {
        if (modeOfName(this.#context, full, listed) !== constants.S_IFDIR) continue;
        this.#add(nameBelow(below, listed.nameBytes));
      }
    } catch (error) {
      const code = codeOf(error);
      if (below === "" || (code !== "ENOENT" && code !== "ENOTDIR")) throw error;
    }
  }

  #take(below: string, change: WatchedChange | Error): void {
    if (change instanceof Error) {
      if (below === "") this.#tell(change, encode(below));
      return;
    }
    // What happens to a directory itself, the one above it tells.
    if (change.name.byteLength === 0) return;
    const path = nameBelow(below, change.name);
    if (change.kind === WATCH_EVENT.rename) this.#renamed(path);
    this.#tell(change, encode(path));
  }

  #renamed(path: string): void {
    for (const [below, stop] of this.#stops) {
      if (below !== path && !below.startsWith(`${path}/`)) continue;
      stop();
      this.#stops.delete(below);
    }
    try {
      const { isDirectory } = this.#context.calls.attributes(joinPath(this.#top, path), false);
      if (isDirectory) this.#add(path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
}

const decoder = new TextDecoder();

function nameBelow(below: string, name: Uint8Array): string {
  const text = decoder.decode(name);
  return below === "" ? text : `${below}/${text}`;
}
