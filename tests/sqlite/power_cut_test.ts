import { assert, assertEquals } from "@std/assert";
import type { Database, Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import type { FileSystemClient } from "@hako/fs-server";
import { installHakoVfs, type Sqlite3 } from "@hako/fs-server/sqlite";
import type { DiskEvent, MemoryDisk } from "../../fs-server/disk/memory_disk.ts";
import { fsck } from "../../fs-server/ext4/test_images.ts";
import { type Random, randomFrom } from "../../tools/scenarios/random.ts";
import { findTool } from "../host_tool.ts";
import { leasedRig } from "../node_fs/leased_rig.ts";
import { balance, BANK_PATH, found, transfer } from "./bank.ts";
import { compileSqlite } from "../../tools/scenarios/foreign/sqlite_wasm.ts";
import { sqliteCode } from "./sqlite_module.ts";

const sqlite3: Sqlite3Static = await compileSqlite(sqliteCode());

/** File systems have names in the whole of a SQLite. */
let systems = 0;

/** Opens the bank's books. */
function open(fs: FileSystemClient): Database {
  const name = `hako-cut-${++systems}`;
  installHakoVfs(sqlite3 as unknown as Sqlite3, fs, { name });
  return new sqlite3.oo1.DB(BANK_PATH, "c", name);
}

/**
 * The disk after a power cut. What was flushed is there. Of the rest, the storage server promises that
 * transactions become durable in order, and never before data that was written before them.
 */
function cut(base: MemoryDisk, events: readonly DiskEvent[], random: Random): MemoryDisk {
  const disk = base.clone();
  const flushed = events.findLastIndex(({ kind }) => kind === "flush");
  const end = flushed + Math.floor(random() * (events.length - flushed + 1));
  const lastKept = events.slice(0, end).findLastIndex(({ kind }) => kind === "transact");
  for (const [index, event] of events.entries()) {
    const isSafe = index <= Math.max(flushed, lastKept);
    if (event.kind === "transact" && isSafe) {
      for (const { offset, bytes } of event.pieces) disk.poke(offset, bytes);
    }
    if (event.kind === "write" && (isSafe || random() < 0.5)) {
      const whole = event.bytes.byteLength;
      const sectors = isSafe || random() < 0.7 ? whole / 512 : Math.floor(random() * whole / 512);
      disk.poke(event.offset, event.bytes.subarray(0, sectors * 512));
    }
  }
  return disk;
}

/** Modes in which what was answered survives a power cut, by SQLite's own promise. */
const DURABLE = [
  ["delete", "extra"],
  ["truncate", "full"],
  ["persist", "full"],
] as const;

for (const [journalMode, synchronous] of DURABLE) {
  Deno.test(`no transfer that was answered is lost in a power cut: ${journalMode}, ${synchronous}`, () => {
    const { rig, client } = leasedRig({ blockCount: 8192 });
    const database = open(client);
    database.exec(`PRAGMA journal_mode=${journalMode}; PRAGMA synchronous=${synchronous}`);
    found(database);
    const base = rig.disk.clone();
    const events: DiskEvent[] = [];
    rig.disk.onEvent = (event) => events.push(event);
    /** How many events there were when a transfer was answered. */
    const answered: number[] = [];
    const random = randomFrom(3);
    for (let number = 0; number < 25; number++) {
      transfer(database, "only", { number, random });
      answered.push(events.length);
    }
    rig.disk.onEvent = undefined;
    database.close();
    for (let cuts = 0; cuts < 60; cuts++) {
      const length = Math.floor(random() * events.length);
      const disk = cut(base, events.slice(0, length), random);
      const { rig: rebooted, client } = leasedRig({ disk });
      const after = open(client);
      const { sums, counts, integrity } = balance(after);
      after.close();
      const least = answered.filter((count) => count <= length).length;
      const done = counts["only"] ?? 0;
      assertEquals(integrity, "ok");
      assertEquals(sums, Array(4).fill(sums[0]));
      assert(done >= least && done <= least + 1, `${done} of ${least} transfers at ${length}`);
      if (cuts % 10 === 0 && findTool("e2fsck") !== undefined) {
        rebooted.fs.halt();
        assertEquals(fsck(disk).output.match(/error/i), null);
      }
    }
  });
}

/** Flushes of the disk in one transfer. */
function flushesOf(journalMode: string, synchronous: string): number {
  const { rig, client } = leasedRig({ blockCount: 8192 });
  const database = open(client);
  database.exec(`PRAGMA journal_mode=${journalMode}; PRAGMA synchronous=${synchronous}`);
  found(database);
  const random = randomFrom(3);
  transfer(database, "only", { number: 0, random });
  let flushes = 0;
  rig.disk.onEvent = ({ kind }) => void (kind === "flush" && flushes++);
  transfer(database, "only", { number: 1, random });
  database.close();
  return flushes;
}

Deno.test("PRAGMA synchronous decides how often the disk is flushed", () => {
  const modes = ["delete", "truncate", "persist"];
  const counts = modes.map((mode) => {
    return ["off", "normal", "full", "extra"].map((synchronous) => flushesOf(mode, synchronous));
  });
  for (const [index, [off, normal, full, extra]] of counts.entries()) {
    const mode = modes[index]!;
    assertEquals(off, 0, mode);
    // The journal and the database; for FULL the journal's header by itself as well.
    assert(normal! >= 2, `${mode}: ${normal}`);
    assert(full! > normal!, `${mode}: ${full} and ${normal}`);
    assert(extra! >= full!, `${mode}: ${extra} and ${full}`);
  }
  const [[, , full, extra]] = counts as [[number, number, number, number]];
  assertEquals(extra, full + 1, "EXTRA: the removal of the journal, too");
});
