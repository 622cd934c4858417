/**
 * What is measured of a peer that serves files from a worker: the work of `works.ts`, call for call,
 * where each call crosses to the worker.
 *
 * @module
 */

import { blockPlace, FILE_BYTES, KiB, MiB, NAME_COUNTS } from "../works.ts";

/** The pieces of work that are compared with those of peers in workers. */
export const PEER_WORKS = [
  "stat",
  "rand-read-4k",
  "read-file-4k",
  "create-unlink",
  "seq-read-1m",
  "seq-write-1m",
  "readdir-1k",
] as const;

/** One of them. */
export type PeerWork = typeof PEER_WORKS[number];

/** An open file of a peer. */
export interface PeerFile {
  /** Reads at an offset, by one crossing; answers what holds the bytes. */
  read(buffer: Uint8Array, offset: number): Promise<Uint8Array>;
  /** Writes at an offset, by one crossing. */
  write(bytes: Uint8Array, offset: number): Promise<number>;
}

/** The calls of a peer, each as it names them itself. */
export interface PeerFiles {
  /** Opens a file to read and write it. */
  open(path: string): Promise<PeerFile>;
  /** Makes an empty file that was not there, and closes it. */
  create(path: string): Promise<void>;
  /** Removes a file. */
  unlink(path: string): Promise<void>;
  /** Tells the size of a file. */
  size(path: string): Promise<number>;
  /** Makes a directory. */
  mkdir(path: string): Promise<void>;
  /** Lists a directory. */
  readdir(path: string): Promise<readonly string[]>;
  /** Makes a file. */
  writeFile(path: string, content: Uint8Array): Promise<void>;
  /** Reads a file. */
  readFile(path: string): Promise<Uint8Array>;
}

type Work = (count: number) => Promise<void>;

/** Makes what a piece of work needs, and answers the work. */
export async function openPeerWork(files: PeerFiles, name: PeerWork): Promise<Work> {
  switch (name) {
    case "stat":
      await files.writeFile("/known", new Uint8Array(100));
      return repeated(async () => same(await files.size("/known"), 100));
    case "rand-read-4k":
      return await scattered(files);
    case "read-file-4k":
      await files.writeFile("/small", new Uint8Array(4 * KiB));
      return repeated(async () => same((await files.readFile("/small")).byteLength, 4 * KiB));
    case "create-unlink":
      return repeated(async (at) => {
        await files.create(`/made-${at & 15}`);
        await files.unlink(`/made-${at & 15}`);
      });
    case "seq-read-1m":
      return await streaming(files, async (file, buffer, offset) => {
        return (await file.read(buffer, offset)).byteLength;
      });
    case "seq-write-1m":
      return await streaming(files, (file, buffer, offset) => file.write(buffer, offset));
    case "readdir-1k":
      return await listing(files, NAME_COUNTS[name]);
  }
}

function repeated(work: (at: number) => Promise<void>): Work {
  let at = 0;
  return async (count) => {
    for (const end = at + count; at < end; at++) await work(at);
  };
}

function same(value: number, expected: number): void {
  if (value !== expected) throw new Error(`the peer answers ${value}, not ${expected}`);
}

async function fileOf(files: PeerFiles): Promise<PeerFile> {
  await files.writeFile("/data", new Uint8Array(FILE_BYTES).fill(7));
  return await files.open("/data");
}

async function scattered(files: PeerFiles): Promise<Work> {
  const file = await fileOf(files);
  const buffer = new Uint8Array(4 * KiB);
  return repeated(async (at) => {
    const bytes = await file.read(buffer, blockPlace(at));
    same(bytes.byteLength, buffer.byteLength);
    same(bytes[0]!, 7);
  });
}

type Transfer = (file: PeerFile, buffer: Uint8Array, offset: number) => Promise<number>;

async function streaming(files: PeerFiles, transfer: Transfer): Promise<Work> {
  const file = await fileOf(files);
  const buffer = new Uint8Array(MiB);
  return repeated(async (at) => {
    same(await transfer(file, buffer, at * MiB % FILE_BYTES), MiB);
  });
}

async function listing(files: PeerFiles, count: number): Promise<Work> {
  await files.mkdir("/many");
  for (let at = 0; at < count; at++) await files.create(`/many/name-${at}`);
  return repeated(async () => same((await files.readdir("/many")).length, count));
}
