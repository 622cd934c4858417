import { assert, assertEquals } from "@std/assert";
import { READ_ONLY, SUPERBLOCK as SB } from "../ext4/layouts/superblock.ts";
import { OPEN } from "../protocol.ts";
import { FileServer } from "./file_system.ts";
import { sharedBytes } from "../ext4/test_images.ts";
import { pattern, Rig, utf8 } from "./test_rig.ts";
import { Upkeep } from "./upkeep.ts";

const create = OPEN.create | OPEN.readWrite;

/** A rig whose file system has a feature with which it may only be read. */
function readOnlyRig(writes: string[]): Rig {
  const before = new Rig();
  before.writeFile("/f", "content");
  before.answer("mkdir", { path: utf8("/d"), mode: 0o755 });
  before.answer("symlink", { target: utf8("f"), path: utf8("/s") });
  before.fs.halt();
  const block = before.disk.blocks().get(0) as Uint8Array;
  const view = new DataView(block.buffer, block.byteOffset + 1024);
  const features = view.getUint32(SB.featuresReadOnly, true);
  view.setUint32(SB.featuresReadOnly, features | READ_ONLY.quota, true);
  before.disk.before = (call) => {
    if (call !== "read") writes.push(call);
  };
  return new Rig({ disk: before.disk });
}

Deno.test("a file system that may only be read is read, and nothing is written to its disk", () => {
  const writes: string[] = [];
  const rig = readOnlyRig(writes);
  assert(rig.fs.mount.isReadOnly, "it says so");
  assertEquals(rig.readText("/f"), "content");
  assertEquals(rig.list("/"), ["d", "f", "lost+found", "s"]);
  const statfs = rig.request("statfs", {});
  assert(typeof statfs !== "number" && statfs.readOnly, "statfs tells it");
  const refused: [string, () => number | string][] = [
    ["open w", () => rig.open("/f", OPEN.writeOnly)],
    ["open trunc", () => rig.open("/f", OPEN.truncate)],
    ["create", () => rig.open("/new", create)],
    ["mkdir", () => rig.answer("mkdir", { path: utf8("/x"), mode: 0o755 })],
    ["rmdir", () => rig.answer("rmdir", { path: utf8("/d") })],
    ["unlink", () => rig.answer("unlink", { path: utf8("/f") })],
    ["rename", () => rig.answer("rename", { source: utf8("/f"), target: utf8("/g") })],
    ["link", () => rig.answer("link", { source: utf8("/f"), target: utf8("/g") })],
    ["symlink", () => rig.answer("symlink", { target: utf8("f"), path: utf8("/t") })],
    ["chmod", () => rig.answer("chmod", { path: utf8("/f"), mode: 0 })],
    ["chown", () => rig.answer("chown", { path: utf8("/f"), uid: 1, gid: 1 })],
    ["mknod", () => rig.answer("mknod", { path: utf8("/p"), mode: 0o010644, device: 0 })],
    ["access", () => rig.answer("access", { path: utf8("/f"), wanted: 2 })],
  ];
  for (const [name, step] of refused) assertEquals(step(), "EROFS", name);
  assertEquals(rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 }), "EEXIST");
  assertEquals(typeof rig.open("/f", OPEN.create), "number");
  assertEquals(rig.answer("access", { path: utf8("/f"), wanted: 4 }), 0);
  assertEquals(rig.answer("fsync", { handle: 0 }), 0);
  rig.succeed();
  assertEquals(rig.readText("/f"), "content");
  rig.fs.halt();
  assertEquals(writes, []);
});

Deno.test("blocks that are kept for root are taken by root alone", () => {
  const rig = new Rig({ blockCount: 1024, reservedPercent: 20, openFiles: 1024 });
  rig.answer("chmod", { path: utf8("/"), mode: 0o777 });
  const groups = sharedBytes(0);
  const as = rig.answer("credential", { uid: 1000, gid: 1000, groups }) as number;
  const fill = (path: string, who: number) => {
    const request = { path: utf8(path), flags: create, mode: 0o666, as: who };
    const { handle } = rig.request("open", request) as { handle: number };
    const source = pattern(64 * 4096);
    for (let offset = 0;;) {
      const count = rig.answer("write", { handle, offset, append: false, source });
      if (typeof count === "string") return [count, offset];
      offset += count;
    }
  };
  const [error] = fill("/others", as);
  const usage = rig.fs.usage();
  assertEquals([error, usage.blocksAvailable], ["ENOSPC", 0]);
  assert(usage.blocksFree > 150, "root's are free");
  const [full, bytes] = fill("/roots", 0);
  assertEquals([full, rig.fs.usage().blocksFree], ["ENOSPC", 0]);
  assert(Number(bytes) > 150 * 4096, "root took them");
  assertEquals(rig.fsck().code, 0);
});

Deno.test("writes through a synchronous handle are durable when they are answered", () => {
  for (const flag of [0, OPEN.dataSync, OPEN.sync]) {
    const rig = new Rig();
    const handle = rig.open("/f", create | flag) as number;
    rig.answer("fsync", { handle });
    let flushes = 0;
    rig.disk.before = (call) => {
      if (call === "flush") flushes++;
    };
    rig.answer("write", { handle, offset: 0, append: false, source: utf8("x") });
    rig.answer("truncate", { handle, size: 10 });
    assertEquals(flushes, flag === 0 ? 0 : 2);
    rig.disk.before = () => {};
    rig.reboot();
    const size = (rig.stat("/f") as { size: number }).size;
    assertEquals(size, flag === 0 ? 0 : 10);
  }
});

Deno.test("fsync flushes what was written since the last flush, and nothing twice", () => {
  const rig = new Rig();
  const handle = rig.open("/f", create) as number;
  let flushes = 0;
  rig.disk.before = (call) => {
    if (call === "flush") flushes++;
  };
  const sync = () => {
    rig.answer("fsync", { handle });
    return flushes;
  };
  assertEquals([sync(), sync()], [1, 1]);
  rig.answer("write", { handle, offset: 0, append: false, source: utf8("x") });
  assertEquals([sync(), sync()], [2, 2]);
  rig.answer("write", { handle, offset: 0, append: false, source: utf8("y") });
  // The successor does not know what its predecessor had flushed.
  rig.succeed();
  const before = flushes;
  rig.fs.mount.cache.checkpoint();
  assertEquals([before, sync()], [3, 3]);
});

Deno.test("Upkeep brings the log to the disk once nothing has been committed for a while", () => {
  const rig = new Rig();
  let nowMs = 1_700_000_000_000;
  const { disk, window } = rig;
  const fs = new FileServer({
    ...{ disk, window, nowMs: () => nowMs, point() {} },
    keep: sharedBytes(64 * 1024),
    metadataLog: sharedBytes(512 * 1024),
  });
  const upkeep = new Upkeep(fs);
  const look = () => {
    nowMs += 20;
    upkeep.turn();
  };
  assertEquals([upkeep.idleMs, upkeep.isWaiting], [Infinity, false]);
  const caller = {
    badge: 1,
    sequence: 1,
    client: 1,
    as: 0,
    credential: { uid: 0, gid: 0, groups: [] },
  };
  fs.naming.mkdir({ at: 0, path: utf8("/d") }, { mode: 0o755, umask: 0 }, caller);
  assert(!fs.mount.cache.isClean && upkeep.idleMs < Infinity, "there is work");
  upkeep.turn();
  upkeep.turn();
  assert(!fs.mount.cache.isClean, "not while it may go on");
  look();
  assert(fs.mount.cache.isClean, "it was quiet for a look");
  assertEquals(upkeep.idleMs, Infinity);
  disk.before = () => {
    throw new Error("there is nothing to do");
  };
  look();
});

Deno.test("the table of open files takes as many as its keep has room for, up to 65,536", () => {
  const rig = new Rig({ openFiles: 65_536 });
  rig.writeFile("/f", "x");
  let last = 0;
  for (let count = 0; count < 65_536; count++) last = rig.open("/f") as number;
  assertEquals(rig.open("/f"), "ENFILE");
  rig.succeed();
  assertEquals(rig.answer("fstat", { handle: last }), 0);
  assertEquals(rig.answer("close", { handle: last }), 0);
  assertEquals(rig.answer("fstat", { handle: last }), "EBADF");
  const next = rig.open("/f") as number;
  assert(next !== last, "the entry has another generation");
  assertEquals(rig.answer("fstat", { handle: last }), "EBADF");
});
