import { assert, assertEquals } from "@std/assert";
import { OsError } from "@hako/ipc";
import { ROOT_INODE } from "../ext4/layouts/inode.ts";
import type { LastLink } from "./path.ts";
import { type Credential, ROOT } from "./permissions.ts";
import { Rig, utf8 } from "./test_rig.ts";

/** A rig and its walk: answers are inode numbers, 0 for nothing there, or names of errors. */
class Walker {
  readonly rig = new Rig({ type: "ext4" });

  find(
    path: string,
    lastLink: LastLink = "follow",
    at = 0,
    as: Credential = ROOT,
  ): number | string {
    return answerOf(() => this.rig.fs.mount.paths.find(at, utf8(path), lastLink, as)?.number ?? 0);
  }

  /** What a place is: directory, name, inode, kind, and a slash where one stood behind the name. */
  locate(path: string, lastLink: LastLink = "name", at = 0): string {
    return String(answerOf(() => {
      const place = this.rig.fs.mount.paths.locate(at, utf8(path), lastLink, ROOT);
      const slash = place.isDirectoryOnly ? "/" : "";
      const inode = place.inode?.number ?? 0;
      return `${place.directory.number} ${place.name}${slash} ${inode} ${place.kind}`;
    }));
  }

  mkdir(path: string): number {
    assertEquals(this.rig.answer("mkdir", { path: utf8(path), mode: 0o755 }), 0);
    return this.find(path) as number;
  }

  file(path: string): number {
    this.rig.writeFile(path, "");
    return this.find(path) as number;
  }

  symlink(target: string, path: string): number {
    assertEquals(this.rig.answer("symlink", { target: utf8(target), path: utf8(path) }), 0);
    return this.find(path, "keep") as number;
  }
}

function answerOf<T>(body: () => T): T | string {
  try {
    return body();
  } catch (error) {
    if (error instanceof OsError) return error.code;
    throw error;
  }
}

Deno.test("a path leads from the root or a directory, by names and dots", () => {
  const walker = new Walker();
  const a = walker.mkdir("/a");
  const b = walker.mkdir("/a/b");
  const f = walker.file("/a/b/f");
  for (const path of ["/a/b/f", "a/b/f", "//a///b//f", "/a/./b/../b/f", "/../../a/b/f"]) {
    assertEquals(walker.find(path), f, path);
  }
  assertEquals(walker.find("b/f", "follow", a), f);
  assertEquals(walker.find("../a/b", "follow", b), "ENOENT");
  assertEquals(walker.find("../../a/b", "follow", b), b);
  assertEquals(walker.find("/a", "follow", b), a);
  assertEquals(walker.find(".", "follow", b), b);
  assertEquals(walker.find("..", "follow", b), a);
  assertEquals(walker.find("/"), ROOT_INODE);
  assertEquals(walker.find("/a/b/"), b);
  assertEquals(walker.find("/a/none"), 0);
  assertEquals(walker.find("/a/none/"), 0);
  assertEquals(walker.find("/none/f"), "ENOENT");
  assertEquals(walker.find("/a/b/f/"), "ENOTDIR");
  assertEquals(walker.find("/a/b/f/."), "ENOTDIR");
  assertEquals(walker.find("/a/b/f/x"), "ENOTDIR");
  assertEquals(walker.find("x", "follow", f), "ENOTDIR");
});

Deno.test("an empty path is what it begins at, where one may ask for that", () => {
  const walker = new Walker();
  const f = walker.file("/f");
  assertEquals(walker.find(""), "ENOENT");
  assertEquals(walker.find("", "keep", f), f);
  assertEquals(walker.locate("", "follow", f), `${f} . ${f} dot`);
  assertEquals(walker.locate("", "name", f), "ENOENT");
});

Deno.test("a place is told with its directory, name and kind", () => {
  const walker = new Walker();
  const a = walker.mkdir("/a");
  const link = walker.symlink("../none", "/a/l");
  assertEquals(walker.locate("/"), "2 ./ 2 root");
  assertEquals(walker.locate("/a"), `2 a ${a} name`);
  assertEquals(walker.locate("/a/"), `2 a/ ${a} name`);
  assertEquals(walker.locate("/a/."), `${a} . ${a} dot`);
  assertEquals(walker.locate("/a/.."), `${a} .. 2 dotdot`);
  assertEquals(walker.locate("/a/new//"), `${a} new/ 0 name`);
  assertEquals(walker.locate("/a/l"), `${a} l ${link} name`);
  assertEquals(walker.locate("/a/l/"), `${a} l/ ${link} name`);
  assertEquals(walker.locate("/a/l", "keep"), `${a} l ${link} name`);
  assertEquals(walker.locate("/a/l", "follow"), "2 none 0 name");
  assertEquals(walker.locate("/a/l/", "keep"), "2 none/ 0 name");
});

Deno.test("symbolic links are followed on the way always, at the end as asked, and 40 at most", () => {
  const walker = new Walker();
  const a = walker.mkdir("/a");
  const f = walker.file("/a/f");
  const link = walker.symlink("/a", "/l");
  walker.symlink("f", "/a/m");
  walker.symlink("/l/m", "/far");
  walker.symlink("/", "/root");
  assertEquals(walker.find("/l"), a);
  assertEquals(walker.find("/l", "keep"), link);
  assertEquals(walker.find("/l/", "keep"), a);
  assertEquals(walker.find("/l/f", "keep"), f);
  assertEquals(walker.find("/far"), f);
  assertEquals(walker.find("/far/"), "ENOTDIR");
  assertEquals(walker.find("/root/root/far"), f);
  assertEquals(walker.find("/root"), ROOT_INODE);
  walker.symlink("/a/f", "/n0");
  for (let index = 1; index <= 40; index++) walker.symlink(`n${index - 1}`, `/n${index}`);
  assertEquals(walker.find("/n39"), f);
  assertEquals(walker.find("/n40"), "ELOOP");
  assertEquals(walker.find(`${"/root".repeat(40)}/a`), a);
  assertEquals(walker.find(`${"/root".repeat(41)}/a`), "ELOOP");
  // Targets as long as they get, 40 times.
  const long = `/${"./".repeat(2040)}root`;
  walker.symlink(long.slice(0, 4095), "/long");
  walker.symlink(`${"./".repeat(2040)}long`, "/longer");
  assertEquals(walker.find("/longer/longer/a/f"), f);
});

Deno.test("a path has 4,095 bytes at most and a name 255", () => {
  const walker = new Walker();
  const name = "x".repeat(255);
  const f = walker.file(`/${name}`);
  assertEquals(walker.find(`/${name}`), f);
  assertEquals(walker.find(`/${name}x`), "ENAMETOOLONG");
  assertEquals(walker.find(`/${name}x/y`), "ENAMETOOLONG");
  assertEquals(walker.find("/".repeat(4095 - 255) + name), f);
  assertEquals(walker.find("/".repeat(4096 - 255) + name), "ENAMETOOLONG");
  assertEquals(walker.find("/a\0b"), "EINVAL");
});

Deno.test("names are bytes", () => {
  const walker = new Walker();
  const bytes = Uint8Array.of(0x2f, 0xff, 0x01, 0x80, 0x5c, 0x0a);
  assertEquals(walker.rig.answer("mkdir", { path: bytes, mode: 0o755 }), 0);
  const { paths } = walker.rig.fs.mount;
  const made = paths.find(0, bytes, "follow", ROOT);
  assert(made !== undefined, "it is found");
  assertEquals(paths.realPath(0, bytes, ROOT), String.fromCharCode(...bytes));
  assertEquals(walker.find("/\u00ff\u0001"), 0);
});

Deno.test("every directory on the way must let one through, the root too", () => {
  const walker = new Walker();
  const user = { uid: 1000, gid: 1000, groups: [] };
  const f = walker.file("/f");
  walker.mkdir("/a");
  walker.file("/a/f");
  const chmod = (path: string, mode: number) => {
    assertEquals(walker.rig.answer("chmod", { path: utf8(path), follow: true, mode }), 0);
  };
  chmod("/a", 0o700);
  assertEquals(walker.find("/f", "follow", 0, user), f);
  assertEquals(walker.find("/a/f", "follow", 0, user), "EACCES");
  assertEquals(walker.find("/a/none", "follow", 0, user), "EACCES");
  assertEquals(walker.find("/a/", "follow", 0, user), walker.find("/a"));
  assertEquals(walker.find("/a/..", "follow", 0, user), "EACCES");
  chmod("/", 0o700);
  assertEquals(walker.find("/f", "follow", 0, user), "EACCES");
  assertEquals(walker.find("/", "follow", 0, user), ROOT_INODE);
});

Deno.test("a name that leads to an inode of nothing is damage", () => {
  const walker = new Walker();
  const { directories, inodes } = walker.rig.fs.mount;
  directories.insert(inodes.load(ROOT_INODE), { name: "free", inode: 500, type: 2 });
  assertEquals(walker.find("/free"), "EUCLEAN");
  assertEquals(walker.find("/free/x"), "EUCLEAN");
});
