/**
 * A client that fills the file system until it is told that there is no room, makes some, and goes on;
 * what it was told is synced must be there.
 *
 * @module
 */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Pulse, toldError } from "../../record/pulse.ts";
import { randomFrom } from "../random.ts";
import { firstDifference } from "./file_work.ts";

/** What it is told. */
export interface FillerOptions {
  /** The seed of its chance. */
  readonly seed: number;
  /** Where it works. */
  readonly directory: string;
  /** How often it must be told that there is no room. */
  readonly times: number;
}

/** What it finishes with. */
export interface FillerResult {
  /** How often there was no room: for files, for names, or on the host for what had been written. */
  readonly full: Readonly<Record<"files" | "names" | "host", number>>;
  /** Bytes that were synced and found again. */
  readonly bytes: number;
  /** What was not as it should be; empty if nothing was. */
  readonly failure: string;
}

const CHUNK_BYTES = 32 * 1024;
const CHUNKS_MAX = 24;

/** Empty files that it makes at most: more than there are inodes; and how often. */
const NAMES_MAX = 1_000;
const NAMES_EVERY = 3;

/** How long it leaves the cores to others after each step. */
const DOZE_MS = 1;

const domain = await enter();
const { seed, directory, times } = domain.options as unknown as FillerOptions;
const random = randomFrom(seed);
const pulse = new Pulse(domain);
const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
const full = { files: 0, names: 0, host: 0 };
/** By path: the bytes that were synced. */
const files = new Map<string, Uint8Array>();
let lastName = 0;
let bytes = 0;
let failure = "";
try {
  pulse.time(() => fs.mkdirSync(directory));
  for (let told = 0; told < times;) {
    const isFull = await fill();
    compare(somePath());
    if (!isFull) continue;
    noteWhy();
    pulse.reach(++told);
    makeRoom(0.5);
    if (told % NAMES_EVERY === 0) await makeNames();
  }
  for (const path of files.keys()) compare(path);
  makeRoom(1);
  pulse.time(() => fs.removeSync(directory));
} catch (error) {
  failure = toldError(error);
}
pulse.flush();
domain.finish({ full, bytes, failure } satisfies FillerResult);

/** Writes a file as long as there is room, and syncs it; answers whether there was none. */
async function fill(): Promise<boolean> {
  const path = `${directory}/file-${++lastName}`;
  const content = contentOf(lastName, Math.ceil(random() * CHUNKS_MAX) * CHUNK_BYTES);
  let taken = 0;
  let isFull = !tryIt(() => fs.createSync(path).close());
  if (isFull) return true;
  {
    using file = pulse.time(() => fs.openSync(path, { write: true }));
    while (!isFull && taken < content.byteLength) {
      const chunk = content.subarray(taken, taken + CHUNK_BYTES);
      isFull = !tryIt(() => taken += file.writeSync(chunk));
      await doze();
    }
    // Whatever was lost on the way, this tells of it.
    if (tryIt(() => file.syncSync())) {
      files.set(path, content.subarray(0, taken));
      return isFull;
    }
  }
  // The host had no room for what the file system had room for.
  full.host++;
  pulse.time(() => fs.removeSync(path));
  return true;
}

/** Makes empty files as long as there are inodes. */
async function makeNames(): Promise<void> {
  const names: string[] = [];
  let isFull = false;
  while (!isFull && names.length < NAMES_MAX) {
    const path = `${directory}/name-${++lastName}`;
    if (tryIt(() => fs.createSync(path).close())) names.push(path);
    else isFull = true;
    if (names.length % 10 === 0) await doze();
  }
  if (isFull) noteWhy();
  for (const path of names) pulse.time(() => fs.removeSync(path));
}

/** Why there was no room. */
function noteWhy(): void {
  if (fs.statfsSync().inodesFree === 0) full.names++;
  else full.files++;
}

/** Removes a share of the files. */
function makeRoom(share: number): void {
  for (const path of [...files.keys()]) {
    if (random() >= share) continue;
    compare(path);
    pulse.time(() => fs.removeSync(path));
    bytes += files.get(path)!.byteLength;
    files.delete(path);
  }
}

/** A file holds all that was synced, and nothing else. */
function compare(path: string | undefined): void {
  if (path === undefined) return;
  const found = pulse.time(() => fs.readFileSync(path));
  const at = firstDifference(found, files.get(path)!);
  if (at < 0) return;
  const wrong = `${path}, of which ${files.get(path)!.byteLength} bytes were synced, has ` +
    `${found.byteLength} and differs at byte ${at}`;
  pulse.failed(wrong);
  throw new Error(wrong);
}

function somePath(): string | undefined {
  const paths = [...files.keys()];
  return paths[Math.floor(random() * paths.length)];
}

/** Whether there was room. */
function tryIt(call: () => unknown): boolean {
  try {
    pulse.time(call);
    return true;
  } catch (error) {
    if (!(error instanceof OsError) || error.code !== "ENOSPC") throw error;
    return false;
  }
}

function contentOf(stamp: number, byteLength: number): Uint8Array {
  return Uint8Array.from({ length: byteLength }, (_, i) => (i * 7 + (i >> 9) + stamp * 13) & 255);
}

function doze(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, DOZE_MS));
}
