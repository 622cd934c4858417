import { assertEquals } from "@std/assert";
import { sharedBytes } from "../ext4/test_images.ts";
import { OPEN } from "../protocol.ts";
import { Rig, type RigOptions, utf8 } from "./test_rig.ts";

/** A rig, and the number of a credential of user and group 1000, which overrides or does not. */
function rigFor(overrides: boolean, options: RigOptions = { type: "ext4" }) {
  const rig = new Rig({ openFiles: 256, ...options });
  const groups = sharedBytes(0);
  const as = rig.answer("credential", { uid: 1000, gid: 1000, groups, overrides }) as number;
  return { rig, as };
}

Deno.test("a credential that overrides may do all that root may, and makes what is its own", () => {
  const { rig, as } = rigFor(true);
  rig.answer("mkdir", { path: utf8("/closed"), mode: 0o700 });
  assertEquals(rig.answer("mkdir", { path: utf8("/closed/d"), mode: 0o750, as }), 0);
  const made = rig.request("open", {
    ...{ path: utf8("/closed/f"), flags: OPEN.create | OPEN.readWrite, mode: 0o4600, as },
  });
  const { handle } = made as { handle: number };
  assertEquals(rig.answer("mknod", { path: utf8("/dev"), mode: 0o020600, device: 5, as }), 0);
  assertEquals(rig.answer("symlink", { path: utf8("/l"), target: utf8("x"), as }), 0);
  for (const path of ["/closed/d", "/closed/f", "/dev", "/l"]) {
    const { uid, gid } = Object(rig.stat(path, false));
    assertEquals([uid, gid], [1000, 1000], path);
  }
  // As when root writes: others take away what a write takes from them.
  assertEquals(rig.answer("write", { handle, offset: 0, append: false, source: utf8("x") }), 1);
  assertEquals(Object(rig.stat("/closed/f")).mode & 0o7777, 0o4600);
  rig.writeFile("/roots", "");
  const roots = utf8("/roots");
  assertEquals(rig.answer("chmod", { path: roots, mode: 0o600, as }), 0);
  assertEquals(rig.answer("chown", { path: roots, uid: 5, gid: 6, as }), 0);
  const value = utf8("v");
  for (const name of ["trusted.x", "security.x", "user.x"]) {
    assertEquals(rig.answer("setxattr", { path: roots, name: utf8(name), value, as }), 0, name);
  }
  const target = new Uint8Array(100);
  const count = rig.answer("listxattr", { path: roots, target, as }) as number;
  const names = new TextDecoder().decode(target.subarray(0, count)).split("\0");
  assertEquals(names.includes("trusted.x"), false, "nobody else hides these");
  assertEquals(rig.answer("access", { path: roots, wanted: 6, as }), 0);
  assertEquals(rig.answer("unlink", { path: roots, as }), 0);
  assertEquals(rig.fsck().code, 0);
});

Deno.test("in a set-group-id directory what is made has the directory's group", () => {
  const { rig, as } = rigFor(true);
  rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 });
  rig.answer("chown", { path: utf8("/d"), uid: 0, gid: 50 });
  rig.answer("chmod", { path: utf8("/d"), mode: 0o2755 });
  rig.answer("mkdir", { path: utf8("/d/e"), mode: 0o755, as });
  rig.request("open", { path: utf8("/d/f"), flags: OPEN.create, mode: 0o2775, as });
  const [directory, file] = [Object(rig.stat("/d/e")), Object(rig.stat("/d/f"))];
  assertEquals([directory.uid, directory.gid, directory.mode & 0o7777], [1000, 50, 0o2755]);
  assertEquals([file.uid, file.gid, file.mode & 0o7777], [1000, 50, 0o2775]);
});

Deno.test("blocks that are kept for root are root's, whoever checks", () => {
  for (const overrides of [false, true]) {
    const shape = { type: "ext4", blockCount: 1024, reservedPercent: 20 } as const;
    const { rig, as } = rigFor(overrides, shape);
    rig.answer("chmod", { path: utf8("/"), mode: 0o777 });
    const flags = OPEN.create | OPEN.writeOnly;
    const made = rig.request("open", { path: utf8("/f"), flags, mode: 0o644, as });
    const { handle } = made as { handle: number };
    const source = sharedBytes(256 * 1024);
    let count: number | string = 1;
    for (let offset = 0; typeof count === "number" && count > 0; offset += count) {
      count = rig.answer("write", { handle, offset, append: false, source });
      if (typeof count === "string") break;
    }
    assertEquals(count, "ENOSPC");
    assertEquals(rig.fs.usage().blocksAvailable, 0);
    assertEquals(rig.fs.usage().blocksFree > 0, true);
  }
});

Deno.test("the two kinds of a credential have numbers of their own, which outlive the server", () => {
  const { rig, as } = rigFor(true);
  const ask = (overrides: boolean) =>
    rig.answer("credential", { uid: 1000, gid: 1000, groups: sharedBytes(0), overrides });
  const plain = ask(false) as number;
  assertEquals(plain === as, false);
  rig.answer("mkdir", { path: utf8("/closed"), mode: 0o700 });
  rig.succeed();
  assertEquals([ask(true), ask(false)], [as, plain]);
  assertEquals(rig.answer("mkdir", { path: utf8("/closed/d"), mode: 0o700, as: plain }), "EACCES");
  assertEquals(rig.answer("mkdir", { path: utf8("/closed/d"), mode: 0o700, as }), 0);
});
