/**
 * For tests: trees of files as a host, a mounted Linux, debugfs and our own server see them, in one
 * form, so that they can be compared.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";
import { IMAGES, requireTool } from "../ext4/test_images.ts";
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

/** A tree of the host. */
export function hostTree(root: string): Tree {
  const tree: Tree = {};
  const visit = (path: string): void => {
    for (const { name } of Deno.readDirSync(`${root}${path}`)) {
      const child = `${path}/${name}`;
      if (child === "/lost+found") continue;
      const stat = Deno.lstatSync(`${root}${child}`);
      tree[child] = entryOf({
        mode: stat.mode ?? 0,
        owner: `${stat.uid}:${stat.gid}`,
        links: stat.nlink ?? 0,
        mtime: Math.floor((stat.mtime?.getTime() ?? 0) / 1000),
        size: stat.size,
        device: stat.rdev ?? 0,
        content: () => Deno.readFileSync(`${root}${child}`),
        target: () => Deno.readLinkSync(`${root}${child}`),
      });
      if (stat.isDirectory) visit(child);
    }
  };
  visit("");
  return tree;
}

/** The tree that our server sees. */
export function servedTree(rig: Rig): Tree {
  const tree: Tree = {};
  const visit = (path: string): void => {
    const names = rig.list(path === "" ? "/" : path, 16_384);
    if (typeof names === "string") throw new Error(`${path}: ${names}`);
    for (const name of names) {
      const child = `${path}/${name}`;
      if (child === "/lost+found") continue;
      const stat = rig.stat(child, false);
      if (typeof stat === "string") throw new Error(`${child}: ${stat}`);
      tree[child] = entryOf({
        mode: stat.mode,
        owner: `${stat.uid}:${stat.gid}`,
        links: stat.links,
        mtime: stat.mtimeSeconds,
        size: stat.size,
        device: stat.device,
        content: () => bytesOf(rig.readFile(child), child),
        target: () => targetOf(rig, child),
      });
      if ((stat.mode & MODE_TYPE) === MODE_DIRECTORY) visit(child);
    }
  };
  visit("");
  return tree;
}

/** The tree that debugfs takes out of an image: a plain one. */
export function debugfsTree(image: string): Tree {
  const place = Deno.makeTempDirSync(IMAGES);
  try {
    requireTool("debugfs", "-R", `rdump / ${place}`, image);
    return plainTree(hostTree(place));
  } finally {
    Deno.removeSync(place, { recursive: true });
  }
}

/** What debugfs tells of a tree: only files, directories and links, and no counts of links. */
export function plainTree(tree: Tree): Tree {
  const plain: Tree = {};
  for (const [path, entry] of Object.entries(tree)) {
    if (entry.device !== undefined) continue;
    const mode = Number.parseInt(entry.mode, 8);
    plain[path] = {
      ...entry,
      // debugfs makes directories without the bits above the permissions.
      mode: (mode & ~0o7000).toString(8),
      links: 1,
      // debugfs sets the times of directories before it fills them, and those of links not at all.
      mtime: (mode & MODE_TYPE) === MODE_FILE ? entry.mtime : 0,
    };
  }
  return plain;
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

function entryOf(told: Told): TreeEntry {
  const type = told.mode & MODE_TYPE;
  const isFile = type === MODE_FILE;
  const isLink = type === MODE_SYMLINK;
  return {
    mode: told.mode.toString(8),
    owner: told.owner,
    links: told.links,
    mtime: told.mtime,
    ...(isFile ? { size: told.size, content: sumOf(told.content()) } : {}),
    ...(isLink ? { target: told.target() } : {}),
    ...(!isFile && !isLink && type !== MODE_DIRECTORY ? { device: told.device } : {}),
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

/** Files in `/docs/deep` of `sourceTree`. */
export const NAMES_FROM_OUTSIDE = 90;

/** The name of one of them: long, so that few fill several blocks, since to make files is dear. */
export function nameFromOutside(index: number): string {
  return `name-from-outside-${"and-long-".repeat(8)}${index}`;
}

let madeTree: string | undefined;

/** The path of a tree with one of everything, which goes when the process does. */
export function sourceTree(): string {
  if (madeTree !== undefined) return madeTree;
  const path = Deno.makeTempDirSync(IMAGES);
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
  for (let index = 0; index < NAMES_FROM_OUTSIDE; index++) {
    Deno.writeTextFileSync(`${path}/docs/deep/${nameFromOutside(index)}`, `${index}`);
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
