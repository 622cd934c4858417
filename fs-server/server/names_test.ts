import { randomOf } from "../ext4/test_random.ts";
import { assertEquals } from "@std/assert";
import { OsError } from "@hako/ipc";
import { InodeTable } from "../ext4/inode.ts";
import { RENAME } from "../protocol.ts";
import { LINKS_MAX } from "./names.ts";
import { fsck, sharedBytes } from "../ext4/test_images.ts";
import { Rig, utf8 } from "./test_rig.ts";

type Told = {
  inode: number;
  links: number;
  mode: number;
  gid: number;
  uid: number;
  device: number;
};

/** Short calls of a rig's handlers, on the authority of a credential. */
class Shell {
  constructor(readonly rig: Rig, readonly as = 0) {}

  /** The same for a user who is in some groups. */
  by(uid: number, gid: number, ...more: number[]): Shell {
    const groups = new Uint8Array(Uint32Array.from(more).buffer);
    const reply = this.rig.request("credential", { uid, gid, groups });
    return new Shell(this.rig, typeof reply === "number" ? reply : 0);
  }

  mkdir(path: string, mode = 0o777): number | string {
    return this.rig.answer("mkdir", { path: utf8(path), mode, as: this.as });
  }

  rmdir(path: string): number | string {
    return this.rig.answer("rmdir", { path: utf8(path), as: this.as });
  }

  unlink(path: string): number | string {
    return this.rig.answer("unlink", { path: utf8(path), as: this.as });
  }

  mknod(path: string, mode = 0o100644, device = 0): number | string {
    return this.rig.answer("mknod", { path: utf8(path), mode, device, as: this.as });
  }

  symlink(target: string, path: string): number | string {
    const { as } = this;
    return this.rig.answer("symlink", { target: utf8(target), path: utf8(path), as });
  }

  link(source: string, target: string, follow = false): number | string {
    const paths = { source: utf8(source), target: utf8(target) };
    return this.rig.answer("link", { ...paths, follow, as: this.as });
  }

  rename(source: string, target: string, flags = 0): number | string {
    const paths = { source: utf8(source), target: utf8(target) };
    return this.rig.answer("rename", { ...paths, flags, as: this.as });
  }

  chmod(path: string, mode: number): number | string {
    return this.rig.answer("chmod", { path: utf8(path), follow: true, mode, as: this.as });
  }

  stat(path: string): Told {
    const told = this.rig.stat(path, false);
    return typeof told === "string" ? { inode: 0 } as Told : told as unknown as Told;
  }

  realPath(path: string, at = 0): string {
    const target = sharedBytes(4096);
    const count = this.rig.answer("realpath", { at, path: utf8(path), target, as: this.as });
    return typeof count === "string" ? count : new TextDecoder().decode(target.slice(0, count));
  }
}

function namesTest(name: string, body: (shell: Shell, rig: Rig) => void): void {
  Deno.test(name, () => {
    const rig = new Rig({ type: "ext4", openFiles: 1024 });
    const shell = new Shell(rig);
    shell.chmod("/", 0o777);
    body(shell, rig);
    rig.fs.halt();
    const verdict = fsck(rig.disk);
    assertEquals(verdict.code, 0, verdict.output);
  });
}

namesTest("nothing is made, removed or moved by a path that ends in no name", (shell) => {
  shell.mkdir("/d");
  shell.mkdir("/d/e");
  for (const path of ["/", "/d/.", "/d/..", ".", ".."]) {
    assertEquals(shell.mkdir(path), "EEXIST");
    assertEquals(shell.mknod(path), "EEXIST");
    assertEquals(shell.symlink("x", path), "EEXIST");
    assertEquals(shell.link("/d", path), "EEXIST");
    assertEquals(shell.unlink(path), "EISDIR");
    assertEquals(shell.rename("/d/e", path), "EBUSY");
    assertEquals(shell.rename(path, "/new"), "EBUSY");
    assertEquals(shell.rename("/d/e", path, RENAME.noReplace), "EEXIST");
  }
  assertEquals(shell.rmdir("/"), "EBUSY");
  assertEquals(shell.rmdir("/d/e/."), "EINVAL");
  assertEquals(shell.rmdir("/d/e/.."), "ENOTEMPTY");
});

namesTest("a slash behind a name asks for a directory", (shell) => {
  shell.mkdir("/d");
  shell.mknod("/f");
  shell.symlink("d", "/l");
  shell.symlink("none", "/hanging");
  assertEquals(shell.mkdir("/new/"), 0);
  assertEquals(shell.mkdir("/hanging/"), "EEXIST");
  assertEquals(shell.mknod("/other/"), "ENOENT");
  assertEquals(shell.symlink("x", "/other/"), "ENOENT");
  assertEquals(shell.link("/f", "/other/"), "ENOENT");
  assertEquals(shell.unlink("/f/"), "ENOTDIR");
  assertEquals(shell.unlink("/l/"), "ENOTDIR");
  assertEquals(shell.unlink("/d/"), "EISDIR");
  assertEquals(shell.unlink("/none/"), "ENOENT");
  assertEquals(shell.rmdir("/l/"), "ENOTDIR");
  assertEquals(shell.rename("/f", "/g/"), "ENOTDIR");
  assertEquals(shell.rename("/l/", "/m"), "ENOTDIR");
  assertEquals(shell.rename("/d/", "/moved/"), 0);
  assertEquals(shell.rmdir("/moved/"), 0);
});

namesTest("a name that is too long is told after what is wrong with the directories", (shell) => {
  const long = `/${"x".repeat(256)}`;
  shell.mkdir("/d");
  assertEquals(shell.mkdir(long), "ENAMETOOLONG");
  assertEquals(shell.mknod(`/d${long}`), "ENAMETOOLONG");
  assertEquals(shell.unlink(long), "ENAMETOOLONG");
  assertEquals(shell.rmdir(`${long}/`), "ENAMETOOLONG");
  assertEquals(shell.rename("/d", long), "ENAMETOOLONG");
  assertEquals(shell.rename("/none", long), "ENOENT");
  assertEquals(shell.rename(long, "/d/none/new"), "ENOENT");
  assertEquals(shell.rename(long, "/d"), "ENAMETOOLONG");
  assertEquals(shell.mkdir(`${long}/x`), "ENAMETOOLONG");
});

namesTest("rename keeps what is there, or lets two names change places", (shell) => {
  const { noReplace, exchange } = RENAME;
  shell.mkdir("/a");
  shell.mkdir("/a/in");
  shell.mkdir("/b");
  shell.mknod("/b/file");
  const [inside, file] = [shell.stat("/a/in").inode, shell.stat("/b/file").inode];
  assertEquals(shell.rename("/a/in", "/b/file", noReplace), "EEXIST");
  assertEquals(shell.rename("/a/in", "/b/none", exchange), "ENOENT");
  assertEquals(shell.rename("/a/in", "/b/file", noReplace | exchange), "EINVAL");
  assertEquals(shell.rename("/a/in", "/b/file", 4), "EINVAL");
  assertEquals(shell.rename("/a", "/a/in", exchange), "EINVAL");
  assertEquals(shell.rename("/a/in", "/a", exchange), "EINVAL");
  assertEquals(shell.rename("/a/in", "/a"), "ENOTEMPTY");
  assertEquals(shell.rename("/a/in", "/b/file", exchange), 0);
  assertEquals([shell.stat("/b/file").inode, shell.stat("/a/in").inode], [inside, file]);
  assertEquals([shell.stat("/a").links, shell.stat("/b").links], [2, 3]);
  assertEquals(shell.stat("/b/file/..").inode, shell.stat("/b").inode);
  assertEquals(shell.rename("/b/file", "/a/dir", noReplace), 0);
  assertEquals(shell.rename("/a/in", "/a/dir", exchange), 0);
  assertEquals([shell.stat("/a").links, shell.stat("/b").links], [3, 2]);
  assertEquals(shell.rename("/a", "/b", exchange), 0);
  assertEquals([shell.stat("/a").links, shell.stat("/b").links], [2, 3]);
  assertEquals(shell.stat("/b/in").inode, inside);
});

namesTest("rights count on the way, in the directory, and of the inode", (shell) => {
  const [ann, bob] = [shell.by(1000, 100), shell.by(1001, 100, 50)];
  assertEquals(ann.mkdir("/ann", 0o755), 0);
  assertEquals([shell.stat("/ann").uid, shell.stat("/ann").gid], [1000, 100]);
  assertEquals(ann.mknod("/ann/f"), 0);
  assertEquals(bob.unlink("/ann/f"), "EACCES");
  assertEquals(bob.mkdir("/ann/d"), "EACCES");
  assertEquals(bob.rename("/ann/f", "/f"), "EACCES");
  assertEquals(bob.chmod("/ann/f", 0o777), "EPERM");
  assertEquals(ann.chmod("/ann", 0o1777), 0);
  assertEquals(bob.unlink("/ann/f"), "EPERM");
  assertEquals(bob.mknod("/ann/g"), 0);
  assertEquals(bob.rename("/ann/g", "/ann/f"), "EPERM");
  assertEquals(bob.rename("/ann/f", "/ann/g", RENAME.exchange), "EPERM");
  assertEquals(ann.chmod("/ann", 0o700), 0);
  assertEquals(bob.realPath("/ann/g"), "EACCES");
  assertEquals(bob.unlink("/ann/g"), "EACCES");
  assertEquals(shell.unlink("/ann/g"), 0);
  assertEquals(ann.chmod("/ann", 0o711), 0);
  assertEquals(bob.realPath("/ann/none"), "ENOENT");
  assertEquals(bob.realPath("/ann/f"), "/ann/f");
  assertEquals(shell.chmod("/ann", 0o700), 0);
  assertEquals(bob.realPath("/ann/f"), "EACCES");
  assertEquals(bob.mknod("/null", 0o020666, 259), "EPERM");
  // What changes its parent is changed itself.
  shell.mkdir("/ann/dir", 0o755);
  assertEquals(ann.rename("/ann/dir", "/dir"), "EACCES");
});

Deno.test("what could not be committed is not remembered", () => {
  const rig = new Rig({ type: "ext4", logBytes: 0 });
  const shell = new Shell(rig);
  shell.mknod("/f");
  shell.mkdir("/d");
  shell.mkdir("/d/e");
  rig.disk.before = (call) => {
    if (call === "transact") throw new OsError("EIO", "a disk that fails");
  };
  assertEquals(shell.mkdir("/new"), "EIO");
  assertEquals(shell.unlink("/f"), "EIO");
  assertEquals(shell.rename("/d/e", "/e"), "EIO");
  rig.disk.before = () => {};
  assertEquals([shell.stat("/new").inode, shell.stat("/e").inode], [0, 0]);
  assertEquals(shell.stat("/d/e/..").inode, shell.stat("/d").inode);
  assertEquals(shell.unlink("/f"), 0);
  assertEquals(shell.mkdir("/new"), 0);
});

namesTest(
  "an access control list lets others in, and what is made below inherits it",
  (shell, rig) => {
    const bob = shell.by(1001, 100);
    const entries = [[1, 7, -1], [2, 7, 1001], [4, 0, -1], [16, 7, -1], [32, 0, -1]];
    const value = new DataView(new ArrayBuffer(4 + entries.length * 8));
    value.setUint32(0, 2, true);
    entries.forEach(([tag = 0, permissions = 0, id = 0], index) => {
      value.setUint16(4 + index * 8, tag, true);
      value.setUint16(6 + index * 8, permissions, true);
      value.setUint32(8 + index * 8, id, true);
    });
    shell.mkdir("/d", 0o700);
    assertEquals(bob.mkdir("/d/sub"), "EACCES");
    for (const kind of ["access", "default"]) {
      const name = utf8(`system.posix_acl_${kind}`);
      const set = { path: utf8("/d"), flags: 16, name, value: new Uint8Array(value.buffer) };
      assertEquals(rig.answer("setxattr", set), 0);
    }
    assertEquals(bob.mkdir("/d/sub"), 0);
    assertEquals(shell.mkdir("/d/more"), 0);
    assertEquals(bob.mkdir("/d/more/x"), 0);
    assertEquals(shell.by(1002, 100).realPath("/d/sub"), "EACCES");
  },
);

namesTest("what is made in a set-group-id directory belongs to its group", (shell) => {
  shell.mkdir("/d");
  shell.rig.answer("chown", { path: utf8("/d"), uid: 0, gid: 50 });
  shell.chmod("/d", 0o2777);
  const ann = shell.by(1000, 100);
  ann.mkdir("/d/sub", 0o755);
  ann.mknod("/d/f", 0o102775);
  assertEquals([shell.stat("/d/sub").gid, shell.stat("/d/sub").mode], [50, 0o042755]);
  assertEquals([shell.stat("/d/f").gid, shell.stat("/d/f").mode], [50, 0o100775]);
});

namesTest("mknod makes every type but directories and links", (shell, rig) => {
  const types = [["f", 0], ["g", 0o100000], ["pipe", 0o010000], ["socket", 0o140000]] as const;
  for (const [name, type] of types) assertEquals(shell.mknod(`/${name}`, type | 0o600), 0);
  assertEquals(shell.mknod("/char", 0o020600, 0x12345), 0);
  assertEquals(shell.mknod("/block", 0o060600, 0x801), 0);
  assertEquals(shell.mknod("/d", 0o040755), "EPERM");
  assertEquals(shell.mknod("/l", 0o120777), "EINVAL");
  assertEquals(shell.mknod("/x", 0o150000), "EINVAL");
  rig.answer("fsync", { handle: 0 });
  rig.reboot();
  assertEquals(shell.stat("/f").mode, 0o100600);
  assertEquals(shell.stat("/pipe").mode, 0o010600);
  assertEquals(shell.stat("/socket").mode, 0o140600);
  assertEquals([shell.stat("/char").mode, shell.stat("/char").device], [0o020600, 0x12345]);
  assertEquals([shell.stat("/block").mode, shell.stat("/block").device], [0o060600, 0x801]);
});

Deno.test("a directory with a tree counts its directories up to a point, and then no more", () => {
  const rig = new Rig({ type: "ext4" });
  const shell = new Shell(rig);
  shell.mkdir("/plain");
  shell.mkdir("/tree");
  for (let index = 0; index < 400; index++) shell.mknod(`/tree/name of a file ${index}`);
  const { cache, geometry } = rig.fs.mount;
  const inodes = new InodeTable(cache, geometry);
  for (const path of ["/plain", "/tree"]) {
    const inode = inodes.load(shell.stat(path).inode);
    inode.links = LINKS_MAX - 1;
    inodes.store(inode);
    cache.commit({ badge: 1, sequence: 1 << 20 }, 0);
  }
  assertEquals([shell.mkdir("/plain/a"), shell.mkdir("/plain/b")], [0, "EMLINK"]);
  shell.mkdir("/sub");
  assertEquals(shell.rename("/sub", "/plain/b"), "EMLINK");
  assertEquals(shell.rename("/sub", "/plain/a"), 0);
  assertEquals([shell.mkdir("/tree/a"), shell.stat("/tree").links], [0, LINKS_MAX]);
  assertEquals([shell.mkdir("/tree/b"), shell.stat("/tree").links], [0, 1]);
  assertEquals([shell.mkdir("/tree/c"), shell.stat("/tree").links], [0, 1]);
  assertEquals([shell.rmdir("/tree/a"), shell.stat("/tree").links], [0, 1]);
});

namesTest("realpath goes through links and dots, by names and by handles", (shell, rig) => {
  shell.mkdir("/a");
  shell.mkdir("/a/b");
  shell.mkdir("/a/b/c");
  shell.mknod("/a/b/f");
  shell.symlink("../a/./b", "/a/link");
  shell.symlink("/a/link/c/../f", "/file");
  assertEquals(shell.realPath("/"), "/");
  assertEquals(shell.realPath("/a/b/../../.."), "/");
  assertEquals(shell.realPath("/a/link/c"), "/a/b/c");
  assertEquals(shell.realPath("/file"), "/a/b/f");
  assertEquals(shell.realPath("/a/link/c/"), "/a/b/c");
  assertEquals(shell.realPath("/file/"), "ENOTDIR");
  assertEquals(shell.realPath("/a/none"), "ENOENT");
  const handle = rig.open("/a/link/c") as number;
  assertEquals(shell.realPath("../f", handle), "/a/b/f");
  assertEquals(shell.realPath("", handle), "/a/b/c");
  shell.rename("/a/b", "/moved");
  assertEquals(shell.realPath("", handle), "/moved/c");
  shell.rmdir("/moved/c");
  assertEquals(shell.realPath("", handle), "ENOENT");
  rig.answer("close", { handle });
});

/** All that can be found under the root, with what is told of it. */
function tree(shell: Shell, names: readonly string[], depth: number): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string, left: number) => {
    for (const name of names) {
      const place = `${path}/${name}`;
      const { inode, mode, links } = shell.stat(place);
      found.set(place, inode === 0 ? "" : `${inode} ${mode} ${links}`);
      if (left > 1 && (mode & 0o170000) === 0o040000) visit(place, left - 1);
    }
  };
  visit("", depth);
  return found;
}

for (let seed = 1; seed <= 4; seed++) {
  namesTest(`what is remembered of names is what a successor reads, seed ${seed}`, (shell, rig) => {
    const random = randomOf(seed);
    const names = ["a", "b", "c", "a name of more bytes than are remembered, ".repeat(2)];
    const path = () => {
      const parts = Array.from({ length: 1 + random(3) }, () => names[random(4)]);
      return `/${parts.join("/")}`;
    };
    for (let round = 0; round < 25; round++) {
      for (let step = 0; step < 40; step++) {
        const [one, other] = [path(), path()];
        switch (random(8)) {
          case 0:
          case 1:
            shell.mkdir(one);
            break;
          case 2:
            shell.mknod(one);
            break;
          case 3:
            shell.unlink(one);
            break;
          case 4:
            shell.rmdir(one);
            break;
          case 5:
            shell.symlink(other, one);
            break;
          default:
            shell.rename(one, other, [0, 0, RENAME.noReplace, RENAME.exchange][random(4)]);
        }
        shell.stat(path());
      }
      const before = tree(shell, names, 3);
      rig.succeed();
      assertEquals(tree(shell, names, 3), before);
    }
  });
}
