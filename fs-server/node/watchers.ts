/**
 * `watch` and `watchFile`: nothing is polled, the file server tells.
 *
 * @module
 */

import {
  callbackOf,
  encodingIn,
  type Options,
  optionsOf,
  type PathLike,
  pathOf,
  shown,
} from "./arguments.ts";
import { WATCH_EVENT } from "../protocol.ts";
import { type Context, locate, told } from "./context.ts";
import { decode } from "./encoding.ts";
import { codeOf, nodeError, stateError } from "./errors.ts";
import { emitEvents, type Emitter, type Listener } from "./events.ts";
import { lastNameOf, parentOf, resolvePath } from "./plain_path.ts";
import { Stats } from "./stats.ts";
import { TreeWatch, watchOne } from "./tree_watch.ts";

/** What a watcher tells of. */
export interface WatchNotice {
  /** `"rename"` where a name came or went, `"change"` where what it names has changed. */
  readonly eventType: "rename" | "change";
  /** The name, from the watched directory on; `null` where some notices were lost. */
  readonly filename: string | Uint8Array | null;
}

/** Tells `"change"` with a kind and a name, `"error"`, and `"close"`. */
export class FSWatcher {
  readonly #stop: () => void;
  #isClosed = false;

  /** Made by `watch`. */
  constructor(context: Context, path: PathLike, options: Options) {
    this.#stop = begin(context, path, options, (notice) => {
      if (this.#isClosed) return;
      if (notice instanceof Error) {
        this.emit("error", notice);
        this.close();
      } else {
        this.emit("change", notice.eventType, notice.filename);
      }
    });
    const { signal } = options;
    if (signal instanceof AbortSignal) {
      if (signal.aborted) queueMicrotask(() => this.close());
      else signal.addEventListener("abort", () => this.close(), { once: true });
    }
  }

  /** Watches no more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop();
    queueMicrotask(() => this.emit("close"));
  }

  /** Does nothing: a watcher does not keep a program alive. */
  ref(): this {
    return this;
  }

  /** Does nothing: a watcher does not keep a program alive. */
  unref(): this {
    return this;
  }

  /** Watches no more. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** What it tells. */
export interface FSWatcher extends Emitter {}

emitEvents(FSWatcher.prototype);

/** Watches a file, or the names in a directory; with `recursive` those below too. */
export function watch(
  context: Context,
  path: PathLike,
  options?: unknown,
  listener?: Listener,
): FSWatcher {
  const given = typeof options === "function" ? {} : optionsOf(options);
  const call = typeof options === "function" ? options as Listener : listener;
  const watcher = new FSWatcher(context, path, given);
  if (call !== undefined) watcher.on("change", call);
  return watcher;
}

/** The same as something to iterate over. It watches from the call on. */
export function watchLater(
  context: Context,
  path: PathLike,
  options?: unknown,
): AsyncIterableIterator<WatchNotice> {
  const given = optionsOf(options);
  const queue: (WatchNotice | Error)[] = [];
  let wake = () => {};
  let isOver = false;
  const stop = begin(context, path, given, (notice) => {
    queue.push(notice);
    wake();
  });
  const { signal } = given;
  const abort = () => {
    const cause = signal instanceof AbortSignal ? signal.reason : undefined;
    const error = new Error("The operation was aborted", { cause });
    queue.push(Object.assign(error, { name: "AbortError", code: "ABORT_ERR" }));
    wake();
  };
  if (signal instanceof AbortSignal) {
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  }
  const end = () => {
    isOver = true;
    stop();
    wake();
    return Promise.resolve({ done: true as const, value: undefined });
  };
  return {
    async next() {
      while (queue.length === 0 && !isOver) await new Promise<void>((resolve) => wake = resolve);
      const notice = queue.shift();
      if (isOver || notice === undefined) return end();
      if (notice instanceof Error) {
        void end();
        throw notice;
      }
      return { done: false, value: notice };
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Tells `"change"` with what a file is and was. */
export class StatWatcher {
  readonly #context: Context;
  readonly #full: string;
  readonly #stop: () => void;
  readonly #isBig: boolean;
  #last: Stats;

  /** Made by `watchFile`. */
  constructor(context: Context, full: string, options: Options) {
    this.#context = context;
    this.#full = full;
    this.#isBig = options["bigint"] === true;
    this.#last = this.#look();
    const name = lastNameOf(full);
    this.#stop = watchOne(context, parentOf(full), (change) => {
      if (change instanceof Error) return;
      const isOurs = change.kind === WATCH_EVENT.overflow || decode(change.name) === name;
      if (isOurs) this.#compare();
    });
  }

  /** Watches no more. */
  stop(): void {
    this.#stop();
  }

  /** Does nothing: a watcher does not keep a program alive. */
  ref(): this {
    return this;
  }

  /** Does nothing: a watcher does not keep a program alive. */
  unref(): this {
    return this;
  }

  #compare(): void {
    const now = this.#look();
    const before = this.#last;
    const fields = ["ino", "mode", "nlink", "uid", "gid", "size", "mtimeMs", "ctimeMs"] as const;
    if (fields.every((field) => now[field] === before[field])) return;
    this.#last = now;
    this.emit("change", now, before);
  }

  /** What stands there; a file of nothing but zeros if nothing does. */
  #look(): Stats {
    if (this.#isBig) throw stateError("ERR_FEATURE_UNAVAILABLE", "watchFile() with bigint");
    try {
      return new Stats(this.#context.calls.attributes(this.#full, true));
    } catch (error) {
      const code = codeOf(error);
      if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
      return Stats.ofNothing();
    }
  }
}

/** What it tells. */
export interface StatWatcher extends Emitter {}

emitEvents(StatWatcher.prototype);

/** The watchers of `watchFile`, by adapter and path. */
const statWatchers = new WeakMap<Context, Map<string, StatWatcher>>();

function statWatchersOf(context: Context): Map<string, StatWatcher> {
  let watchers = statWatchers.get(context);
  if (watchers === undefined) statWatchers.set(context, watchers = new Map());
  return watchers;
}

/** Calls a listener with what a file is and was, whenever it has changed. */
export function watchFile(
  context: Context,
  path: PathLike,
  options: unknown,
  listener?: unknown,
): StatWatcher {
  const given = typeof options === "function" ? {} : optionsOf(options);
  const call = callbackOf(typeof options === "function" ? options : listener, "listener");
  const watchers = statWatchersOf(context);
  const full = fullPath(context, path);
  let watcher = watchers.get(full);
  if (watcher === undefined) {
    watchers.set(full, watcher = new StatWatcher(context, full, given));
  }
  return watcher.on("change", call);
}

/** Ends what `watchFile` began: for one listener, or for all. */
export function unwatchFile(context: Context, path: PathLike, listener?: unknown): void {
  const watchers = statWatchersOf(context);
  const full = fullPath(context, path);
  const watcher = watchers.get(full);
  if (watcher === undefined) return;
  if (typeof listener === "function") watcher.off("change", listener as Listener);
  else watcher.removeAllListeners("change");
  if (watcher.listenerCount("change") > 0) return;
  watcher.stop();
  watchers.delete(full);
}

function fullPath(context: Context, path: PathLike): string {
  return resolvePath("/", shown(locate(context, pathOf(path), { syscall: "watch" })));
}

/** Begins to watch; answers how to end it. */
function begin(
  context: Context,
  path: PathLike,
  options: Options,
  tell: (notice: WatchNotice | Error) => void,
): () => void {
  const given = pathOf(path, "filename");
  const subject = { syscall: "watch", path: shown(given) };
  const how = { encoding: encodingIn(options), asBuffer: options["encoding"] === "buffer" };
  const full = locate(context, given, subject);
  const notice = (kind: number, name: Uint8Array): WatchNotice => {
    if (kind === WATCH_EVENT.overflow) return { eventType: "change", filename: null };
    const eventType = kind === WATCH_EVENT.rename ? "rename" : "change";
    return { eventType, filename: told(context, name, how) };
  };
  try {
    const { isDirectory } = context.calls.attributes(full, true);
    const ownName = new TextEncoder().encode(lastNameOf(shown(full)));
    if (isDirectory && options["recursive"] === true) {
      const tree = new TreeWatch(context, full, (change, below) => {
        tell(change instanceof Error ? change : notice(change.kind, below));
      });
      return () => tree.stop();
    }
    return watchOne(context, full, (change) => {
      if (change instanceof Error) return tell(change);
      tell(notice(change.kind, change.name.byteLength === 0 ? ownName : change.name));
    });
  } catch (error) {
    throw nodeError(error, subject);
  }
}
