/**
 * What `stat` told of paths, for as long as the server says that nothing has changed.
 *
 * @module
 */

/** Paths remembered at once. */
const PATHS_MAX = 4096;

/** Nothing stands at a path. */
export const MISSING = null;

/** What a path led to. */
export interface PathRecord {
  /** The record of `layouts/attributes.ts`. */
  readonly attributes: Uint8Array;
  readonly inode: number;
}

/** Paths and what stands there. */
export class StatCache {
  readonly #known: Map<string, PathRecord | typeof MISSING> = new Map();
  #generation = 0;

  /** What is known of a path in a generation of names. Hot path. */
  get(path: string, generation: number): PathRecord | typeof MISSING | undefined {
    return generation === this.#generation ? this.#known.get(path) : undefined;
  }

  /** Remembers what the server told after the generation had been looked at. */
  set(path: string, generation: number, record: PathRecord | typeof MISSING): void {
    if (generation !== this.#generation || this.#known.size >= PATHS_MAX) this.#known.clear();
    this.#generation = generation;
    this.#known.set(path, record);
  }

  /** Forgets everything. */
  clear(): void {
    this.#known.clear();
  }
}
