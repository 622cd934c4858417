import { assert, assertEquals } from "@std/assert";
import { DISK_BLOCK_BYTES as BLOCK_BYTES } from "../disk/disk.ts";
import { LISTED_ENTRY, listedEntryBytes } from "../ext4/layouts/dir_entry.ts";
import { LINKS_MAX } from "./names.ts";
import { OPEN } from "../protocol.ts";
import { hasTool, sharedBytes } from "../ext4/test_images.ts";
import { pattern, Rig, type RigOptions, utf8 } from "./test_rig.ts";

const create = OPEN.create | OPEN.readWrite;

/** What block pointers reach in blocks of 4 KiB, if 32 bits count the sectors of a file. */
const FILE_BYTES_MAX = 536_346_619 * BLOCK_BYTES;

/** A test on a rig whose disk e2fsck must find clean at the end. */
function fsTest(name: string, body: (rig: Rig) => void, options: RigOptions = {}): void {
  Deno.test({
    name,
    ignore: !hasTool("e2fsck"),
    fn() {
      const rig = new Rig(options);
      body(rig);
      const { code, output } = rig.fsck();
      assertEquals(code, 0, output);
    },
  });
}

function mkdir(rig: Rig, path: string): number | string {
  return rig.answer("mkdir", { path: utf8(path), mode: 0o755 });
}

function unlink(rig: Rig, path: string): number | string {
  return rig.answer("unlink", { path: utf8(path) });
}

function rmdir(rig: Rig, path: string): number | string {
  return rig.answer("rmdir", { path: utf8(path) });
}

function rename(rig: Rig, source: string, target: string): number | string {
  return rig.answer("rename", { source: utf8(source), target: utf8(target) });
}

function link(rig: Rig, source: string, target: string): number | string {
  return rig.answer("link", { source: utf8(source), target: utf8(target) });
}

function symlink(rig: Rig, target: string, path: string): number | string {
  return rig.answer("symlink", { target: utf8(target), path: utf8(path) });
}

function write(rig: Rig, handle: number, offset: number, source: Uint8Array): number | string {
  return rig.answer("write", { handle, offset, append: false, source });
}

function read(rig: Rig, handle: number, offset: number, byteLength: number): Uint8Array | string {
  const target = sharedBytes(byteLength);
  const count = rig.answer("read", { handle, offset, target });
  return typeof count === "string" ? count : target.slice(0, count);
}

fsTest("paths are refused for every reason there is", (rig) => {
  rig.writeFile("/f", "x");
  mkdir(rig, "/d");
  symlink(rig, "/loop", "/loop");
  assertEquals(rig.stat(""), "ENOENT");
  assertEquals((rig.stat("f") as { size: number }).size, 1);
  assertEquals(rig.stat("/f\0"), "EINVAL");
  assertEquals(rig.stat("/none"), "ENOENT");
  assertEquals(rig.stat("/none/f"), "ENOENT");
  assertEquals(rig.stat("/f/x"), "ENOTDIR");
  assertEquals(rig.stat("/f/"), "ENOTDIR");
  assertEquals(rig.stat("/loop"), "ELOOP");
  assertEquals(rig.stat("/loop/x"), "ELOOP");
  assertEquals(rig.stat("/" + "n".repeat(256)), "ENAMETOOLONG");
  assertEquals(rig.stat("/d/".repeat(1366)), "ENAMETOOLONG");
  assert(typeof rig.stat("//d/..//d/./") !== "string", "dots and slashes are walked");
  assert(typeof rig.stat("/../d") !== "string", "the root is its own parent");
});

fsTest("symbolic links are followed up to forty times, and not where asked", (rig) => {
  rig.writeFile("/l0", "found");
  for (let index = 1; index <= 41; index++) symlink(rig, `l${index - 1}`, `/l${index}`);
  assertEquals(rig.readText("/l40"), "found");
  assertEquals(rig.readFile("/l41"), "ELOOP");
  assertEquals(rig.open("/l1", OPEN.noFollow), "ELOOP");
  const own = rig.stat("/l1", false);
  assert(typeof own !== "string" && own.size === 2, "a link has a size of its own");
  symlink(rig, "new", "/dangling");
  assertEquals(rig.open("/dangling"), "ENOENT");
  assertEquals(rig.open("/dangling", create | OPEN.exclusive), "EEXIST");
  assertEquals(rig.writeFile("/dangling", "made"), 4);
  assertEquals(rig.readText("/new"), "made");
  mkdir(rig, "/d");
  symlink(rig, "../new", "/d/up");
  assertEquals(rig.readText("/d/up"), "made");
});

fsTest("open answers every error there is", (rig) => {
  rig.writeFile("/f", "x");
  mkdir(rig, "/d");
  assertEquals(rig.open("/none"), "ENOENT");
  assertEquals(rig.open("/f", create | OPEN.exclusive), "EEXIST");
  assertEquals(rig.open("/f", OPEN.directory), "ENOTDIR");
  assertEquals(rig.open("/f", 3), "EINVAL");
  assertEquals(rig.open("/d", OPEN.writeOnly), "EISDIR");
  assertEquals(rig.open("/d", OPEN.create), "EISDIR");
  assertEquals(rig.open("/new/", create), "EISDIR");
  assertEquals(rig.open("/new", OPEN.create | OPEN.directory), "EINVAL");
  assertEquals(rig.stat("/new"), "ENOENT");
  const handles = [];
  for (let handle = rig.open("/f"); handle !== "ENFILE"; handle = rig.open("/f")) {
    handles.push(handle);
  }
  assert(handles.length >= 64, "as many as the keep holds");
  assertEquals(rig.open("/new", create), "ENFILE");
  assertEquals(rig.stat("/new"), "ENOENT");
  assertEquals(rig.answer("close", { handle: handles[3] as number }), 0);
  assertEquals(typeof rig.open("/f"), "number");
});

fsTest("handles that are stale, foreign or opened for something else are refused", (rig) => {
  const handle = rig.open("/f", create) as number;
  const target = sharedBytes(10);
  rig.badge = 2;
  assertEquals(rig.answer("read", { handle, offset: 0, target }), "EBADF");
  assertEquals(rig.answer("close", { handle }), "EBADF");
  rig.badge = 1;
  assertEquals(rig.answer("close", { handle }), 0);
  assertEquals(rig.answer("close", { handle }), "EBADF");
  assertEquals(rig.answer("fstat", { handle: handle ^ 1024 }), "EBADF");
  assertEquals(rig.answer("fstat", { handle: 0xffffffff }), "EBADF");
  assertEquals(rig.answer("fsync", { handle }), "EBADF");
  const reader = rig.open("/f") as number;
  const writer = rig.open("/f", OPEN.writeOnly) as number;
  assertEquals(write(rig, reader, 0, utf8("x")), "EBADF");
  assertEquals(rig.answer("truncate", { handle: reader, size: 0 }), "EINVAL");
  assertEquals(rig.answer("read", { handle: writer, offset: 0, target }), "EBADF");
  assertEquals(rig.answer("readdir", { handle: reader, cookie: 0, target }), "ENOTDIR");
  const root = rig.open("/") as number;
  assertEquals(rig.answer("read", { handle: root, offset: 0, target }), "EISDIR");
  assertEquals(rig.answer("readdir", { handle: root, cookie: 0, target }), "EINVAL");
});

fsTest("what is written is read, wherever it begins and ends", (rig) => {
  const handle = rig.open("/f", create) as number;
  const model = new Uint8Array(400_000);
  let size = 0;
  const cuts = [0, 1, 4095, 4096, 4097, 12_288, 49_151, 49_152, 60_000, 131_072, 200_001];
  let seed = 1;
  for (const offset of cuts) {
    for (const byteLength of [1, 100, 4096, 5000, 70_000, 150_000]) {
      const source = pattern(byteLength, seed++);
      assertEquals(write(rig, handle, offset, source), byteLength);
      model.set(source, offset);
      size = Math.max(size, offset + byteLength);
      assertEquals(read(rig, handle, 0, size + 10), model.slice(0, size));
      assertEquals(
        read(rig, handle, offset + 7, 4096),
        model.slice(offset + 7, Math.min(size, offset + 4103)),
      );
    }
  }
});

fsTest("holes read as zeros, and so does what a cut uncovers", (rig) => {
  const handle = rig.open("/f", create) as number;
  write(rig, handle, 100, pattern(100));
  write(rig, handle, 50_000, pattern(10));
  const gap = read(rig, handle, 200, 49_800) as Uint8Array;
  assert(gap.every((byte) => byte === 0), "a hole is zero");
  assertEquals(rig.answer("truncate", { handle, size: 150 }), 0);
  assertEquals(rig.answer("truncate", { handle, size: 9000 }), 0);
  const tail = read(rig, handle, 150, 9000) as Uint8Array;
  assertEquals(tail.byteLength, 8850);
  assert(tail.every((byte) => byte === 0), "what was cut off does not come back");
  assertEquals(read(rig, handle, 100, 50), pattern(100).slice(0, 50));
});

fsTest("append goes to the end, by the request or by the open flag", (rig) => {
  const handle = rig.open("/f", create) as number;
  rig.answer("write", { handle, offset: 0, append: false, source: utf8("one") });
  rig.answer("write", { handle, offset: 0, append: true, source: utf8("two") });
  const appender = rig.open("/f", OPEN.writeOnly | OPEN.append) as number;
  write(rig, appender, 0, utf8("three"));
  assertEquals(rig.readText("/f"), "onetwothree");
  assertEquals(typeof rig.open("/f", OPEN.writeOnly | OPEN.truncate), "number");
  assertEquals(rig.readText("/f"), "");
});

fsTest("a write that keeps times leaves them, and grows the file all the same", (rig) => {
  const handle = rig.open("/f", create) as number;
  const timesOf = () => {
    const { size, mtimeSeconds, ctimeSeconds } = Object(rig.stat("/f"));
    return [size, mtimeSeconds, ctimeSeconds];
  };
  const [, ...before] = timesOf();
  const source = utf8("late");
  const late = { handle, offset: 3, append: false, source, keepTimes: true };
  assertEquals(rig.answer("write", late), 4);
  assertEquals(timesOf(), [7, ...before]);
  assertEquals(write(rig, handle, 0, source), 4);
  assert(timesOf()[1] > before[0]!, "as usual");
});

fsTest("sparse files reach as far as triple indirect blocks and i_blocks go", (rig) => {
  const handle = rig.open("/f", create) as number;
  const far = 5 * 2 ** 30 + 123; // Behind the double indirect tree.
  assertEquals(write(rig, handle, far, utf8("far")), 3);
  assertEquals(read(rig, handle, far - 2, 10), Uint8Array.of(0, 0, ...utf8("far")));
  assertEquals(write(rig, handle, FILE_BYTES_MAX - 2, utf8("xyz")), 2);
  assertEquals(write(rig, handle, FILE_BYTES_MAX, utf8("x")), "EFBIG");
  assertEquals(rig.answer("truncate", { handle, size: FILE_BYTES_MAX + 1 }), "EFBIG");
  const whole = rig.stat("/f");
  assert(typeof whole !== "string" && whole.size === FILE_BYTES_MAX, "the largest size");
  assertEquals(rig.answer("truncate", { handle, size: far + 1 }), 0);
  assertEquals(read(rig, handle, far, 10), utf8("f"));
  assertEquals(rig.answer("truncate", { handle, size: 0 }), 0);
  const empty = rig.stat("/f");
  assert(typeof empty !== "string" && empty.blocks512 === 0, "nothing is left");
});

fsTest("a large write is one run of blocks on the disk, and one transaction", (rig) => {
  const handle = rig.open("/f", create) as number;
  const source = pattern(2 ** 20);
  const calls: Record<string, number> = { read: 0, write: 0, transact: 0, flush: 0 };
  rig.disk.before = (call) => calls[call] = (calls[call] ?? 0) + 1;
  assertEquals(write(rig, handle, 0, source), source.byteLength);
  rig.fs.mount.cache.checkpoint();
  assertEquals([calls["write"], calls["transact"], calls["flush"]], [1, 1, 0]);
  read(rig, handle, 0, 2 ** 20);
  assert((calls["read"] ?? 0) < 8, "reads are runs too");
});

fsTest("directories are made and removed, with their errors", (rig) => {
  assertEquals(mkdir(rig, "/d"), 0);
  assertEquals(mkdir(rig, "/d"), "EEXIST");
  assertEquals(mkdir(rig, "/"), "EEXIST");
  assertEquals(mkdir(rig, "/x/y"), "ENOENT");
  assertEquals(mkdir(rig, "/d/e/"), 0);
  assertEquals(rmdir(rig, "/d"), "ENOTEMPTY");
  assertEquals(rmdir(rig, "/d/e/.."), "ENOTEMPTY");
  assertEquals(rmdir(rig, "/d/e/."), "EINVAL");
  assertEquals(rmdir(rig, "/"), "EBUSY");
  assertEquals(rmdir(rig, "/none"), "ENOENT");
  rig.writeFile("/f", "x");
  assertEquals(rmdir(rig, "/f"), "ENOTDIR");
  assertEquals(unlink(rig, "/d"), "EISDIR");
  assertEquals(unlink(rig, "/none"), "ENOENT");
  const handle = rig.open("/d/e") as number;
  assertEquals(rmdir(rig, "/d/e"), 0);
  assertEquals(rig.answer("readdir", { handle, cookie: 0, target: sharedBytes(100) }), 0);
  assertEquals(rig.answer("close", { handle }), 0);
  assertEquals(rmdir(rig, "/d"), 0);
  assertEquals(rig.list("/"), ["f", "lost+found"]);
});

fsTest("rename does all that POSIX says", (rig) => {
  rig.writeFile("/a", "a");
  rig.writeFile("/b", "b");
  mkdir(rig, "/d");
  mkdir(rig, "/d/e");
  mkdir(rig, "/empty");
  assertEquals(rename(rig, "/none", "/x"), "ENOENT");
  assertEquals(rename(rig, "/d", "/d/e/f"), "EINVAL");
  assertEquals(rename(rig, "/d", "/d"), 0);
  assertEquals(rename(rig, "/d/e", "/d"), "ENOTEMPTY");
  assertEquals(rename(rig, "/a", "/d"), "EISDIR");
  assertEquals(rename(rig, "/d", "/a"), "ENOTDIR");
  assertEquals(rename(rig, "/a", "/x/"), "ENOTDIR");
  assertEquals(rename(rig, "/empty", "/d"), "ENOTEMPTY");
  assertEquals(rename(rig, "/", "/x"), "EBUSY");
  assertEquals(rename(rig, "/d/.", "/x"), "EBUSY");
  assertEquals(rename(rig, "/a", "/b"), 0);
  assertEquals(rig.readText("/b"), "a");
  assertEquals(rename(rig, "/d/e", "/empty"), 0);
  assertEquals(rename(rig, "/empty", "/d/back"), 0);
  const up = rig.stat("/d/back/../..");
  const root = rig.stat("/");
  assertEquals(up, root);
  link(rig, "/b", "/c");
  assertEquals(rename(rig, "/b", "/c"), 0);
  assertEquals(rig.list("/"), ["b", "c", "d", "lost+found"]);
  assertEquals(rig.list("/d"), ["back"]);
});

fsTest("links are counted, and refused where they must be", (rig) => {
  rig.writeFile("/a", "x");
  mkdir(rig, "/d");
  assertEquals(link(rig, "/a", "/d/b"), 0);
  assertEquals(link(rig, "/a", "/d/b"), "EEXIST");
  assertEquals(link(rig, "/d", "/e"), "EPERM");
  assertEquals(link(rig, "/none", "/e"), "ENOENT");
  assertEquals(link(rig, "/a", "/e/"), "ENOENT");
  const two = rig.stat("/a");
  assert(typeof two !== "string" && two.links === 2, "two names");
  unlink(rig, "/a");
  assertEquals(rig.readText("/d/b"), "x");
});

fsTest("symbolic links hold short and long targets", (rig) => {
  const readlink = (path: string) => {
    const target = sharedBytes(5000);
    const count = rig.answer("readlink", { path: utf8(path), target });
    return typeof count === "string" ? count : new TextDecoder().decode(target.slice(0, count));
  };
  for (const byteLength of [1, 59, 60, 61, 4095]) {
    const target = "t".repeat(byteLength);
    assertEquals(symlink(rig, target, `/l${byteLength}`), 0);
    assertEquals(readlink(`/l${byteLength}`), target);
  }
  assertEquals(symlink(rig, "t".repeat(4096), "/long"), "ENAMETOOLONG");
  assertEquals(symlink(rig, "", "/empty"), "ENOENT");
  assertEquals(symlink(rig, "t", "/l1"), "EEXIST");
  assertEquals(readlink("/"), "EINVAL");
  unlink(rig, "/l60");
  unlink(rig, "/l1");
});

fsTest("attributes are set as asked, beyond links or not", (rig) => {
  rig.writeFile("/f", "x");
  symlink(rig, "f", "/l");
  const chmod = (path: string, follow: boolean, mode: number) =>
    rig.answer("chmod", { path: utf8(path), follow, mode });
  const utimens = (which: number, atimeSeconds: number, mtimeSeconds: number) => {
    const parts = { atimeNanoseconds: 999_999_999, mtimeNanoseconds: 1 };
    return rig.answer("utimens", {
      path: utf8("/f"),
      ...{ which, atimeSeconds, mtimeSeconds, ...parts },
    });
  };
  assertEquals(chmod("/l", true, 0o4711), 0);
  assertEquals(rig.answer("chown", { path: utf8("/f"), uid: 100_000, gid: 4_000_000_000 }), 0);
  assertEquals(utimens(3, -1001, 5e9), 0);
  assertEquals(utimens(32, 0, 0), "EINVAL");
  assertEquals(utimens(1, NaN, 0), "EINVAL");
  assertEquals(chmod("/none", true, 1), "ENOENT");
  const info = rig.stat("/f");
  assert(typeof info !== "string", "it is there");
  assertEquals([info.mode, info.uid, info.gid], [0o100711, 100_000, 4_000_000_000]);
  assertEquals([info.atimeSeconds, info.atimeNanoseconds], [-1001, 999_999_999]);
  assertEquals([info.mtimeSeconds, info.mtimeNanoseconds], [5e9, 1]);
});

fsTest("an open file outlives its last name", (rig) => {
  const before = rig.fs.usage();
  const handle = rig.open("/f", create) as number;
  const second = rig.open("/f") as number;
  const data = pattern(100_000);
  write(rig, handle, 0, data);
  assertEquals(unlink(rig, "/f"), 0);
  assertEquals(rig.stat("/f"), "ENOENT");
  assertEquals(read(rig, second, 0, 200_000), data.slice());
  write(rig, handle, 100_000, utf8("more"));
  rig.writeFile("/f", "another");
  assertEquals(rig.answer("close", { handle }), 0);
  assertEquals(read(rig, second, 100_000, 10), utf8("more"));
  assertEquals(rig.answer("close", { handle: second }), 0);
  unlink(rig, "/f");
  assertEquals(rig.fs.usage(), before);
});

fsTest("several orphans are taken out of their list in any order", (rig) => {
  const handles = ["/a", "/b", "/c", "/d"].map((path) => {
    const handle = rig.open(path, create) as number;
    write(rig, handle, 0, pattern(5000));
    unlink(rig, path);
    return handle;
  });
  for (const index of [2, 0, 3, 1]) {
    assertEquals(rig.answer("close", { handle: handles[index] as number }), 0);
  }
});

fsTest("a listing tells every name that stays exactly once, whatever else changes", (rig) => {
  for (let index = 0; index < 500; index++) rig.writeFile(`/file-${index}`, "");
  const handle = rig.open("/") as number;
  const target = sharedBytes(300);
  const view = new DataView(target.buffer);
  const seen: string[] = [];
  let cookie = 0;
  for (let round = 0;; round++) {
    const count = rig.answer("readdir", { handle, cookie, target }) as number;
    if (count === 0) break;
    for (let at = 0; at < count;) {
      const nameBytes = view.getUint8(at + LISTED_ENTRY.nameBytes);
      const start = at + LISTED_ENTRY.name;
      seen.push(new TextDecoder().decode(target.slice(start, start + nameBytes)));
      cookie = view.getFloat64(at + LISTED_ENTRY.nextCookie, true);
      at += listedEntryBytes(nameBytes);
    }
    unlink(rig, `/file-${(round * 7) % 500}`);
    if (round % 3 === 0) rig.writeFile(`/new-${round}`, "");
  }
  const left = rig.list("/") as string[];
  for (const name of left.filter((one) => one.startsWith("file"))) {
    assertEquals(seen.filter((one) => one === name).length, 1, name);
  }
});

fsTest("large directories stay fast, grow, and empty again", (rig) => {
  mkdir(rig, "/d");
  rig.writeFile("/f", "x");
  for (let index = 0; index < 5000; index++) assertEquals(link(rig, "/f", `/d/n${index}`), 0);
  assertEquals((rig.list("/d", 65536) as string[]).length, 5000);
  for (let index = 0; index < 5000; index++) assertEquals(unlink(rig, `/d/n${index}`), 0);
  assertEquals(rmdir(rig, "/d"), 0);
});

fsTest("an inode takes no more links than ext2 allows", (rig) => {
  rig.writeFile("/f", "x");
  for (let index = 1; index < LINKS_MAX; index++) {
    if (link(rig, "/f", `/${index}`) !== 0) throw new Error(`link ${index}`);
  }
  assertEquals(link(rig, "/f", "/more"), "EMLINK");
}, { blockCount: 8192 });

fsTest("a directory takes no more subdirectories than ext2 allows", (rig) => {
  // Made by hand: 32,000 directories would take a disk of 125 MiB.
  mkdir(rig, "/d");
  mkdir(rig, "/e");
  const inode = rig.stat("/d");
  assert(typeof inode !== "string", "it is there");
  rig.fs.changes.flush();
  const table = findInode(rig, inode.inode);
  const links = new DataView(table.bytes.buffer, table.bytes.byteOffset);
  links.setUint16(table.at + 26, LINKS_MAX, true);
  rig.succeed();
  assertEquals(mkdir(rig, "/d/x"), "EMLINK");
  assertEquals(rename(rig, "/e", "/d/e"), "EMLINK");
  links.setUint16(table.at + 26, 2, true);
  rig.succeed();
});

function findInode(rig: Rig, number: number): { bytes: Uint8Array; at: number } {
  const descriptors = rig.disk.blocks().get(1) as Uint8Array;
  const table = new DataView(descriptors.buffer, descriptors.byteOffset).getUint32(8, true);
  const bytes = rig.disk.blocks().get(table + Math.floor((number - 1) / 16)) as Uint8Array;
  return { bytes, at: ((number - 1) % 16) * 256 };
}

fsTest("a name in use is found after the server has died", (rig) => {
  for (let index = 0; index < 300; index++) rig.writeFile(`/n${index}`, String(index));
  rig.succeed();
  assertEquals(rig.readText("/n299"), "299");
  assertEquals(rig.stat("/n300"), "ENOENT");
});

fsTest("statfs tells what there is", (rig) => {
  const reply = rig.request("statfs", {});
  assert(typeof reply !== "number", "it answers");
  const blockCount = 4096 - rig.fs.mount.geometry.metadataBlocks;
  const told = [reply.blockBytes, reply.blockCount, reply.nameBytesMax];
  assertEquals(told, [BLOCK_BYTES, blockCount, 255]);
  const { blocksFree, inodesFree } = reply;
  rig.writeFile("/f", pattern(10 * BLOCK_BYTES));
  const after = rig.request("statfs", {});
  assert(typeof after !== "number", "it answers");
  assertEquals([blocksFree - after.blocksFree, inodesFree - after.inodesFree], [10, 1]);
});
