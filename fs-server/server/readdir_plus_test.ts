import { assert, assertEquals } from "@std/assert";
import { sharedBytes } from "../ext4/test_images.ts";
import { LISTED_ENTRY, listedEntryBytes } from "../ext4/layouts/dir_entry.ts";
import { ATTRIBUTES_BYTES } from "../layouts/attributes.ts";
import { listedPlusBytes } from "../layouts/listed_plus.ts";
import { OPEN } from "../protocol.ts";
import { Rig, type RigOptions, statOf, utf8 } from "./test_rig.ts";

/** All names of a directory and what is told of them, in windows of so many bytes. */
function listPlus(rig: Rig, path: string, byteLength: number) {
  const handle = rig.open(path, OPEN.directory) as number;
  const target = sharedBytes(byteLength);
  const view = new DataView(target.buffer);
  const all = new Map<string, { inode: number; record: Uint8Array }>();
  for (let cookie = 0;;) {
    const count = rig.answer("readdirPlus", { handle, cookie, target });
    assert(typeof count === "number", String(count));
    if (count === 0) break;
    let at = 0;
    while (at < count) {
      const nameBytes = view.getUint8(at + LISTED_ENTRY.nameBytes);
      const nameAt = at + LISTED_ENTRY.name;
      const name = new TextDecoder().decode(target.slice(nameAt, nameAt + nameBytes));
      const recordAt = at + listedEntryBytes(nameBytes);
      assert(!all.has(name), `${name} comes twice`);
      const record = target.slice(recordAt, recordAt + ATTRIBUTES_BYTES);
      all.set(name, { inode: view.getUint32(at + LISTED_ENTRY.inode, true), record });
      cookie = view.getFloat64(at + LISTED_ENTRY.nextCookie, true);
      at += listedPlusBytes(nameBytes);
    }
    assertEquals(at, count);
  }
  rig.answer("close", { handle });
  return all;
}

const SHAPES: [name: string, options: RigOptions][] = [
  ["ext2, in place", { type: "ext2", blockBytes: 1024 }],
  ["ext4, one block or a tree", { type: "ext4", inodeRatioBytes: 4096 }],
];

for (const [name, options] of SHAPES) {
  Deno.test(`each name comes once, with what stat tells of it: ${name}`, () => {
    const rig = new Rig(options);
    rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 });
    for (const count of [3, 300]) {
      for (let index = 0; index < count; index++) {
        const path = `/d/${"n".repeat(index % 60)}${index}`;
        if (index % 3 === 0) rig.writeFile(path, "x".repeat(index % 7));
        else if (index % 3 === 1) rig.answer("mkdir", { path: utf8(path), mode: 0o700 });
        else rig.answer("symlink", { path: utf8(path), target: utf8("f") });
      }
      const names = rig.list("/d") as string[];
      for (const byteLength of [400, 65_536]) {
        const all = listPlus(rig, "/d", byteLength);
        assertEquals([...all.keys()].sort(), [".", "..", ...names].sort());
        for (const [entry, { inode, record }] of all) {
          const stat = rig.stat(`/d/${entry}`, false);
          assertEquals(statOf(record), stat, entry);
          assertEquals(inode, Object(stat).inode);
        }
      }
    }
    const handle = rig.open("/d") as number;
    const small = sharedBytes(listedPlusBytes(1) - 1);
    assertEquals(rig.answer("readdirPlus", { handle, cookie: 0, target: small }), "EINVAL");
    const file = rig.open("/d/0") as number;
    const target = sharedBytes(1000);
    assertEquals(rig.answer("readdirPlus", { handle: file, cookie: 0, target }), "ENOTDIR");
  });
}

Deno.test("an inode that cannot be read is told as nothing, and hides no other", () => {
  const rig = new Rig({ type: "ext4" });
  rig.writeFile("/a", "1");
  rig.writeFile("/b", "22");
  const { inodes } = rig.fs.mount;
  const a = inodes.load(Object(rig.stat("/a")).inode);
  a.mode = 0;
  inodes.store(a);
  const all = listPlus(rig, "/", 4096);
  assertEquals(all.get("a")?.record, new Uint8Array(ATTRIBUTES_BYTES));
  assertEquals(statOf(all.get("b")!.record).size, 2);
});
