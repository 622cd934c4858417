import { randomOf } from "../ext4/test_random.ts";
import { assertEquals } from "@std/assert";
import { HASH_START, hashByte, NameCache, NAMED_TYPE, UNKNOWN } from "./name_cache.ts";
import { utf8 } from "./test_rig.ts";

function find(cache: NameCache, directory: number, name: string): number {
  const bytes = utf8(`//${name}/`);
  const end = bytes.byteLength - 1;
  let hash = HASH_START;
  for (let at = 2; at < end; at++) hash = hashByte(hash, bytes[at] as number);
  return cache.find(directory, hash, bytes, 2, end);
}

function fill(cache: NameCache, directory: number, name: string, inode: number): void {
  const bytes = utf8(`-${name}`);
  cache.fill(directory, inode, bytes, 1, bytes.byteLength);
}

Deno.test("NameCache finds what was filled, by directory and name", () => {
  const cache = new NameCache(64);
  fill(cache, 2, "one", 11);
  fill(cache, 3, "one", 12);
  fill(cache, 2, "none", 0);
  fill(cache, 2 ** 32 - 1, "far", 2 ** 32 - 2);
  assertEquals(find(cache, 2, "one"), 11);
  assertEquals(find(cache, 3, "one"), 12);
  assertEquals(find(cache, 2, "none"), 0);
  assertEquals(find(cache, 2 ** 32 - 1, "far"), 2 ** 32 - 2);
  assertEquals(find(cache, 2, "on"), UNKNOWN);
  assertEquals(find(cache, 4, "one"), UNKNOWN);
});

Deno.test("NameCache knows the type of what a name leads to until the name changes", () => {
  const cache = new NameCache(64);
  fill(cache, 2, "one", 11);
  assertEquals(cache.type, NAMED_TYPE.unknown);
  cache.setType(NAMED_TYPE.directory);
  find(cache, 2, "other");
  assertEquals(cache.type, NAMED_TYPE.unknown);
  assertEquals([find(cache, 2, "one"), cache.type], [11, NAMED_TYPE.directory]);
  cache.set(2, "one", 12);
  assertEquals([find(cache, 2, "one"), cache.type], [12, NAMED_TYPE.unknown]);
});

Deno.test("NameCache does without names that are too long", () => {
  const cache = new NameCache(64);
  const name = "x".repeat(57);
  fill(cache, 2, name, 11);
  cache.setType(NAMED_TYPE.other);
  cache.set(2, name, 12);
  assertEquals(find(cache, 2, name), UNKNOWN);
  fill(cache, 2, "x".repeat(56), 13);
  assertEquals(find(cache, 2, "x".repeat(56)), 13);
});

Deno.test("NameCache forgets what a rolled back operation set, and only that", () => {
  const cache = new NameCache(1024);
  cache.set(2, "old", 11);
  cache.committed();
  fill(cache, 2, "read", 14);
  cache.set(2, "old", 0);
  cache.set(2, "new", 12);
  cache.rolledBack();
  assertEquals(find(cache, 2, "old"), UNKNOWN);
  assertEquals(find(cache, 2, "new"), UNKNOWN);
  assertEquals(find(cache, 2, "read"), 14);
  for (let index = 0; index < 100; index++) cache.set(2, `many ${index}`, 5);
  cache.rolledBack();
  for (let index = 0; index < 100; index++) {
    assertEquals(find(cache, 2, `many ${index}`), UNKNOWN);
  }
});

Deno.test("NameCache says of a name what was said last, or nothing", () => {
  const random = randomOf(5);
  const cache = new NameCache(256);
  const model = new Map<string, number>();
  let known = 0;
  for (let step = 0; step < 20_000; step++) {
    const directory = 2 + random(5);
    const name = `n${random(200)}`;
    const key = `${directory} ${name}`;
    if (random(2) === 0) {
      const found = find(cache, directory, name);
      if (found !== UNKNOWN) {
        known++;
        assertEquals(found, model.get(key) ?? 0, key);
      } else fill(cache, directory, name, model.get(key) ?? 0);
    } else {
      const inode = random(3) === 0 ? 0 : 1 + random(1000);
      cache.set(directory, name, inode);
      if (random(4) === 0) cache.rolledBack();
      else {
        model.set(key, inode);
        cache.committed();
      }
    }
  }
  assertEquals(known > 500, true);
});
