import { randomOf } from "../ext4/test_random.ts";
import { assert, assertEquals } from "@std/assert";
import { type Later, OsError } from "@hako/ipc";
import { LOCK } from "../protocol.ts";
import { LOCK_WORDS, regionsOf } from "./layouts/open_keep.ts";
import { LockWaits } from "./lock_waits.ts";
import { type LockRequest, Locks } from "./locks.ts";
import { sharedBytes } from "../ext4/test_images.ts";

const SPAN = 24;
const KEEP_BYTES = 1024 + 16 * 1024;

function locksOf(keep: Uint8Array): Locks {
  return new Locks(regionsOf(keep).locks);
}

function range(owner: number, kind: number, start: number, end: number): LockRequest {
  const client = owner % 2;
  return { inode: 7, isRange: true, client, owner, handle: owner + 100, kind, start, end };
}

/** Each byte's lock by owner: the simplest thing that locks can be. */
class Model {
  readonly bytes: Map<number, number>[] = Array.from({ length: SPAN }, () => new Map());

  mayLock({ owner, kind, start, end }: LockRequest): boolean {
    return this.bytes.slice(start, end).every((byte) =>
      [...byte].every(([other, held]) =>
        other === owner || (held === LOCK.shared && kind === LOCK.shared)
      )
    );
  }

  set({ owner, kind, start, end }: LockRequest): void {
    for (const byte of this.bytes.slice(start, end)) {
      if (kind === LOCK.none) byte.delete(owner);
      else byte.set(owner, kind);
    }
  }

  /** Runs of bytes that an owner holds alike: as many records as there should be. */
  runs(): number {
    let count = 0;
    for (let owner = 0; owner < 4; owner++) {
      let before: number | undefined;
      for (const byte of this.bytes) {
        const kind = byte.get(owner);
        if (kind !== undefined && kind !== before) count++;
        before = kind;
      }
    }
    return count;
  }
}

/** Compares what every owner could lock with what the model says. */
function compare(locks: Locks, model: Model): void {
  for (let at = 0; at < SPAN; at++) {
    for (let owner = 0; owner < 5; owner++) {
      for (const kind of [LOCK.shared, LOCK.exclusive]) {
        const wanted = range(owner, kind, at, at + 1);
        assertEquals(locks.conflicts(wanted).length === 0, model.mayLock(wanted));
      }
    }
  }
}

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`Locks does what a lock for each byte would do, and so does a successor, seed ${seed}`, () => {
    const random = randomOf(seed);
    let keep = sharedBytes(KEEP_BYTES);
    let locks = locksOf(keep);
    const model = new Model();
    for (let count = 0; count < 1500; count++) {
      const start = random(SPAN - 1);
      const end = start + 1 + random(SPAN - 1 - start);
      const wanted = range(random(4), random(3), start, end);
      const isFree = locks.conflicts(wanted).length === 0;
      assertEquals(isFree, wanted.kind === LOCK.none || model.mayLock(wanted));
      if (isFree) {
        locks.set(wanted);
        model.set(wanted);
      }
      if (count % 50 !== 0) continue;
      compare(locks, model);
      assertEquals(locks.heldCount, model.runs(), "as few records as there can be");
      keep = copyOf(keep);
      locks = locksOf(keep);
      compare(locks, model);
    }
  });
}

Deno.test("Locks.set() done again after a death at any store ends where it would have ended", () => {
  const before = [
    range(1, LOCK.exclusive, 0, 10),
    range(1, LOCK.shared, 12, 20),
    range(2, LOCK.shared, 14, 22),
  ];
  const changes = [
    range(1, LOCK.shared, 3, 5),
    range(1, LOCK.none, 2, 16),
    range(1, LOCK.shared, 8, 14),
  ];
  for (const change of changes) {
    const expected = new Model();
    for (const lock of [...before, change]) expected.set(lock);
    for (let store = 0;; store++) {
      const keep = sharedBytes(KEEP_BYTES);
      const locks = locksOf(keep);
      for (const lock of before) locks.set(lock);
      const left = storesOf(keep, () => locks.set(change), store);
      const successor = locksOf(left.keep);
      const others = range(3, LOCK.exclusive, 0, 2);
      // What was locked before and after is locked in between too.
      assertEquals(successor.conflicts(others).length > 0, !expected.mayLock(others));
      successor.set(change);
      compare(successor, expected);
      if (left.isWhole) break;
    }
  }
});

/** The keep as it is after so many commit words have been stored. */
function storesOf(keep: Uint8Array, body: () => void, count: number) {
  const { store } = Atomics;
  let left = count;
  let copy: Uint8Array | undefined;
  Atomics.store = ((array: Int32Array, index: number, value: number) => {
    if (left-- === 0) copy = copyOf(keep);
    return store(array, index, value);
  }) as typeof store;
  try {
    body();
  } finally {
    Atomics.store = store;
  }
  return { keep: copy ?? keep, isWhole: copy === undefined };
}

Deno.test("Locks.set() refuses with ENOLCK when there is no room, and changes nothing", () => {
  const keep = sharedBytes(1024 + 4 * 4 * LOCK_WORDS * 4);
  const locks = locksOf(keep);
  const room = regionsOf(keep).locks.count;
  for (let index = 0; index < room - 1; index++) {
    locks.set(range(1, LOCK.exclusive, index * 10, index * 10 + 5));
  }
  const before = copyOf(keep);
  const error = thrown(() => locks.set(range(1, LOCK.shared, 1, 3)));
  assertEquals(error, "ENOLCK");
  assertEquals(copyOf(keep), before);
  locks.set(range(1, LOCK.none, 0, 5));
  locks.set(range(1, LOCK.shared, 1, 3));
});

Deno.test("flock and range locks do not see each other; a handle's lock is its own", () => {
  const locks = locksOf(sharedBytes(KEEP_BYTES));
  const whole = { inode: 7, isRange: false, client: 1, owner: 0, start: 0, end: Infinity };
  locks.set({ ...whole, handle: 5, kind: LOCK.exclusive });
  locks.set(range(1, LOCK.exclusive, 0, 100));
  assertEquals(locks.conflicts({ ...whole, handle: 6, kind: LOCK.shared }).length, 1);
  assertEquals(locks.conflicts({ ...whole, handle: 5, kind: LOCK.shared }).length, 0);
  assertEquals(locks.releaseHandle(7, 5, 1), true);
  assertEquals(locks.conflicts({ ...whole, handle: 6, kind: LOCK.shared }).length, 0);
  assertEquals(locks.heldCount, 1);
});

Deno.test("a close frees the client's own ranges of the file, and others' that came by the handle", () => {
  const locks = locksOf(sharedBytes(KEEP_BYTES));
  const own = { inode: 7, isRange: true, client: 1, owner: 0, handle: 10, kind: LOCK.shared };
  locks.set({ ...own, start: 0, end: 5 });
  locks.set({ ...own, owner: 3, handle: 10, start: 0, end: 5 });
  locks.set({ ...own, owner: 4, handle: 11, start: 0, end: 5 });
  locks.set({ ...own, client: 2, handle: 12, start: 0, end: 5 });
  locks.releaseHandle(7, 11, 1);
  assertEquals(locks.heldCount, 2, "owner 3 of handle 10 and client 2 are left");
  assertEquals(locks.releaseOthersThan(new Set([2])), [7]);
  assertEquals(locks.heldCount, 1);
});

/** The request by which somebody waits. */
const ASKED = { badge: 1, sequence: 1 };

/** Answers as the channel would take them. */
function laterOf(answers: number[]): Later {
  return { answer: (result) => void answers.push(result), isAbandoned: () => false };
}

Deno.test("those who wait are given what is free, in the order in which they came", () => {
  const locks = locksOf(sharedBytes(KEEP_BYTES));
  const waits = new LockWaits(locks);
  const answers: number[][] = [[], [], []];
  locks.set(range(1, LOCK.exclusive, 0, 10));
  waits.add(range(2, LOCK.shared, 0, 4), ASKED, laterOf(answers[0]!));
  waits.add(range(3, LOCK.exclusive, 2, 6), ASKED, laterOf(answers[1]!));
  waits.add(range(4, LOCK.shared, 3, 4), ASKED, laterOf(answers[2]!));
  locks.set(range(1, LOCK.none, 5, 10));
  waits.grant(7);
  assertEquals(answers, [[], [], []]);
  locks.set(range(1, LOCK.none, 0, 10));
  waits.grant(7);
  assertEquals(answers, [[0], [], [0]]);
  waits.closed(103, 1, 9);
  assertEquals(answers[1], [-9]);
  assertEquals(waits.count, 0);
});

Deno.test("a request that nobody waits for any more is given no lock", () => {
  const locks = locksOf(sharedBytes(KEEP_BYTES));
  const waits = new LockWaits(locks);
  const answers: number[] = [];
  locks.set(range(1, LOCK.exclusive, 0, 10));
  waits.add(range(2, LOCK.shared, 0, 4), ASKED, { ...laterOf(answers), isAbandoned: () => true });
  locks.set(range(1, LOCK.none, 0, 10));
  waits.grant(7);
  assertEquals([locks.heldCount, waits.count], [0, 1]);
  waits.sweep(125);
  assertEquals([answers, waits.count], [[-125], 0]);
});

Deno.test("a circle of owners that wait for each other is refused, however long", () => {
  for (const length of [2, 3, 7]) {
    const locks = locksOf(sharedBytes(KEEP_BYTES));
    const waits = new LockWaits(locks);
    for (let owner = 0; owner < length; owner++) {
      locks.set(range(owner, LOCK.exclusive, owner, owner + 1));
    }
    for (let owner = 0; owner < length - 1; owner++) {
      const wanted = range(owner, LOCK.exclusive, owner + 1, owner + 2);
      waits.requireNoCircle(wanted);
      waits.add(wanted, ASKED, laterOf([]));
    }
    const last = range(length - 1, LOCK.shared, 0, 1);
    assertEquals(thrown(() => waits.requireNoCircle(last)), "EDEADLK");
    waits.requireNoCircle(range(length, LOCK.shared, 0, 1));
  }
});

function thrown(body: () => void): string {
  try {
    body();
  } catch (error) {
    assert(error instanceof OsError, String(error));
    return error.code;
  }
  return "nothing";
}

function copyOf(keep: Uint8Array): Uint8Array {
  const copy = sharedBytes(keep.byteLength);
  copy.set(keep);
  return copy;
}
