import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { BlockCache } from "./block_cache.ts";
import type { CachePoint } from "./cache_options.ts";
import { BLOCK_KIND } from "./cached_block.ts";
import { RECORD, RECORDS_OFFSET, TAG_COUNT } from "./layouts/metadata_log.ts";
import { MemoryDisk } from "./memory_disk.ts";

const BLOCK_COUNT = 256;

function shared(byteLength: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(byteLength));
}

/** A cache over a blank disk, and what outlives it. */
class Fixture {
  readonly disk = new MemoryDisk(BLOCK_COUNT * 4096);
  log: Uint8Array;
  point: (name: CachePoint) => void = () => {};

  constructor(logBytes = 64 * 4096) {
    this.log = shared(logBytes);
  }

  cache(): BlockCache {
    const { disk, log } = this;
    return new BlockCache(disk, shared(64 * 4096), { log, point: (name) => this.point(name) });
  }

  /** What a successor finds when the incarnation ends right now. */
  successor(): BlockCache {
    this.log = this.log.slice(0);
    const copy = shared(this.log.byteLength);
    copy.set(this.log);
    this.log = copy;
    return this.cache();
  }
}

/** Commits one block filled with a byte. */
function set(cache: BlockCache, block: number, byte: number, sequence = byte): void {
  const cached = cache.get(block, BLOCK_KIND.directory, 7);
  cache.change(cached);
  cached.bytes.fill(byte);
  cache.commit({ badge: 3, sequence }, -byte);
}

Deno.test("what was committed is not on the disk, but a successor has it, with tags", () => {
  const fixture = new Fixture();
  const cache = fixture.cache();
  set(cache, 5, 1);
  set(cache, 5, 2);
  set(cache, 6, 3);
  assertEquals(fixture.disk.blocks().size, 0);
  const successor = fixture.successor();
  assertEquals(successor.get(5, BLOCK_KIND.directory, 7).bytes[4095], 2);
  assertEquals(successor.get(6, BLOCK_KIND.directory, 7).bytes[0], 3);
  assertEquals(successor.inheritedTags, [
    { badge: 3, sequence: 1, result: -1 },
    { badge: 3, sequence: 2, result: -2 },
    { badge: 3, sequence: 3, result: -3 },
  ]);
  assertEquals(fixture.disk.blocks().size, 0);
  successor.checkpoint();
  assertEquals([...fixture.disk.blocks().keys()].sort(), [5, 6]);
  assert(successor.isClean, "nothing is left");
  assertEquals(fixture.successor().isClean, true);
});

Deno.test("tags outlive checkpoints, the newest of them", () => {
  const fixture = new Fixture();
  const cache = fixture.cache();
  for (let at = 1; at <= 50; at++) {
    set(cache, 1 + at % 3, at);
    if (at % 7 === 0) cache.checkpoint();
  }
  const tags = fixture.successor().inheritedTags;
  assertEquals(tags.length, TAG_COUNT);
  assertEquals(tags.map(({ sequence }) => sequence), tags.map((_, at) => 51 - TAG_COUNT + at));
});

Deno.test("a record that does not count is as if it had not been written", () => {
  const fixture = new Fixture();
  const cache = fixture.cache();
  set(cache, 5, 1);
  fixture.point = (name) => {
    if (name === "fs.log.written") throw new Error("dead");
  };
  assertThrows(() => set(cache, 5, 2), Error, "dead");
  fixture.point = () => {};
  const successor = fixture.successor();
  assertEquals(successor.get(5, BLOCK_KIND.directory, 7).bytes[0], 1);
  assertEquals(successor.inheritedTags.length, 1);
  // It goes on behind the last one that counts.
  set(successor, 6, 3);
  const third = fixture.successor();
  assertEquals(third.get(5).bytes[0], 1);
  assertEquals(third.get(6).bytes[0], 3);
});

Deno.test("an image in use is not written over, however often blocks are logged", () => {
  const fixture = new Fixture(24 * 4096);
  const cache = fixture.cache();
  set(cache, 9, 99);
  let checkpoints = 0;
  fixture.point = (name) => {
    if (name === "fs.checkpoint.emptied") checkpoints++;
    if (name !== "fs.log.written" || checkpoints > 0) return;
    const kept = fixture.log;
    assertEquals(fixture.successor().get(9).bytes[4095], 99);
    fixture.log = kept;
  };
  for (let at = 1; at < 100; at++) set(cache, at % 4, at);
  assertEquals(cache.get(9).bytes[0], 99);
});

Deno.test("what changes again and again reaches the disk seldom", () => {
  const fixture = new Fixture(24 * 4096);
  const cache = fixture.cache();
  let count = 0;
  fixture.disk.before = (call) => void (call === "transact" && count++);
  for (let at = 1; at <= 300; at++) set(cache, at % 4, at & 255, at);
  assert(count >= 1 && count <= 3, `${count} transactions`);
});

Deno.test("a copy of the log that is made beside a running commit is one state or another", () => {
  const fixture = new Fixture(128 * 4096);
  const cache = fixture.cache();
  for (let at = 1; at < 40; at++) set(cache, at % 4, at);
  // The head as it was, all behind it as it is ten commits later.
  const head = fixture.log.slice(0, RECORDS_OFFSET);
  for (let at = 40; at < 50; at++) set(cache, at % 4, at);
  fixture.log.set(head);
  const successor = fixture.successor();
  for (let at = 36; at < 40; at++) assertEquals(successor.get(at % 4).bytes[4095], at);
});

Deno.test("an operation that is larger than the log is a transaction of its own", () => {
  const fixture = new Fixture(24 * 4096);
  const cache = fixture.cache();
  set(cache, 3, 1);
  for (let block = 10; block < 40; block++) {
    cache.fresh(block, BLOCK_KIND.directory).bytes.fill(block);
  }
  cache.commit({ badge: 4, sequence: 9 }, 5);
  assertEquals(fixture.disk.lastTag(), { badge: 4, sequence: 9, result: 5 });
  assert(cache.isClean, "the log was emptied first");
  const successor = fixture.successor();
  assertEquals(successor.inheritedTags.at(-1), { badge: 4, sequence: 9, result: 5 });
  for (let block = 10; block < 40; block++) assertEquals(successor.get(block).bytes[7], block);
});

Deno.test("a block that was freed is not brought back by a successor", () => {
  const fixture = new Fixture();
  const cache = fixture.cache();
  set(cache, 5, 1);
  cache.forget(5);
  set(cache, 6, 2);
  const successor = fixture.successor();
  successor.checkpoint();
  assertEquals([...fixture.disk.blocks().keys()], [6]);
});

Deno.test("data written in place is not undone by what the log held of its block", () => {
  for (const blockBytes of [1024, 4096]) {
    const disk = new MemoryDisk(BLOCK_COUNT * 4096);
    const log = shared(64 * 4096);
    const options = { blockBytes, log };
    const cache = new BlockCache(disk, shared(64 * 4096), options);
    const half = cache.get(20, BLOCK_KIND.plain);
    cache.change(half);
    half.bytes.fill(1);
    set(cache, 21, 2);
    cache.forget(21);
    set(cache, 23, 4);
    const data = shared(2 * blockBytes);
    data.fill(9);
    cache.writeData(20, 2, data);
    const seen = shared(2 * blockBytes);
    for (const next of [cache, new BlockCache(disk, shared(64 * 4096), options)]) {
      next.readData(20, 2, seen);
      assertEquals(seen, data);
      next.checkpoint();
      next.readData(20, 2, seen);
      assertEquals(seen, data);
      assertEquals(next.get(23, BLOCK_KIND.directory, 7).bytes[0], 4);
    }
  }
});

Deno.test("a log that does not fit the cache is refused, and stays as it is", () => {
  const disk = new MemoryDisk(BLOCK_COUNT * 4096);
  const log = shared(128 * 4096);
  const cache = new BlockCache(disk, shared(128 * 4096), { log });
  for (let block = 0; block < 100; block++) set(cache, block, block);
  const small = () => new BlockCache(disk, shared(64 * 4096), { log });
  assertEquals(assertThrows(small, OsError).code, "ENOMEM");
  assertEquals(new BlockCache(disk, shared(128 * 4096), { log }).get(99).bytes[0], 99);
  assertEquals(disk.blocks().size, 0);
});

Deno.test("a log that is damaged, or another's, is refused and not believed", () => {
  const damage: [string, (words: Uint32Array) => void][] = [
    ["magic", (words) => words[0]! ^= 1],
    ["block size", (words) => words[1] = 1024],
    ["length", (words) => words[2]!++],
    ["first record", (words) => words[3]!--],
    ["last record", (words) => words[4]! += 3],
    ["number", (words) => words[(RECORDS_OFFSET >> 2) + RECORD.number]!++],
    ["count", (words) => words[(RECORDS_OFFSET >> 2) + RECORD.entryCount] = 0xffff_ffff],
    ["count by one", (words) => words[(RECORDS_OFFSET >> 2) + RECORD.entryCount]!++],
    ["sum", (words) => words[(RECORDS_OFFSET >> 2) + RECORD.sum]!++],
    ["tag", (words) => words[(RECORDS_OFFSET >> 2) + RECORD.badge]!++],
  ];
  for (const [what, spoil] of damage) {
    const fixture = new Fixture();
    const cache = fixture.cache();
    set(cache, 5, 1);
    set(cache, 6, 2);
    spoil(new Uint32Array(fixture.log.buffer));
    const error = assertThrows(() => fixture.successor(), OsError, "metadata log", what);
    assertEquals(error.code, "EUCLEAN", what);
  }
});

Deno.test("any single word of a log may be anything: no crash, no block beyond the disk", () => {
  const fixture = new Fixture();
  const cache = fixture.cache();
  for (let at = 1; at < 6; at++) set(cache, at, at);
  const intact = fixture.log;
  const end = (RECORDS_OFFSET >> 2) + 70;
  for (let word = 0; word < end; word++) {
    for (const value of [0, 1, 0xff, 0xffff_ffff, 0x8000_0000]) {
      fixture.log = shared(intact.byteLength);
      fixture.log.set(intact);
      new Uint32Array(fixture.log.buffer)[word] = value;
      try {
        fixture.cache();
      } catch (error) {
        assert(error instanceof OsError && error.code === "EUCLEAN", String(error));
      }
    }
  }
});
