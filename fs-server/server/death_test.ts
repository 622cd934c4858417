import { assert, assertEquals } from "@std/assert";
import { DEATH_POINTS, type DeathPoint } from "./death_points.ts";
import { DISK_BLOCK_BYTES as BLOCK_BYTES } from "../disk/disk.ts";
import { OPEN } from "../protocol.ts";
import { fsck, hasTool, runTool, withImage } from "../ext4/test_images.ts";
import { Death, pattern, Rig, type RigOptions, utf8 } from "./test_rig.ts";

/** What one step of a script answered, and what the file system looks like at its end. */
interface Outcome {
  readonly answers: unknown[];
  readonly content: unknown[];
}

const create = OPEN.create | OPEN.readWrite;

/** Every changing operation once, with what makes each interesting. */
function script(rig: Rig): Outcome {
  const answers: unknown[] = [];
  const say = <T>(answer: T): T => {
    answers.push(answer);
    return answer;
  };
  const file = say(rig.open("/file", create)) as number;
  const data = pattern(100_000);
  say(rig.answer("write", { handle: file, offset: 0, append: false, source: data }));
  say(rig.answer("write", { handle: file, offset: 0, append: true, source: utf8("tail") }));
  say(rig.answer("truncate", { handle: file, size: 50_001 }));
  say(rig.answer("fsync", { handle: file }));
  say(rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 }));
  say(rig.answer("mkdir", { path: utf8("/d/sub"), mode: 0o755 }));
  say(rig.answer("link", { source: utf8("/file"), target: utf8("/d/hard") }));
  say(rig.answer("symlink", { target: utf8("file"), path: utf8("/soft") }));
  say(rig.answer("symlink", { target: utf8("x/".repeat(100)), path: utf8("/long") }));
  say(rig.answer("rename", { source: utf8("/d/sub"), target: utf8("/moved") }));
  const opened = say(rig.open("/other", create | OPEN.exclusive)) as number;
  say(rig.answer("write", { handle: opened, offset: 10_000, append: false, source: data }));
  say(rig.answer("rename", { source: utf8("/soft"), target: utf8("/other") }));
  say(rig.answer("fstat", { handle: opened }));
  say(rig.answer("close", { handle: opened }));
  say(rig.answer("close", { handle: opened }));
  say(rig.answer("unlink", { path: utf8("/d/hard") }));
  say(rig.answer("unlink", { path: utf8("/long") }));
  say(rig.answer("rmdir", { path: utf8("/d") }));
  const again = say(rig.open("/file", OPEN.truncate | OPEN.writeOnly)) as number;
  say(rig.answer("chmod", { path: utf8("/file"), mode: 0o600 }));
  say(rig.answer("chown", { path: utf8("/file"), uid: 70_000, gid: 7 }));
  const times = {
    atimeSeconds: 1.5e9,
    mtimeSeconds: 1.6e9,
    atimeNanoseconds: 1,
    mtimeNanoseconds: 2,
  };
  say(rig.answer("utimens", { path: utf8("/file"), which: 3, ...times }));
  const attribute = { name: utf8("user.colour"), value: utf8("red") };
  say(rig.answer("setxattr", { path: utf8("/file"), ...attribute }));
  say(rig.answer("removexattr", { path: utf8("/file"), name: attribute.name }));
  say(rig.answer("mknod", { path: utf8("/fifo"), mode: 0o010644, device: 0 }));
  say(rig.answer("allocate", { handle: file, flags: 3, offset: 8192, byteLength: 10_000 }));
  const name = utf8("user.colour");
  say(rig.answer("setxattr", { path: utf8("/file"), name, value: pattern(200), flags: 0 }));
  say(rig.answer("setxattr", { path: utf8("/moved"), name, value: pattern(500), flags: 0 }));
  say(rig.answer("removexattr", { path: utf8("/file"), name }));
  say(rig.answer("mknod", { path: utf8("/pipe"), mode: 0o010644, device: 0 }));
  say(rig.answer("allocate", { handle: again, flags: 0, offset: 4096, byteLength: 40_000 }));
  say(rig.answer("close", { handle: again }));
  say(rig.answer("unlink", { path: utf8("/file") }));
  say(rig.answer("write", { handle: file, offset: 5, append: false, source: data }));
  say(rig.answer("close", { handle: file }));
  say(rig.writeFile("/last", data));
  const { blocksFree, inodesFree } = rig.fs.usage();
  const last = rig.readFile("/last");
  const content = [rig.list("/"), rig.list("/moved"), last, blocksFree, inodesFree];
  return { answers, content };
}

/** File systems and logs that make a difference to who dies. */
const SHAPES: [string, RigOptions][] = [
  ["ext2", {}],
  ["ext2 without a log", { logBytes: 0 }],
  ["ext4 in blocks of 1 KiB with a small log", {
    ...{ type: "ext4", blockBytes: 1024, logBytes: 64 * 1024 },
  }],
];

for (const [shape, options] of SHAPES) {
  const undisturbed = new Rig(options);
  const expected = script(undisturbed);

  for (const point of DEATH_POINTS) {
    // These are passed by no request; the tests of mount and halt below pass them.
    if (/^fs\.(mount|halt|orphan)/.test(point)) continue;
    if (/^fs\.(log|checkpoint)/.test(point) && options.logBytes === 0) continue;
    const passes = undisturbed.passed.filter((passed) => passed === point).length;

    Deno.test(`every request is done exactly once when the server dies at ${point}: ${shape}`, () => {
      assert(passes > 0, "the script passes the point");
      for (let pass = 1; pass <= passes; pass++) {
        const rig = new Rig(options);
        dieAt(rig, point, pass);
        assertEquals(script(rig), expected, `pass ${pass}`);
      }
    });
  }

  Deno.test(`every request is done exactly once when the server dies at every disk call in turn: ${shape}`, () => {
    let calls = 0;
    const counting = new Rig(options);
    counting.disk.before = () => calls++;
    script(counting);
    for (let at = 1; at <= calls; at++) {
      const rig = new Rig(options);
      let left = at;
      rig.disk.before = () => {
        if (--left === 0) rig.die("disk call");
      };
      assertEquals(script(rig), expected, `call ${at}`);
    }
  });

  Deno.test(`every request is done exactly once when every incarnation dies after one more step: ${shape}`, () => {
    const rig = new Rig(options);
    let step = 0;
    rig.disk.afterTransaction = () => {
      if (++step % 2 === 0) rig.die("after transaction");
    };
    assertEquals(script(rig), expected);
  });
}

/** Lets the incarnation die when it passes the point for the n-th time. */
function dieAt(rig: Rig, point: DeathPoint, pass: number): void {
  let left = pass;
  rig.onPoint = (name) => {
    if (name === point && --left === 0) rig.die(name);
  };
}

Deno.test({
  name: "e2fsck finds the disk clean after every transaction, but for orphans, which it clears",
  ignore: !hasTool("e2fsck"),
  fn() {
    const rig = new Rig({ blockCount: 1024, logBytes: 0 });
    let transactions = 0;
    rig.disk.afterTransaction = () => {
      transactions++;
      const { code, output } = fsck(rig.disk);
      if (code === 0) return;
      const hasOrphan = rig.disk.blocks().get(0)?.subarray(1024 + 232, 1024 + 236)
        .some((byte) => byte !== 0);
      assert(hasOrphan === true, output);
      const successor = new Rig({ disk: rig.disk.clone() });
      const after = successor.fsck();
      assertEquals(after.code, 0, after.output);
    };
    script(rig);
    assert(transactions > 20, "the script commits");
  },
});

Deno.test("a process that starts again does not take the last boot's tag for its own", () => {
  const rig = new Rig();
  rig.answer("mkdir", { path: utf8("/a"), mode: 0o755 });
  rig.answer("fsync", { handle: 0 });
  rig.reboot();
  rig.sequence = 0;
  assertEquals(rig.answer("mkdir", { path: utf8("/b"), mode: 0o755 }), 0);
  assertEquals(rig.list("/"), ["a", "b", "lost+found"]);
});

Deno.test("a request answers as before even if those of others were done first after the death", () => {
  const rig = new Rig();
  const later = () => {
    throw new Error("mkdir is answered at once");
  };
  const request = { badge: 1, sequence: 100, later };
  const mkdir = { at: 0, path: utf8("/a"), mode: 0o755, as: 0, umask: 0 };
  rig.deathAt = "fs.mkdir.after-transaction";
  try {
    rig.handlers.mkdir(mkdir, request);
  } catch { /* It died. */ }
  rig.succeed();
  rig.badge = 2;
  assertEquals(rig.answer("rmdir", { path: utf8("/a") }), 0);
  rig.succeed();
  rig.succeed();
  assertEquals(rig.handlers.mkdir(mkdir, request), 0);
  assertEquals(rig.list("/"), ["lost+found"]);
});

Deno.test("orphans are freed at the next mount, and not while they are open", () => {
  const rig = new Rig();
  const before = rig.fs.usage();
  const handle = rig.open("/file", create) as number;
  const source = pattern(3 * BLOCK_BYTES);
  rig.answer("write", { handle, offset: 0, append: false, source });
  rig.answer("unlink", { path: utf8("/file") });
  rig.succeed();
  const target = pattern(3 * BLOCK_BYTES, 2);
  assertEquals(rig.answer("read", { handle, offset: 0, target }), source.byteLength);
  assertEquals(target, source);
  assertEquals(rig.fs.usage().inodesFree, before.inodesFree - 1);
  rig.reboot();
  assertEquals(rig.fs.usage(), before);
  assertEquals(rig.answer("read", { handle, offset: 0, target }), "EBADF");
});

/** Calls `step` until it is through; answers how often the incarnation died in it. */
function deathsIn(step: () => void): number {
  for (let deaths = 0;; deaths++) {
    try {
      step();
      return deaths;
    } catch (error) {
      if (!(error instanceof Death)) throw error;
    }
  }
}

for (const point of DEATH_POINTS.filter((one) => /^fs\.(mount|orphan)/.test(one))) {
  Deno.test(`a mount that dies at ${point} is done by the next one`, () => {
    const rig = new Rig();
    const before = rig.fs.usage();
    for (const path of ["/a", "/b", "/c"]) {
      const handle = rig.open(path, create) as number;
      const source = pattern(60_000);
      rig.answer("write", { handle, offset: 0, append: false, source });
      rig.answer("unlink", { path: utf8(path) });
    }
    rig.answer("fsync", { handle: 0 });
    rig.keep.fill(0);
    rig.log.fill(0);
    rig.deathAt = point;
    assertEquals(deathsIn(() => rig.succeed()), 1);
    assertEquals(rig.fs.usage(), before);
    if (!hasTool("e2fsck")) return;
    const { code, output } = rig.fsck();
    assertEquals(code, 0, output);
  });
}

for (const point of DEATH_POINTS.filter((one) => one.startsWith("fs.halt"))) {
  Deno.test(`a halt that dies at ${point} is done by the next incarnation`, () => {
    const rig = new Rig();
    const handle = rig.open("/f", create) as number;
    rig.answer("unlink", { path: utf8("/f") });
    rig.deathAt = point;
    const halt = () => {
      if (rig.deathAt === undefined) rig.succeed();
      rig.fs.halt();
    };
    assertEquals(deathsIn(halt), 1);
    const state = rig.disk.blocks().get(0)?.[1024 + 58];
    assertEquals([state, typeof handle], [1, "number"]);
    if (hasTool("e2fsck")) assertEquals(fsck(rig.disk).code, 0);
  });
}

Deno.test({
  name: "e2fsck itself clears the orphans that a dead file server leaves",
  ignore: !hasTool("e2fsck"),
  fn() {
    const rig = new Rig();
    for (const path of ["/a", "/b"]) {
      const handle = rig.open(path, create) as number;
      rig.answer("write", { handle, offset: 0, append: false, source: pattern(60_000) });
      rig.answer("unlink", { path: utf8(path) });
    }
    rig.answer("fsync", { handle: 0 });
    withImage(rig.disk, (path) => {
      const repair = runTool("e2fsck", ["-fp", path]);
      assert(/Clearing orphaned inode/.test(repair.output), repair.output);
      assert(repair.code <= 1, repair.output);
      assertEquals(runTool("e2fsck", ["-fn", path]).code, 0);
    });
  },
});
