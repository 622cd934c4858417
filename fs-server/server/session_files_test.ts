import { randomOf } from "../ext4/test_random.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { FileSystemClient } from "../client/client.ts";
import type { FsFile } from "../client/file.ts";
import { clientOfRig } from "../client/test_rig_client.ts";
import { hasTool, sharedBytes } from "../ext4/test_images.ts";
import { Death, pattern, Rig } from "./test_rig.ts";
import { RENAME } from "../protocol.ts";

interface Programs {
  readonly rig: Rig;
  readonly programs: FileSystemClient[];
}

function begin(type: "ext2" | "ext4", blockBytes: number): Programs {
  const windows = new Map([1, 2].map((badge) => [badge, sharedBytes((1 << 19) + (badge << 16))]));
  const rig = new Rig({ type, blockBytes, windows, openFiles: 256, blockCount: 8192 });
  const programs = [1, 2].map((badge) => {
    return new FileSystemClient(clientOfRig(rig, badge), windows.get(badge)!);
  });
  return { rig, programs };
}

const HOW = { read: true, write: true, create: true };

Deno.test("what is dirty in a program's window is seen by path, by handle and by others", () => {
  const { rig, programs: [one, other] } = begin("ext4", 1024);
  const file = one!.openSync("/f", HOW);
  const bytes = pattern(10_000).slice();
  file.writeSync(bytes);
  assertEquals(other!.statSync("/f").size, 10_000);
  assertEquals(other!.readFileSync("/f"), bytes);
  file.writeSync(bytes, 10_000);
  assertEquals(one!.statSync("/f").size, 20_000);
  assertEquals(file.statSync().size, 20_000);
  file.writeSync(bytes.subarray(0, 100), 50);
  one!.renameSync("/f", "/g");
  assertEquals(other!.readFileSync("/g").subarray(50, 150), bytes.subarray(0, 100));
  file.writeSync(bytes.subarray(100, 200), 0);
  one!.removeSync("/g");
  assertEquals(file.statSync().nlink, 0);
  file.seekSync(0);
  assertEquals(file.readAllSync().subarray(0, 100), bytes.subarray(100, 200));
  file.close();
  if (hasTool("e2fsck")) assertEquals(rig.fsck().code, 0, "clean");
});

Deno.test("times are those of the writing or later, and what is set stays set", () => {
  const { programs: [one, other] } = begin("ext4", 4096);
  using file = one!.openSync("/f", HOW);
  const before = +file.statSync().mtime;
  file.writeSync(pattern(100).slice());
  assert(+file.statSync().mtime > before, "a write shows in the time of change");
  file.writeSync(pattern(100).slice());
  one!.utimeSync("/f", 5, 6);
  assertEquals(+other!.statSync("/f").mtime, 6000);
  assertEquals(+file.statSync().mtime, 6000);
  file.chmodSync(0o600);
  assertEquals(file.statSync().mode & 0o777, 0o600);
  assertEquals(one!.statSync("/f").mode & 0o777, 0o600);
});

Deno.test("reads from the window show in the time of access, once behind each change", () => {
  const { rig, programs: [one] } = begin("ext4", 4096);
  using file = one!.openSync("/f", HOW);
  file.writeSync(pattern(100).slice());
  const { atime, mtime } = file.statSync();
  assert(atime <= mtime, "nobody has read it");
  file.readSync(new Uint8Array(10), 0);
  const read = file.statSync();
  assert(read.atime > read.mtime, "somebody has");
  const asked = rig.sequence;
  for (let round = 0; round < 10; round++) file.readSync(new Uint8Array(10), 0);
  assertEquals(+file.statSync().atime, +read.atime);
  assertEquals(rig.sequence, asked);
});

Deno.test("files that are made, removed and made again are kept like others", () => {
  const { rig, programs: [one] } = begin("ext4", 4096);
  for (let round = 0; round < 300; round++) {
    one!.writeFileSync("/x", pattern(5000, round).slice());
    assertEquals(one!.readFileSync("/x"), pattern(5000, round).slice());
    const asked = rig.sequence;
    assertEquals(one!.readFileSync("/x").byteLength, 5000);
    assert(rig.sequence <= asked + 2, "an open and a close, or nothing");
    assertEquals(one!.readFileSync("/x"), pattern(5000, round).slice());
    assert(rig.sequence <= asked + 2, "nothing");
    one!.removeSync("/x");
  }
});

Deno.test("a file that was read before is read again without rights that are gone", () => {
  const { rig, programs: [one, other] } = begin("ext4", 4096);
  one!.writeFileSync("/f", pattern(100).slice(), { mode: 0o644 });
  const user = one!.asUser({ uid: 1000, gid: 1000 });
  for (let round = 0; round < 3; round++) assertEquals(user.readFileSync("/f").byteLength, 100);
  const asked = rig.sequence;
  assertEquals(user.readFileSync("/f").byteLength, 100);
  assertEquals(rig.sequence, asked);
  other!.chmodSync("/f", 0o600);
  assertThrows(() => user.readFileSync("/f"), OsError, "EACCES");
  other!.writeFileSync("/f", pattern(200, 2).slice());
  assertEquals(one!.readFileSync("/f"), pattern(200, 2).slice());
});

Deno.test("who watches hears of a write at once, whoever has the file open", () => {
  const { rig, programs: [one] } = begin("ext4", 4096);
  using file = one!.openSync("/f", HOW);
  file.writeSync(pattern(100).slice());
  using directory = one!.openSync("/");
  using watched = one!.openSync("/f");
  for (const { handle } of [directory, watched]) {
    rig.request("watch", { handle, after: 0, target: sharedBytes(4096) });
    const waits = rig.sequence;
    assert(!rig.lateAnswers.has(waits), "nothing has happened since");
    file.writeSync(pattern(100).slice());
    assert((rig.lateAnswers.get(waits) ?? 0) > 0, "a write has");
  }
});

Deno.test("a stat is remembered only as long as nothing has changed", () => {
  const { rig, programs: [one, other] } = begin("ext4", 4096);
  one!.writeFileSync("/f", pattern(10).slice());
  one!.statSync("/f");
  const asked = rig.sequence;
  for (let round = 0; round < 10; round++) assertEquals(one!.statSync("/f").size, 10);
  assert(!one!.existsSync("/none") && !one!.existsSync("/none"), "neither is there");
  assertEquals(rig.sequence, asked + 1);
  other!.writeFileSync("/none", pattern(20).slice());
  assertEquals(one!.statSync("/none").size, 20);
  using file = other!.openSync("/f", HOW);
  file.writeSync(pattern(500).slice());
  assertEquals(one!.statSync("/f").size, 500);
  file.writeSync(pattern(500).slice(), 500);
  assertEquals(one!.statSync("/f").size, 1000);
});

/** Two programs with files open, against arrays of bytes. */
class Workload {
  readonly #models = new Map<string, Uint8Array>();
  readonly #programs: FileSystemClient[];
  readonly #random: (bound: number) => number;
  readonly #appending = new Set<FsFile>();
  readonly #open: { file: FsFile; path: string }[] = [];

  constructor(programs: FileSystemClient[], random: (bound: number) => number) {
    this.#programs = programs;
    this.#random = random;
  }

  step(context: string): void {
    const random = this.#random;
    const what = random(16);
    const fs = this.#programs[random(2)]!;
    const path = `/${"abcd"[random(4)]}`;
    const picked = this.#open[random(Math.max(1, this.#open.length))];
    if (what < 2 || picked === undefined) {
      if (this.#open.length > 6) this.#open.shift()!.file.close();
      const append = random(3) === 0;
      const how = append ? { append, read: true, create: true } : HOW;
      const truncate = random(4) === 0 && !append;
      const file = fs.openSync(path, { ...how, truncate });
      if (append) this.#appending.add(file);
      this.#open.push({ file, path });
      if (!this.#models.has(path) || truncate) this.#models.set(path, new Uint8Array(0));
      return;
    }
    const { file } = picked;
    const model = this.#models.get(picked.path)!;
    const offset = random(30_000);
    if (what < 7) this.#write(picked, offset, 1 + random(random(4) === 0 ? 40_000 : 2000));
    else if (what < 11) {
      const target = new Uint8Array(1 + random(30_000));
      const count = file.readSync(target, offset) ?? 0;
      assertEquals(target.subarray(0, count), model.slice(offset, offset + target.length), context);
    } else if (what === 11) {
      file.truncateSync(offset);
      this.#models.set(picked.path, resized(model, offset));
    } else if (what === 12) {
      assertEquals(file.statSync().size, model.byteLength, context);
      assertEquals(fs.statSync(picked.path).size, model.byteLength, context);
    } else if (what === 13) this.#exchange(fs, picked.path, path);
    else if (what === 14) file.syncSync();
    else file.chmodSync(0o600 + random(64));
  }

  /** What every file must hold, to whoever looks. */
  check(context: string): void {
    for (const fs of this.#programs) {
      for (const [path, model] of this.#models) assertEquals(fs.readFileSync(path), model, context);
    }
  }

  close(): void {
    for (const { file } of this.#open) file.close();
  }

  #write({ file, path }: { file: FsFile; path: string }, offset: number, count: number): void {
    const before = this.#models.get(path)!;
    const bytes = pattern(count, offset + count).slice();
    const isAppend = this.#appending.has(file);
    const at = isAppend ? before.byteLength : offset;
    assertEquals(file.writeSync(bytes, offset), count);
    const model = resized(before, Math.max(before.byteLength, at + count));
    model.set(bytes, at);
    this.#models.set(path, model);
  }

  #exchange(fs: FileSystemClient, one: string, other: string): void {
    if (one === other || !this.#models.has(other)) return;
    fs.renameSync(one, other, RENAME.exchange);
    const models = [this.#models.get(one)!, this.#models.get(other)!];
    this.#models.set(one, models[1]!).set(other, models[0]!);
    for (const opened of this.#open) {
      if (opened.path === one) opened.path = other;
      else if (opened.path === other) opened.path = one;
    }
  }
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const grown = new Uint8Array(size);
  grown.set(bytes.subarray(0, size));
  return grown;
}

for (const deaths of [false, true]) {
  Deno.test(`two programs on real files${deaths ? ", whose server dies at any point" : ""}`, () => {
    let count = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const random = randomOf(seed);
      const { rig, programs } = begin(seed % 2 === 0 ? "ext2" : "ext4", 1024 << (seed % 3));
      if (deaths) {
        rig.onPoint = (name) => {
          if (random(30) > 0) return;
          count++;
          throw new Death(name);
        };
      }
      const workload = new Workload(programs, random);
      for (let step = 0; step < 150; step++) workload.step(`seed ${seed} step ${step}`);
      workload.check(`seed ${seed}`);
      rig.onPoint = () => {};
      workload.close();
      if (hasTool("e2fsck") && seed % 4 === 0) assertEquals(rig.fsck().code, 0, `seed ${seed}`);
    }
    assert(!deaths || count > 100, `${count} deaths are enough`);
  });
}

Deno.test("what has no room is told in time: nothing that was answered is lost", () => {
  const { programs: [one, other] } = begin("ext4", 4096);
  using file = one!.openSync("/f", HOW);
  let written = 0;
  let isFull = false;
  for (let part = 0; part < 4000 && !isFull; part++) {
    try {
      const count = file.writeSync(pattern(16_384, part).slice());
      written += count;
      isFull = count < 16_384;
    } catch (error) {
      if (!(error instanceof OsError) || error.code !== "ENOSPC") throw error;
      isFull = true;
    }
  }
  assert(isFull, "32 MiB are full some time");
  file.syncSync();
  const found = other!.readFileSync("/f");
  assertEquals(found.byteLength, written);
  for (let part = 0; (part + 1) * 16_384 <= written; part += 97) {
    const there = found.subarray(part * 16_384, (part + 1) * 16_384);
    assertEquals(there, pattern(16_384, part).slice());
  }
});
