/**
 * A mount of which Linux keeps nothing, used at random: every answer must be what is so at that moment,
 * whoever has changed it, and whoever has died meanwhile.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { FileSystemClient } from "@hako/fs-server";
import type { System } from "@hako/kernel";
import { type Deed, type Run, runsOf, type Told } from "./exact_program.ts";

/** The mount. */
export interface ExactMount {
  readonly system: System;
  readonly directory: string;
  /** Another client of the same files. */
  readonly files: FileSystemClient;
}

/** What the numbers that look like chance begin with. */
const SEED = 20_261_123;

const STEPS = 400;

/** Steps between two deaths. */
const DEATH_EVERY = 50;

const VICTIMS = ["fs", "mount", "storage", "disk"] as const;

const NAMES = ["a", "b", "c", "d"] as const;

/** Larger than what is read ahead. */
const FILE_BYTES_MAX = 300_000;

/** Files that are open at once. */
const OPEN_MAX = 3;

/** What a file must be; names that are links have the same. */
interface Expected {
  bytes: Uint8Array;
  mode: number;
}

/** A file that stays open on the mount. */
interface Opened {
  readonly file: number;
  readonly expected: Expected;
}

/** The program that uses the mount. */
class Program {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(directory: string) {
    const module = new URL("./exact_program.ts", import.meta.url).pathname;
    const permissions = [`--allow-read=${directory}`, `--allow-write=${directory}`];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...permissions, module],
      ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async does(deed: Deed): Promise<unknown> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(deed)}\n`));
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#reader.read();
      assert(!done, `${deed.does} failed`);
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return JSON.parse(line);
  }

  async end(): Promise<void> {
    await this.#writer.close();
    assertEquals((await this.#child.status).code, 0);
  }
}

/** One play. */
class Play {
  readonly #mount: ExactMount;
  readonly #others: boolean;
  readonly #program: Program;
  readonly #model: Map<string, Expected> = new Map();
  readonly #opened: Opened[] = [];
  #state = SEED;

  constructor(mount: ExactMount, others: boolean) {
    this.#mount = mount;
    this.#others = others;
    this.#program = new Program(mount.directory);
  }

  async play(): Promise<void> {
    for (let step = 1; step <= STEPS; step++) {
      if (step % DEATH_EVERY === 0) {
        this.#mount.system.terminate(VICTIMS[step / DEATH_EVERY % VICTIMS.length]!);
      }
      const name = this.#name();
      try {
        await this.#step(name);
        await this.#assertStat(this.#name());
        await this.#assertRead(this.#name());
      } catch (cause) {
        throw new Error(`step ${step}, ${name}`, { cause });
      }
    }
    await this.#program.end();
  }

  async #step(name: string): Promise<void> {
    const expected = this.#model.get(name);
    const files = this.#isTheirs() ? this.#mount.files : undefined;
    const path = `/${name}`;
    if (expected === undefined) return await this.#make(name, files);
    switch (this.#next(8)) {
      case 0:
        this.#model.delete(name);
        if (files !== undefined) return files.removeSync(path);
        return void await this.#program.does({ does: "remove", path: this.#path(name) });
      case 1:
        return await this.#rename(name, files);
      case 2: {
        const mode = expected.mode = 0o600 | this.#next(0o200);
        if (files !== undefined) return files.chmodSync(path, mode);
        return void await this.#program.does({ does: "chmod", path: this.#path(name), mode });
      }
      case 3: {
        const size = this.#next(FILE_BYTES_MAX);
        expected.bytes = resized(expected.bytes, size);
        if (files !== undefined) return files.truncateSync(path, size);
        return void await this.#program.does({ does: "truncate", path: this.#path(name), size });
      }
      case 4:
        return await this.#link(name, expected, files);
      case 5:
        return await this.#open(name, expected);
      default:
        return await this.#write(name, expected, files);
    }
  }

  async #make(name: string, files?: FileSystemClient): Promise<void> {
    const [size, byte] = [1 + this.#next(FILE_BYTES_MAX), 1 + this.#next(255)];
    const bytes = new Uint8Array(size).fill(byte);
    this.#model.set(name, { bytes, mode: 0o644 });
    if (files !== undefined) return files.writeFileSync(`/${name}`, bytes, { mode: 0o644 });
    await this.#program.does({ does: "make", path: this.#path(name), byte, size });
  }

  async #rename(name: string, files?: FileSystemClient): Promise<void> {
    const other = this.#name();
    const [path, to] = [this.#path(name), this.#path(other)];
    if (files !== undefined) files.renameSync(`/${name}`, `/${other}`);
    else await this.#program.does({ does: "rename", path, to });
    // Two names of one file: nothing is done.
    if (this.#model.get(name) === this.#model.get(other)) return;
    this.#model.set(other, this.#model.get(name)!);
    this.#model.delete(name);
  }

  async #link(name: string, expected: Expected, files?: FileSystemClient): Promise<void> {
    const free = NAMES.find((other) => !this.#model.has(other));
    if (free === undefined) return;
    this.#model.set(free, expected);
    if (files !== undefined) return files.linkSync(`/${name}`, `/${free}`);
    await this.#program.does({ does: "link", path: this.#path(name), to: this.#path(free) });
  }

  async #open(name: string, expected: Expected): Promise<void> {
    if (this.#opened.length === OPEN_MAX) {
      await this.#program.does({ does: "close", file: this.#opened.shift()!.file });
    }
    const file = await this.#program.does({ does: "open", path: this.#path(name) }) as number;
    this.#opened.push({ file, expected });
  }

  async #write(name: string, expected: Expected, files?: FileSystemClient): Promise<void> {
    const size = 1 + this.#next(this.#next(2) === 0 ? 5000 : 100_000);
    const offset = this.#next(FILE_BYTES_MAX - 2 * size);
    const runs = [
      { offset, size, byte: 1 + this.#next(255) },
      { offset: offset + size, size, byte: 1 + this.#next(255) },
    ];
    if (files !== undefined) writeTheirs(files, `/${name}`, runs);
    else await this.#program.does({ does: "write", path: this.#path(name), runs });
    const end = Math.max(expected.bytes.byteLength, offset + 2 * size);
    expected.bytes = resized(expected.bytes, end);
    for (const { offset, size, byte } of runs) expected.bytes.fill(byte, offset, offset + size);
  }

  async #assertStat(name: string): Promise<void> {
    const expected = this.#model.get(name);
    const path = this.#path(name);
    const told = await this.#program.does({ does: "stat", path }) as Told | null;
    if (expected === undefined) return assertEquals(told, null, name);
    assert(told !== null, `${name} is not there`);
    const names = [...this.#model.values()].filter((other) => other === expected).length;
    assertEquals(
      [told.size, told.mode & 0o777, told.nlink],
      [expected.bytes.byteLength, expected.mode, names],
      name,
    );
    const theirs = this.#mount.files.lstatSync(`/${name}`);
    assertEquals([told.ino, told.mtimeMs], [theirs.ino, theirs.mtime.getTime()], name);
  }

  /** Reads a part of what is open, and all of one that is not. */
  async #assertRead(name: string): Promise<void> {
    for (const { file, expected } of this.#opened) {
      const offset = this.#next(Math.max(1, expected.bytes.byteLength));
      const size = 1 + this.#next(20_000);
      const runs = await this.#program.does({ does: "readAt", file, offset, size });
      assertEquals(runs, runsOf(expected.bytes.subarray(offset, offset + size)), `file ${file}`);
    }
    const expected = this.#model.get(name);
    if (expected === undefined) return;
    const runs = this.#isTheirs()
      ? runsOf(this.#mount.files.readFileSync(`/${name}`))
      : await this.#program.does({ does: "read", path: this.#path(name) });
    assertEquals(runs, runsOf(expected.bytes), name);
  }

  #isTheirs(): boolean {
    return this.#others && this.#next(2) === 0;
  }

  #name(): string {
    return NAMES[this.#next(NAMES.length)]!;
  }

  #path(name: string): string {
    return `${this.#mount.directory}/${name}`;
  }

  #next(below: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }
}

/** Programs and another client change the same files by turns. */
export async function changeByTurns(mount: ExactMount): Promise<void> {
  await new Play(mount, true).play();
}

/** Only programs change files. */
export async function changeAlone(mount: ExactMount): Promise<void> {
  await new Play(mount, false).play();
}

function writeTheirs(files: FileSystemClient, path: string, runs: readonly Run[]): void {
  using file = files.openSync(path, { read: true, write: true });
  for (const { offset, size, byte } of runs) {
    const bytes = new Uint8Array(size).fill(byte);
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < size;) done += file.writeSync(bytes.subarray(done));
  }
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const changed = new Uint8Array(size);
  changed.set(bytes.subarray(0, size));
  return changed;
}
