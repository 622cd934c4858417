import { assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import { hasTool, madeByMke2fs } from "../ext4/test_images.ts";
import { JOURNAL_INODE, RESIZE_INODE, ROOT_INODE } from "../ext4/layouts/inode.ts";
import { SUPERBLOCK as SB } from "../ext4/layouts/superblock.ts";
import { putReference, REFERENCE_BYTES } from "../layouts/reference.ts";
import { OPEN } from "../protocol.ts";
import { FileServer } from "./file_system.ts";
import { handlersOf } from "./requests.ts";
import { Rig, statOf, utf8 } from "./test_rig.ts";

/** A rig whose client names inodes by reference. */
class Referrer {
  readonly rig: Rig;

  constructor(rig: Rig = new Rig({ type: "ext4" })) {
    this.rig = rig;
  }

  /** A reference to what stands at a path now, and a rest. */
  to(path: string, rest = ""): Uint8Array {
    const { inode, generation } = this.#stat(path);
    return reference(inode, generation, rest);
  }

  mkdir(path: Uint8Array): number | string {
    return this.rig.answer("mkdir", { path, mode: 0o755 });
  }

  open(path: Uint8Array, flags: number = OPEN.readOnly): number | string {
    const reply = this.rig.request("open", { path, flags, mode: 0o644 });
    return typeof reply === "number" ? nameOf(reply) : reply.handle;
  }

  /** The inode that `stat` tells, or the name of an error. */
  stat(path: Uint8Array, follow = true): number | string {
    const reply = this.rig.request("stat", { path, follow });
    return typeof reply === "number" ? nameOf(reply) : statOf(reply.attributes).inode;
  }

  inode(path: string): number {
    return this.#stat(path).inode;
  }

  #stat(path: string) {
    const stat = this.rig.stat(path, false);
    if (typeof stat === "string") throw new Error(`${path}: ${stat}`);
    return stat;
  }
}

function reference(inode: number, generation: number, rest = ""): Uint8Array {
  const path = new Uint8Array(REFERENCE_BYTES + rest.length);
  putReference(path, 0, inode, generation);
  path.set(utf8(rest), REFERENCE_BYTES);
  return path;
}

function nameOf(result: number): string {
  return Object.entries(ERRNO).find(([, errno]) => errno === -result)?.[0] ?? String(result);
}

Deno.test("a path begins at what a reference names, wherever that has been moved", () => {
  const one = new Referrer();
  const { rig } = one;
  one.mkdir(utf8("/a"));
  one.mkdir(utf8("/a/b"));
  rig.writeFile("/a/b/f", "hello");
  const [b, f] = [one.to("/a/b"), one.to("/a/b/f")];
  assertEquals(one.stat(one.to("/a/b", "/f")), one.inode("/a/b/f"));
  assertEquals(one.stat(one.to("/a/b", "//f")), one.inode("/a/b/f"));
  assertEquals(one.stat(one.to("/a/b", "/")), one.inode("/a/b"));
  assertEquals(one.stat(one.to("/a/b", "/..")), one.inode("/a"));
  assertEquals(one.stat(one.to("/a/b", "/none")), "ENOENT");
  rig.answer("rename", { source: utf8("/a"), target: utf8("/moved") });
  assertEquals(one.stat(b), one.inode("/moved/b"));
  assertEquals(one.stat(f), one.inode("/moved/b/f"));
  const target = new Uint8Array(100);
  const count = rig.answer("realpath", { path: b, target }) as number;
  assertEquals(new TextDecoder().decode(target.subarray(0, count)), "/moved/b");
  assertEquals(rig.answer("realpath", { path: f, target }), "ENOENT");
});

Deno.test("names are made, moved, linked and removed from references on", () => {
  const one = new Referrer();
  const { rig } = one;
  one.mkdir(utf8("/d"));
  assertEquals(one.mkdir(one.to("/d", "/e")), 0);
  const handle = one.open(one.to("/d/e", "/f"), OPEN.create | OPEN.readWrite) as number;
  assertEquals(rig.answer("write", { handle, offset: 0, append: false, source: utf8("x") }), 1);
  rig.answer("close", { handle });
  assertEquals(rig.readText("/d/e/f"), "x");
  assertEquals(rig.answer("link", { source: one.to("/d/e/f"), target: one.to("/d", "/g") }), 0);
  const moved = { source: one.to("/d", "/g"), target: one.to("/d/e", "/h") };
  assertEquals(rig.answer("rename", moved), 0);
  assertEquals(rig.list("/d/e"), ["f", "h"]);
  assertEquals(rig.answer("unlink", { path: one.to("/d/e", "/f") }), 0);
  assertEquals(rig.answer("unlink", { path: one.to("/d/e", "/h") }), 0);
  assertEquals(rig.answer("rmdir", { path: one.to("/d", "/e") }), 0);
  assertEquals(rig.list("/d"), []);
  // What a reference names has no name there that could be removed, or moved.
  assertEquals(rig.answer("rmdir", { path: one.to("/d") }), "ENOENT");
  assertEquals(rig.answer("unlink", { path: one.to("/d") }), "ENOENT");
  assertEquals(rig.answer("rmdir", { path: one.to("/d", "/") }), "EBUSY");
  assertEquals(rig.answer("rename", { source: one.to("/d"), target: utf8("/x") }), "ENOENT");
  assertEquals(one.mkdir(one.to("/d")), "ENOENT");
  assertEquals(one.open(one.to("/d"), OPEN.create | OPEN.exclusive), "EEXIST");
});

Deno.test("a reference to a symbolic link is that link, whatever says to follow it", () => {
  const one = new Referrer();
  const { rig } = one;
  rig.writeFile("/f", "x");
  rig.answer("symlink", { target: utf8("f"), path: utf8("/l") });
  const path = one.to("/l");
  const link = one.inode("/l");
  assertEquals([one.stat(path, true), one.stat(path, false)], [link, link]);
  assertEquals(one.open(path), "ELOOP");
  assertEquals(one.open(path, OPEN.noFollow | OPEN.directory), "ENOTDIR");
  const target = new Uint8Array(10);
  assertEquals(rig.answer("readlink", { path, target }), 1);
  assertEquals(target[0], "f".charCodeAt(0));
  assertEquals(rig.answer("readlink", { path: one.to("/f"), target }), "EINVAL");
  for (const follow of [true, false]) {
    assertEquals(rig.answer("chmod", { path, follow, mode: 0 }), "EOPNOTSUPP");
    assertEquals(rig.answer("chown", { path, follow, uid: 7, gid: 8 }), 0);
    const times = { atimeSeconds: 1, mtimeSeconds: 2, atimeNanoseconds: 3, mtimeNanoseconds: 4 };
    const which = follow ? 1 | 2 | 16 : 1 | 2;
    assertEquals(rig.answer("utimens", { path, which, ...times }), 0);
    const name = utf8("trusted.x");
    const flags = follow ? 16 : 0;
    assertEquals(rig.answer("setxattr", { path, name, flags, value: utf8("v") }), 0);
    assertEquals(rig.answer("getxattr", { path, follow, name, target }), 1);
    assertEquals(rig.answer("listxattr", { path, follow, target }), name.byteLength + 1);
    assertEquals(rig.answer("removexattr", { path, follow, name }), 0);
  }
  const { uid, mtimeSeconds } = Object(rig.stat("/l", false));
  assertEquals([uid, mtimeSeconds, Object(rig.stat("/f")).uid], [7, 2, 0]);
  assertEquals(rig.answer("link", { source: path, target: utf8("/m") }), 0);
  assertEquals(one.inode("/m"), link);
  // With a name behind it, it is no directory.
  assertEquals(one.stat(one.to("/l", "/x")), "ENOTDIR");
});

Deno.test("a file without a name is found as long as somebody has it open", () => {
  const one = new Referrer();
  const { rig } = one;
  rig.writeFile("/f", "hello");
  one.mkdir(utf8("/d"));
  const [file, directory] = [one.to("/f"), one.to("/d")];
  const within = one.to("/d", "/x");
  const handle = one.open(file) as number;
  const above = one.open(directory) as number;
  rig.answer("unlink", { path: utf8("/f") });
  rig.answer("rmdir", { path: utf8("/d") });
  rig.succeed();
  assertEquals(typeof one.stat(file), "number");
  assertEquals(rig.answer("link", { source: file, target: utf8("/again") }), "ENOENT");
  assertEquals(one.mkdir(within), "ENOENT");
  const second = one.open(file) as number;
  rig.answer("close", { handle });
  assertEquals(typeof one.stat(file), "number");
  rig.answer("close", { handle: second });
  rig.answer("close", { handle: above });
  assertEquals([one.stat(file), one.stat(directory)], ["ESTALE", "ESTALE"]);
  assertEquals(one.mkdir(within), "ESTALE");
});

Deno.test("a reference to another life of an inode is stale", () => {
  const one = new Referrer();
  const { rig } = one;
  rig.writeFile("/f", "one");
  const before = one.to("/f");
  const inode = one.inode("/f");
  rig.answer("unlink", { path: utf8("/f") });
  assertEquals(one.stat(before), "ESTALE");
  rig.writeFile("/f", "two");
  assertEquals(one.inode("/f"), inode, "the inode is used again");
  assertEquals(one.stat(before), "ESTALE");
  assertEquals(one.stat(one.to("/f")), inode);
});

Deno.test("what is no reference, or leads nowhere, has an errno", () => {
  const one = new Referrer();
  const { rig } = one;
  rig.writeFile("/f", "");
  const { inodeCount } = rig.fs.mount.geometry.sizes;
  const stale = [0, 1, 3, RESIZE_INODE, JOURNAL_INODE, 10, inodeCount, inodeCount + 1, 0xffff_ffff];
  for (const inode of stale) {
    for (const rest of ["", "/x"]) {
      assertEquals(one.stat(reference(inode, 0, rest)), "ESTALE", String(inode));
      assertEquals(one.open(reference(inode, 0, rest), OPEN.create), "ESTALE");
    }
  }
  const whole = one.to("/f");
  for (let count = 1; count < REFERENCE_BYTES; count++) {
    assertEquals(one.stat(whole.subarray(0, count)), "EINVAL");
  }
  assertEquals(one.stat(one.to("/f", "x")), "EINVAL");
  assertEquals(one.stat(one.to("/f", "\0")), "EINVAL");
  assertEquals(one.stat(one.to("/f", "/x")), "ENOTDIR");
  assertEquals(one.stat(one.to("/f", "/")), "ENOTDIR");
  assertEquals(one.stat(one.to("/", "/f\0")), "EINVAL");
  assertEquals(one.stat(one.to("/", "/" + "n".repeat(256))), "ENAMETOOLONG");
  assertEquals(one.stat(one.to("/", "/n".repeat(2048))), "ENAMETOOLONG");
  assertEquals(one.stat(reference(ROOT_INODE, 77)), ROOT_INODE, "of any generation");
  // A generation whose last byte is a slash is no path that ends in one.
  assertEquals(one.open(reference(ROOT_INODE, 0x2f00_0000), OPEN.create), "EISDIR");
});

Deno.test("clients of another user than root name nothing by reference", () => {
  const { rig } = new Referrer();
  const { disk, window, keep } = rig;
  const credential = { uid: 1000, gid: 1000, groups: [] };
  const parts = { disk, window, keep: keep.fill(0), nowMs: () => 0, point: () => {} };
  const handlers = handlersOf(new FileServer({ ...parts, credential }));
  const context = { badge: 1, sequence: 1, later: () => Object() };
  const ask = (path: Uint8Array) =>
    handlers.stat({ at: 0, path, follow: false, as: 0 }, context) as number;
  assertEquals(nameOf(ask(reference(ROOT_INODE, 0))), "EPERM");
  assertEquals(nameOf(ask(reference(ROOT_INODE, 0, "/lost+found"))), "EPERM");
});

Deno.test({
  name: "inodes that the file system keeps for itself are hidden, whatever their numbers",
  ignore: !hasTool("mke2fs"),
  fn() {
    const features = ["-t", "ext4", "-O", "orphan_file,metadata_csum"];
    const rig = new Rig({ disk: madeByMke2fs(16 * 1024 * 1024, ...features) });
    const one = new Referrer(rig);
    const { accounts, inodes } = rig.fs.mount;
    for (const field of [SB.journalInode, SB.orphanFileInode]) {
      const number = accounts.superblock(field);
      assertEquals(one.stat(reference(number, inodes.load(number).generation)), "ESTALE");
    }
  },
});
