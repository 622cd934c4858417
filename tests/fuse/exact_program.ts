/**
 * A program that uses a mount as it is told, a JSON value a line, and answers a line for each. It runs
 * apart from the system that serves the mount: who waits for its own gateway in a system call cannot
 * put another in its place.
 *
 * @module
 */

/** What the program can do, each with a path or a number of an open file. */
export type Deed =
  | { readonly does: "stat" | "read" | "remove" | "open"; readonly path: string }
  | { readonly does: "make"; readonly path: string; readonly byte: number; readonly size: number }
  | { readonly does: "truncate"; readonly path: string; readonly size: number }
  | { readonly does: "chmod"; readonly path: string; readonly mode: number }
  | { readonly does: "rename" | "link"; readonly path: string; readonly to: string }
  | { readonly does: "write"; readonly path: string; readonly runs: readonly Run[] }
  | {
    readonly does: "readAt";
    readonly file: number;
    readonly offset: number;
    readonly size: number;
  }
  | { readonly does: "close"; readonly file: number };

/** Bytes of one value. */
export interface Run {
  readonly offset: number;
  readonly size: number;
  readonly byte: number;
}

/** What is told of a file; `null` if there is none. */
export interface Told {
  readonly size: number;
  readonly mode: number;
  readonly nlink: number;
  readonly ino: number;
  readonly mtimeMs: number;
}

const files: Map<number, Deno.FsFile> = new Map();
let lastFile = 0;

async function perform(deed: Deed): Promise<unknown> {
  switch (deed.does) {
    case "stat":
      return await told(deed.path);
    case "read":
      return runsOf(await Deno.readFile(deed.path));
    case "remove":
      return await Deno.remove(deed.path);
    case "open":
      files.set(++lastFile, await Deno.open(deed.path));
      return lastFile;
    case "make":
      return await Deno.writeFile(deed.path, new Uint8Array(deed.size).fill(deed.byte), {
        mode: 0o644,
      });
    case "truncate":
      return await Deno.truncate(deed.path, deed.size);
    case "chmod":
      return await Deno.chmod(deed.path, deed.mode);
    case "rename":
      return await Deno.rename(deed.path, deed.to);
    case "link":
      return await Deno.link(deed.path, deed.to);
    case "write":
      return await writeAtOnce(deed.path, deed.runs);
    case "readAt":
      return runsOf(await readAt(files.get(deed.file)!, deed.offset, deed.size));
    case "close":
      files.get(deed.file)!.close();
      return files.delete(deed.file);
  }
}

async function told(path: string): Promise<Told | null> {
  try {
    const { size, mode, nlink, ino, mtime } = await Deno.lstat(path);
    return { size, mode: mode!, nlink: nlink!, ino: ino!, mtimeMs: mtime!.getTime() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Several writes under way at once, and reads of what stays open: these are told what is old or new. */
async function writeAtOnce(path: string, runs: readonly Run[]): Promise<void> {
  const readers = [...files.values()].map((file) => readAt(file, runs[0]!.offset, 4096));
  const writers = runs.map(async ({ offset, size, byte }) => {
    using file = await Deno.open(path, { read: true, write: true });
    await file.seek(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size).fill(byte);
    for (let done = 0; done < size;) done += await file.write(bytes.subarray(done));
  });
  await Promise.all([...readers, ...writers]);
}

async function readAt(file: Deno.FsFile, offset: number, size: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(size);
  await file.seek(offset, Deno.SeekMode.Start);
  return buffer.subarray(0, await file.read(buffer) ?? 0);
}

/** Bytes as runs of one value: short, since they were written so. */
export function runsOf(bytes: Uint8Array): Run[] {
  const runs: Run[] = [];
  for (let from = 0, to = 0; from < bytes.byteLength; from = to) {
    const byte = bytes[from]!;
    for (to = from; to < bytes.byteLength && bytes[to] === byte;) to++;
    runs.push({ offset: from, size: to - from, byte });
  }
  return runs;
}

async function main(): Promise<void> {
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      console.log(JSON.stringify(await perform(JSON.parse(line) as Deed) ?? null));
    }
  }
}

if (import.meta.main) await main();
