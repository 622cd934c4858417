import { assert, assertEquals } from "@std/assert";
import { ATTRIBUTE, ATTRIBUTES_BYTES } from "@hako/fs-server";
import { Known } from "./known.ts";
import type { Named } from "./known_names.ts";

const DIRECTORY = 12;

/** A fixed sequence of numbers that look like chance. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function named(name: string, nodeInode = DIRECTORY): Named {
  const target = new TextEncoder().encode(name);
  return { target, nameAt: 0, nameByteLength: target.byteLength, nodeInode, nodeGeneration: 1 };
}

/** A file server of one directory: the truth, and the word that it counts up. */
class Truth {
  nameGeneration = 1;
  readonly names: Map<string, number> = new Map();
  /** By inode: what tells its states apart. */
  readonly sizes: Map<number, number> = new Map([[DIRECTORY, 0]]);
  #lastInode = 100;

  /** A change of a file. */
  change(inode: number): void {
    this.sizes.set(inode, this.sizes.get(inode)! + 1);
    this.nameGeneration++;
  }

  make(name: string): void {
    if (this.names.has(name)) return;
    this.names.set(name, ++this.#lastInode);
    this.sizes.set(this.#lastInode, 0);
    this.change(DIRECTORY);
  }

  remove(name: string): boolean {
    const inode = this.names.get(name);
    if (inode === undefined) return false;
    this.names.delete(name);
    this.change(DIRECTORY);
    return true;
  }

  attributes(inode: number): Uint8Array {
    const bytes = new Uint8Array(ATTRIBUTES_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(ATTRIBUTE.inode, inode, true);
    view.setUint32(ATTRIBUTE.generation, 1, true);
    view.setFloat64(ATTRIBUTE.size, this.sizes.get(inode)!, true);
    return bytes;
  }
}

const NAMES = ["a", "b", "c", "d"];
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer);

/** A gateway that looks and changes as chance has it, and is never told what is not so. */
class Play {
  readonly truth: Truth = new Truth();
  readonly known: Known;
  hits = 0;
  readonly #next: (below: number) => number;
  /** Inodes that are being written: whether the file server has done it. */
  readonly #writes: { inode: number; isDone: boolean }[] = [];

  constructor(seed: number, isAlone: boolean) {
    this.#next = numbersFrom(seed);
    this.known = new Known({ changes: this.truth, isAlone, requireLife: () => {} });
  }

  lookUp(name: string): void {
    const { truth, known } = this;
    const inode = truth.names.get(name);
    const told = known.entryOf(named(name));
    if (told !== undefined) {
      this.hits++;
      assertEquals(told?.getUint32(ATTRIBUTE.inode, true), inode);
      if (told !== null) this.#assertCurrent(told, inode!);
      return;
    }
    if (inode === undefined) return known.noteNothing(named(name));
    const attributes = truth.attributes(inode);
    known.noteEntry(named(name), attributes, viewOf(attributes));
  }

  look(inode: number): void {
    const told = this.known.attributesOf(named("", inode));
    if (told === undefined) return this.known.note(this.truth.attributes(inode), inode);
    this.hits++;
    this.#assertCurrent(told, inode);
  }

  create(name: string): void {
    const { truth, known } = this;
    const isNew = known.entryOf(named(name)) === null;
    truth.make(name);
    const attributes = truth.attributes(truth.names.get(name)!);
    known.made(named(name), attributes, viewOf(attributes), isNew);
  }

  remove(name: string): void {
    if (this.truth.remove(name)) this.known.removed(named(name));
  }

  /** One step of what may be under way, or its beginning. */
  write(name: string): void {
    const { truth, known } = this;
    const inode = truth.names.get(name);
    const at = this.#next(2); // Few, so that often none is under way.
    const write = this.#writes[at];
    if (write === undefined) {
      if (inode === undefined) return;
      this.#writes.push({ inode, isDone: false });
      known.begun(inode);
    } else if (!write.isDone) {
      write.isDone = true;
      truth.change(write.inode);
    } else {
      this.#writes.splice(at, 1);
      known.ended(true, write.inode);
    }
  }

  /** Others, or the file server by itself. */
  changeElsewhere(): void {
    const name = NAMES[this.#next(NAMES.length)]!;
    const inode = this.truth.names.get(name);
    if (this.#next(3) === 0) this.truth.remove(name);
    else if (inode === undefined) this.truth.make(name);
    else this.truth.change(inode);
  }

  step(): void {
    const name = NAMES[this.#next(NAMES.length)]!;
    switch (this.#next(6)) {
      case 0:
        return this.create(name);
      case 1:
        return this.remove(name);
      case 2:
        return this.write(name);
      case 3:
        return this.look(this.truth.names.get(name) ?? DIRECTORY);
      case 4:
        return this.look(DIRECTORY);
      default:
        return this.lookUp(name);
    }
  }

  #assertCurrent(told: DataView, inode: number): void {
    const size = told.getFloat64(ATTRIBUTE.size, true);
    assertEquals(size, this.truth.sizes.get(inode), `of inode ${inode}`);
  }
}

Deno.test("what is known is what is so, whatever we change", () => {
  let hits = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const play = new Play(seed * 7919, true);
    for (let step = 0; step < 500; step++) play.step();
    hits += play.hits;
  }
  assert(hits > 1000, `known only ${hits} times`);
});

Deno.test("what is known is what is so, whatever others change", () => {
  let hits = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const play = new Play(seed * 7919, false);
    for (let step = 0; step < 500; step++) {
      play.step();
      if (step % 7 === seed % 7) play.changeElsewhere();
    }
    hits += play.hits;
  }
  assert(hits > 100, `known only ${hits} times`);
});

Deno.test("our own changes leave known what they do not change, where nobody else changes files", () => {
  const play = new Play(1, true);
  for (const name of ["a", "b"]) play.truth.make(name);
  for (const name of ["a", "b", "c"]) play.lookUp(name);
  play.create("c");
  play.remove("b");
  play.lookUp("a");
  play.lookUp("b");
  play.lookUp("c");
  assertEquals(play.hits, 3);
});

Deno.test("a change that we did not make voids all", () => {
  const play = new Play(1, true);
  play.truth.make("a");
  play.lookUp("a");
  play.lookUp("c");
  play.truth.make("b");
  play.create("c");
  assertEquals(play.known.entryOf(named("a")), undefined);
  assertEquals(play.known.entryOf(named("c")), undefined);
});

Deno.test("nothing is known of a name in a directory that had the number before", () => {
  const play = new Play(1, true);
  play.lookUp("a");
  assertEquals(play.known.entryOf(named("a")), null);
  assertEquals(play.known.entryOf({ ...named("a"), nodeGeneration: 2 }), undefined);
});

Deno.test("a life that is over knows nothing", () => {
  const changes = { nameGeneration: 1 };
  let isOver = false;
  const requireLife = () => {
    if (isOver) throw new Error("over");
  };
  const known = new Known({ changes, isAlone: true, requireLife });
  known.entryOf(named("a"));
  known.noteNothing(named("a"));
  assertEquals(known.entryOf(named("a")), null);
  isOver = true;
  let told: unknown = "nothing";
  try {
    told = known.entryOf(named("a"));
  } catch {
    // As it should be.
  }
  assertEquals(told, "nothing");
});

Deno.test("without a file server that counts, nothing is known", () => {
  const known = new Known({ changes: undefined, isAlone: true, requireLife: () => {} });
  assertEquals(known.entryOf(named("a")), undefined);
  known.noteNothing(named("a"));
  assertEquals(known.entryOf(named("a")), undefined);
});
