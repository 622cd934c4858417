/**
 * System calls as a program of the host makes them, with nothing in between.
 *
 * @module
 */

const FLAGS = { readWrite: 2, create: 0o100, exclusive: 0o200 } as const;

/** The C library, by name: a bench may look for it. */
const LIBRARY = "libc.so.6";

/** The calls that are measured; each throws if it fails. */
export interface Calls {
  /** Opens for reading and writing; with `create` what is not there yet. */
  open(path: string, how: { readonly create: boolean }): number;
  /** Closes. */
  close(file: number): void;
  /** Fills `target` from `offset` on. */
  read(file: number, target: Uint8Array, offset: number): void;
  /** Writes all of `source` at `offset`. */
  write(file: number, source: Uint8Array, offset: number): void;
  /** Asks for the attributes of what stands at a path. */
  stat(path: string): void;
  /** Removes a name. */
  unlink(path: string): void;
}

/** Opens the C library. */
export function openCalls(): Calls {
  const { symbols } = Deno.dlopen(LIBRARY, {
    open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "i32" },
    pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "i32" },
    stat: { parameters: ["buffer", "buffer"], result: "i32" },
    unlink: { parameters: ["buffer"], result: "i32" },
  });
  const attributes = new Uint8Array(256);
  return {
    open: (path, { create }) => {
      const flags = FLAGS.readWrite | (create ? FLAGS.create | FLAGS.exclusive : 0);
      return checked("open", symbols.open(textOf(path), flags, 0o644));
    },
    close: (file) => void checked("close", symbols.close(file)),
    read: (file, target, offset) => {
      const count = symbols.pread(file, bytesOf(target), sizeOf(target), BigInt(offset));
      if (checked("read", count) !== target.byteLength) throw new Error("read: short");
    },
    write: (file, source, offset) => {
      const count = symbols.pwrite(file, bytesOf(source), sizeOf(source), BigInt(offset));
      if (checked("write", count) !== source.byteLength) throw new Error("write: short");
    },
    stat: (path) => void checked("stat", symbols.stat(textOf(path), attributes)),
    unlink: (path) => void checked("unlink", symbols.unlink(textOf(path))),
  };
}

function checked(name: string, result: number): number {
  if (result < 0) throw new Error(`${name} failed`);
  return result;
}

function bytesOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}

/** Made once for each length: a number of this type costs more than the call otherwise. */
const sizes = new Map<number, bigint>();

function sizeOf({ byteLength }: Uint8Array): bigint {
  let size = sizes.get(byteLength);
  if (size === undefined) sizes.set(byteLength, size = BigInt(byteLength));
  return size;
}

function textOf(path: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${path}\0`);
}
