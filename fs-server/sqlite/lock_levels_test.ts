import { assertEquals } from "@std/assert";
import { LEVEL, type LockableFile, LockLevel } from "./lock_levels.ts";

/** Byte-range locks of one file, as `fcntl` has them: by owner and byte. */
class RangeLocks implements LockableFile {
  readonly #locks: Map<string, { owner: number; byte: number; isExclusive: boolean }> = new Map();

  tryLockRangeSync(lock: Parameters<LockableFile["tryLockRangeSync"]>[0]): boolean {
    if (this.testLockSync(lock) !== undefined) return false;
    const { owner, offset, byteLength, isExclusive } = lock;
    for (let byte = offset; byte < offset + byteLength; byte++) {
      this.#locks.set(`${owner} ${byte}`, { owner, byte, isExclusive });
    }
    return true;
  }

  unlockRangeSync(owner: number, range: { offset: number; byteLength: number }): void {
    for (let byte = range.offset; byte < range.offset + range.byteLength; byte++) {
      this.#locks.delete(`${owner} ${byte}`);
    }
  }

  testLockSync(lock: Parameters<LockableFile["testLockSync"]>[0]): unknown {
    const { owner, offset, byteLength, isExclusive } = lock;
    return [...this.#locks.values()].find((held) => {
      const isThere = held.byte >= offset && held.byte < offset + byteLength;
      return isThere && held.owner !== owner && (held.isExclusive || isExclusive);
    });
  }

  get count(): number {
    return this.#locks.size;
  }
}

Deno.test("LockLevel.rise() lets readers share, one writer prepare, and wait for them", () => {
  const locks = new RangeLocks();
  const [first, second, third] = [1, 2, 3].map(() => new LockLevel(locks)) as [
    LockLevel,
    LockLevel,
    LockLevel,
  ];
  assertEquals(first.rise(LEVEL.shared), true);
  assertEquals(second.rise(LEVEL.shared), true);
  assertEquals(first.isReserved(), false);
  assertEquals(first.rise(LEVEL.reserved), true);
  assertEquals(second.rise(LEVEL.reserved), false, "one prepares");
  assertEquals([first.isReserved(), second.isReserved()], [true, true]);
  assertEquals(third.rise(LEVEL.shared), true, "readers still come in");
  assertEquals(first.rise(LEVEL.exclusive), false);
  assertEquals(first.current, LEVEL.pending, "it waits for the readers");
  third.fall(LEVEL.none);
  assertEquals(third.rise(LEVEL.shared), false, "no new ones");
  assertEquals(third.current, LEVEL.none);
  second.fall(LEVEL.none);
  assertEquals(first.rise(LEVEL.exclusive), true);
  assertEquals(second.rise(LEVEL.shared), false);
  first.fall(LEVEL.shared);
  assertEquals([second.rise(LEVEL.shared), second.isReserved()], [true, false]);
  for (const level of [first, second, third]) level.fall(LEVEL.none);
  assertEquals(locks.count, 0, "nothing is left");
});

Deno.test("LockLevel.rise() from shared to exclusive at once takes the database for itself", () => {
  const locks = new RangeLocks();
  const [first, second] = [new LockLevel(locks), new LockLevel(locks)];
  first.rise(LEVEL.shared);
  assertEquals(first.rise(LEVEL.exclusive), true);
  assertEquals(second.rise(LEVEL.shared), false);
  first.fall(LEVEL.none);
  assertEquals(second.rise(LEVEL.shared), true);
});

Deno.test("no order of rises and falls lets two write, or one read beside a writer", () => {
  const locks = new RangeLocks();
  const levels = [1, 2, 3].map(() => new LockLevel(locks));
  let state = 7;
  const draw = (bound: number) => {
    state = Math.imul(state, 1103515245) + 12345 >>> 0;
    return (state >>> 8) % bound;
  };
  for (let step = 0; step < 20_000; step++) {
    const level = levels[draw(3)]!;
    if (draw(3) === 0) level.fall(draw(2));
    else if (level.current === LEVEL.none) level.rise(LEVEL.shared);
    else level.rise(draw(2) === 0 ? LEVEL.reserved : LEVEL.exclusive);
    const now = levels.map(({ current }) => current);
    const count = (level: number) => now.filter((current) => current === level).length;
    const isAlone = now.filter((current) => current !== LEVEL.none).length === 1;
    assertEquals(count(LEVEL.reserved) <= 1, true, now.join());
    assertEquals(count(LEVEL.pending) + count(LEVEL.exclusive) <= 1, true, now.join());
    if (now.includes(LEVEL.exclusive)) assertEquals(isAlone, true, now.join());
  }
});
