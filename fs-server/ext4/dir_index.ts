/**
 * Where the names of hot directories without a hash tree stand: a map from name to byte position
 * for each, made by reading the directory once, kept up by every change, bounded in all.
 *
 * An index is a hint made of what the disk said: those that an operation changed are dropped when
 * it rolls back.
 *
 * @module
 */

/** Most names in all indexes together, about 100 bytes each. A larger directory gets none. */
export const INDEXED_NAMES_MAX = 1 << 19;

/** The index of one directory. */
export interface DirIndex {
  /** Byte position in the directory, by name. */
  readonly positions: Map<string, number>;
  /** For each block of the directory, bytes of the largest entry that it has room for. */
  readonly rooms: number[];
}

/** The indexes, least recently used first. */
export class DirIndexes {
  readonly #byInode = new Map<number, DirIndex>();
  readonly #changed = new Set<number>();
  #names = 0;
  #last: DirIndex | undefined;
  #lastInode = 0;

  /** The index of a directory, if there is one. */
  get(inode: number): DirIndex | undefined {
    if (inode === this.#lastInode) return this.#last;
    const index = this.#byInode.get(inode);
    if (index === undefined) return undefined;
    this.#byInode.delete(inode);
    this.#byInode.set(inode, index);
    this.#last = index;
    this.#lastInode = inode;
    return index;
  }

  /** The index of a directory that the running operation changes, if there is one. */
  change(inode: number): DirIndex | undefined {
    const index = this.get(inode);
    if (index !== undefined) this.#changed.add(inode);
    return index;
  }

  /** The changes of the running operation will stay. */
  committed(): void {
    if (this.#changed.size > 0) this.#changed.clear();
  }

  /** Forgets what the running operation changed. */
  rolledBack(): void {
    for (const inode of this.#changed) this.delete(inode);
    this.#changed.clear();
  }

  /** Remembers an index, and forgets others until there is room. */
  add(inode: number, index: DirIndex): void {
    this.delete(inode);
    this.#byInode.set(inode, index);
    this.#names += index.positions.size;
    this.#last = index;
    this.#lastInode = inode;
    this.#trim(inode);
  }

  /** Remembers where a name stands. */
  addName(inode: number, name: string, position: number): void {
    const index = this.change(inode);
    if (index === undefined) return;
    index.positions.set(name, position);
    this.#names++;
    this.#trim(inode);
  }

  /** Forgets a name. */
  deleteName(inode: number, name: string): void {
    if (this.change(inode)?.positions.delete(name)) this.#names--;
  }

  /** Forgets a directory. */
  delete(inode: number): void {
    const index = this.#byInode.get(inode);
    if (index === undefined) return;
    this.#names -= index.positions.size;
    this.#byInode.delete(inode);
    this.#last = undefined;
    this.#lastInode = 0;
  }

  #trim(keep: number): void {
    while (this.#names > INDEXED_NAMES_MAX) {
      const [oldest] = this.#byInode.keys();
      if (oldest === undefined) return;
      if (oldest === keep && this.#byInode.size > 1) {
        const index = this.#byInode.get(oldest) as DirIndex;
        this.#byInode.delete(oldest);
        this.#byInode.set(oldest, index);
        continue;
      }
      this.delete(oldest);
    }
  }
}
