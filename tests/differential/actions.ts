/**
 * Random work on a file system: what can be asked for, and what is told of the answer. Both are JSON,
 * since one of those who are asked is another process.
 *
 * @module
 */

import fc from "fast-check";

/** A path: names from few letters, so that paths meet. */
export type Path = string;

/** One thing that is asked for. `slot` is one of some places for open files. */
export type Action =
  | {
    readonly op: "open";
    readonly slot: number;
    readonly path: Path;
    readonly flags: number;
    readonly mode: number;
  }
  | { readonly op: "close" | "fstat" | "fsync"; readonly slot: number }
  | { readonly op: "read"; readonly slot: number; readonly offset: number; readonly length: number }
  | {
    readonly op: "write";
    readonly slot: number;
    readonly offset: number;
    readonly length: number;
    readonly seed: number;
  }
  | { readonly op: "ftruncate"; readonly slot: number; readonly size: number }
  | { readonly op: "mkdir"; readonly path: Path; readonly mode: number }
  | {
    readonly op: "rmdir" | "unlink" | "stat" | "lstat" | "readlink" | "readdir";
    readonly path: Path;
  }
  | { readonly op: "rename" | "link"; readonly source: Path; readonly target: Path }
  | { readonly op: "symlink"; readonly text: string; readonly path: Path }
  | { readonly op: "chmod"; readonly path: Path; readonly mode: number }
  | { readonly op: "utimes"; readonly path: Path; readonly atime: number; readonly mtime: number }
  | { readonly op: "truncate"; readonly path: Path; readonly size: number };

/** What is told of an answer: the name of an error, or what was found. */
export type Outcome = string | number | null | readonly Outcome[];

/** Places for open files. */
export const SLOT_COUNT = 4;

/** Flags of `open` as Linux has them on x86-64. */
export const FLAG = {
  writeOnly: 1,
  readWrite: 2,
  create: 0o100,
  exclusive: 0o200,
  truncate: 0o1000,
  append: 0o2000,
  directory: 0o200000,
  noFollow: 0o400000,
} as const;

/** The n-th byte of what a write with a seed writes. */
export function byteAt(seed: number, index: number): number {
  return (seed * 131 + index * 7 + (index >> 8) * 13) & 0xff;
}

/** A number for bytes: FNV-1a of 32 bits, over words of four bytes and then over the bytes left. */
export function digest(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const word = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
    hash = Math.imul(hash ^ word, 0x01000193);
  }
  for (; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash >>> 0;
}

const name = fc.constantFrom("a", "b", "c", "d");
const part = fc.oneof(
  { weight: 12, arbitrary: name },
  { weight: 1, arbitrary: fc.constantFrom(".", "..", "é", "a".repeat(255)) },
);
const path: fc.Arbitrary<Path> = fc.tuple(
  fc.array(part, { minLength: 1, maxLength: 3 }),
  fc.oneof({ weight: 15, arbitrary: fc.constant("") }, {
    weight: 1,
    arbitrary: fc.constantFrom("/", "/.", "//"),
  }),
).map(([parts, end]) => `/${parts.join("/")}${end}`);
const text = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((all) => all.join("/")),
  },
  // As long as what just fits the inode, and what just does not.
  {
    weight: 1,
    arbitrary: fc.constantFrom("b/".repeat(29) + "c", "./".repeat(30), "./".repeat(200) + "a"),
  },
);
const slot = fc.nat(SLOT_COUNT - 1);
const offset = fc.oneof(
  fc.nat(9_000),
  fc.constantFrom(0, 4_095, 4_096, 4_097, 12 * 4_096 - 1, 12 * 4_096, 1_000_000, 4_300_000),
);
const length = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }),
  fc.constantFrom(1, 512, 4_096, 8_192, 70_000),
);
const flags = fc.tuple(
  fc.constantFrom(0, FLAG.writeOnly, FLAG.readWrite, FLAG.readWrite),
  fc.constantFrom(0, FLAG.create, FLAG.create, FLAG.create | FLAG.exclusive),
  fc.constantFrom(0, 0, 0, FLAG.truncate, FLAG.append, FLAG.append | FLAG.truncate),
  fc.constantFrom(0, 0, 0, 0, 0, FLAG.directory, FLAG.noFollow),
).map((all) => all.reduce((a, b) => a | b))
  // Kernels differ on this one: EINVAL since 6.4.
  .filter((all) => (all & FLAG.create) === 0 || (all & FLAG.directory) === 0);
const mode = fc.constantFrom(0o644, 0o600, 0o755, 0o777, 0o000);
// Node takes a negative one for now.
const seconds = fc.nat(4_000_000_000);

/** One action. */
export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ op: fc.constant("open"), slot, path, flags, mode }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constantFrom("close", "fstat", "fsync"), slot }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant("read"), slot, offset, length }) },
  {
    weight: 8,
    arbitrary: fc.record({ op: fc.constant("write"), slot, offset, length, seed: fc.nat(255) }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("ftruncate"), slot, size: offset }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant("mkdir"), path, mode }) },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constantFrom("rmdir", "unlink", "stat", "lstat", "readlink", "readdir"),
      path,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ op: fc.constantFrom("rename", "link"), source: path, target: path }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("symlink"), text, path }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("chmod"), path, mode }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("utimes"), path, atime: seconds, mtime: seconds }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("truncate"), path, size: offset }) },
) as fc.Arbitrary<Action>;
