import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { DISK_BLOCK_BYTES } from "../../disk/disk.ts";
import type { MemoryDisk } from "../../disk/memory_disk.ts";
import {
  canLoopMount,
  changedBy,
  differingBlocks,
  fsck,
  hasTool,
  madeByMke2fs,
  readImage,
  requireTool,
  sharedBytes,
  withImage,
  withMount,
} from "../test_images.ts";
import { replayJournal } from "./replay.ts";
import { type LogOptions, TestLog } from "./test_log.ts";

const MIB = 2 ** 20;
const ignore = !hasTool("mke2fs") || !hasTool("e2fsck") || !hasTool("debugfs");
const window = sharedBytes(512 * 1024);

/** A block whose bytes a number fixes; with `magic` it looks like one of the journal's own. */
function image(blockBytes: number, seed: number, magic = false): Uint8Array {
  const bytes = new Uint8Array(blockBytes);
  for (let index = 0; index < blockBytes; index++) bytes[index] = (seed * 31 + index * 7) & 255;
  if (magic) new DataView(bytes.buffer).setUint32(0, 0xc03b3998);
  return bytes;
}

/** Replays; the outcome has to be the one of e2fsck but for superblocks of both kinds. */
function requireSameAsFsck(disk: MemoryDisk, blockBytes: number): MemoryDisk {
  const theirs = changedBy(disk, "e2fsck", "-fy");
  const ours = disk.clone();
  const done = replayJournal(ours, window);
  assert(done !== undefined, "there was something to replay");
  assertEquals(replayJournal(ours, window), undefined);
  const { code, output } = fsck(ours);
  assertEquals(code, 0, output);
  const journal = journalPlace(disk, blockBytes);
  const page = (offset: number) => Math.floor(offset / DISK_BLOCK_BYTES);
  const differing = differingBlocks(ours, theirs).filter((block) => block !== page(journal));
  // The counts of mounts and the times in the superblock are e2fsck's own.
  assert(differing.every((block) => block === 0), `blocks ${differing}`);
  const head = (one: MemoryDisk) => one.peek(journal, 1024);
  assertEquals(head(ours), head(theirs), "the superblock of the journal");
  return ours;
}

function journalPlace(disk: MemoryDisk, blockBytes: number): number {
  const text = withImage(disk, (path) => requireTool("debugfs", "-R", "bmap <8> 0", path));
  return Number(/^\d+$/m.exec(text)![0]) * blockBytes;
}

const disks = new Map<string, MemoryDisk>();

/** A disk of so many MiB that mke2fs made, once for all tests that want the same. */
function made(mebibytes: number, ...args: string[]): MemoryDisk {
  const key = `${mebibytes} ${args.join(" ")}`;
  const disk = disks.get(key) ?? madeByMke2fs(mebibytes * MIB, ...args);
  disks.set(key, disk);
  return disk.clone();
}

const KINDS: Record<string, string[]> = {
  "ext3 of 4 KiB": ["-t", "ext3", "-b", "4096"],
  "ext3 of 1 KiB": ["-t", "ext3", "-b", "1024"],
  "ext3 of 2 KiB with small inodes": ["-t", "ext3", "-b", "2048", "-I", "128"],
  "ext4 of 4 KiB": ["-t", "ext4", "-b", "4096"],
  "ext4 of 1 KiB": ["-t", "ext4", "-b", "1024"],
  "ext4 without 64bit and checksums": ["-t", "ext4", "-b", "4096", "-O", "^64bit,^metadata_csum"],
};

for (const [name, args] of Object.entries(KINDS)) {
  const blockBytes = Number(args[3]);
  for (const journal of ["", "-c -v 2", "-c -v 3"]) {
    Deno.test({
      name: `a journal that debugfs wrote is replayed as e2fsck does: ${name} ${journal}`,
      ignore,
      fn() {
        const end = 18 * MIB / blockBytes;
        const canRevoke = journal === "" || !/ext3|without 64bit/.test(name);
        const disk = withImage(made(24, ...args), (path) => {
          const blocks = [image(blockBytes, 1), image(blockBytes, 2, true), image(blockBytes, 3)];
          blocks.forEach((block) => Deno.writeFileSync(`${path}.data`, block, { append: true }));
          Deno.writeTextFileSync(
            `${path}.commands`,
            [
              `jo ${journal}`,
              `jw -b ${end},${end + 1},${end + 3} ${path}.data`,
              // Without 64bit debugfs forgets a revoke block's checksum; e2fsck minds too.
              ...(canRevoke ? [`jw -r ${end},${end + 3}`] : []),
              `jw -b ${end + 5},${end + 3},${end + 7} ${path}.data`,
              `jw -c -b ${end + 8},${end + 9},${end + 10} ${path}.data`,
              "jc",
            ].join("\n"),
          );
          requireTool("debugfs", "-w", "-f", `${path}.commands`, path);
          Deno.removeSync(`${path}.data`);
          Deno.removeSync(`${path}.commands`);
          return readImage(path);
        });
        const ours = requireSameAsFsck(disk, blockBytes);
        const at = (block: number) => ours.peek(block * blockBytes, blockBytes);
        if (canRevoke) assertEquals(at(end), new Uint8Array(blockBytes), "revoked");
        assertEquals(at(end + 1), image(blockBytes, 2, true), "escaped");
        assertEquals(at(end + 3), image(blockBytes, 2, true), "written after it was revoked");
        assertEquals(at(end + 8), new Uint8Array(blockBytes), "not committed");
      },
    });
  }
}

const FORMS: Record<string, Omit<LogOptions, "blockBytes">> = {
  "without checksums": {},
  "with 64-bit numbers": { is64Bit: true },
  "with sums of transactions": { checksums: 1 },
  "with checksums of version 2": { checksums: 2 },
  "with checksums of version 2 and 64-bit numbers": { checksums: 2, is64Bit: true },
  "with checksums of version 3": { checksums: 3 },
  "with checksums of version 3 and 64-bit numbers": { checksums: 3, is64Bit: true },
  "whose sequence numbers wrap": { sequence: 0xffff_fffe, checksums: 3 },
};

/** A disk whose log goes around its end, and the log behind its last transaction. */
function wrapped(form: Omit<LogOptions, "blockBytes">, blockBytes = 1024) {
  const disk = made(16, "-t", "ext3", "-b", String(blockBytes));
  const log = new TestLog(disk, { blockBytes, start: 1000, ...form });
  const home = 12 * MIB / blockBytes;
  for (let round = 0; round < 6; round++) {
    log.write({
      writes: [0, 1, 2, 3, 4].map((index) => {
        const block = home + index + round;
        return [block, image(blockBytes, round * 10 + index, index === 2)] as const;
      }),
      revokes: round === 4 ? [home, home + 3] : [],
    });
  }
  log.write({ writes: [[home + 20, image(blockBytes, 99)]], isUncommitted: true });
  return { disk, log, home };
}

for (const [name, form] of Object.entries(FORMS)) {
  Deno.test({
    name: `a log that goes around its end is replayed as e2fsck does: ${name}`,
    ignore,
    fn() {
      const { disk, log, home } = wrapped(form);
      assert(log.at < 1000, "it went around");
      const ours = requireSameAsFsck(disk, 1024);
      assertEquals(ours.peek(home * 1024, 1024), new Uint8Array(1024));
      assertEquals(ours.peek((home + 5) * 1024, 1024), image(1024, 50));
    },
  });
}

Deno.test({
  name: "a replay that dies at any call of its disk is done again with the same outcome",
  ignore,
  fn() {
    const { disk, home } = wrapped({ checksums: 3 });
    const superblock = disk.peek(1024, 1024);
    // An image of the superblock without the flag, which must not end a replay too early.
    const log = new TestLog(disk, { blockBytes: 1024, start: 100, checksums: 3, sequence: 50 });
    const fields = new DataView(superblock.buffer);
    fields.setUint32(96, fields.getUint32(96, true) & ~4, true);
    log.write({ writes: [[1, superblock], [home, image(1024, 5)], [home + 2, image(1024, 6)]] });
    const undisturbed = disk.clone();
    replayJournal(undisturbed, window);
    assertEquals(undisturbed.peek(home * 1024, 1024), image(1024, 5));
    let deaths = 0;
    for (let last = 0;; last++) {
      const ours = disk.clone();
      let calls = 0;
      ours.before = () => {
        if (calls++ === last) throw new Error("died");
      };
      let hasDied = false;
      try {
        replayJournal(ours, window);
      } catch (error) {
        assertEquals((error as Error).message, "died");
        hasDied = true;
        deaths++;
      }
      ours.before = () => {};
      replayJournal(ours, window);
      assertEquals(differingBlocks(ours, undisturbed), [], `death at call ${last}`);
      if (!hasDied) break;
    }
    assert(deaths > 10, `${deaths} deaths`);
  },
});

const DAMAGED: Record<string, [form: Omit<LogOptions, "blockBytes">, kind: string, at: number]> = {
  "a descriptor": [{ checksums: 3 }, "descriptor", 40],
  "a descriptor of version 2": [{ checksums: 2 }, "descriptor", 40],
  "an image": [{ checksums: 3 }, "image", 700],
  "an image of version 2": [{ checksums: 2 }, "image", 700],
  "an image of a summed transaction": [{ checksums: 1 }, "image", 700],
  "a revoke block": [{ checksums: 3 }, "revoke", 18],
  "a commit block": [{ checksums: 3 }, "commit", 500],
  "the sum of a transaction": [{ checksums: 1 }, "commit", 17],
};

for (const [name, [form, kind, at]] of Object.entries(DAMAGED)) {
  Deno.test({
    name: `a wrong bit in ${name} is told, and nothing is written`,
    ignore,
    fn() {
      const disk = made(16, "-t", "ext3", "-b", "1024");
      const log = new TestLog(disk, { blockBytes: 1024, ...form });
      log.write({ writes: [[9000, image(1024, 1)]] });
      log.write({
        writes: [[9001, image(1024, 1)]],
        revokes: [9000],
        spoil(which, block) {
          if (which === kind) block[at] = block[at]! ^ 1;
        },
      });
      log.write({ writes: [[9002, image(1024, 1)]] });
      const before = disk.clone();
      const error = assertThrows(() => replayJournal(disk, window), OsError);
      assertEquals(error.code, "EBADMSG");
      assertEquals(differingBlocks(disk, before), []);
    },
  });
}

Deno.test({
  name: "a torn last transaction never happened if commits may overtake it",
  ignore,
  fn() {
    for (const checksums of [1, 3] as const) {
      const disk = made(16, "-t", "ext3", "-b", "1024");
      const log = new TestLog(disk, { blockBytes: 1024, checksums, isAsync: true });
      log.write({ writes: [[9000, image(1024, 1)]] });
      log.write({
        writes: [[9001, image(1024, 1)]],
        spoil: (which, block) => which === "image" && block.fill(0),
      });
      const twoMore = disk.clone();
      assertEquals(replayJournal(disk, window), { transactionCount: 1, blockCount: 1 });
      assertEquals(disk.peek(9001 * 1024, 1024), new Uint8Array(1024));
      // With another behind it, it was not torn but damaged.
      const again = new TestLog(twoMore, { blockBytes: 1024, checksums, isAsync: true });
      again.write({
        writes: [[9001, image(1024, 1)]],
        spoil: (which, block) => which === "image" && block.fill(0),
      });
      again.write({ writes: [[9000, image(1024, 1)]] });
      assertThrows(() => replayJournal(twoMore, window), OsError, "checksum of transaction");
    }
  },
});

Deno.test({
  name: "what an older journal left behind the log is told from damage by its time",
  ignore,
  fn() {
    const disk = made(16, "-t", "ext3", "-b", "1024");
    const log = new TestLog(disk, { blockBytes: 1024, checksums: 3 });
    log.write({ writes: [[9000, image(1024, 1)]], seconds: 5000 });
    log.write({
      writes: [[9001, image(1024, 1)]],
      seconds: 4000,
      spoil: (_, block) => block[600] = block[600]! ^ 1,
    });
    assertEquals(replayJournal(disk, window), { transactionCount: 1, blockCount: 1 });
  },
});

Deno.test({
  name:
    "a journal of the first version is replayed, and one that holds nothing only loses the flag",
  ignore,
  fn() {
    const { disk, home } = wrapped({});
    const second = disk.clone();
    const first = withField(disk, 4, 3);
    // Fields that the first version does not have may hold anything.
    const old = withField(withField(first, 40, 0xffff_ffff), 44, 0xffff_ffff);
    replayJournal(second, window);
    replayJournal(old, window);
    assertEquals(old.peek(home * 1024, 20 * 1024), second.peek(home * 1024, 20 * 1024));
    const empty = withField(disk, 28, 0);
    assertEquals(replayJournal(empty, window), { transactionCount: 0, blockCount: 0 });
    assertEquals(empty.peek(home * 1024, 1024), new Uint8Array(1024));
    assertEquals(fsck(empty).code, 0);
    assertEquals(replayJournal(empty, window), undefined);
  },
});

/** Changes a field of the journal's superblock. */
function withField(disk: MemoryDisk, offset: number, value: number): MemoryDisk {
  const place = journalPlace(disk, 1024);
  const bytes = disk.peek(place, 1024);
  new DataView(bytes.buffer).setUint32(offset, value);
  const changed = disk.clone();
  changed.poke(place, bytes);
  return changed;
}

Deno.test({
  name: "a journal that we cannot replay is refused by name, a damaged one with EUCLEAN",
  ignore,
  fn() {
    const { disk } = wrapped({});
    const refuse = (changed: MemoryDisk, code: string, word: string) => {
      const error = assertThrows(() => replayJournal(changed, window), OsError, word);
      assertEquals(error.code, code);
    };
    refuse(withField(disk, 40, 0x21), "EOPNOTSUPP", "fast_commit");
    refuse(withField(disk, 40, 0x401), "EOPNOTSUPP", "0x400");
    refuse(withField(disk, 44, 1), "EOPNOTSUPP", "read-only");
    refuse(withField(disk, 40, 0x19), "EUCLEAN", "two kinds");
    refuse(withField(disk, 0, 0), "EUCLEAN", "superblock");
    refuse(withField(disk, 12, 4096), "EUCLEAN", "another size");
    refuse(withField(disk, 16, 1 << 30), "EUCLEAN", "more blocks");
    refuse(withField(disk, 20, 0), "EUCLEAN", "first block");
    refuse(withField(disk, 28, 100_000), "EUCLEAN", "start of the log");
    const external = disk.clone();
    const superblock = external.peek(1024, 1024);
    superblock.fill(0, 224, 228);
    external.poke(1024, superblock);
    refuse(external, "EOPNOTSUPP", "external journal");
    disk.isReadOnly = true;
    refuse(disk, "EROFS", "journal");
  },
});

Deno.test({
  name: "a transaction may change neither the journal nor what lies outside",
  ignore,
  fn() {
    for (const where of ["journal", "outside", "before"] as const) {
      const disk = made(16, "-t", "ext3", "-b", "1024");
      const log = new TestLog(disk, { blockBytes: 1024 });
      const block = { journal: log.places[700]!, outside: 16 * 1024, before: 0 }[where];
      log.write({ writes: [[block, image(1024, 1)]] });
      const error = assertThrows(() => replayJournal(disk, window), OsError);
      assertEquals(error.code, "EUCLEAN");
    }
  },
});

Deno.test({
  name: "a log without the flag is thrown away, and an error that Linux noted goes on",
  ignore,
  fn() {
    const { disk } = wrapped({});
    const superblock = disk.peek(1024, 1024);
    const fields = new DataView(superblock.buffer);
    fields.setUint32(96, fields.getUint32(96, true) & ~4, true);
    disk.poke(1024, superblock);
    const failed = withField(disk, 32, 5);
    assertEquals(replayJournal(failed, window), { transactionCount: 0, blockCount: 0 });
    assertEquals(new DataView(failed.peek(1024, 1024).buffer).getUint16(58, true) & 2, 2);
    assertEquals(replayJournal(failed, window), undefined);
  },
});

Deno.test({
  name: "whatever stands in a journal, only an OsError comes out, and soon",
  ignore,
  fn() {
    const { disk, log } = wrapped({ checksums: 0 });
    let state = 12345;
    const random = (bound: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor(state / 2 ** 32 * bound);
    };
    const interesting = [1, 2, ...[...log.places.slice(0, 3), ...log.places.slice(998, 1024)]];
    for (let round = 0; round < 1500; round++) {
      const mutant = disk.clone();
      for (let flips = 1 + random(4); flips > 0; flips--) {
        const block = interesting[random(interesting.length)]!;
        const bytes = mutant.peek(block * 1024, 1024);
        const at = random(random(2) === 0 ? 64 : 1024);
        bytes[at] = random(2) === 0 ? random(256) : bytes[at]! ^ (1 << random(8));
        mutant.poke(block * 1024, bytes);
      }
      try {
        replayJournal(mutant, window);
      } catch (error) {
        if (!(error instanceof OsError)) throw new Error(`round ${round}`, { cause: error });
      }
    }
  },
});

const mounted = ignore || !canLoopMount();

for (const [name, args] of Object.entries(KINDS)) {
  Deno.test({
    name: `what a mounted file system of Linux has in its journal is replayed: ${name}`,
    ignore: mounted,
    fn() {
      const blockBytes = Number(args[3]);
      const cut = withImage(
        made(24, ...args),
        (path) =>
          withMount(path, "data=ordered,commit=1", (place) => {
            for (let index = 0; index < 400; index++) {
              Deno.mkdirSync(`${place}/d${index % 20}`, { recursive: true });
              Deno.writeTextFileSync(`${place}/d${index % 20}/f${index}`, "x".repeat(index * 13));
            }
            Deno.removeSync(`${place}/d3`, { recursive: true });
            requireTool("sync", "-f", place);
            for (let index = 0; index < 200; index += 7) {
              if (index % 20 !== 3) Deno.removeSync(`${place}/d${index % 20}/f${index}`);
            }
            using directory = Deno.openSync(`${place}/d5/f5`, { read: true });
            directory.syncSync();
            return readImage(path);
          }),
      );
      assert(cut !== undefined);
      requireSameAsFsck(cut, blockBytes);
    },
  });
}
