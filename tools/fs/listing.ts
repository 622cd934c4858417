/**
 * What `hako fs` shows of files: lists, trees, all that is told of one, and how full an image is.
 *
 * @module
 */

import type { DirEntry, FileInfo, FileSystemClient, FileSystemUsage } from "@hako/fs-server";
import { renderTable } from "../terminal/table.ts";
import type { Style } from "../terminal/style.ts";

/** The type bits of a mode, and the letters that `ls` has for them. */
const TYPE_LETTERS: ReadonlyMap<number, readonly [letter: string, word: string]> = new Map([
  [0o140000, ["s", "socket"]],
  [0o120000, ["l", "symbolic link"]],
  [0o100000, ["-", "file"]],
  [0o060000, ["b", "block device"]],
  [0o040000, ["d", "directory"]],
  [0o020000, ["c", "character device"]],
  [0o010000, ["p", "pipe"]],
]);
const TYPE_MASK = 0o170000;

/** Control characters of a terminal, and what is no text at all. */
// deno-lint-ignore no-control-regex -- they are what must not reach a terminal.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\ufffd]/g;

/** How names are shown. */
export interface ListingOptions {
  /** Also names that begin with a dot. */
  readonly all: boolean;
  /** With type, permissions, owner, size and time. */
  readonly long: boolean;
  /** Colours, where they are wanted. */
  readonly style: Style;
}

/** One name, and what is told of it. */
export interface Listed {
  /** Its name. */
  readonly name: string;
  /** What is told of it, of a symbolic link itself. */
  readonly info: FileInfo;
  /** Where a symbolic link points. */
  readonly target?: string;
}

/** The names in a directory, or the one that a path ends at, in the order of their letters. */
export function listed(fs: FileSystemClient, path: string, all: boolean): Listed[] {
  if (!fs.lstatSync(path).isDirectory) return [describe(fs, path, path)];
  const names = [...fs.readDirSync(path)].map(({ name }) => name)
    .filter((name) => all || !name.startsWith(".")).sort();
  return names.map((name) => describe(fs, joined(path, name), name));
}

/** A directory's path with a name behind it. */
export function joined(directory: string, name: string): string {
  return directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`;
}

/** Lines for names, as `ls` has them. */
export function renderListing(entries: readonly Listed[], options: ListingOptions): string {
  const { long, style } = options;
  if (!long) return entries.map((entry) => shownName(entry, style)).join("\n");
  const rows = entries.map((entry) => {
    const { info } = entry;
    return [
      modeLetters(info.mode),
      String(info.nlink),
      `${info.uid}:${info.gid}`,
      info.size.toLocaleString("en-US"),
      timeText(info.mtime),
      `${shownName(entry, style)}${entry.target === undefined ? "" : ` -> ${safe(entry.target)}`}`,
    ];
  });
  const align = ["left", "right", "left", "right", "left", "left"] as const;
  return renderTable({ rows, align, width: Infinity });
}

/** Lines of a tree below a path, and how many directories and other names there are. */
export function* treeLines(
  fs: FileSystemClient,
  root: string,
  { all, style }: ListingOptions,
): Generator<string, { readonly directories: number; readonly others: number }> {
  let directories = 0;
  let others = 0;
  yield safe(root);
  const open: { readonly path: string; readonly rest: DirEntry[]; readonly indent: string }[] = [];
  const enter = (path: string, indent: string) => {
    const rest = [...fs.readDirSync(path)].filter(({ name }) => all || !name.startsWith("."))
      .sort((a, b) => a.name < b.name ? 1 : -1);
    open.push({ path, rest, indent });
  };
  enter(root, "");
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const entry = level.rest.pop();
    if (entry === undefined) {
      open.pop();
      continue;
    }
    const isLast = level.rest.length === 0;
    const path = joined(level.path, entry.name);
    const described = describe(fs, path, entry.name);
    const target = described.target === undefined ? "" : ` -> ${safe(described.target)}`;
    yield `${level.indent}${isLast ? "└── " : "├── "}${shownName(described, style)}${target}`;
    if (!entry.isDirectory) {
      others++;
      continue;
    }
    directories++;
    enter(path, `${level.indent}${isLast ? "    " : "│   "}`);
  }
  return { directories, others };
}

/** All that is told of what a path ends at. */
export function renderStat(path: string, { info, target }: Listed): string {
  const rows = [
    ["path", safe(path) + (target === undefined ? "" : ` -> ${safe(target)}`)],
    ["type", typeOf(info.mode)[1]],
    ["size", `${info.size.toLocaleString("en-US")} bytes, ${info.blocks} sectors of 512`],
    ["inode", `${info.ino}, ${info.nlink} ${info.nlink === 1 ? "name" : "names"}`],
    [
      "permissions",
      `${(info.mode & 0o7777).toString(8).padStart(4, "0")} ${modeLetters(info.mode)}`,
    ],
    ["owner", `user ${info.uid}, group ${info.gid}`],
    ["read", timeText(info.atime)],
    ["written", timeText(info.mtime)],
    ["changed", timeText(info.ctime)],
  ];
  return renderTable({ rows });
}

/** How large a file system is, and how full. */
export function renderUsage(image: string, usage: FileSystemUsage): string {
  const { blockBytes, blockCount, blocksFree, inodeCount, inodesFree } = usage;
  const share = (free: number, count: number) =>
    count === 0 ? "-" : `${Math.ceil((1 - free / count) * 100)}%`;
  return renderTable({
    head: [safe(image), "size", "used", "free", "used"],
    rows: [
      [
        `blocks of ${blockBytes}`,
        byteText(blockCount * blockBytes),
        byteText((blockCount - blocksFree) * blockBytes),
        byteText(blocksFree * blockBytes),
        share(blocksFree, blockCount),
      ],
      [
        "inodes",
        inodeCount.toLocaleString("en-US"),
        (inodeCount - inodesFree).toLocaleString("en-US"),
        inodesFree.toLocaleString("en-US"),
        share(inodesFree, inodeCount),
      ],
    ],
    align: ["left", "right", "right", "right", "right"],
  });
}

/** What is told of a file as one line of JSON. */
export function jsonLine(path: string, { info, target }: Listed): string {
  const { mode, size, ino, nlink, uid, gid, blocks, atime, mtime, ctime } = info;
  return JSON.stringify({
    path,
    type: typeOf(mode)[1],
    mode: (mode & 0o7777).toString(8).padStart(4, "0"),
    size,
    inode: ino,
    links: nlink,
    uid,
    gid,
    sectors: blocks,
    atime,
    mtime,
    ctime,
    ...(target === undefined ? {} : { target }),
  });
}

/** What stands at a path, a symbolic link itself included. */
export function describe(fs: FileSystemClient, path: string, name: string): Listed {
  const info = fs.lstatSync(path);
  return info.isSymlink ? { name, info, target: fs.readLinkSync(path) } : { name, info };
}

/** A size for people. */
export function byteText(byteLength: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = byteLength;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString("en-US", { maximumFractionDigits: digits })} ${units[unit]}`;
}

/** Text that does nothing to a terminal but show itself. */
export function safe(text: string): string {
  return text.replaceAll(UNPRINTABLE, "?");
}

function shownName({ name, info }: Listed, style: Style): string {
  if (info.isDirectory) return style("bold", `${safe(name)}/`.replace(/\/+$/, "/"));
  if (info.isSymlink) return style("cyan", safe(name));
  return (info.mode & 0o111) !== 0 ? style("green", safe(name)) : safe(name);
}

function typeOf(mode: number): readonly [letter: string, word: string] {
  return TYPE_LETTERS.get(mode & TYPE_MASK) ?? ["?", "of an unknown type"];
}

/** The ten letters of `ls -l`. */
export function modeLetters(mode: number): string {
  const triple = (bits: number, isSpecial: boolean, letter: string) => {
    const execute = (bits & 1) !== 0;
    const plain = execute ? "x" : "-";
    const special = execute ? letter : letter.toUpperCase();
    return `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${isSpecial ? special : plain}`;
  };
  return typeOf(mode)[0] + triple(mode >> 6, (mode & 0o4000) !== 0, "s") +
    triple(mode >> 3, (mode & 0o2000) !== 0, "s") + triple(mode, (mode & 0o1000) !== 0, "t");
}

function timeText(time: Date): string {
  return Number.isNaN(time.getTime()) ? "?" : time.toISOString().slice(0, 19).replace("T", " ");
}
