/**
 * Runs the steps of a case on a rig.
 *
 * @module
 */

import { ALLOCATE, LOCK, OPEN, RENAME, TIMES, XATTR } from "../../protocol.ts";
import { ERRNO } from "@hako/ipc";
import { sharedBytes } from "../../ext4/test_images.ts";
import { type Rig, statOf, utf8 } from "../test_rig.ts";

const FOLLOW = 16;
const KEEP_ID = 0xffff_ffff;

const FLAGS: Readonly<Record<string, number>> = {
  ...{ r: OPEN.readOnly, w: OPEN.writeOnly, rw: OPEN.readWrite },
  ...{ creat: OPEN.create, excl: OPEN.exclusive, trunc: OPEN.truncate, append: OPEN.append },
  ...{ dir: OPEN.directory, nofollow: OPEN.noFollow, noatime: OPEN.noAccessTime },
  ...{ path: OPEN.path, sync: OPEN.sync, dsync: OPEN.dataSync },
};
const TYPES: Readonly<Record<string, number>> = {
  ...{ file: 0o100000, fifo: 0o010000, char: 0o020000, block: 0o060000, sock: 0o140000 },
  ...{ dir: 0o040000, link: 0o120000 },
};
const RENAME_FLAGS: Readonly<Record<string, number>> = {
  ...{ noreplace: RENAME.noReplace, exchange: RENAME.exchange, both: 3, bad: 64 },
};
const ALLOCATE_FLAGS: Readonly<Record<string, number>> = {
  ...{ keep: ALLOCATE.keepSize, punch: ALLOCATE.punchHole, zero: ALLOCATE.zeroRange },
};

/** A rig that understands steps. */
export class StepRunner {
  readonly #rig: Rig;
  readonly #handles = new Map<string, number>();
  #as = 0;
  umask = 0;

  /** Steps begin as root. */
  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** Does a step; answers what it told, `0`, or the name of its error. */
  run([operation = "", ...args]: readonly string[]): string {
    const step = STEPS[operation];
    if (step === undefined) throw new SyntaxError(`Cannot do ${operation}: no such step`);
    return String(step(this, args));
  }

  /** The path in a word, and where it begins. */
  place(word: string | undefined): { at: number; path: Uint8Array } {
    const [, handle, rest] = /^@([^:]*):(.*)$/.exec(word ?? "") ?? [];
    if (handle === undefined) return { at: 0, path: bytesOf(word) };
    return { at: this.handle(handle), path: bytesOf(rest) };
  }

  handle(name: string | undefined): number {
    return this.#handles.get(name ?? "") ?? 0x7fff_ffff;
  }

  call(operation: Parameters<Rig["answer"]>[0], values: object): string | number {
    return this.#rig.answer(operation, { as: this.#as, umask: this.umask, ...values } as never);
  }

  /** What `stat` or `fstat` tells of these fields. */
  told(operation: "stat" | "fstat", values: object, fields: readonly string[]): string {
    const reply = this.#rig.request(operation, { as: this.#as, ...values } as never);
    if (typeof reply === "number") return errorOf(reply);
    const record = statOf((reply as unknown as { attributes: Uint8Array }).attributes);
    return fields.map((field) => fieldOf(record, field)).join(" ");
  }

  open(name: string, place: { at: number; path: Uint8Array }, flags: number, mode: number) {
    const values = { ...place, flags, mode, as: this.#as, umask: this.umask };
    const reply = this.#rig.request("open", values);
    if (typeof reply === "number") return errorOf(reply);
    this.#handles.set(name, (reply as { handle: number }).handle);
    return 0;
  }

  list(path: string): string {
    const refusal = this.open("listed", this.place(path), OPEN.directory, 0);
    if (refusal !== 0) return String(refusal);
    const names = this.#rig.list(path);
    if (typeof names === "string") return names;
    return names.filter((name) => name !== "lost+found").join(" ");
  }

  seek(handle: number, offset: number, isHole: boolean): string {
    const reply = this.#rig.request("seek", { handle, offset, isHole });
    return typeof reply === "number"
      ? errorOf(reply)
      : String((reply as { offset: number }).offset);
  }

  become(word: string): number {
    this.#as = 0;
    if (word === "root") return 0;
    const [uid = 0, gid = 0, ...groups] = word.split(",").map(Number);
    const list = new Uint8Array(Uint32Array.from(groups).buffer);
    const shared = sharedBytes(list.byteLength);
    shared.set(list);
    this.#as = Number(this.#rig.answer("credential", { uid, gid, groups: shared }));
    return 0;
  }
}

type StepBody = (rig: StepRunner, args: readonly string[]) => string | number;

const STEPS: Readonly<Record<string, StepBody>> = {
  as: (rig, [word = ""]) => rig.become(word),
  umask: (rig, [mask]) => {
    rig.umask = octal(mask);
    return 0;
  },
  mkdir: (rig, [path, mode]) => rig.call("mkdir", { ...rig.place(path), mode: octal(mode) }),
  mknod: (rig, [path, type = "", mode, numbers = "0:0"]) => {
    const [major = 0, minor = 0] = numbers.split(":").map(Number);
    const device = (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
    const full = (TYPES[type] ?? 0) | octal(mode);
    return rig.call("mknod", { ...rig.place(path), mode: full, device: device >>> 0 });
  },
  unlink: (rig, [path]) => rig.call("unlink", rig.place(path)),
  rmdir: (rig, [path]) => rig.call("rmdir", rig.place(path)),
  rename: (rig, [from, to, flags]) =>
    rig.call("rename", { ...both(rig, from, to), flags: RENAME_FLAGS[flags ?? ""] ?? 0 }),
  link: (rig, [from, to]) => rig.call("link", { ...both(rig, from, to), follow: false }),
  linkfollow: (rig, [from, to]) => rig.call("link", { ...both(rig, from, to), follow: true }),
  symlink: (rig, [target, path]) =>
    rig.call("symlink", { target: bytesOf(target), ...rig.place(path) }),
  readlink: (rig, [path, size]) => into(rig, "readlink", rig.place(path), Number(size ?? 5000)),
  open: (rig, [name = "", path, flags, mode]) =>
    rig.open(name, rig.place(path), flagsOf(flags, FLAGS), octal(mode ?? "644")),
  close: (rig, [name]) => rig.call("close", { handle: rig.handle(name) }),
  read: (rig, [name, offset, count]) => {
    const place = { handle: rig.handle(name), offset: Number(offset) };
    return into(rig, "read", place, Number(count)).replaceAll("\0", "0");
  },
  write: (rig, [name, offset, text]) => {
    const place = { handle: rig.handle(name), offset: Number(offset), append: false };
    return rig.call("write", { ...place, source: bytesOf(text) });
  },
  truncate: (rig, [name, size]) =>
    rig.call("truncate", { handle: rig.handle(name), size: Number(size) }),
  fsync: (rig, [name]) => rig.call("fsync", { handle: rig.handle(name) }),
  stat: (rig, [path, ...fields]) => rig.told("stat", { ...rig.place(path), follow: true }, fields),
  lstat: (rig, [path, ...fields]) =>
    rig.told("stat", { ...rig.place(path), follow: false }, fields),
  newer: (rig, [path, what = ""]) => rig.told("stat", { ...rig.place(path), follow: true }, [what]),
  fstat: (rig, [name, ...fields]) => rig.told("fstat", { handle: rig.handle(name) }, fields),
  chmod: (rig, [path, mode]) =>
    rig.call("chmod", { ...rig.place(path), follow: true, mode: octal(mode) }),
  lchmod: (rig, [path, mode]) =>
    rig.call("chmod", { ...rig.place(path), follow: false, mode: octal(mode) }),
  chown: (rig, [path, uid, gid]) => rig.call("chown", owner(rig, path, uid, gid, true)),
  lchown: (rig, [path, uid, gid]) => rig.call("chown", owner(rig, path, uid, gid, false)),
  utimens: (rig, [path, atime, mtime]) => utimens(rig, path, [atime, mtime], true),
  lutimens: (rig, [path, atime, mtime]) => utimens(rig, path, [atime, mtime], false),
  access: (rig, [path, letters = ""]) => {
    let wanted = 0;
    for (const letter of letters) wanted |= { r: 4, w: 2, x: 1 }[letter] ?? 0;
    return rig.call("access", { ...rig.place(path), follow: true, wanted });
  },
  seek: (rig, [name, offset, what]) => rig.seek(rig.handle(name), Number(offset), what === "hole"),
  allocate: (rig, [name, offset, byteLength, flags]) => {
    const range = { offset: Number(offset), byteLength: Number(byteLength) };
    const bits = flags === undefined ? 0 : flagsOf(flags, ALLOCATE_FLAGS);
    return rig.call("allocate", { handle: rig.handle(name), ...range, flags: bits });
  },
  ls: (rig, [path = ""]) => rig.list(path),
  setxattr: (rig, [path, name, value, how]) => {
    const flags = FOLLOW | ({ create: XATTR.create, replace: XATTR.replace }[how ?? ""] ?? 0);
    const attribute = { name: bytesOf(name), value: bytesOf(value) };
    return rig.call("setxattr", { ...rig.place(path), flags, ...attribute });
  },
  getxattr: (rig, [path, name]) => {
    const place = { ...rig.place(path), follow: true, name: bytesOf(name) };
    return into(rig, "getxattr", place, 65_536);
  },
  listxattr: (rig, [path]) => {
    const names = into(rig, "listxattr", { ...rig.place(path), follow: true }, 65_536);
    return names.split("\0").filter((name) => name !== "").sort().join(" ");
  },
  removexattr: (rig, [path, name]) =>
    rig.call("removexattr", { ...rig.place(path), follow: true, name: bytesOf(name) }),
  setacl: (rig, [path, kind, list = ""]) => {
    const value = list === "none" ? new Uint8Array(0) : listOf(list);
    return rig.call("setxattr", { ...listPlace(rig, path, kind), flags: FOLLOW, value });
  },
  getacl: (rig, [path, kind]) => {
    const target = sharedBytes(1024);
    const values = { ...listPlace(rig, path, kind), follow: true, target };
    const count = rig.call("getxattr", values);
    return typeof count === "string" ? count : listTold(target.subarray(0, count));
  },
  dropacl: (rig, [path, kind]) =>
    rig.call("removexattr", { ...listPlace(rig, path, kind), follow: true }),
  flock: (rig, [name, kind = ""]) => {
    const kinds: Record<string, number> = LOCK;
    return rig.call("flock", { handle: rig.handle(name), kind: kinds[kind] ?? 9, wait: false });
  },
  realpath: (rig, [path]) => into(rig, "realpath", rig.place(path), 5000),
};

/** Calls what fills a window; answers that as text, or the name of an error. */
function into(
  rig: StepRunner,
  operation: Parameters<Rig["answer"]>[0],
  values: object,
  byteLength: number,
): string {
  const target = sharedBytes(byteLength);
  const count = rig.call(operation, { ...values, target });
  return typeof count === "string" ? count : new TextDecoder().decode(target.slice(0, count));
}

function both(rig: StepRunner, from: string | undefined, to: string | undefined): object {
  const source = rig.place(from);
  const target = rig.place(to);
  return { sourceAt: source.at, source: source.path, targetAt: target.at, target: target.path };
}

function owner(
  rig: StepRunner,
  path: string | undefined,
  uid: string | undefined,
  gid: string | undefined,
  follow: boolean,
): object {
  const id = (word: string | undefined) => word === "-1" ? KEEP_ID : Number(word);
  return { ...rig.place(path), follow, uid: id(uid), gid: id(gid) };
}

function utimens(
  rig: StepRunner,
  path: string | undefined,
  [atime = "", mtime = ""]: (string | undefined)[],
  follow: boolean,
): string | number {
  const parts = (word: string) => word.split(".").map(Number);
  const [atimeSeconds = 0, atimeNanoseconds = 0] = /\d/.test(atime) ? parts(atime) : [];
  const [mtimeSeconds = 0, mtimeNanoseconds = 0] = /\d/.test(mtime) ? parts(mtime) : [];
  let which = follow ? FOLLOW : 0;
  which |= atime === "now" ? TIMES.atimeNow : atime === "omit" ? 0 : TIMES.atime;
  which |= mtime === "now" ? TIMES.mtimeNow : mtime === "omit" ? 0 : TIMES.mtime;
  const times = { atimeSeconds, atimeNanoseconds, mtimeSeconds, mtimeNanoseconds };
  return rig.call("utimens", { ...rig.place(path), which, ...times });
}

function fieldOf(record: ReturnType<typeof statOf>, field: string): string {
  if (field.includes(">")) {
    const [one = "", other = ""] = field.split(">");
    return String(nanoseconds(record, one) > nanoseconds(record, other));
  }
  switch (field) {
    case "type":
      return Object.entries(TYPES).find(([, type]) => type === (record.mode & 0o170000))?.[0] ??
        "?";
    case "mode":
      return (record.mode & 0o7777).toString(8);
    case "nlink":
      return String(record.links);
    case "blocks":
      return String(record.blocks512);
    case "rdev":
      return `${(record.device >>> 8) & 0xfff}:${
        (record.device & 0xff) | ((record.device >>> 12) & ~0xff)
      }`;
    case "atime":
    case "mtime":
    case "ctime": {
      const fraction = String(record[`${field}Nanoseconds`]).padStart(9, "0");
      return `${record[`${field}Seconds`]}.${fraction}`;
    }
    default:
      return String(record[field as "size" | "uid" | "gid"]);
  }
}

function nanoseconds(record: ReturnType<typeof statOf>, time: string): number {
  const name = time as "atime" | "mtime" | "ctime";
  return record[`${name}Seconds`] * 1e9 + record[`${name}Nanoseconds`];
}

function flagsOf(text: string | undefined, table: Readonly<Record<string, number>>): number {
  let bits = 0;
  for (const name of (text ?? "").split("+")) bits |= table[name] ?? 0;
  return bits;
}

/** An access control list by its name: `access` or `default`. */
function listPlace(rig: StepRunner, path: string | undefined, kind = ""): object {
  return { ...rig.place(path), name: utf8(`system.posix_acl_${kind}`) };
}

const LIST_TAGS: readonly (readonly [kind: string, tag: number])[] = [
  ...[["u", 1], ["u+", 2], ["g", 4], ["g+", 8], ["m", 16], ["o", 32]] as const,
];

/** The bytes of an access control list: `u:1000:6,m::7`, as Linux hands lists over. */
function listOf(text: string): Uint8Array {
  const entries = text.split(",");
  const bytes = sharedBytes(4 + 8 * entries.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 2, true);
  entries.forEach((entry, index) => {
    const [kind = "", who = "", permissions] = entry.split(":");
    const tag = new Map(LIST_TAGS).get(who === "" ? kind : `${kind}+`) ?? 0;
    view.setUint16(4 + 8 * index, tag, true);
    view.setUint16(6 + 8 * index, Number(permissions), true);
    view.setUint32(8 + 8 * index, who === "" ? 0xffff_ffff : Number(who), true);
  });
  return bytes;
}

function listTold(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const entries: string[] = [];
  for (let at = 4; at < bytes.byteLength; at += 8) {
    const kind = LIST_TAGS.find(([, tag]) => tag === view.getUint16(at, true))?.[0] ?? "?";
    const who = kind.endsWith("+") ? String(view.getUint32(at + 4, true)) : "";
    entries.push(`${kind[0]}:${who}:${view.getUint16(at + 2, true)}`);
  }
  return entries.join(",");
}

/** Bytes of a word: `%e` is nothing, `{abc*300}` is repeated. */
function bytesOf(word = "%e"): Uint8Array {
  if (word === "%e") return new Uint8Array(0);
  return utf8(word.replace(/\{(.+?)\*(\d+)\}/g, (_, text, count) => text.repeat(Number(count))));
}

function octal(word: string | undefined): number {
  return parseInt(word ?? "0", 8);
}

function errorOf(reply: number): string {
  return ERRNO_NAMES.get(-reply) ?? String(reply);
}

const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(ERRNO).map(([name, number]) => [number, name]),
);
