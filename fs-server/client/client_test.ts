import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { CLIENT_WINDOW_BYTES_MIN, FileSystemClient } from "./client.ts";
import { clientOfRig } from "./test_rig_client.ts";
import { sharedBytes } from "../ext4/test_images.ts";
import { pattern, Rig } from "../server/test_rig.ts";

function clientOf(rig: Rig, windowBytes = 1 << 20): FileSystemClient {
  return new FileSystemClient(clientOfRig(rig), sharedBytes(windowBytes));
}

Deno.test("files are written and read whole, from the window or from elsewhere", () => {
  const fs = clientOf(new Rig());
  const bytes = pattern(1_500_000).slice();
  fs.writeFileSync("/f", bytes);
  assertEquals(fs.readFileSync("/f"), bytes);
  const buffer = fs.buffer(10_000);
  buffer.set(bytes.subarray(0, 10_000));
  fs.writeFileSync("/g", buffer);
  assertEquals(fs.readFileSync("/g"), bytes.slice(0, 10_000));
  fs.writeTextFileSync("/t", "Grüße");
  fs.writeTextFileSync("/t", " 箱", { append: true });
  assertEquals(fs.readTextFileSync("/t"), "Grüße 箱");
});

Deno.test("an open file has a position, and positioned I/O leaves it alone", () => {
  const fs = clientOf(new Rig());
  using file = fs.openSync("/f", { read: true, write: true, create: true });
  assertEquals(file.writeSync(pattern(100)), 100);
  assertEquals(file.seekSync(-10, 1), 90);
  const target = new Uint8Array(50);
  assertEquals(file.readSync(target), 10);
  assertEquals(file.readSync(target), null);
  assertEquals(file.readSync(target, 0), 50);
  assertEquals(target, pattern(100).slice(0, 50));
  assertEquals(file.writeSync(target, 200), 50);
  assertEquals(file.seekSync(0, 2), 250);
  file.truncateSync(10);
  assertEquals(file.statSync().size, 10);
  assertThrows(() => file.seekSync(-1), OsError, "EINVAL");
  file.syncSync();
  file.close();
  assertThrows(() => file.close(), OsError, "EBADF");
});

Deno.test("buffers of the window travel without a copy", () => {
  const rig = new Rig();
  const fs = clientOf(rig);
  const buffer = fs.buffer(8192);
  fs.writeFileSync("/f", pattern(8192));
  const targets: ArrayBufferLike[] = [];
  const read = rig.disk.read.bind(rig.disk);
  rig.disk.read = (offset, target) => {
    targets.push(target.buffer);
    read(offset, target);
  };
  using file = fs.openSync("/f");
  targets.length = 0;
  assertEquals(file.readSync(buffer), 8192);
  assertEquals(targets, [buffer.buffer]);
});

Deno.test("directories are made, listed and removed, with all below them", () => {
  const fs = clientOf(new Rig({ inodeRatioBytes: 4096 }));
  fs.mkdirSync("/a/b/c", { recursive: true });
  fs.mkdirSync("/a/b", { recursive: true });
  assertThrows(() => fs.mkdirSync("/a"), OsError, "EEXIST: file exists, mkdir '/a'");
  fs.writeTextFileSync("/a/f", "x");
  assertThrows(() => fs.mkdirSync("/a/f", { recursive: true }), OsError, "EEXIST");
  fs.symlinkSync("f", "/a/l");
  const entries = [...fs.readDirSync("/a")].map(({ name, isFile, isDirectory, isSymlink }) => {
    return [name, isFile, isDirectory, isSymlink];
  }).sort();
  assertEquals(entries, [
    ["b", false, true, false],
    ["f", true, false, false],
    ["l", false, false, true],
  ]);
  for (let index = 0; index < 3000; index++) fs.writeFileSync(`/a/b/${index}`, new Uint8Array(0));
  assertEquals([...fs.readDirSync("/a/b")].length, 3001);
  assertThrows(() => fs.removeSync("/a"), OsError, "ENOTEMPTY");
  fs.removeSync("/a", { recursive: true });
  assertEquals([...fs.readDirSync("/")].map(({ name }) => name), ["lost+found"]);
});

Deno.test("names, links and attributes have the shapes that programs know", () => {
  const fs = clientOf(new Rig());
  fs.writeTextFileSync("/f", "text");
  fs.renameSync("/f", "/g");
  fs.linkSync("/g", "/h");
  fs.symlinkSync("g", "/l");
  assertEquals(fs.readLinkSync("/l"), "g");
  fs.chmodSync("/l", 0o600);
  fs.chownSync("/g", 5, null);
  fs.utimeSync("/g", 1.5, new Date(2500));
  const info = fs.statSync("/l");
  assertEquals([info.isFile, info.size, info.mode, info.nlink], [true, 4, 0o100600, 2]);
  assertEquals([info.uid, info.gid, +info.atime, +info.mtime], [5, 0, 1500, 2500]);
  assert(fs.lstatSync("/l").isSymlink, "a link is a link");
  assertEquals(fs.statfsSync().blockBytes, 4096);
  assertThrows(
    () => fs.statSync("/none"),
    OsError,
    "ENOENT: no such file or directory, stat '/none'",
  );
});

Deno.test("a client refuses what it cannot do", () => {
  const rig = new Rig();
  assertThrows(() => clientOf(rig, CLIENT_WINDOW_BYTES_MIN - 1), RangeError);
  const fs = clientOf(rig, CLIENT_WINDOW_BYTES_MIN);
  assertThrows(() => fs.buffer(1 << 20), RangeError, "Cannot give a buffer");
  assertThrows(() => fs.openSync("/f", { create: true }), TypeError);
  assertThrows(() => fs.openSync("/" + "x".repeat(5000)), OsError, "ENAMETOOLONG");
  assertThrows(
    () =>
      fs.openSync("/f", { write: true, createNew: true, mode: 0 }).readSync(
        new Uint8Array(1),
      ),
    OsError,
    "EBADF",
  );
  assertThrows(() => fs.openSync("/f", { write: true, createNew: true }), OsError, "EEXIST");
});
