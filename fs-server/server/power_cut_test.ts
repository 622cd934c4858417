import { randomOf } from "../ext4/test_random.ts";
import { assert, assertEquals } from "@std/assert";
import { DiskHistory, type Survival } from "../disk/test_disk_history.ts";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import { OPEN } from "../protocol.ts";
import { fsck, hasTool } from "../ext4/test_images.ts";
import { pattern, Rig, type RigOptions, utf8 } from "./test_rig.ts";

const PATHS = ["/a", "/b", "/c", "/d/e", "/d/f", "/name-of-some-length"];
const ORPHANS_OFFSET = 1024 + 232;

/** What a sync promised, and until when. */
interface Promised {
  /** Events when the sync began: no cut before it is bound by it. */
  readonly from: number;
  readonly files: ReadonlyMap<string, Uint8Array | undefined>;
}

/** An operation on a file. */
interface Change {
  /** Events when it began. */
  readonly at: number;
  readonly isRemoval: boolean;
}

/** A run of a file system whose power may be cut at any time. */
class Run {
  readonly rig: Rig;
  readonly history: DiskHistory;
  readonly files = new Map<string, Uint8Array>();
  /** By path: operations on it. */
  readonly changed = new Map<string, Change[]>();
  readonly promises: Promised[] = [];

  constructor(options: RigOptions) {
    this.rig = new Rig({ blockCount: 1024, ...options });
    this.rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 });
    this.rig.answer("fsync", { handle: 0 });
    this.history = new DiskHistory(this.rig.disk);
  }

  /** One random operation. */
  step(random: (bound: number) => number): void {
    const path = PATHS[random(PATHS.length)]!;
    const content = this.files.get(path);
    const turn = random(12);
    if (turn < 2) return this.#sync();
    if (turn === 2) return this.rig.fs.mount.cache.checkpoint();
    const isRemoval = content !== undefined && turn >= 10;
    const change = { at: this.history.length, isRemoval };
    this.changed.set(path, [...this.changed.get(path) ?? [], change]);
    if (content === undefined || turn < 5) {
      const next = pattern(1 + random(40_000), random(1e6));
      const count = this.rig.writeFile(path, next);
      if (count === next.byteLength) this.files.set(path, next.slice());
      else this.#adopt(path);
    } else if (turn < 8) this.#write(path, content, random);
    else if (turn < 10) this.#truncate(path, content, random(50_000));
    else if (isRemoval) {
      assertEquals(this.rig.answer("unlink", { path: utf8(path) }), 0);
      this.files.delete(path);
    }
  }

  #sync(): void {
    assertEquals(this.rig.answer("fsync", { handle: 0 }), 0);
    const files = new Map(PATHS.map((path) => [path, this.files.get(path)]));
    this.promises.push({ from: this.history.length, files });
  }

  #write(path: string, content: Uint8Array, random: (bound: number) => number): void {
    const handle = this.rig.open(path, OPEN.readWrite) as number;
    const offset = random(content.byteLength + 3000);
    const source = pattern(1 + random(9000), random(1e6));
    const count = this.rig.answer("write", { handle, offset, append: false, source });
    this.rig.answer("close", { handle });
    if (count !== source.byteLength) return this.#adopt(path);
    const next = new Uint8Array(Math.max(content.byteLength, offset + source.byteLength));
    next.set(content);
    next.set(source, offset);
    this.files.set(path, next);
  }

  /** Takes what a full disk has left of a file. */
  #adopt(path: string): void {
    const content = this.rig.readFile(path);
    if (typeof content === "string") this.files.delete(path);
    else this.files.set(path, content);
  }

  #truncate(path: string, content: Uint8Array, size: number): void {
    const handle = this.rig.open(path, OPEN.readWrite) as number;
    assertEquals(this.rig.answer("truncate", { handle, size }), 0);
    this.rig.answer("close", { handle });
    const next = new Uint8Array(size);
    next.set(content.subarray(0, size));
    this.files.set(path, next);
  }

  /** What may be there after a cut behind so many events; files of which nothing is known left out. */
  promisedAt(end: number): Map<string, (Uint8Array | undefined)[]> {
    const promise = this.promises.findLast(({ from }) => from <= end);
    const bound = new Map<string, (Uint8Array | undefined)[]>();
    for (const [path, content] of promise?.files ?? []) {
      // An operation that began at the very event of the cut has not reached the disk.
      const loose = (this.changed.get(path) ?? []).filter(({ at }) =>
        at >= promise!.from && at < end
      );
      if (loose.length === 0) bound.set(path, [content]);
      // Removed and not synced: gone or still there, but not in between.
      if (loose.length === 1 && loose[0]!.isRemoval) bound.set(path, [content, undefined]);
    }
    return bound;
  }
}

/** Whether two are the same: to show where they differ would take minutes. */
function isSame(found: Uint8Array | string, expected: Uint8Array | string): boolean {
  if (typeof found === "string" || typeof expected === "string") return found === expected;
  return found.byteLength === expected.byteLength &&
    found.every((byte, at) => byte === expected[at]);
}

/** The disk of a cut is sound, and holds what was promised. */
function requireSound(disk: MemoryDisk, run: Run, end: number, options: RigOptions): void {
  const hasOrphans = disk.peek(ORPHANS_OFFSET, 4).some((byte) => byte !== 0);
  if (!hasOrphans) {
    const { code, output } = fsck(disk);
    assertEquals(code, 0, output);
  }
  const rig = new Rig({ ...options, disk });
  for (const [path, contents] of run.promisedAt(end)) {
    const found = rig.readFile(path);
    const content = found === "ENOENT" ? contents.at(-1) : contents[0];
    assert(isSame(found, content ?? "ENOENT"), `${path} after event ${end}`);
  }
  const after = rig.fsck();
  assertEquals(after.code, 0, after.output);
}

const SHAPES: [string, RigOptions][] = [
  ["ext2", { logBytes: 128 * 1024 }],
  ["ext2, without a log", { logBytes: 0 }],
  ["ext3 in blocks of 2 KiB", { type: "ext3", blockBytes: 2048, logBytes: 96 * 1024 }],
  ["ext4 in blocks of 1 KiB", { type: "ext4", blockBytes: 1024, logBytes: 64 * 1024 }],
  ["ext4", { type: "ext4" }],
  ["ext2, all but full", { blockCount: 110 }],
];

for (const [index, [name, options]] of SHAPES.entries()) {
  Deno.test({
    name: `whenever the power goes, the disk is sound and holds what was synced: ${name}`,
    ignore: !hasTool("e2fsck"),
    fn() {
      const random = randomOf(index + 1);
      const run = new Run(options);
      for (let count = 0; count < 40; count++) run.step(random);
      assert(run.promises.length > 2 && run.history.length > 20, "there is something to lose");
      for (let end = 0; end <= run.history.length; end++) {
        const loose = run.history.looseTransactions(end);
        const survivals: Survival[] = [
          { transactions: loose, isKept: () => false },
          { transactions: random(loose + 1), isKept: () => random(2) === 0 },
          { transactions: 0, isKept: () => true },
        ];
        for (const survival of survivals) {
          requireSound(run.history.cut(end, survival), run, end, options);
        }
      }
    },
  });
}

Deno.test("on a full disk, what takes the place of a removed file does not spoil it if it comes back", () => {
  for (const logBytes of [0, 512 * 1024]) {
    const rig = new Rig({ blockCount: 128, logBytes });
    const old = pattern(40 * 4096, 1);
    assertEquals(rig.writeFile("/old", old), old.byteLength);
    rig.writeFile("/fill", pattern(128 * 4096, 2));
    rig.answer("fsync", { handle: 0 });
    const history = new DiskHistory(rig.disk);
    assertEquals(rig.answer("unlink", { path: utf8("/old") }), 0);
    assertEquals(rig.writeFile("/new", pattern(30 * 4096, 3)), 30 * 4096);
    for (let end = 0; end <= history.length; end++) {
      const disk = history.cut(end, { transactions: 0, isKept: () => true });
      const found = new Rig({ disk, logBytes }).readFile("/old");
      assert(found === "ENOENT" || isSame(found, old), `cut after ${end}`);
    }
  }
});
