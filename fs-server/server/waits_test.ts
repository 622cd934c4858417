import { assert, assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import { WATCH_EVENT_HEAD, watchEventBytes } from "../layouts/watch_event.ts";
import { LOCK, OPEN, WAIT_REQUESTS_MAX, WATCH_EVENT } from "../protocol.ts";
import { sharedBytes } from "../ext4/test_images.ts";
import { Death, Rig, utf8 } from "./test_rig.ts";
import { EVENTS_MAX } from "./watches.ts";

const create = OPEN.create | OPEN.readWrite;

/** What a request of a rig is answered, or `undefined` while it waits. */
function begin(
  rig: Rig,
  operation: "flock" | "lock" | "watch",
  values: Parameters<Rig["answer"]>[1],
): () => number | undefined {
  const reply = rig.request(operation, values as never);
  const { sequence } = rig;
  return () => typeof reply === "number" ? reply : rig.lateAnswers.get(sequence);
}

function flock(rig: Rig, handle: number, kind: number): () => number | undefined {
  return begin(rig, "flock", { handle, kind, wait: true });
}

function lock(rig: Rig, handle: number, kind: number, range: { owner: number; offset: number }) {
  return begin(rig, "lock", { handle, kind, wait: true, byteLength: 10, ...range });
}

/** Two clients, each with a handle of one file. */
function twoClients(): { rig: Rig; first: number; second: number } {
  const rig = new Rig({ clients: new Map([[1, 101], [2, 102]]) });
  const first = rig.open("/f", create) as number;
  rig.badge = 2;
  const second = rig.open("/f", create) as number;
  rig.badge = 1;
  return { rig, first, second };
}

Deno.test("a lock that is waited for is given when it is free", () => {
  const { rig, first, second } = twoClients();
  assertEquals(flock(rig, first, LOCK.exclusive)(), 0);
  rig.badge = 2;
  assertEquals(rig.answer("flock", { handle: second, kind: LOCK.shared, wait: false }), "EAGAIN");
  const answer = flock(rig, second, LOCK.shared);
  assertEquals(answer(), undefined);
  rig.badge = 1;
  assertEquals(flock(rig, first, LOCK.none)(), 0);
  assertEquals(answer(), 0);
  assertEquals(rig.answer("flock", { handle: first, kind: LOCK.exclusive, wait: false }), "EAGAIN");
});

Deno.test("locks are free when their handle is closed, and waits through it end", () => {
  const { rig, first, second } = twoClients();
  flock(rig, first, LOCK.exclusive);
  rig.badge = 2;
  const ended = flock(rig, second, LOCK.exclusive);
  const other = rig.open("/f", create) as number;
  const given = flock(rig, other, LOCK.exclusive);
  rig.answer("close", { handle: second });
  assertEquals([ended(), given()], [-ERRNO.EBADF, undefined]);
  rig.badge = 1;
  rig.answer("close", { handle: first });
  assertEquals(given(), 0);
});

Deno.test("a wait ends in time for its slot to come round, and may be asked for again", () => {
  const { rig, first, second } = twoClients();
  flock(rig, first, LOCK.exclusive);
  rig.badge = 2;
  const target = sharedBytes(4096);
  const locked = flock(rig, second, LOCK.exclusive);
  const watched = begin(rig, "watch", { handle: second, after: 0, target } as never);
  for (let further = 0; further < WAIT_REQUESTS_MAX - 2; further++) rig.stat("/f");
  assertEquals([locked(), watched()], [undefined, undefined]);
  rig.stat("/f");
  rig.stat("/f");
  assertEquals([locked(), watched()], [-ERRNO.EINTR, watchEventBytes(0)]);
  const view = new DataView(target.buffer);
  assertEquals(view.getUint32(WATCH_EVENT_HEAD.kind, true), WATCH_EVENT.none);
  const after = view.getFloat64(WATCH_EVENT_HEAD.number, true);
  rig.writeFile("/f", "now"); // Between the end of one wait and the next: not lost.
  assert(begin(rig, "watch", { handle: second, after, target } as never)()! > 0);
});

Deno.test("a client's own ranges are free at any close of the file, others with their handle", () => {
  const { rig, first, second } = twoClients();
  const again = rig.open("/f", create) as number;
  lock(rig, first, LOCK.exclusive, { owner: 0, offset: 0 });
  lock(rig, first, LOCK.exclusive, { owner: 7, offset: 100 });
  rig.badge = 2;
  const own = lock(rig, second, LOCK.exclusive, { owner: 0, offset: 5 });
  const others = lock(rig, second, LOCK.exclusive, { owner: 0, offset: 105 });
  assertEquals([own(), others()], [undefined, undefined]);
  rig.badge = 1;
  rig.answer("close", { handle: again });
  assertEquals([own(), others()], [0, undefined]);
  rig.answer("close", { handle: first });
  assertEquals(others(), 0);
});

Deno.test("clients that wait for each other's ranges are told so", () => {
  const { rig, first, second } = twoClients();
  lock(rig, first, LOCK.exclusive, { owner: 0, offset: 0 });
  rig.badge = 2;
  lock(rig, second, LOCK.exclusive, { owner: 0, offset: 100 });
  assertEquals(lock(rig, second, LOCK.exclusive, { owner: 0, offset: 0 })(), undefined);
  rig.badge = 1;
  const deadlock = lock(rig, first, LOCK.exclusive, { owner: 0, offset: 100 });
  assertEquals(deadlock(), -ERRNO.EDEADLK);
});

Deno.test("testLock tells the first lock in the way, and whose it is", () => {
  const { rig, first, second } = twoClients();
  lock(rig, first, LOCK.shared, { owner: 3, offset: 20 });
  lock(rig, first, LOCK.exclusive, { owner: 4, offset: 40 });
  const test = (handle: number, kind: number, offset: number) =>
    rig.request("testLock", { handle, owner: 9, kind, offset, byteLength: 0 });
  const own = { kind: LOCK.shared, offset: 20, byteLength: 10, owner: 3, isOwnClient: true };
  assertEquals(test(first, LOCK.exclusive, 0), own);
  rig.badge = 2;
  const others = { ...own, kind: LOCK.exclusive, offset: 40, owner: 4, isOwnClient: false };
  assertEquals(test(second, LOCK.shared, 0), others);
  const none = { kind: LOCK.none, offset: 0, byteLength: 0, owner: 0, isOwnClient: false };
  assertEquals(test(second, LOCK.exclusive, 50), none);
  assertEquals(test(second, LOCK.none, 0), -ERRNO.EINVAL);
});

Deno.test("locks outlive the server, and who waited waits again", () => {
  const { rig, first, second } = twoClients();
  flock(rig, first, LOCK.exclusive);
  lock(rig, first, LOCK.exclusive, { owner: 0, offset: 0 });
  rig.succeed();
  rig.badge = 2;
  const whole = flock(rig, second, LOCK.shared);
  const range = lock(rig, second, LOCK.shared, { owner: 0, offset: 5 });
  assertEquals([whole(), range()], [undefined, undefined]);
  rig.succeed();
  const wholeAgain = flock(rig, second, LOCK.shared);
  const rangeAgain = lock(rig, second, LOCK.shared, { owner: 0, offset: 5 });
  assertEquals([wholeAgain(), rangeAgain()], [undefined, undefined]);
  rig.badge = 1;
  rig.answer("close", { handle: first });
  assertEquals([wholeAgain(), rangeAgain()], [0, 0]);
});

Deno.test("all that a client has ends with its life: handles, locks, waits, files without a name", () => {
  const { rig, first, second } = twoClients();
  const before = rig.fs.usage();
  const orphan = rig.open("/orphan", create) as number;
  const source = sharedBytes(100_000);
  rig.answer("write", { handle: orphan, offset: 0, append: false, source });
  rig.answer("unlink", { path: utf8("/orphan") });
  flock(rig, first, LOCK.exclusive);
  rig.badge = 2;
  const waiting = flock(rig, second, LOCK.exclusive);
  // The same client lives again before anybody asks: its old handles are not the new life's.
  rig.clients!.set(1, 201);
  rig.fs.clientGone(1);
  assertEquals(waiting(), 0);
  assertEquals(rig.fs.usage(), before);
  rig.badge = 1;
  assertEquals(rig.answer("fstat", { handle: first }), "EBADF");
  assertEquals(rig.fs.mount.table.openCount, 1);
});

Deno.test("a client that dies while the server is dead is noticed by the next incarnation", () => {
  const { rig, first, second } = twoClients();
  flock(rig, first, LOCK.exclusive);
  rig.answer("unlink", { path: utf8("/f") });
  rig.clients!.delete(1);
  rig.succeed();
  assertEquals(rig.fs.mount.table.openCount, 1);
  rig.badge = 2;
  assertEquals(flock(rig, second, LOCK.exclusive)(), 0);
  rig.clients!.clear();
  rig.succeed();
  assertEquals(rig.fs.mount.orphans.list(), []);
  assertEquals(rig.fsck().code, 0);
});

Deno.test("the end of a client is done by the successor if the server dies in it, at any point", () => {
  for (let at = 1;; at++) {
    const { rig } = twoClients();
    const handle = rig.open("/g", create) as number;
    const source = sharedBytes(50_000);
    rig.answer("write", { handle, offset: 0, append: false, source });
    rig.answer("unlink", { path: utf8("/g") });
    rig.clients!.delete(1);
    let left = at;
    rig.onPoint = () => {
      if (--left === 0) rig.die("point");
    };
    let died = false;
    try {
      rig.fs.clientGone(1);
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      died = true;
    }
    rig.onPoint = () => {};
    if (died) rig.succeed();
    assertEquals(rig.fs.mount.table.openCount, 1, `point ${at}`);
    assertEquals(rig.fs.mount.orphans.list(), [], `point ${at}`);
    assertEquals(rig.fsck().code, 0, `point ${at}`);
    if (!died) break;
  }
});

Deno.test("a wait that nobody waits for any more ends, and takes no lock", () => {
  const { rig, first, second } = twoClients();
  flock(rig, first, LOCK.exclusive);
  rig.badge = 2;
  const waiting = flock(rig, second, LOCK.exclusive);
  rig.abandoned.add(rig.sequence);
  rig.badge = 1;
  flock(rig, first, LOCK.none);
  assertEquals(waiting(), undefined);
  assertEquals(flock(rig, first, LOCK.exclusive)(), 0);
  rig.fs.locking.sweep();
  assertEquals([waiting(), rig.fs.locking.waitCount], [-ERRNO.ECANCELED, 0]);
});

/** One event as a test tells it. */
interface Told {
  readonly number: number;
  readonly kind: number;
  readonly name: string;
}

/** Watches through a handle; answers what was told, or `undefined` while nothing was. */
function watch(rig: Rig, handle: number, after = 0, byteLength = 4096): () => Told[] | undefined {
  const target = sharedBytes(byteLength);
  const answer = begin(rig, "watch", { handle, after, target });
  return () => {
    const count = answer();
    return count === undefined ? undefined : toldIn(target, count);
  };
}

function toldIn(target: Uint8Array, byteLength: number): Told[] {
  assert(byteLength >= 0, `watch answers ${byteLength}`);
  const view = new DataView(target.buffer);
  const told: Told[] = [];
  for (let at = 0; at < byteLength;) {
    const nameBytes = view.getUint32(at + WATCH_EVENT_HEAD.nameBytes, true);
    const start = at + WATCH_EVENT_HEAD.name;
    told.push({
      number: view.getFloat64(at + WATCH_EVENT_HEAD.number, true),
      kind: view.getUint32(at + WATCH_EVENT_HEAD.kind, true),
      name: new TextDecoder().decode(target.slice(start, start + nameBytes)),
    });
    at += watchEventBytes(nameBytes);
  }
  return told;
}

function kinds(told: Told[] | undefined): [number, string][] | undefined {
  return told?.map(({ kind, name }) => [kind, name]);
}

const { rename, change, overflow } = WATCH_EVENT;

Deno.test("a directory's watcher is told of every change of its names and of what they name", () => {
  const rig = new Rig();
  rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 });
  const d = rig.open("/d") as number;
  const steps: [() => unknown, [number, string][]][] = [
    [() => rig.writeFile("/d/f", ""), [[rename, "f"]]],
    [() => rig.writeFile("/d/f", "x"), [[change, "f"]]],
    [() => rig.answer("mkdir", { path: utf8("/d/e"), mode: 0o755 }), [[rename, "e"]]],
    [() => rig.answer("symlink", { target: utf8("f"), path: utf8("/d/s") }), [[rename, "s"]]],
    [() => rig.answer("link", { source: utf8("/d/f"), target: utf8("/d/g") }), [[rename, "g"]]],
    [() => rig.answer("chmod", { path: utf8("/d/f"), mode: 0o600 }), [[change, "f"]]],
    [() => rig.answer("unlink", { path: utf8("/d/s") }), [[rename, "s"]]],
    [() => rig.answer("rmdir", { path: utf8("/d/e") }), [[rename, "e"]]],
    [() => rig.answer("rename", { source: utf8("/d/f"), target: utf8("/h") }), [[rename, "f"]]],
    [() => rig.answer("rename", { source: utf8("/h"), target: utf8("/d/i") }), [[rename, "i"]]],
  ];
  let after = 0;
  for (const [step, expected] of steps) {
    const told = watch(rig, d, after);
    assertEquals(told(), undefined);
    step();
    const [first] = told() ?? [];
    assertEquals(kinds(told()), [expected[0]!]);
    after = first!.number;
    // What came after the first is told when it is asked for.
    while (rig.request("watch", { handle: d, after, target: sharedBytes(4096) }) !== 0) {
      const more = watch(rig, d, after)();
      if (more === undefined) break;
      after = more.at(-1)!.number;
    }
  }
});

Deno.test("a file's watcher is told of writes through any handle, and of the end of its name", () => {
  const rig = new Rig();
  const handle = rig.open("/f", create) as number;
  const watched = rig.open("/f") as number;
  const first = watch(rig, watched);
  rig.answer("write", { handle, offset: 0, append: false, source: utf8("x") });
  assertEquals(kinds(first()), [[change, ""]]);
  const second = watch(rig, watched, first()!.at(-1)!.number);
  assertEquals(second(), undefined);
  rig.answer("unlink", { path: utf8("/f") });
  assertEquals(kinds(second()), [[rename, ""]]);
  const ended = begin(rig, "watch", { handle: watched, after: 0, target: sharedBytes(4096) });
  rig.answer("close", { handle: watched });
  assertEquals(ended(), -ERRNO.EBADF);
  assert(rig.fs.mount.watches.isIdle, "nobody watches");
});

Deno.test("events between two watches are told, and it is told when they were too many", () => {
  const rig = new Rig();
  const d = rig.open("/") as number;
  const first = watch(rig, d);
  rig.writeFile("/a", "");
  const { number } = first()!.at(-1)!;
  rig.writeFile("/b", "");
  rig.writeFile("/c", "");
  assertEquals(kinds(watch(rig, d, number)()), [[rename, "b"], [rename, "c"]]);
  const last = watch(rig, d, number)()!.at(-1)!.number;
  for (let count = 0; count <= EVENTS_MAX; count += 2) {
    rig.answer("mkdir", { path: utf8("/again"), mode: 0o755 });
    rig.answer("rmdir", { path: utf8("/again") });
  }
  const told = watch(rig, d, last)()!;
  assertEquals(kinds(told), [[overflow, ""]]);
  assertEquals(watch(rig, d, told[0]!.number)(), undefined);
});

Deno.test("a watcher is told of an overflow after the server has died", () => {
  const rig = new Rig();
  const d = rig.open("/") as number;
  const first = watch(rig, d);
  rig.writeFile("/a", "");
  const { number } = first()!.at(-1)!;
  rig.succeed();
  const told = watch(rig, d, number)()!;
  assertEquals(kinds(told), [[overflow, ""]]);
  const next = watch(rig, d, told[0]!.number);
  rig.writeFile("/b", "");
  assertEquals(kinds(next()), [[rename, "b"]]);
});

Deno.test("a window of a watch takes as many events as fit, the others are told next", () => {
  const rig = new Rig();
  const d = rig.open("/") as number;
  const first = watch(rig, d);
  rig.writeFile("/a", "");
  let after = first()!.at(-1)!.number;
  const names = ["x", "y", "z"].map((letter) => letter.repeat(200));
  for (const name of names) rig.writeFile(`/${name}`, "");
  for (const name of names) {
    const told = watch(rig, d, after, 300)()!;
    assertEquals(kinds(told), [[rename, name]]);
    after = told[0]!.number;
  }
  assertEquals(rig.answer("watch", { handle: d, after, target: sharedBytes(100) }), "EINVAL");
});

Deno.test("credentials have numbers that outlive the server, and clients that are not root have none", () => {
  const rig = new Rig({ openFiles: 1024 });
  const groups = new Uint8Array(Uint32Array.of(5, 6).buffer);
  const one = rig.answer("credential", { uid: 1000, gid: 1000, groups }) as number;
  const two = rig.answer("credential", { uid: 1000, gid: 1000, groups: groups.slice(0, 4) });
  assert(one > 0 && two !== one, "different ones have different numbers");
  rig.succeed();
  assertEquals(rig.answer("credential", { uid: 1000, gid: 1000, groups }), one);
  rig.answer("mkdir", { path: utf8("/d"), mode: 0o700 });
  assertEquals(rig.answer("mkdir", { path: utf8("/d/e"), mode: 0o700, as: one }), "EACCES");
  assertEquals(rig.answer("mkdir", { path: utf8("/d/e"), mode: 0o700, as: 99 }), "EINVAL");
  const bad = { uid: 1, gid: 1, groups: sharedBytes(7) };
  assertEquals(rig.answer("credential", bad), "EINVAL");
});
