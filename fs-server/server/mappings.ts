/**
 * Runs of clients' windows that are kept as the file is, whoever writes; in the keep `sessions`.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { MAPPING, MAPPING_WORDS, MAPPINGS_MAX, MAPPINGS_WORD } from "./layouts/session_keep.ts";

/** Names bytes of a window, as the domain does. */
export interface WindowName {
  readonly segment: number;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** What a mapping shows. */
export interface Mapped {
  readonly badge: number;
  readonly life: number;
  readonly handle: number;
  readonly inode: number;
  /** Where in the file it begins. */
  readonly offset: number;
  readonly target: Uint8Array;
  readonly name: WindowName;
}

interface Mapping extends Mapped {
  readonly index: number;
}

/** All mappings. */
export class Mappings {
  readonly #words: Uint32Array;
  readonly #byInode = new Map<number, Mapping[]>();
  readonly #free: number[] = [];

  /** Takes over what stands in the keep, as far as the windows are still lent. */
  constructor(
    words: Uint32Array,
    windowOf: (badge: number, life: number, name: WindowName) => Uint8Array | undefined,
  ) {
    this.#words = words;
    for (let index = MAPPINGS_MAX - 1; index >= 0; index--) {
      const kept = this.#kept(index);
      const target = kept && windowOf(kept.badge, kept.life, kept.name);
      if (kept === undefined || target === undefined) this.#drop(index);
      else this.#enter({ ...kept, index, target });
    }
  }

  /** Whether an inode is mapped by anybody. */
  has(inode: number): boolean {
    return this.#byInode.has(inode);
  }

  /** The mappings of an inode. */
  of(inode: number): readonly Mapped[] {
    return this.#byInode.get(inode) ?? [];
  }

  /** The inodes that are mapped. */
  inodes(): number[] {
    return [...this.#byInode.keys()];
  }

  /** Remembers a mapping; the same again is the same. */
  add(mapped: Mapped): void {
    const known = this.#byInode.get(mapped.inode)?.some((other) => isSame(mapped, other));
    if (known) return;
    const index = this.#free.pop();
    if (index === undefined) throw new OsError("ENOMEM", "map");
    const at = MAPPINGS_WORD + index * MAPPING_WORDS;
    const words = this.#words;
    words[at + MAPPING.badge] = mapped.badge;
    words[at + MAPPING.life] = mapped.life;
    words[at + MAPPING.handle] = mapped.handle;
    words[at + MAPPING.inode] = mapped.inode;
    words[at + MAPPING.segment] = mapped.name.segment;
    words[at + MAPPING.byteOffset] = mapped.name.byteOffset;
    words[at + MAPPING.byteLength] = mapped.name.byteLength;
    words[at + MAPPING.fileOffsetLow] = mapped.offset % 2 ** 32;
    words[at + MAPPING.fileOffsetHigh] = Math.floor(mapped.offset / 2 ** 32);
    Atomics.store(words, at + MAPPING.state, 1);
    this.#enter({ ...mapped, index });
  }

  /** Forgets those for which `isOver` holds; answers how many. */
  remove(isOver: (mapped: Mapped) => boolean): number {
    let count = 0;
    for (const [inode, mappings] of this.#byInode) {
      const left = mappings.filter((mapping) => {
        if (!isOver(mapping)) return true;
        this.#drop(mapping.index);
        count++;
        return false;
      });
      if (left.length > 0) this.#byInode.set(inode, left);
      else this.#byInode.delete(inode);
    }
    return count;
  }

  #enter(mapping: Mapping): void {
    const others = this.#byInode.get(mapping.inode);
    if (others === undefined) this.#byInode.set(mapping.inode, [mapping]);
    else others.push(mapping);
  }

  #drop(index: number): void {
    this.#words[MAPPINGS_WORD + index * MAPPING_WORDS + MAPPING.state] = 0;
    this.#free.push(index);
  }

  #kept(index: number): Omit<Mapped, "target"> | undefined {
    const at = MAPPINGS_WORD + index * MAPPING_WORDS;
    const word = (field: number) => this.#words[at + field]!;
    if (word(MAPPING.state) !== 1) return undefined;
    return {
      badge: word(MAPPING.badge),
      life: word(MAPPING.life),
      handle: word(MAPPING.handle),
      inode: word(MAPPING.inode),
      offset: word(MAPPING.fileOffsetLow) + word(MAPPING.fileOffsetHigh) * 2 ** 32,
      name: {
        segment: word(MAPPING.segment),
        byteOffset: word(MAPPING.byteOffset),
        byteLength: word(MAPPING.byteLength),
      },
    };
  }
}

function isSame(one: Mapped, other: Mapped): boolean {
  return one.badge === other.badge && one.life === other.life && one.handle === other.handle &&
    one.offset === other.offset && one.name.segment === other.name.segment &&
    one.name.byteOffset === other.name.byteOffset &&
    one.name.byteLength === other.name.byteLength;
}
