/**
 * Operations of chance on a `node:fs`, as data, and what came of them. They are done by functions that
 * use nothing but each other, so that their text can be given to another JavaScript.
 *
 * @module
 */

import type { Random } from "../../tools/scenarios/random.ts";

/** Names below the root; few, so that operations meet. */
const NAMES = ["a", "b", "c", "a/d", "a/e", "b/f", "a/d/g", "none/h"];

/** The same with one that must be a directory. */
export const NAMES_AND_SLASH: readonly string[] = [...NAMES, "a/d/g/"];

/** What is done. */
const KINDS: readonly string[] = [
  ...["writeFile", "writeFile", "appendFile", "readFile", "mkdir", "mkdir", "rmdir", "unlink"],
  ...["rename", "link", "symlink", "readlink", "realpath", "stat", "lstat", "readdir", "chmod"],
  ...["truncate", "exists", "access", "copyFile", "utimes", "open", "open", "close", "write"],
  ...["read", "fstat", "ftruncate", "rm", "cp", "opendir", "readv", "writev", "fchmod"],
];

/** One operation, with all arguments that it might need. */
export interface Step {
  readonly kind: string;
  readonly first: string;
  readonly second: string;
  readonly content: string;
  readonly flags: string;
  readonly number: number;
  readonly offset: number;
  readonly length: number;
  readonly mode: number;
  readonly recursive: boolean;
}

/** What came of all steps, and the tree that is left. */
export interface Played {
  readonly outcomes: readonly unknown[];
  readonly tree: readonly unknown[];
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)]!;
}

/** How steps are drawn. */
export interface Draw {
  readonly random: Random;
  readonly count: number;
  /** Flags of `open`. */
  readonly flags: readonly string[];
  readonly names?: readonly string[];
  readonly kinds?: readonly string[];
}

/** Steps of chance. */
export function drawSteps({ random, count, flags, names = NAMES, kinds = KINDS }: Draw): Step[] {
  return Array.from({ length: count }, () => ({
    kind: pick(random, kinds),
    first: pick(random, names),
    second: pick(random, names),
    content: String.fromCharCode(97 + random() * 26).repeat(random() ** 3 * 9000),
    flags: pick(random, flags),
    number: Math.floor(random() * 4),
    offset: Math.floor(random() * 6000),
    length: Math.floor(random() * 5000),
    mode: pick(random, [0o644, 0o600, 0o755, 0o700]),
    recursive: random() < 0.5,
  }));
}

/** Any `node:fs`. */
// deno-lint-ignore no-explicit-any
type AnyFs = any;

/** What a step does. */
type Act = (step: Step) => unknown;

/** A number that tells contents apart. */
function sumOf(bytes: Uint8Array): number {
  return bytes.reduce((all, byte) => (all * 31 + byte) >>> 0, 0);
}

/** The content of all that is compared of `Stats`. */
function shapeOf(stats: AnyFs): unknown {
  const own = stats.isDirectory() ? "directory" : [stats.nlink, stats.size];
  return [stats.mode.toString(8), own];
}

/** What steps do on names. */
function actsOnNames(fs: AnyFs, root: string): Record<string, Act> {
  const at = (name: string) => `${root}/${name}`;
  return {
    mkdir: (s) => fs.mkdirSync(at(s.first), { recursive: s.recursive })?.slice(root.length),
    rmdir: (s) => fs.rmdirSync(at(s.first)),
    unlink: (s) => fs.unlinkSync(at(s.first)),
    rename: (s) => fs.renameSync(at(s.first), at(s.second)),
    link: (s) => fs.linkSync(at(s.first), at(s.second)),
    symlink: (s) => fs.symlinkSync("../".repeat(s.number) + s.first, at(s.second)),
    readlink: (s) => fs.readlinkSync(at(s.first)),
    realpath: (s) => fs.realpathSync.native(at(s.first)).slice(root.length),
    stat: (s) => shapeOf(fs.statSync(at(s.first))),
    lstat: (s) => shapeOf(fs.lstatSync(at(s.first))),
    readdir: (s) => fs.readdirSync(at(s.first)).sort(),
    chmod: (s) => fs.chmodSync(at(s.first), s.mode),
    exists: (s) => fs.existsSync(at(s.first)),
    access: (s) => fs.accessSync(at(s.first), s.number & 6),
    utimes: (s) => {
      fs.utimesSync(at(s.first), s.offset, s.length + 0.5);
      return fs.statSync(at(s.first)).mtimeMs;
    },
    rm: (s) => fs.rmSync(at(s.first), { recursive: s.recursive, force: s.number === 0 }),
    opendir: (s) => {
      const directory = fs.opendirSync(at(s.first));
      const names = [];
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        names.push([entry.name, entry.isFile(), entry.isDirectory(), entry.isSymbolicLink()]);
      }
      directory.closeSync();
      return names.sort();
    },
  };
}

/** What steps do on whole files. */
function actsOnFiles(fs: AnyFs, root: string): Record<string, Act> {
  const at = (name: string) => `${root}/${name}`;
  return {
    writeFile: (s) => fs.writeFileSync(at(s.first), s.content),
    appendFile: (s) => fs.appendFileSync(at(s.first), s.content),
    readFile: (s) => fs.readFileSync(at(s.first), "utf8"),
    truncate: (s) => fs.truncateSync(at(s.first), s.length),
    copyFile: (s) => {
      const exclusive = s.number & 1;
      // Node makes, or even removes, the target before it notices that the source is a directory.
      const isDirectory = fs.existsSync(at(s.first)) && fs.statSync(at(s.first)).isDirectory();
      if (exclusive === 0 && isDirectory) return undefined;
      return fs.copyFileSync(at(s.first), at(s.second), exclusive);
    },
    cp: (s) => {
      const [source, target] = [s.first, s.second].map((name) => at(name.replace(/\/$/, "")));
      try {
        return fs.cpSync(source, target, { recursive: s.recursive, dereference: true });
      } catch (error) {
        // How much was copied before depends on the order of the names in the directory.
        if (s.recursive) fs.rmSync(target, { recursive: true, force: true });
        throw error;
      }
    },
  };
}

/** What steps do on open files; `fds` are those that are open. */
function actsOnOpen(fs: AnyFs, root: string, fds: number[]): Record<string, Act> {
  const utf8 = new TextEncoder();
  const withFd = (number: number, act: (fd: number) => unknown) =>
    fds.length > 0 ? act(fds[number % fds.length]!) : undefined;
  const position = (s: Step) => s.recursive ? s.offset : null;
  return {
    open: (s) => {
      if (fds.length < 4) fds.push(fs.openSync(`${root}/${s.first}`, s.flags, s.mode));
    },
    close: () => fds.length > 0 ? fs.closeSync(fds.shift()) : undefined,
    write: (s) =>
      withFd(s.number, (fd) => fs.writeSync(fd, utf8.encode(s.content), 0, null, position(s))),
    read: (s) =>
      withFd(s.number, (fd) => {
        const buffer = new Uint8Array(s.length + 1);
        return [fs.readSync(fd, buffer, 0, s.length, position(s)), sumOf(buffer)];
      }),
    writev: (s) =>
      withFd(s.number, (fd) => {
        return fs.writevSync(fd, [utf8.encode(s.content), utf8.encode(s.first)], position(s));
      }),
    readv: (s) =>
      withFd(s.number, (fd) => {
        const parts = [new Uint8Array(s.length + 1), new Uint8Array(100)];
        return [fs.readvSync(fd, parts, position(s)), ...parts.map(sumOf)];
      }),
    fstat: (s) => withFd(s.number, (fd) => shapeOf(fs.fstatSync(fd))),
    ftruncate: (s) => withFd(s.number, (fd) => fs.ftruncateSync(fd, s.length)),
    fchmod: (s) => withFd(s.number, (fd) => fs.fchmodSync(fd, s.mode)),
  };
}

/** What an act answers or throws, without the root. */
function outcomeOf(act: () => unknown, root: string): unknown {
  try {
    return act() ?? "done";
  } catch (error) {
    const { code, errno, syscall, path, dest, message } = error as Record<string, unknown>;
    if (code === undefined) throw error;
    const fields = { code, errno, syscall, path, dest, message };
    const told = Object.entries(fields).filter(([, value]) => value !== undefined);
    const plain = (value: unknown) => String(value).replaceAll(root, "");
    return Object.fromEntries(told.map(([name, value]) => [name, plain(value)]));
  }
}

/** Everything below a directory. */
function treeOf(fs: AnyFs, root: string, directory: string): unknown[] {
  return fs.readdirSync(`${root}/${directory}`).sort().flatMap((name: string) => {
    const path = directory === "" ? name : `${directory}/${name}`;
    const stats = fs.lstatSync(`${root}/${path}`);
    if (stats.isSymbolicLink()) return [[path, fs.readlinkSync(`${root}/${path}`)]];
    if (stats.isDirectory()) return [[path, shapeOf(stats)], ...treeOf(fs, root, path)];
    return [[path, shapeOf(stats), sumOf(fs.readFileSync(`${root}/${path}`))]];
  });
}

/** Does the steps below a root, one after the other. */
export function play(fs: AnyFs, root: string, steps: readonly Step[]): Played {
  const fds: number[] = [];
  const acts = {
    ...actsOnNames(fs, root),
    ...actsOnFiles(fs, root),
    ...actsOnOpen(fs, root, fds),
  };
  const outcomes = steps.map((step) => outcomeOf(() => acts[step.kind]!(step), root));
  for (const fd of fds) fs.closeSync(fd);
  return { outcomes, tree: treeOf(fs, root, "") };
}

/** All that {@linkcode play} is made of, as text: types are gone when a module is loaded. */
export const PLAY_TEXT: string = [
  ...[sumOf, shapeOf, actsOnNames, actsOnFiles, actsOnOpen, outcomeOf, treeOf, play],
].join("\n");
