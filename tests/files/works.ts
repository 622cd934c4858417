/**
 * What is measured of files: the same code on Hako's client and on `Deno` itself, whose shapes are
 * the same.
 *
 * @module
 */

/** Bytes in a KiB. */
export const KiB = 1024;

/** Bytes in a MiB. */
export const MiB = 1024 * KiB;

/** Bytes of the file that is read and written. It fits the cache, on either side. */
export const FILE_BYTES = 32 * MiB;

/** Bytes of the file that is mapped. */
const MAPPED_BYTES = 8 * MiB;

/** Names in the directory that is listed. */
export const NAME_COUNTS = { "readdir-1k": 1_000, "readdir-10k": 10_000 } as const;

/** The pieces of work that are compared with the host's, by the name of their row. */
export const HOST_WORKS = [
  "seq-read-1m",
  "seq-read-1m-copied",
  "seq-write-1m",
  "rand-read-4k",
  "rand-write-4k",
  "map-read-4k",
  "create-unlink",
  "stat",
  "readdir-10k",
  "read-file-4k",
] as const;

/** All of them; the last is small enough for peers that ask a worker for each name. */
export const WORKS = [...HOST_WORKS, "readdir-1k"] as const;

/** One of them. */
export type WorkName = typeof WORKS[number];

/** An open file, as both have it. */
export interface OpenFile extends Disposable {
  /** Reads at the position. */
  readSync(buffer: Uint8Array): number | null;
  /** Writes at the position. */
  writeSync(buffer: Uint8Array): number;
  /** Moves the position. */
  seekSync(offset: number, whence: 0): number;
  /** Lends bytes to be read in place, where that can be done. */
  lendSync?(offset: number, byteLength: number): Disposable & { readonly bytes: Uint8Array };
  /** Closes. */
  close(): void;
}

/** Files, as both have them. */
export interface Files {
  /** Opens. */
  openSync(
    path: string,
    options: { read?: boolean; write?: boolean; create?: boolean; createNew?: boolean },
  ): OpenFile;
  /** Tells of a path. */
  statSync(path: string): { readonly size: number };
  /** Makes a directory. */
  mkdirSync(path: string): void;
  /** Removes a file. */
  removeSync(path: string): void;
  /** Lists a directory. */
  readDirSync(path: string): Iterable<{ readonly name: string }>;
  /** Makes a file. */
  writeFileSync(path: string, content: Uint8Array): void;
  /** Reads a file. */
  readFileSync(path: string): Uint8Array;
  /** Lends bytes of a file to be read in place, where that can be done. */
  mapSync?(path: string): Uint8Array;
}

/** What has been read: so that nobody skips the reading. */
let seen = 0;

/** Makes what a piece of work needs below a directory, and answers the work. */
export function openWork(
  files: Files,
  directory: string,
  name: WorkName,
): (count: number) => void {
  switch (name) {
    case "seq-read-1m":
      return streaming(files, directory, MiB, readInPlace);
    case "seq-read-1m-copied":
      return streaming(files, directory, MiB, (file, buffer) => file.readSync(buffer));
    case "seq-write-1m":
      return streaming(files, directory, MiB, (file, buffer) => file.writeSync(buffer));
    case "rand-read-4k":
      return scattered(files, directory, (file, buffer) => file.readSync(buffer));
    case "rand-write-4k":
      return scattered(files, directory, (file, buffer) => file.writeSync(buffer));
    case "map-read-4k":
      return mapped(files, directory);
    case "create-unlink":
      return repeated((at) => {
        const path = `${directory}/made-${at & 15}`;
        files.openSync(path, { write: true, createNew: true }).close();
        files.removeSync(path);
      });
    case "stat":
      files.writeFileSync(`${directory}/known`, new Uint8Array(100));
      return repeated(() => void (seen += files.statSync(`${directory}/known`).size));
    case "readdir-1k":
    case "readdir-10k":
      return listing(files, directory, NAME_COUNTS[name]);
    case "read-file-4k":
      files.writeFileSync(`${directory}/small`, new Uint8Array(4 * KiB));
      return repeated(() => void (seen += files.readFileSync(`${directory}/small`).byteLength));
  }
}

function repeated(work: (at: number) => void): (count: number) => void {
  let at = 0;
  return (count) => {
    for (const end = at + count; at < end; at++) work(at);
  };
}

function fileOf(files: Files, directory: string, byteLength = FILE_BYTES): OpenFile {
  const path = `${directory}/data`;
  files.writeFileSync(path, new Uint8Array(byteLength).fill(7));
  return files.openSync(path, { read: true, write: true });
}

type Transfer = (file: OpenFile, buffer: Uint8Array, offset: number) => number | null;

function moved(count: number | null, buffer: Uint8Array): void {
  if (count !== buffer.byteLength) throw new Error(`moved ${count} of ${buffer.byteLength} bytes`);
}

/** Reads without a copy where that can be done, and looks at every page. */
function readInPlace(file: OpenFile, buffer: Uint8Array, offset: number): number | null {
  using lent = file.lendSync?.(offset, buffer.byteLength);
  const count = lent === undefined ? file.readSync(buffer) : lent.bytes.byteLength;
  const bytes = lent?.bytes ?? buffer;
  for (let at = 0; at < bytes.byteLength; at += 4 * KiB) seen += bytes[at]!;
  return count;
}

/** One run after the other, over the file again and again. */
function streaming(
  files: Files,
  directory: string,
  byteLength: number,
  transfer: Transfer,
): (count: number) => void {
  const file = fileOf(files, directory);
  const buffer = new Uint8Array(byteLength);
  const perPass = FILE_BYTES / byteLength;
  return repeated((at) => {
    if (at % perPass === 0) file.seekSync(0, 0);
    moved(transfer(file, buffer, (at % perPass) * byteLength), buffer);
  });
}

/** Where the n-th access to a file of blocks goes: all over it, the same in every run. */
export function blockPlace(at: number, byteLength = FILE_BYTES): number {
  return (Math.imul(at, 0x9e3779b1) >>> 0) % (byteLength / (4 * KiB)) * 4 * KiB;
}

function scattered(files: Files, directory: string, transfer: Transfer): (count: number) => void {
  const file = fileOf(files, directory);
  const buffer = new Uint8Array(4 * KiB);
  return repeated((at) => {
    const offset = blockPlace(at);
    file.seekSync(offset, 0);
    moved(transfer(file, buffer, offset), buffer);
    seen += buffer[0]!;
  });
}

function mapped(files: Files, directory: string): (count: number) => void {
  const file = fileOf(files, directory, MAPPED_BYTES);
  const bytes = files.mapSync?.(`${directory}/data`);
  const buffer = new Uint8Array(4 * KiB);
  return repeated((at) => {
    const offset = blockPlace(at, MAPPED_BYTES);
    if (bytes !== undefined) {
      seen += bytes[offset]! + bytes[offset + 4 * KiB - 1]!; // In place: nothing else is to be done.
      return;
    }
    file.seekSync(offset, 0);
    moved(file.readSync(buffer), buffer);
    seen += buffer[0]!;
  });
}

function listing(files: Files, directory: string, nameCount: number): (count: number) => void {
  const path = `${directory}/many`;
  files.mkdirSync(path);
  for (let at = 0; at < nameCount; at++) {
    files.openSync(`${path}/name-${at}`, { write: true, createNew: true }).close();
  }
  return repeated(() => {
    let count = 0;
    for (const { name } of files.readDirSync(path)) if (name !== "") count++;
    if (count !== nameCount) throw new Error(`listed ${count} of ${nameCount} names`);
  });
}
