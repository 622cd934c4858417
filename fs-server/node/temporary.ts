/**
 * Directories that are removed when they are not needed any more.
 *
 * @module
 */

import { type PathLike, shown } from "./arguments.ts";
import { type Context, locate } from "./context.ts";
import { mkdtemp } from "./path_functions.ts";
import { resolvePath } from "./plain_path.ts";
import { rm } from "./tree_functions.ts";

/** A directory that `using` removes. */
export interface TemporaryDirectory extends Disposable {
  /** Its path. */
  readonly path: string | Uint8Array;
  /** Removes it, with all that is in it. */
  remove(): void;
}

/** The same for `await using`. */
export interface TemporaryDirectoryLater extends AsyncDisposable {
  /** Its path. */
  readonly path: string | Uint8Array;
  /** Removes it, with all that is in it. */
  remove(): Promise<void>;
}

/** Makes a directory with a name of chance behind a prefix, for a while. */
export function mkdtempDisposable(
  context: Context,
  prefix: PathLike,
  options?: unknown,
): TemporaryDirectory {
  const { path, remove } = make(context, prefix, options);
  return { path, remove, [Symbol.dispose]: remove };
}

/** The same for `await using`. */
export function mkdtempDisposableLater(
  context: Context,
  prefix: PathLike,
  options?: unknown,
): TemporaryDirectoryLater {
  const { path, remove } = make(context, prefix, options);
  const removeLater = () => new Promise<void>((resolve) => resolve(remove()));
  return { path, remove: removeLater, [Symbol.asyncDispose]: removeLater };
}

function make(context: Context, prefix: PathLike, options: unknown) {
  const path = mkdtemp(context, prefix, options);
  // Where it is now: the working directory may be another one later.
  const full = resolvePath("/", shown(locate(context, path, { syscall: "rm" })));
  return { path, remove: () => rm(context, full, { recursive: true, force: true }) };
}
