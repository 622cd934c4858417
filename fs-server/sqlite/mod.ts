/**
 * SQLite on files of Hako: a VFS for `@sqlite.org/sqlite-wasm`.
 *
 * @module
 */

export { type HakoVfsOptions, installHakoVfs } from "./vfs.ts";
export type { CStruct, CStructClass, Pointer, Sqlite3 } from "./wasm_face.ts";
