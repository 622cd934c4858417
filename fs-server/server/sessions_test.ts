import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { FileSystemClient } from "../client/client.ts";
import { SLOT, SLOT_LOCK, slotWord } from "../layouts/session.ts";
import { LEASE } from "../protocol.ts";
import { ServerDeath, SessionRig } from "./test_session_rig.ts";

function bytesOf(byteLength: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  for (let index = 0; index < byteLength; index++) bytes[index] = index * 31 + seed * 7;
  return bytes;
}

function clientOf(rig: SessionRig, badge: number, windowBytes?: number): FileSystemClient {
  const { client, window } = rig.connect(badge, windowBytes);
  return new FileSystemClient(client, window);
}

const HOW = { read: true, write: true, create: true };

Deno.test("small reads and writes under a lease ask the server nothing", () => {
  const rig = new SessionRig();
  const fs = clientOf(rig, 1);
  using file = fs.openSync("/f", HOW);
  const bytes = bytesOf(10_000, 1);
  assertEquals(file.writeSync(bytes), 10_000);
  rig.asked = [];
  const target = new Uint8Array(10_000);
  assertEquals(file.readSync(target, 0), 10_000);
  assertEquals(target, bytes);
  assertEquals(file.writeSync(bytesOf(100, 2), 5000), 100);
  assertEquals(file.readSync(target, 4990), 5010);
  assertEquals(target.subarray(10, 110), bytesOf(100, 2));
  assertEquals(file.seekSync(0, 2), 10_000);
  assertEquals(file.readSync(target, 10_000), null);
  assertEquals(rig.asked, []);
  assertEquals(rig.files.writes, 0);
  file.syncSync();
  assertEquals(rig.files.contents.get(11)!.byteLength, 10_000);
  rig.asked = [];
  assertEquals(file.statSync().size, 10_000);
  assertEquals(rig.asked, []);
});

Deno.test("what one client wrote another reads, and both go on", () => {
  const rig = new SessionRig();
  const one = clientOf(rig, 1);
  const other = clientOf(rig, 2);
  using mine = one.openSync("/f", HOW);
  mine.writeSync(bytesOf(5000, 1));
  using theirs = other.openSync("/f", HOW);
  for (let round = 0; round < 100; round++) {
    const [writer, reader] = round % 3 === 0 ? [mine, theirs] : [theirs, mine];
    const bytes = bytesOf(100 + round, round);
    writer.writeSync(bytes, round * 37);
    const target = new Uint8Array(bytes.byteLength);
    assertEquals(reader.readSync(target, round * 37), bytes.byteLength);
    assertEquals(target, bytes);
    assertEquals(reader.statSync().size, writer.statSync().size);
  }
});

Deno.test("a client that dies has lost nothing that it had written", () => {
  const rig = new SessionRig();
  const fs = clientOf(rig, 1);
  const file = fs.openSync("/f", HOW);
  const bytes = bytesOf(50_000, 3);
  file.writeAllSync(bytes);
  assertEquals(rig.files.contents.get(11)!.byteLength, 0);
  rig.kill(1);
  assertEquals(rig.files.contents.get(11), bytes);
});

Deno.test("dirty bytes are bounded, expire, and are cut with the file", () => {
  const rig = new SessionRig();
  const fs = clientOf(rig, 1);
  using file = fs.openSync("/f", HOW);
  const bytes = bytesOf(1 << 20, 4);
  for (let part = 0; part < 3; part++) file.writeAllSync(bytes);
  assert(rig.files.contents.get(11)!.byteLength > 1 << 20, "the cache is smaller than the file");
  const all = new Uint8Array(3 << 20);
  assertEquals(file.readSync(all, 0), 3 << 20);
  assertEquals(all.subarray(2 << 20), bytes);
  rig.idle();
  assertEquals(rig.files.contents.get(11)!.byteLength, 3 << 20);
  file.writeSync(bytesOf(10, 5), 100);
  file.truncateSync(105);
  assertEquals(file.readSync(all, 0), 105);
  assertEquals(all.subarray(100, 105), bytesOf(5, 5));
  file.truncateSync(200);
  assertEquals(file.readSync(all, 0), 200);
  assertEquals(all.subarray(105, 200), new Uint8Array(95));
});

Deno.test("much that is dirty expires in parts, while it is written on", () => {
  const rig = new SessionRig();
  const fs = clientOf(rig, 1, 48 << 20);
  using file = fs.openSync("/f", HOW);
  const model = bytesOf(12 << 20, 1);
  file.writeAllSync(model);
  assertEquals(rig.files.contents.get(11)!.byteLength, 0);
  for (let round = 0; round < 6; round++) {
    rig.idle();
    if (round === 0) {
      const there = rig.files.contents.get(11)!.byteLength;
      assert(there > 0 && there < 12 << 20, "a part is there");
    }
    const bytes = bytesOf(3000, round);
    file.writeSync(bytes, round * 2_000_001);
    model.set(bytes, round * 2_000_001);
    assertEquals(fs.readFileSync("/f"), model);
    if (round === 3) rig.succeed();
  }
  file.syncSync();
  assertEquals(rig.files.contents.get(11), model);
});

Deno.test("files that grow by gaps read as zeros there", () => {
  const rig = new SessionRig();
  const fs = clientOf(rig, 1);
  using file = fs.openSync("/f", HOW);
  file.writeSync(bytesOf(10, 1), 0);
  file.writeSync(bytesOf(10, 2), 100_000);
  const target = new Uint8Array(100_010);
  assertEquals(file.readSync(target, 0), 100_010);
  const expected = new Uint8Array(100_010);
  expected.set(bytesOf(10, 1));
  expected.set(bytesOf(10, 2), 100_000);
  assertEquals(target, expected);
  file.syncSync();
  assertEquals(rig.files.contents.get(11), expected);
});

Deno.test("what cannot be written back is told at the next sync, once", () => {
  const rig = new SessionRig();
  const fs = clientOf(rig, 1);
  using file = fs.openSync("/f", HOW);
  file.writeSync(bytesOf(10, 1));
  rig.files.failWith = "EIO";
  rig.idle();
  rig.files.failWith = undefined;
  let code = "";
  try {
    file.syncSync();
  } catch (error) {
    code = (error as { code: string }).code;
  }
  assertEquals(code, "EIO");
  file.syncSync();
});

Deno.test("what could not be written back is told though lease and handle have ended since", () => {
  const rig = new SessionRig();
  const [writer, other] = [clientOf(rig, 1), clientOf(rig, 2)];
  const file = writer.openSync("/f", HOW);
  file.writeSync(bytesOf(10, 1));
  rig.files.failWith = "EIO";
  using theirs = other.openSync("/f", HOW);
  theirs.writeSync(bytesOf(10, 2)); // Takes the lease, and has its frames written back.
  rig.files.failWith = undefined;
  file.close();
  theirs.syncSync(); // Nothing of theirs was lost.
  using again = writer.openSync("/f", HOW);
  assertThrows(() => again.syncSync(), OsError, "EIO");
  again.syncSync();
});

Deno.test("a loss that a write has hidden is told by the next sync", () => {
  const rig = new SessionRig();
  const fs = clientOf(rig, 1);
  using file = fs.openSync("/f", HOW);
  rig.files.failWith = "EIO";
  // More than the cache holds: what is in its way is written back in the middle of a write.
  let taken = 0;
  for (let i = 0; i < 40; i++) {
    try {
      taken += file.writeSync(bytesOf(100_000, i));
    } catch {
      // Told: but not everything that is lost by now.
    }
  }
  assertEquals(taken > 0, true, "some writes were taken");
  rig.files.failWith = undefined;
  assertThrows(() => file.syncSync(), OsError, "EIO");
  file.syncSync();
});

Deno.test("a read past the cache sees what is dirty in it", () => {
  const rig = new SessionRig();
  const fs = clientOf(rig, 1);
  using file = fs.openSync("/f", HOW);
  file.writeAllSync(bytesOf(300_000, 1));
  file.syncSync();
  file.writeSync(bytesOf(100, 2), 50);
  const buffer = fs.buffer(300_000);
  using fresh = fs.openSync("/f", { read: true, write: true });
  fresh.writeSync(bytesOf(100, 3), 200_000);
  assertEquals(fresh.readSync(buffer, 0), 300_000);
  assertEquals(buffer.slice(50, 150), bytesOf(100, 2));
  assertEquals(buffer.slice(200_000, 200_100), bytesOf(100, 3));
});

Deno.test("a client that died with the server has lost nothing either", () => {
  const rig = new SessionRig();
  const fs = clientOf(rig, 1);
  fs.openSync("/f", HOW).writeAllSync(bytesOf(50_000, 3));
  rig.lives.delete(1);
  rig.succeed();
  assertEquals(rig.files.contents.get(11), bytesOf(50_000, 3));
  assert(!rig.sessions.any, "its session is over");
});

/** The words of a client's slot in which its first file lies. */
function slotOf(rig: SessionRig, badge: number): Int32Array {
  const region = rig.regions.get(badge)!;
  const words = new Int32Array(region.buffer, region.byteOffset, region.byteLength >> 2);
  return words.subarray(slotWord(0), slotWord(1));
}

Deno.test("a client that keeps a lock is overruled, and what it stored before counts", () => {
  const rig = new SessionRig();
  const one = clientOf(rig, 1);
  const other = clientOf(rig, 2);
  using mine = one.openSync("/f", HOW);
  mine.writeSync(bytesOf(5000, 1));
  slotOf(rig, 1)[SLOT.lock] = SLOT_LOCK.client;
  const startMs = rig.ms;
  using theirs = other.openSync("/f", HOW);
  const target = new Uint8Array(5000);
  assertEquals(theirs.readSync(target), 5000);
  assertEquals(target, bytesOf(5000, 1));
  assert(rig.ms - startMs >= 50 && rig.ms - startMs < 500, "it waited, but not for ever");
  assertEquals(mine.writeSync(bytesOf(100, 2), 0), 100);
  assertEquals(theirs.readSync(target, 0), 5000);
  assertEquals(target.subarray(0, 100), bytesOf(100, 2));
});

Deno.test("a client can spoil its own session, and nobody else's", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = randomOf(seed);
    const rig = new SessionRig();
    const hostile = clientOf(rig, 1, 1 << 19);
    const good = clientOf(rig, 2, 1 << 19);
    using file = good.openSync("/good", HOW);
    file.writeAllSync(bytesOf(20_000, seed));
    hostile.openSync("/bad", HOW).writeAllSync(bytesOf(20_000, seed));
    const region = rig.regions.get(1)!;
    const words = new Int32Array(region.buffer, region.byteOffset, 2048);
    for (let round = 0; round < 20; round++) {
      for (let index = 0; index < words.length; index++) {
        const values = [0, 1, 2, 11, 12, -1, 0x7fffffff, random(1 << 30)];
        if (random(3) === 0) words[index] = values[random(values.length)]!;
      }
      if (random(4) === 0) rig.succeed();
      rig.idle();
      const target = new Uint8Array(20_000);
      assertEquals(file.readSync(target, 0), 20_000);
      assertEquals(target, bytesOf(20_000, seed), `seed ${seed} round ${round}`);
      using bad = good.openSync("/bad", HOW);
      bad.readSync(target, 0);
      assert(rig.files.contents.get(12)!.byteLength <= 2 ** 40, "it does not matter what it holds");
    }
    rig.kill(1);
    file.syncSync();
    assertEquals(rig.files.contents.get(11), bytesOf(20_000, seed));
  }
});

Deno.test("lent bytes stay as they are while they are held", () => {
  const rig = new SessionRig();
  const one = clientOf(rig, 1, 1 << 19);
  const other = clientOf(rig, 2);
  using mine = one.openSync("/f", HOW);
  mine.writeAllSync(bytesOf(1 << 20, 1));
  mine.syncSync();
  using lent = mine.lendSync(5000, 20_000);
  assertEquals(lent.bytes.slice(), bytesOf(1 << 20, 1).slice(5000, 25_000));
  const lentAgain = mine.lendSync(5000, 20_000);
  assertEquals(lentAgain.bytes.slice(), lent.bytes.slice());
  lentAgain[Symbol.dispose]();
  using theirs = other.openSync("/f", HOW);
  theirs.writeSync(bytesOf(100, 9), 6000);
  for (let offset = 0; offset < 1 << 20; offset += 4096) {
    mine.readSync(new Uint8Array(4096), offset);
  }
  assertEquals(lent.bytes.slice(), bytesOf(1 << 20, 1).slice(5000, 25_000));
  using anew = mine.lendSync(6000, 100);
  assertEquals(anew.bytes.slice(), bytesOf(100, 9));
  using end = mine.lendSync((1 << 20) - 10, 100);
  assertEquals(end.bytes.byteLength, 10);
});

Deno.test("appends go to the end, by whomever, and the position with them", () => {
  const rig = new SessionRig();
  const one = clientOf(rig, 1);
  const other = clientOf(rig, 2);
  using mine = one.openSync("/f", { append: true, create: true, read: true });
  using theirs = other.openSync("/f", { append: true, create: true });
  let expected = 0;
  for (let round = 0; round < 60; round++) {
    const file = round % 7 === 0 ? theirs : mine;
    assertEquals(file.writeSync(bytesOf(333, round)), 333);
    expected += 333;
    assertEquals(file.seekSync(0, 1), expected);
  }
  const all = one.readFileSync("/f");
  assertEquals(all.byteLength, expected);
  for (let round = 0; round < 60; round++) {
    assertEquals(all.slice(round * 333, round * 333 + 333), bytesOf(333, round), `${round}`);
  }
});

Deno.test("a file that is mapped shows every write", () => {
  const rig = new SessionRig();
  const one = clientOf(rig, 1);
  const other = clientOf(rig, 2);
  using mine = one.openSync("/f", HOW);
  mine.writeSync(bytesOf(6000, 1));
  using map = mine.mapSync(0, 8192);
  assertEquals(map.bytes.slice(0, 6000), bytesOf(6000, 1));
  using theirs = other.openSync("/f", HOW);
  theirs.writeSync(bytesOf(100, 2), 5950);
  assertEquals(map.bytes.slice(5950, 6050), bytesOf(100, 2));
  rig.succeed();
  mine.writeSync(bytesOf(50, 3), 0);
  assertEquals(map.bytes.slice(0, 50), bytesOf(50, 3));
});

/** Numbers below a bound, in an order that a seed fixes. */
function randomOf(seed: number): (bound: number) => number {
  let state = (seed * 2654435761 + 12345) >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** Random operations of three clients on two files, against arrays of bytes. */
function runRandom(
  seed: number,
  { steps, deaths }: { steps: number; deaths: boolean },
): SessionRig {
  const random = randomOf(seed);
  const rig = new SessionRig();
  rig.atPoint = (name) => {
    if (deaths && random(12) === 0) throw new ServerDeath(name);
  };
  const clients = [1, 2, 3].map((badge) => clientOf(rig, badge, (1 << 19) + (badge << 17)));
  const paths = ["/a", "/b"];
  const models = [new Uint8Array(0), new Uint8Array(0)];
  let nextBadge = 4;
  let files = clients.map((fs) => paths.map((path) => fs.openSync(path, HOW)));
  for (let step = 0; step < steps; step++) {
    const who = random(3);
    const which = random(2);
    const file = files[who]![which]!;
    let model = models[which]!;
    const offset = random(3) === 0 ? random(200_000) : random(20_000);
    const count = random(5) === 0 ? random(60_000) : 1 + random(3000);
    const what = random(24);
    const context = `seed ${seed} step ${step}: client ${who} file ${which} what ${what}`;
    if (what < 9) {
      const bytes = bytesOf(count, step);
      assertEquals(file.writeSync(bytes, offset), count, context);
      if (model.byteLength < offset + count) {
        const grown = new Uint8Array(offset + count);
        grown.set(model);
        models[which] = model = grown;
      }
      model.set(bytes, offset);
    } else if (what < 18) {
      const target = new Uint8Array(count);
      const expected = model.slice(offset, offset + count);
      assertEquals(file.readSync(target, offset) ?? 0, expected.byteLength, context);
      assertEquals(target.subarray(0, expected.byteLength), expected, context);
    } else if (what === 18) {
      const size = random(30_000);
      file.truncateSync(size);
      const cut = new Uint8Array(size);
      cut.set(model.subarray(0, size));
      models[which] = cut;
    } else if (what === 19) assertEquals(file.statSync().size, model.byteLength, context);
    else if (what === 20) {
      assertEquals(clients[who]!.statSync(paths[which]!).size, model.byteLength, context);
    } else if (what === 21) {
      file.syncSync();
      assertEquals(rig.files.contents.get(11 + which)!, model, context);
    } else if (what === 22) {
      file.close();
      files[who]![which] = clients[who]!.openSync(paths[which]!, HOW);
    } else if (random(4) === 0) {
      const badge = [...rig.lives.keys()][0]!;
      const index = clients.length === 3 ? killed(rig, badge) : 0;
      clients[index] = clientOf(rig, nextBadge++, 1 << 20);
      badges[index] = nextBadge - 1;
      files[index] = paths.map((path) => clients[index]!.openSync(path, HOW));
    } else rig.idle();
  }
  files = [];
  rig.atPoint = () => {};
  for (const badge of [...rig.lives.keys()]) rig.kill(badge);
  for (const which of [0, 1]) {
    assertEquals(rig.files.contents.get(11 + which)!, models[which]!, `seed ${seed} at the end`);
  }
  return rig;
}

const badges = [1, 2, 3];

function killed(rig: SessionRig, badge: number): number {
  rig.kill(badge);
  return Math.max(0, badges.indexOf(badge));
}

Deno.test("three clients with caches and a file of bytes cannot be told apart", () => {
  for (let seed = 1; seed <= 30; seed++) {
    badges.splice(0, 3, 1, 2, 3);
    runRandom(seed, { steps: 300, deaths: false });
  }
});

Deno.test("the same when the server dies at its named points", () => {
  let deaths = 0;
  for (let seed = 101; seed <= 130; seed++) {
    badges.splice(0, 3, 1, 2, 3);
    deaths += runRandom(seed, { steps: 300, deaths: true }).deaths;
  }
  assert(deaths > 300, `${deaths} deaths are enough`);
});

Deno.test("leases have kinds", () =>
  assertEquals([LEASE.none, LEASE.read, LEASE.write], [0, 1, 2]));
