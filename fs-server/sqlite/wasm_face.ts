/**
 * What is used of `@sqlite.org/sqlite-wasm`: it is handed in, so nothing is imported.
 *
 * @module
 */

/** An address in SQLite's memory: a number, or a bigint where that is of 64 bits. */
export type Pointer = number;

/** A C structure in SQLite's memory. Members begin with `$`. */
export interface CStruct {
  /** Where it lies. */
  readonly pointer: Pointer;
  /** Lets go of it. */
  dispose(): void;
  /** Keeps something until then. */
  addOnDispose(...values: unknown[]): unknown;
  /** A member: a number, an address or a function. */
  // deno-lint-ignore no-explicit-any
  [member: `$${string}`]: any;
}

/** The class of a C structure. */
export interface CStructClass {
  /** A new structure, or the one that lies at an address. */
  new (pointer?: Pointer): CStruct;
  /** How it lies in memory. */
  readonly structInfo: { readonly sizeof: number };
}

/** What `sqlite3InitModule()` resolves to, as far as a file system needs it. */
export interface Sqlite3 {
  /** The C functions and structures. */
  readonly capi: {
    readonly sqlite3_vfs: CStructClass;
    readonly sqlite3_io_methods: CStructClass;
    readonly sqlite3_file: CStructClass;
    sqlite3_vfs_find(name: string | null): Pointer;
  };
  /** SQLite's memory. */
  readonly wasm: {
    heap8u(): Uint8Array;
    poke32(pointer: Pointer, value: number): unknown;
    poke64(pointer: Pointer, value: bigint): unknown;
    peek8(pointer: Pointer): number;
    cstrToJs(pointer: Pointer): string | null;
    allocCString(text: string): Pointer;
  };
  /** Registers a file system. */
  readonly vfs: {
    installVfs(options: Record<string, unknown>): unknown;
  };
}
