import { assert, assertEquals } from "@std/assert";
import { OsError } from "@hako/ipc";
import { DISK_BLOCK_BYTES as BLOCK_BYTES } from "../disk/disk.ts";
import { OPEN } from "../protocol.ts";
import { hasTool } from "../ext4/test_images.ts";
import { pattern, Rig, utf8 } from "./test_rig.ts";

const create = OPEN.create | OPEN.readWrite;

function requireClean(rig: Rig): void {
  if (!hasTool("e2fsck")) return;
  const { code, output } = rig.fsck();
  assertEquals(code, 0, output);
}

Deno.test("a full disk takes what fits, says ENOSPC, and gives everything back", () => {
  const rig = new Rig({ blockCount: 1024 });
  const before = rig.fs.usage();
  const handle = rig.open("/f", create) as number;
  const source = pattern(64 * BLOCK_BYTES);
  let size = 0;
  while (true) {
    const count = rig.answer("write", { handle, offset: size, append: false, source });
    if (count === "ENOSPC") break;
    size += count as number;
  }
  assertEquals(rig.fs.usage().blocksFree, 0);
  requireClean(rig);
  assertEquals(rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 }), "ENOSPC");
  const long = utf8("x".repeat(100));
  assertEquals(rig.answer("symlink", { target: long, path: utf8("/l") }), "ENOSPC");
  assertEquals(rig.stat("/d"), "ENOENT");
  assertEquals(rig.writeFile("/small", "x"), "ENOSPC");
  assertEquals(rig.answer("unlink", { path: utf8("/small") }), 0);
  const content = rig.readFile("/f") as Uint8Array;
  assertEquals(content.byteLength, size);
  for (let at = 0; at < size; at += source.byteLength) {
    const part = content.subarray(at, at + source.byteLength);
    assert(part.every((byte, index) => byte === source[index]), "what was written is there");
  }
  requireClean(rig);
  rig.answer("close", { handle });
  assertEquals(rig.answer("unlink", { path: utf8("/f") }), 0);
  assertEquals(rig.fs.usage(), before);
  assertEquals(rig.writeFile("/again", source), source.byteLength);
  requireClean(rig);
});

Deno.test("a disk without inodes says ENOSPC, and goes on when one is free", () => {
  const rig = new Rig({ blockCount: 1024, inodeRatioBytes: 2 ** 16 });
  let made = 0;
  while (rig.writeFile(`/f${made}`, "") === 0) made++;
  assertEquals(rig.fs.usage().inodesFree, 0);
  assertEquals(rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 }), "ENOSPC");
  assertEquals(rig.answer("symlink", { target: utf8("x"), path: utf8("/l") }), "ENOSPC");
  requireClean(rig);
  assertEquals(rig.answer("unlink", { path: utf8("/f0") }), 0);
  assertEquals(rig.answer("symlink", { target: utf8("x"), path: utf8("/l") }), 0);
  requireClean(rig);
});

Deno.test("a write into a fragmented disk takes the pieces it finds", () => {
  const rig = new Rig({ blockCount: 1024 });
  const one = pattern(BLOCK_BYTES);
  let made = 0;
  while (rig.writeFile(`/f${made}`, one) === BLOCK_BYTES) made++;
  for (let index = 0; index < made; index += 2) rig.answer("unlink", { path: utf8(`/f${index}`) });
  const source = pattern(100 * BLOCK_BYTES, 3);
  assertEquals(rig.writeFile("/big", source), source.byteLength);
  assertEquals(rig.readFile("/big"), source.slice());
  requireClean(rig);
});

Deno.test("an operation whose disk call fails has no effect and says EIO", () => {
  const operations: [string, (rig: Rig) => unknown][] = [
    ["mkdir", (rig) => rig.answer("mkdir", { path: utf8("/new"), mode: 0o755 })],
    ["open", (rig) => rig.open("/new", create)],
    ["unlink", (rig) => rig.answer("unlink", { path: utf8("/f") })],
    ["rename", (rig) => rig.answer("rename", { source: utf8("/f"), target: utf8("/g") })],
    ["link", (rig) => rig.answer("link", { source: utf8("/f"), target: utf8("/g") })],
    ["symlink", (rig) => rig.answer("symlink", { target: utf8("x"), path: utf8("/new") })],
    ["write", (rig) => rig.writeFile("/g", pattern(20_000))],
  ];
  for (const [name, operation] of operations) {
    const rig = new Rig({ logBytes: 0 });
    rig.writeFile("/f", pattern(50_000));
    const before = [rig.list("/"), rig.fs.usage(), rig.stat("/f")];
    rig.disk.before = (call) => {
      if (call === "transact") throw new OsError("EIO", "test");
    };
    assertEquals(operation(rig), "EIO", name);
    rig.disk.before = () => {};
    assertEquals([rig.list("/"), rig.fs.usage(), rig.stat("/f")], before, name);
    requireClean(rig);
    assert(operation(rig) !== "EIO", `${name} succeeds later`);
    requireClean(rig);
  }
});

Deno.test("while transactions fail, changes are kept in the log, fsync says EIO, and nothing is lost", () => {
  const seen = (rig: Rig) => [rig.list("/"), rig.fs.usage(), rig.readFile("/f")] as const;
  for (const blockBytes of [1024, 4096]) {
    const rig = new Rig({ logBytes: 256 * 1024, blockBytes });
    const handle = rig.open("/f", create) as number;
    rig.answer("write", { handle, offset: 0, append: false, source: pattern(50_000) });
    rig.disk.before = (call) => {
      if (call === "transact") throw new OsError("EIO", "test");
    };
    let made = 0;
    while (rig.answer("mkdir", { path: utf8(`/d${made}`), mode: 0o755 }) === 0) made++;
    assert(made > 5, "the log takes some");
    assertEquals(rig.answer("mkdir", { path: utf8("/no"), mode: 0o755 }), "EIO");
    assertEquals(rig.answer("fsync", { handle }), "EIO");
    const before = seen(rig);
    assertEquals(before[0].length, made + 2);
    assertEquals(rig.answer("mkdir", { path: utf8("/no"), mode: 0o755 }), "EIO");
    rig.disk.before = () => {};
    assertEquals(seen(rig), before);
    rig.succeed();
    assertEquals(seen(rig), before);
    assertEquals(rig.answer("mkdir", { path: utf8("/no"), mode: 0o755 }), 0);
    requireClean(rig);
  }
});

Deno.test("blocks that were freed are not written to before the next flush", () => {
  const rig = new Rig({ blockCount: 1024 });
  const written = new Set<number>();
  const write = rig.disk.write.bind(rig.disk);
  rig.disk.write = (offset, source) => {
    const first = offset / BLOCK_BYTES;
    for (let at = 0; at < source.byteLength; at += BLOCK_BYTES) {
      written.add(first + at / BLOCK_BYTES);
    }
    write(offset, source);
  };
  rig.writeFile("/old", pattern(40 * BLOCK_BYTES));
  const old = new Set(written);
  assertEquals(old.size, 40);
  rig.answer("unlink", { path: utf8("/old") });
  // A power cut from here on may bring /old back: its bytes must still be there.
  written.clear();
  rig.writeFile("/new", pattern(40 * BLOCK_BYTES, 9));
  assertEquals([...written].filter((block) => old.has(block)), []);
  const handle = rig.open("/new") as number;
  rig.answer("fsync", { handle });
  written.clear();
  rig.writeFile("/third", pattern(40 * BLOCK_BYTES, 9));
  assertEquals([...written].every((block) => old.has(block)), true);
  requireClean(rig);
});

Deno.test("the last block of a file is zero on the disk beyond its end", () => {
  const rig = new Rig({ blockCount: 1024 });
  const content = pattern(10_000);
  const isLast = (bytes: Uint8Array) =>
    bytes.subarray(0, 8).every((b, i) => b === content[8192 + i]);
  const tail = (from: number) => {
    rig.fs.mount.cache.checkpoint();
    const last = [...rig.disk.blocks().values()].find(isLast);
    assert(last !== undefined, "the last block is on the disk");
    return last.subarray(from).some((byte) => byte > 0);
  };
  const handle = rig.open("/f", create) as number;
  rig.answer("write", { handle, offset: 0, append: false, source: content });
  assertEquals(tail(10_000 - 8192), false);
  rig.answer("truncate", { handle, size: 9000 });
  assertEquals(tail(9000 - 8192), false);
  // Bytes that a crash left behind the end are cleared before they can be seen.
  [...rig.disk.blocks().values()].find(isLast)?.fill(7, 9000 - 8192);
  rig.answer("write", { handle, offset: 9100, append: false, source: utf8("x") });
  assertEquals(tail(9101 - 8192), false);
  [...rig.disk.blocks().values()].find(isLast)?.fill(7, 9101 - 8192);
  rig.answer("truncate", { handle, size: 20_000 });
  assertEquals(tail(9101 - 8192), false);
});
