/**
 * SQLite in wasm, where nothing of the host may be read: its code comes from Hako's files, or from
 * another process.
 *
 * @module
 */

import type { Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import type { FileSystemClient } from "@hako/fs-server";
import { type HakoVfsOptions, installHakoVfs, type Sqlite3 } from "@hako/fs-server/sqlite";
import { compileSqlite } from "../../tools/scenarios/foreign/sqlite_wasm.ts";

/** Where the code lies. */
const WASM_PATH = "/sqlite3.wasm";

/** The code of SQLite, read by a process that may read the package. */
export function sqliteCode(): Uint8Array<ArrayBuffer> {
  const program = `
    const url = import.meta.resolve("@sqlite.org/sqlite-wasm/sqlite3.wasm");
    const bytes = Deno.readFileSync(new URL(url));
    for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
  `;
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["eval", program] }).outputSync();
  return stdout;
}

/** Puts the code where domains find it. */
export function publishSqlite(fs: FileSystemClient, code: Uint8Array): void {
  fs.writeFileSync(WASM_PATH, code);
}

/** SQLite with the files of a client, the default for its databases. */
export async function startSqlite(
  fs: FileSystemClient,
  options: HakoVfsOptions = {},
): Promise<Sqlite3Static> {
  const sqlite3 = await compileSqlite(fs.readFileSync(WASM_PATH).slice());
  installHakoVfs(sqlite3 as unknown as Sqlite3, fs, { asDefault: true, ...options });
  return sqlite3;
}
