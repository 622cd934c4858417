/**
 * Random work on files beside a model of it in memory: whatever is lost, done twice or mixed up shows
 * at the next look.
 *
 * @module
 */

import type { FileSystemClient, FsFile } from "@hako/fs-server";
import type { Random } from "../random.ts";

/** Files of one client at most. */
const FILES_MAX = 10;

/** Bytes of a file at most. */
const FILE_BYTES_MAX = 96 * 1024;

/** Bytes of one entry in the log, which stays open. */
const ENTRY_BYTES = 173;

/** The length at which the log begins anew. */
const LOG_BYTES_MAX = 40 * ENTRY_BYTES;

/** The work of one client, in a directory of its own. */
export class FileWork {
  /** What the files must hold, by path. */
  readonly model: Map<string, Uint8Array> = new Map();
  readonly #fs: FileSystemClient;
  readonly #random: Random;
  readonly #directory: string;
  readonly #log: FsFile;
  readonly #logPath: string;
  readonly #steps: readonly (() => void)[];
  #lastStamp = 0;

  /** Makes the directory, and opens the log in it. */
  constructor(fs: FileSystemClient, directory: string, random: Random) {
    this.#fs = fs;
    this.#random = random;
    this.#directory = directory;
    fs.mkdirSync(directory);
    this.#logPath = `${directory}/log`;
    this.#log = fs.openSync(this.#logPath, {
      read: true,
      write: true,
      append: true,
      createNew: true,
    });
    this.model.set(this.#logPath, new Uint8Array());
    const often = <T>(count: number, step: T): T[] => Array(count).fill(step);
    this.#steps = [
      ...often(4, () => this.#overwrite()),
      ...often(4, () => this.#append()),
      ...often(4, () => this.#extendLog()),
      ...often(3, () => this.#patch()),
      ...often(5, () => this.#read()),
      ...often(2, () => this.#rename()),
      ...often(2, () => this.#remove()),
      ...often(2, () => this.#list()),
      () => this.#truncate(),
      () => this.#log.syncSync(),
      () => this.#makeDirectory(),
    ];
  }

  /** One operation of chance. */
  step(): void {
    this.#steps[Math.floor(this.#random() * this.#steps.length)]!();
  }

  /** Looks at everything once more, and closes the log. */
  finish(): void {
    this.#list();
    for (const path of this.model.keys()) this.#compare(path);
    this.#log.close();
  }

  #overwrite(): void {
    const path = this.#newPath();
    const content = this.#bytes(Math.floor(this.#random() ** 3 * FILE_BYTES_MAX));
    this.#fs.writeFileSync(path, content);
    this.model.set(path, content);
  }

  #append(): void {
    const path = this.#somePath() ?? this.#newPath();
    const before = this.model.get(path) ?? new Uint8Array();
    if (before.byteLength > FILE_BYTES_MAX) return;
    const more = this.#bytes(1 + Math.floor(this.#random() * 9_000));
    using file = this.#fs.openSync(path, { write: true, append: true, create: true });
    file.writeAllSync(more);
    this.model.set(path, concat(before, more));
  }

  /** A request that is done twice makes the log too long; one that is lost, too short. */
  #extendLog(): void {
    let before = this.model.get(this.#logPath)!;
    if (before.byteLength >= LOG_BYTES_MAX) {
      this.#log.truncateSync(0);
      before = new Uint8Array();
    }
    const entry = this.#bytes(ENTRY_BYTES);
    this.#log.writeAllSync(entry);
    this.model.set(this.#logPath, concat(before, entry));
    const { size } = this.#log.statSync();
    this.#expect(size === before.byteLength + ENTRY_BYTES, `${this.#logPath} has ${size} bytes`);
  }

  #patch(): void {
    const path = this.#somePath();
    const before = path === undefined ? undefined : this.model.get(path);
    if (path === undefined || before === undefined || before.byteLength === 0) return;
    const offset = Math.floor(this.#random() * before.byteLength);
    const patch = this.#bytes(Math.min(before.byteLength - offset, 5_000));
    using file = this.#fs.openSync(path, { write: true });
    file.seekSync(offset);
    file.writeAllSync(patch);
    const after = before.slice();
    after.set(patch, offset);
    this.model.set(path, after);
  }

  #read(): void {
    const path = this.#somePath();
    if (path !== undefined) this.#compare(path);
  }

  #rename(): void {
    const source = this.#somePath();
    const target = this.#newPath();
    if (source === undefined || source === target) return;
    this.#fs.renameSync(source, target);
    this.model.set(target, this.model.get(source)!);
    this.model.delete(source);
  }

  #remove(): void {
    const path = this.#somePath();
    if (path === undefined) return;
    this.#fs.removeSync(path);
    this.model.delete(path);
  }

  #truncate(): void {
    const path = this.#somePath();
    if (path === undefined) return;
    const before = this.model.get(path)!;
    const size = Math.floor(this.#random() * before.byteLength);
    using file = this.#fs.openSync(path, { write: true });
    file.truncateSync(size);
    this.model.set(path, before.slice(0, size));
  }

  #makeDirectory(): void {
    const path = `${this.#directory}/sub`;
    this.#fs.mkdirSync(path);
    this.#fs.removeSync(path);
  }

  #list(): void {
    const names = [...this.#fs.readDirSync(this.#directory)].map(({ name }) => name).sort();
    const expected = [...this.model.keys()].map((path) => path.slice(this.#directory.length + 1));
    const [found, wanted] = [names.join(), expected.sort().join()];
    this.#expect(found === wanted, `${this.#directory} holds ${found}, not ${wanted}`);
  }

  #compare(path: string): void {
    const found = this.#fs.readFileSync(path);
    const difference = firstDifference(found, this.model.get(path)!);
    this.#expect(difference < 0, `${path} differs at byte ${difference}`);
  }

  #expect(holds: boolean, otherwise: string): void {
    if (!holds) throw new Error(otherwise);
  }

  /** A file that is there, not the log. */
  #somePath(): string | undefined {
    const paths = [...this.model.keys()].filter((path) => path !== this.#logPath);
    return paths[Math.floor(this.#random() * paths.length)];
  }

  #newPath(): string {
    return `${this.#directory}/file-${Math.floor(this.#random() * FILES_MAX)}`;
  }

  /** Bytes that no other write has at the same place. */
  #bytes(byteLength: number): Uint8Array {
    const stamp = ++this.#lastStamp;
    const bytes = new Uint8Array(byteLength);
    for (let i = 0; i < byteLength; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + stamp) & 255;
    return bytes;
  }
}

/** The first byte in which two contents differ; -1 if none does. */
export function firstDifference(found: Uint8Array, expected: Uint8Array): number {
  const length = Math.max(found.byteLength, expected.byteLength);
  for (let i = 0; i < length; i++) if (found[i] !== expected[i]) return i;
  return -1;
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.byteLength + second.byteLength);
  both.set(first);
  both.set(second, first.byteLength);
  return both;
}
