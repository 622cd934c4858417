import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { BlockCache } from "../disk/block_cache.ts";
import { MemoryDisk } from "../disk/memory_disk.ts";
import { ExtendedAttributes } from "./attributes.ts";
import { aclAllows, readShownAcl, shownAcl, storedAcl } from "./attributes/posix_acl.ts";
import { BlockAllocation } from "./block_allocation.ts";
import { ImageRig, makeImage, VARIANTS } from "./test_mke2fs.ts";
import { type Inode, InodeTable } from "./inode.ts";
import { hasTool, IMAGES, readImage, requireTool, withImage } from "./test_images.ts";

const ignore = !hasTool("mke2fs") || !hasTool("debugfs") || !hasTool("e2fsck");
const KIB = 8192;

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** Attributes on an image with the files `/a`, `/b`, `/c` and the directory `/d`. */
class AttributesRig {
  readonly rig: ImageRig;
  readonly inodes: InodeTable;
  readonly attributes: ExtendedAttributes;

  constructor(image: Uint8Array) {
    this.rig = new ImageRig(image);
    const { geometry, accounts } = this.rig;
    const cache = this.rig.cache as unknown as BlockCache;
    this.inodes = new InodeTable(cache, geometry);
    const allocation = new BlockAllocation(cache, geometry, accounts);
    this.attributes = new ExtendedAttributes({
      cache,
      geometry,
      accounts,
      inodes: this.inodes,
      allocation,
    });
  }

  static of(args: readonly string[]): AttributesRig {
    return new AttributesRig(makeImage(args, KIB, tree()));
  }

  /** The inode of a name under the root: those of the tree come in order behind lost+found. */
  inode(name: string): Inode {
    const numbers = inodeNumbers(this.rig.image);
    return this.inodes.load(numbers.get(name)!);
  }

  change(name: string, change: (inode: Inode) => void): void {
    const inode = this.inode(name);
    try {
      change(inode);
    } catch (error) {
      this.rig.cache.rollback();
      throw error;
    }
    this.inodes.store(inode);
    this.rig.commit();
  }

  set(name: string, key: string, value: string | Uint8Array): void {
    const bytes = typeof value === "string" ? utf8(value) : value;
    this.change(name, (inode) => this.attributes.set(inode, utf8(key), bytes));
  }

  get(name: string, key: string): string | undefined {
    return text(this.attributes.get(this.inode(name), utf8(key)));
  }

  list(name: string): string[] {
    return text(this.attributes.list(this.inode(name)))!.split("\0").slice(0, -1).sort();
  }

  requireClean(): void {
    const { code, output } = this.rig.fsck();
    assertEquals(code, 0, output);
  }
}

let treePath: string | undefined;

/** A tree for `mke2fs -d`. */
function tree(): string {
  if (treePath !== undefined) return treePath;
  treePath = Deno.makeTempDirSync(IMAGES);
  for (const name of ["a", "b", "c"]) Deno.writeTextFileSync(`${treePath}/${name}`, name);
  Deno.mkdirSync(`${treePath}/d`);
  globalThis.addEventListener("unload", () => Deno.removeSync(treePath!, { recursive: true }));
  return treePath;
}

function withPath<T>(image: Uint8Array, use: (path: string) => T): T {
  const disk = new MemoryDisk(image.byteLength);
  disk.poke(0, image);
  return withImage(disk, use);
}

const numbersOf = new WeakMap<Uint8Array, Map<string, number>>();

function inodeNumbers(image: Uint8Array): Map<string, number> {
  const known = numbersOf.get(image);
  if (known !== undefined) return known;
  const numbers = new Map<string, number>();
  const listed = withPath(image, (path) => requireTool("debugfs", "-R", "ls -p /", path));
  for (const [, number, name] of listed.matchAll(/^\/(\d+)\/\d+\/\d+\/\d+\/([^/]+)\//gm)) {
    numbers.set(name!, Number(number));
  }
  numbersOf.set(image, numbers);
  return numbers;
}

/** What debugfs reads. */
function foreignGet(image: Uint8Array, file: string, key: string): string {
  return withPath(image, (path) => {
    const out = `${path}.value`;
    requireTool("debugfs", "-R", `ea_get -f ${out} ${file} ${key}`, path);
    const value = Deno.readTextFileSync(out);
    Deno.removeSync(out);
    return value;
  });
}

for (const [variant, args] of VARIANTS) {
  Deno.test({
    name: `attributes are stored so that e2fsck and debugfs agree: ${variant}`,
    ignore,
    fn() {
      const rig = AttributesRig.of(args);
      const { blockBytes, inodeBytes } = rig.rig.sizes;
      const long = "v".repeat(blockBytes - 200);
      rig.set("a", "user.short", "1");
      rig.set("a", "user.empty", "");
      rig.set("a", "user.long", long);
      rig.set("a", "trusted.overlay", "y");
      rig.set("a", "security.selinux", "label");
      rig.set("d", "user.on-a-directory", "z".repeat(100));
      rig.requireClean();
      assertEquals(rig.get("a", "user.short"), "1");
      assertEquals(rig.get("a", "user.empty"), "");
      assertEquals(rig.get("a", "user.long"), long);
      assertEquals(rig.get("a", "user.none"), undefined);
      assertEquals(rig.list("a"), [
        ...["security.selinux", "trusted.overlay", "user.empty", "user.long", "user.short"],
      ]);
      assertEquals(foreignGet(rig.rig.image, "a", "user.long"), long);
      assertEquals(foreignGet(rig.rig.image, "a", "security.selinux"), "label");
      assertEquals(foreignGet(rig.rig.image, "d", "user.on-a-directory"), "z".repeat(100));
      const tooMuch = assertThrows(
        () => rig.set("a", "user.more", "x".repeat(blockBytes - 100)),
        OsError,
      );
      assertEquals(tooMuch.code, "ENOSPC");
      rig.requireClean();
      // A value moves from the inode to the block and back.
      rig.set("b", "user.moving", "x");
      assertEquals(rig.inode("b").attributeBlock === 0, inodeBytes > 128);
      rig.set("b", "user.moving", "x".repeat(900));
      rig.requireClean();
      assert(rig.inode("b").attributeBlock !== 0);
      rig.set("b", "user.moving", "y");
      rig.requireClean();
      assertEquals(rig.inode("b").attributeBlock === 0, inodeBytes > 128);
      assertEquals(rig.get("b", "user.moving"), "y");
      for (const key of rig.list("a")) {
        rig.change("a", (inode) => assert(rig.attributes.remove(inode, utf8(key))));
      }
      assertEquals(rig.inode("a").attributeBlock, 0);
      rig.change("b", (inode) => rig.attributes.release(inode));
      rig.requireClean();
    },
  });
}

Deno.test({
  name: "attributes that debugfs set are read, changed and removed",
  ignore,
  fn() {
    const image = makeImage(["-t", "ext4"], KIB, tree());
    const changed = withPath(image, (path) => {
      requireTool("debugfs", "-w", "-R", "ea_set a user.x hello", path);
      requireTool("debugfs", "-w", "-R", `ea_set a user.big ${"b".repeat(500)}`, path);
      return readImage(path);
    });
    const rig = new AttributesRig(changed.peek(0, changed.byteLength));
    assertEquals(rig.list("a"), ["user.big", "user.x"]);
    assertEquals(rig.get("a", "user.x"), "hello");
    assertEquals(rig.get("a", "user.big"), "b".repeat(500));
    rig.set("a", "user.x", "changed");
    rig.change("a", (inode) => rig.attributes.remove(inode, utf8("user.big")));
    rig.requireClean();
    assertEquals(rig.list("a"), ["user.x"]);
  },
});

Deno.test({
  name: "a block that two files share is copied before it changes",
  ignore,
  fn() {
    for (const args of [["-t", "ext2", "-I", "128"], ["-t", "ext4", "-I", "128"]]) {
      const rig = AttributesRig.of(args);
      rig.set("a", "user.x", "shared");
      // As Linux does when two files have the same attributes.
      const { attributeBlock } = rig.inode("a");
      rig.change("b", (inode) => {
        inode.attributeBlock = attributeBlock;
        inode.sectors += rig.rig.sizes.blockBytes / 512;
        const cached = rig.rig.cache.get(attributeBlock, 10);
        cached.view.setUint32(4, 2, true);
        rig.rig.cache.change(cached);
      });
      rig.requireClean();
      rig.set("b", "user.x", "its own");
      rig.requireClean();
      assertEquals(rig.get("a", "user.x"), "shared");
      assertEquals(rig.get("b", "user.x"), "its own");
      assert(rig.inode("b").attributeBlock !== attributeBlock);
      rig.change("a", (inode) => rig.attributes.release(inode));
      rig.change("b", (inode) => rig.attributes.remove(inode, utf8("user.x")));
      rig.requireClean();
      assertEquals([rig.inode("a").sectors, rig.inode("b").sectors], [
        ...[rig.inode("c").sectors, rig.inode("c").sectors],
      ]);
    }
  },
});

Deno.test({
  name: "set() does as its options ask, and refuses names and values that cannot be",
  ignore,
  fn() {
    const rig = AttributesRig.of(["-t", "ext4"]);
    const refuse = (code: string, key: string, value: Uint8Array, options = {}) => {
      const inode = rig.inode("a");
      const attempt = () => rig.attributes.set(inode, utf8(key), value, options);
      assertEquals(assertThrows(attempt, OsError).code, code, key);
    };
    refuse("ENODATA", "user.x", utf8("1"), { replace: true });
    rig.set("a", "user.x", "1");
    refuse("EEXIST", "user.x", utf8("1"), { create: true });
    refuse("EOPNOTSUPP", "other.x", utf8("1"));
    refuse("EOPNOTSUPP", "system.other", utf8("1"));
    refuse("EINVAL", "user.", utf8("1"));
    refuse("ERANGE", "", utf8("1"));
    refuse("ERANGE", `user.${"n".repeat(251)}`, utf8("1"));
    refuse("E2BIG", "user.x", new Uint8Array(65_537));
    refuse("ENOSPC", "user.x", new Uint8Array(65_536));
    rig.set("a", `user.${"n".repeat(250)}`, "long name");
    rig.requireClean();
    assertEquals(rig.get("a", `user.${"n".repeat(250)}`), "long name");
    assertEquals(rig.attributes.remove(rig.inode("a"), utf8("user.none")), false);
  },
});

/** A list as programs hand it over. */
function acl(...entries: [tag: number, permissions: number, id?: number][]): Uint8Array {
  return shownAcl(
    entries.map(([tag, permissions, id = 0xffff_ffff]) => ({ tag, permissions, id })),
  );
}

Deno.test({
  name: "access control lists are stored as Linux stores them, and keep up with the mode",
  ignore,
  fn() {
    const rig = AttributesRig.of(["-t", "ext4"]);
    const access = "system.posix_acl_access";
    const list = acl([1, 6], [2, 7, 1000], [4, 4], [16, 5], [32, 0]);
    rig.set("a", access, list);
    rig.requireClean();
    assertEquals(rig.attributes.get(rig.inode("a"), utf8(access)), list);
    assertEquals(rig.inode("a").mode & 0o777, 0o650);
    const entries = rig.attributes.accessList(rig.inode("a"))!;
    assertEquals(storedAcl(entries).byteLength, 4 + 4 * 4 + 8);
    const who = { ownerUid: 0, ownerGid: 0 };
    assert(aclAllows(entries, 5, { uid: 1000, groups: [], ...who }));
    assert(!aclAllows(entries, 2, { uid: 1000, groups: [], ...who }), "the mask forbids it");
    assert(aclAllows(entries, 4, { uid: 5, groups: [0], ...who }));
    assert(!aclAllows(entries, 4, { uid: 5, groups: [], ...who }));
    rig.change("a", (inode) => {
      inode.mode = (inode.mode & ~0o777) | 0o644;
      rig.attributes.modeChanged(inode);
    });
    const now = readShownAcl(rig.attributes.get(rig.inode("a"), utf8(access))!);
    assertEquals(now.map(({ permissions }) => permissions), [6, 7, 4, 4, 4]);
    // What a mode can say is not stored.
    rig.set("a", access, acl([1, 7], [4, 5], [32, 1]));
    assertEquals(rig.inode("a").mode & 0o777, 0o751);
    assertEquals(rig.list("a"), []);
    const initial = acl([1, 7], [2, 7, 1000], [4, 7], [16, 7], [32, 5]);
    rig.set("d", "system.posix_acl_default", initial);
    const refuse = (code: string, name: string, key: string, value: Uint8Array) => {
      assertEquals(assertThrows(() => rig.set(name, key, value), OsError).code, code);
    };
    refuse("EACCES", "a", "system.posix_acl_default", initial);
    refuse("EINVAL", "a", access, acl([1, 6], [2, 7, 1000], [4, 4], [32, 0]));
    refuse("EINVAL", "a", access, acl([1, 6], [4, 4]));
    refuse("EINVAL", "a", access, utf8("nonsense"));
    refuse("EOPNOTSUPP", "a", access, new Uint8Array(12));
    rig.change("b", (inode) => {
      inode.mode = 0o100666;
      assert(rig.attributes.inherit(rig.inode("d"), inode));
      assertEquals(inode.mode, 0o100664);
    });
    rig.requireClean();
    assertEquals(rig.list("b"), [access]);
    assert(!rig.attributes.inherit(rig.inode("a"), rig.inode("b")));
  },
});

Deno.test({
  name: "damaged attributes are told as such",
  ignore,
  fn() {
    const rig = AttributesRig.of(["-t", "ext2", "-I", "128"]);
    rig.set("a", "user.x", "value");
    const { attributeBlock } = rig.inode("a");
    const cached = rig.rig.cache.get(attributeBlock, 10);
    const sound = cached.bytes.slice();
    let state = 7;
    const random = (bound: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor(state / 2 ** 32 * bound);
    };
    let refused = 0;
    for (let round = 0; round < 3000; round++) {
      cached.bytes.set(sound);
      cached.bytes[random(64)] = random(256);
      try {
        rig.attributes.get(rig.inode("a"), utf8("user.x"));
        rig.attributes.list(rig.inode("a"));
        rig.attributes.set(rig.inode("a"), utf8("user.y"), utf8("z"));
      } catch (error) {
        assert(error instanceof OsError, `round ${round}: ${error}`);
        refused++;
      }
    }
    assert(refused > 500, `${refused} refused`);
  },
});
