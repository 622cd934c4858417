import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Database, Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import type { FileSystemClient } from "@hako/fs-server";
import { installHakoVfs, type Sqlite3 } from "@hako/fs-server/sqlite";
import type { Rig } from "../../fs-server/server/test_rig.ts";
import { leasedRig } from "../node_fs/leased_rig.ts";
import { compileSqlite } from "../../tools/scenarios/foreign/sqlite_wasm.ts";
import { sqliteCode } from "./sqlite_module.ts";

const sqlite3: Sqlite3Static = await compileSqlite(sqliteCode());

/** File systems have names in the whole of a SQLite, so each test has one of its own. */
let systems = 0;

interface Stage {
  readonly rig: Rig;
  readonly fs: FileSystemClient;
  open(path: string, flags?: string): Database;
}

function stage(): Stage {
  const { rig, client: fs } = leasedRig({ blockCount: 8192 });
  const name = `hako-${++systems}`;
  installHakoVfs(sqlite3 as unknown as Sqlite3, fs, { name, sleepMs: () => {} });
  return { rig, fs, open: (path, flags = "c") => new sqlite3.oo1.DB(path, flags, name) };
}

function names(fs: FileSystemClient): string[] {
  return [...fs.readDirSync("/")].map(({ name }) => name).filter((name) => name !== "lost+found")
    .sort();
}

function fill(database: Database, rows: number): void {
  database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, content TEXT)");
  database.transaction(() => {
    for (let id = 0; id < rows; id++) {
      const bind = [`${id} `.repeat(id % 100)];
      database.exec({ sql: "INSERT INTO t(content) VALUES (?)", bind });
    }
  });
}

const LEFT_BEHIND: Readonly<Record<string, string[]>> = {
  delete: ["bank.db"],
  truncate: ["bank.db", "bank.db-journal"],
  persist: ["bank.db", "bank.db-journal"],
  memory: ["bank.db"],
  off: ["bank.db"],
};

for (const mode of Object.keys(LEFT_BEHIND)) {
  Deno.test(`a database with journal_mode=${mode} is written, vacuumed and read again`, () => {
    const { fs, open } = stage();
    {
      const database = open("/bank.db");
      assertEquals(database.selectValue(`PRAGMA journal_mode=${mode}`), mode);
      fill(database, 2000);
      database.exec("DELETE FROM t WHERE id % 3 = 0; VACUUM");
      database.exec("UPDATE t SET content = 'changed' WHERE id = 7");
      database.close();
    }
    assertEquals(names(fs), LEFT_BEHIND[mode]);
    if (mode === "truncate") assertEquals(fs.statSync("/bank.db-journal").size, 0);
    const database = open("/bank.db", "r");
    assertEquals(database.selectValue("PRAGMA integrity_check"), "ok");
    assertEquals(database.selectValue("SELECT count(*) FROM t"), 1334);
    assertEquals(database.selectValue("SELECT content FROM t WHERE id = 7"), "changed");
    database.close();
  });
}

Deno.test("WAL is refused where it needs shared memory, and works for one alone", () => {
  const { fs, open } = stage();
  const database = open("/bank.db");
  assertEquals(database.selectValue("PRAGMA journal_mode=wal"), "delete");
  database.exec("PRAGMA locking_mode=exclusive");
  assertEquals(database.selectValue("PRAGMA journal_mode=wal"), "wal");
  fill(database, 100);
  assertEquals(names(fs), ["bank.db", "bank.db-wal"]);
  assertThrows(() => open("/bank.db").selectValue("SELECT count(*) FROM t"));
  database.close();
});

Deno.test("two connections see each other's locks, as on Unix", () => {
  const { open } = stage();
  const [writer, reader] = [open("/bank.db"), open("/bank.db")];
  fill(writer, 10);
  const count = () => reader.selectValue("SELECT count(*) FROM t");
  writer.exec("BEGIN IMMEDIATE; INSERT INTO t(content) VALUES ('new')");
  assertEquals(count(), 10, "readers go on beside a writer that prepares");
  assertThrows(() => reader.exec("BEGIN IMMEDIATE"), Error, "SQLITE_BUSY");
  reader.exec("BEGIN; SELECT count(*) FROM t");
  assertThrows(() => writer.exec("COMMIT"), Error, "SQLITE_BUSY");
  reader.exec("COMMIT");
  assertThrows(count, Error, "SQLITE_BUSY", "the writer waits for the last reader");
  writer.exec("COMMIT");
  assertEquals(count(), 11);
  writer.exec("BEGIN EXCLUSIVE");
  assertThrows(count, Error, "SQLITE_BUSY");
  writer.close();
  assertEquals(count(), 11, "locks go with the file");
  reader.close();
});

Deno.test("a journal that a dead program left is rolled back by the next one", () => {
  const { fs, open } = stage();
  const first = open("/bank.db");
  fill(first, 500);
  const sum = first.selectValue("SELECT sum(length(content)) FROM t");
  // So small a cache that pages go to the database before the end.
  first.exec("PRAGMA cache_size=2; PRAGMA cache_spill=1; BEGIN; UPDATE t SET content = 'x'");
  const journal = fs.readFileSync("/bank.db-journal");
  const pages = fs.readFileSync("/bank.db");
  assert(journal.byteLength > 4096, "a hot journal");
  first.exec("ROLLBACK");
  first.close();
  fs.writeFileSync("/bank.db", pages);
  fs.writeFileSync("/bank.db-journal", journal);
  const second = open("/bank.db", "w");
  assertEquals(second.selectValue("SELECT sum(length(content)) FROM t"), sum);
  assertEquals(second.selectValue("PRAGMA integrity_check"), "ok");
  assertEquals(names(fs), ["bank.db"]);
  second.close();
});

Deno.test("temporary files have no name, and are gone afterwards", () => {
  const { fs, open } = stage();
  const before = fs.statfsSync().blocksFree;
  const database = open("/bank.db");
  database.exec("PRAGMA temp_store=file; PRAGMA cache_size=10; PRAGMA temp.cache_size=10");
  database.exec("CREATE TEMP TABLE big (content TEXT)");
  database.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO big SELECT printf('%050d', i) FROM n
  `);
  const { blocksFree } = fs.statfsSync();
  assert(blocksFree < before - 100, `${before - blocksFree} blocks are in use`);
  assertEquals(names(fs), ["bank.db"]);
  database.close();
});

Deno.test("a full disk is SQLITE_FULL, and leaves the database as it was", () => {
  const { fs, open } = stage();
  const database = open("/bank.db");
  fill(database, 100);
  const { blockBytes, blocksFree } = fs.statfsSync();
  fs.writeFileSync("/rest", new Uint8Array(Math.max(0, blocksFree - 40) * blockBytes));
  assertThrows(
    () => database.exec("INSERT INTO t(content) VALUES (zeroblob(1000000))"),
    Error,
    "SQLITE_FULL",
  );
  assertEquals(database.selectValue("SELECT count(*) FROM t"), 100);
  assertEquals(database.selectValue("PRAGMA integrity_check"), "ok");
  database.close();
});

Deno.test("a database behind a symbolic link has one journal, whoever opens it", () => {
  const { fs, open } = stage();
  fs.mkdirSync("/real");
  fs.symlinkSync("/real/bank.db", "/link.db");
  const database = open("/link.db");
  fill(database, 10);
  database.exec("BEGIN IMMEDIATE; INSERT INTO t(content) VALUES ('new')");
  assertEquals([...fs.readDirSync("/real")].map(({ name }) => name).sort(), [
    "bank.db",
    "bank.db-journal",
  ]);
  const other = open("/real/bank.db");
  assertThrows(() => other.exec("BEGIN IMMEDIATE"), Error, "SQLITE_BUSY");
  database.exec("COMMIT");
  assertEquals(other.selectValue("SELECT count(*) FROM t"), 11);
  other.close();
  database.close();
});

Deno.test("what cannot be opened says so", () => {
  const { fs, open } = stage();
  assertThrows(() => open("/none.db", "w"), Error, "SQLITE_CANTOPEN");
  assertThrows(() => open("/none/bank.db"), Error, "SQLITE_CANTOPEN");
  fs.mkdirSync("/directory");
  assertThrows(() => open("/directory"), Error, "SQLITE_CANTOPEN");
});
