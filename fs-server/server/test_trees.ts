/**
 * For tests: trees of files as a host, a mounted Linux, debugfs and our own server see them, in one
 * form, so that they can be compared.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";
import { requireTool } from "../ext4/test_images.ts";
import { pattern, type Rig, utf8 } from "./test_rig.ts";

const MODE_TYPE = 0o170000;
const MODE_FILE = 0o100000;
const MODE_DIRECTORY = 0o040000;
const MODE_SYMLINK = 0o120000;

/** One file of a tree. */
export interface TreeEntry {
  readonly mode: string;
  readonly owner: string;
  readonly links: number;
  readonly mtime: number;
  readonly size?: number;
  /** A sum of the content. */
  readonly content?: number;
  readonly target?: string;
  readonly device?: number;
}

/** Files by path, without the root and `/lost+found`. */
export type Tree = Record<string, TreeEntry>;

/** What a reader of a tree does not tell. */
export interface TreeOptions {
  /** Only files, directories and links, and no counts of links. */
  readonly isPlain?: boolean;
}

/** A tree of the host. */
export function hostTree(root: string, options: TreeOptions = {}): Tree {
  const tree: Tree = {};
  const visit = (path: string): void => {
    for (const { name } of Deno.readDirSync(`${root}${path}`)) {
      const child = `${path}/${name}`;
      if (child === "/lost+found") continue;
      const stat = Deno.lstatSync(`${root}${child}`);
      const entry = entryOf(options, {
        mode: stat.mode ?? 0,
        owner: `${stat.uid}:${stat.gid}`,
        links: stat.nlink ?? 0,
        mtime: Math.floor((stat.mtime?.getTime() ?? 0) / 1000),
        size: stat.size,
        device: stat.rdev ?? 0,
        content: () => Deno.readFileSync(`${root}${child}`),
        target: () => Deno.readLinkSync(`${root}${child}`),
      });
      if (entry !== undefined) tree[child] = entry;
      if (stat.isDirectory) visit(child);
    }
  };
  visit("");
  return tree;
}

/** The tree that our server sees. */
export function servedTree(rig: Rig, options: TreeOptions = {}): Tree {
  const tree: Tree = {};
  const visit = (path: string): void => {
    const names = rig.list(path === "" ? "/" : path, 16_384);
    if (typeof names === "string") throw new Error(`${path}: ${names}`);
    for (const name of names) {
      const child = `${path}/${name}`;
      if (child === "/lost+found") continue;
      const stat = rig.stat(child, false);
      if (typeof stat === "string") throw new Error(`${child}: ${stat}`);
      const entry = entryOf(options, {
        mode: stat.mode,
        owner: `${stat.uid}:${stat.gid}`,
        links: stat.links,
        mtime: stat.mtimeSeconds,
        size: stat.size,
        device: stat.device,
        content: () => bytesOf(rig.readFile(child), child),
        target: () => targetOf(rig, child),
      });
      if (entry !== undefined) tree[child] = entry;
      if ((stat.mode & MODE_TYPE) === MODE_DIRECTORY) visit(child);
    }
  };
  visit("");
  return tree;
}

/** The tree that debugfs takes out of an image; it leaves out devices and counts of links. */
export function debugfsTree(image: string): Tree {
  const place = Deno.makeTempDirSync();
  try {
    requireTool("debugfs", "-R", `rdump / ${place}`, image);
    return hostTree(place, { isPlain: true });
  } finally {
    Deno.removeSync(place, { recursive: true });
  }
}

/** What is known of a file, whoever told it. */
interface Told {
  readonly mode: number;
  readonly owner: string;
  readonly links: number;
  readonly mtime: number;
  readonly size: number;
  readonly device: number;
  readonly content: () => Uint8Array;
  readonly target: () => string;
}

function entryOf({ isPlain = false }: TreeOptions, told: Told): TreeEntry | undefined {
  const type = told.mode & MODE_TYPE;
  const isFile = type === MODE_FILE;
  const isDirectory = type === MODE_DIRECTORY;
  const isLink = type === MODE_SYMLINK;
  if (isPlain && !isFile && !isDirectory && !isLink) return undefined;
  return {
    // debugfs makes directories without the bits above the permissions.
    mode: (isPlain ? told.mode & ~0o7000 : told.mode).toString(8),
    owner: told.owner,
    links: isPlain ? 1 : told.links,
    // debugfs sets the times of directories before it fills them, and those of links not at all.
    mtime: isPlain && !isFile ? 0 : told.mtime,
    ...(isFile ? { size: told.size, content: sumOf(told.content()) } : {}),
    ...(isLink ? { target: told.target() } : {}),
    ...(!isFile && !isDirectory && !isLink ? { device: told.device } : {}),
  };
}

function sumOf(bytes: Uint8Array): number {
  const words = new Uint32Array(Math.ceil(bytes.byteLength / 4));
  new Uint8Array(words.buffer).set(bytes);
  return crc32c(words, 0, words.length, bytes.byteLength);
}

function bytesOf(content: Uint8Array | string, path: string): Uint8Array {
  if (typeof content === "string") throw new Error(`${path}: ${content}`);
  return content;
}

function targetOf(rig: Rig, path: string): string {
  const target = new Uint8Array(new SharedArrayBuffer(4096));
  const count = rig.answer("readlink", { path: utf8(path), target });
  if (typeof count === "string") throw new Error(`${path}: ${count}`);
  return new TextDecoder().decode(target.slice(0, count));
}

let madeTree: string | undefined;

/** The path of a tree with one of everything, which goes when the process does. */
export function sourceTree(): string {
  if (madeTree !== undefined) return madeTree;
  const path = Deno.makeTempDirSync();
  madeTree = path;
  globalThis.addEventListener("unload", () => requireTool("rm", "-rf", path));
  Deno.mkdirSync(`${path}/docs/deep/er/and/deeper`, { recursive: true });
  Deno.writeTextFileSync(`${path}/motd`, "hello from outside");
  Deno.writeTextFileSync(`${path}/empty`, "");
  Deno.writeFileSync(`${path}/docs/big`, pattern(3_000_000, 5).slice());
  makeSparse(`${path}/docs/sparse`);
  // By ln(1), since `Deno.symlinkSync` wants to read and write everything.
  requireTool("ln", "-s", "../motd", `${path}/docs/short`);
  requireTool("ln", "-s", "y".repeat(59), `${path}/docs/59`);
  requireTool("ln", "-s", "z".repeat(60), `${path}/docs/60`);
  requireTool("ln", "-s", "x".repeat(200), `${path}/docs/long`);
  Deno.linkSync(`${path}/motd`, `${path}/docs/deep/hard`);
  for (let index = 0; index < 300; index++) {
    Deno.writeTextFileSync(`${path}/docs/deep/name-from-outside-${index}`, `${index}`);
  }
  for (const name of ["ümläut 日本語", "spa ce\ttab", "n".repeat(255), "back\\slash", "#*?"]) {
    Deno.writeTextFileSync(`${path}/docs/${name}`, name);
  }
  requireTool("mkfifo", `${path}/pipe`);
  if (Deno.uid() === 0) {
    requireTool("mknod", `${path}/null`, "c", "1", "3");
    requireTool("mknod", `${path}/disk`, "b", "259", "70000");
    requireTool("chown", "1000:70000", `${path}/docs/deep/er`);
  }
  requireTool("chmod", "4755", `${path}/motd`);
  requireTool("chmod", "1777", `${path}/docs/deep`);
  requireTool("chmod", "000", `${path}/empty`);
  requireTool("touch", "-d", "1999-12-31T23:59:59Z", `${path}/motd`);
  return path;
}

function makeSparse(path: string): void {
  using file = Deno.openSync(path, { create: true, write: true });
  for (const offset of [0, 70_000, 5_000_000, 9_999_999]) {
    file.seekSync(offset, Deno.SeekMode.Start);
    file.writeSync(pattern(1000, offset + 1).slice());
  }
  file.truncateSync(12_345_678);
}
