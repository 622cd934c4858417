/**
 * SQLite, as its authors compile it to wasm, where nothing of the host may be read: from its code.
 *
 * @module
 */

import sqlite3InitModule, { type Sqlite3Static } from "@sqlite.org/sqlite-wasm";

/** SQLite from its code, without a file system of Hako. */
export async function compileSqlite(code: Uint8Array<ArrayBuffer>): Promise<Sqlite3Static> {
  const module = await WebAssembly.compile(code);
  // The types of the package do not tell of the option.
  const init = sqlite3InitModule as (options: unknown) => Promise<Sqlite3Static>;
  return await init({
    instantiateWasm(
      imports: WebAssembly.Imports,
      done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ) {
      void WebAssembly.instantiate(module, imports).then((instance) => done(instance, module));
      return {};
    },
  });
}
