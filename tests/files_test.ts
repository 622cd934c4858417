import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { boot, defineSystem, type PointFault, type System, type SystemEvent } from "@hako/kernel";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { filesOnImage, type ImageOptions } from "@hako/tools";
import { DEATH_POINTS as FS_POINTS } from "../fs-server/server/death_points.ts";
import { DEATH_POINTS as STORAGE_POINTS } from "../storage-server/death_points.ts";
import { findTool, fsck } from "./host_tool.ts";
import { settledStatus } from "../tools/systems/settled_status.ts";

const MiB = 1024 * 1024;
const hasE2fsck = findTool("e2fsck") !== undefined;

/** Lets e2fsck judge an image; without the tool that is skipped by name, never passed. */
async function judge(t: Deno.TestContext, image: string): Promise<void> {
  await t.step({
    name: "e2fsck finds the image clean",
    ignore: !hasE2fsck,
    fn: () => {
      const { clean, text } = fsck(image);
      assert(clean, text);
    },
  });
}

/** A path for an image in a directory that is removed with it. */
function temporaryImage(): Disposable & { readonly path: string } {
  const directory = Deno.makeTempDirSync();
  return {
    path: `${directory}/disk.img`,
    [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }),
  };
}

interface Files {
  readonly system: System;
  readonly fs: FileSystemClient;
}

async function bootFiles(
  image: Partial<ImageOptions> & { path: string },
  faults: readonly PointFault[] = [],
  onEvent: (event: SystemEvent) => void = () => {},
): Promise<Files> {
  const domains = filesOnImage({ restart: { limit: 100, windowMs: 1000 }, ...image });
  const system = await boot(defineSystem({ base: import.meta.url, domains }), { faults, onEvent });
  const files = await system.connect(FileSystem, "files");
  return { system, fs: new FileSystemClient(files, await system.window(4 * MiB)) };
}

/** Bytes that differ from block to block and from seed to seed. */
function pattern(byteLength: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  for (let i = 0; i < byteLength; i++) bytes[i] = i * 31 + (i >> 12) * 7 + seed;
  return bytes;
}

/** Passes by every operation whose death could show, and answers all that can be seen of it. */
function exercise(fs: FileSystemClient): unknown[] {
  const seen: unknown[] = [];
  fs.mkdirSync("/a");
  fs.mkdirSync("/a/b");
  const file = fs.openSync("/a/file", { read: true, write: true, createNew: true });
  for (let i = 0; i < 3; i++) seen.push(file.writeSync(pattern(5000, i)));
  file.syncSync();
  file.truncateSync(12_000);
  seen.push(file.statSync().size);
  fs.linkSync("/a/file", "/a/b/link");
  fs.symlinkSync("../file", "/a/b/symbolic");
  seen.push(fs.readLinkSync("/a/b/symbolic"));
  fs.renameSync("/a/file", "/renamed");
  fs.chmodSync("/renamed", 0o600);
  fs.chownSync("/renamed", 7, 8);
  fs.utimeSync("/renamed", 1_600_000_000, 1_600_000_001);
  fs.setXattrSync("/renamed", "user.note", pattern(10, 1));
  seen.push([...fs.getXattrSync("/renamed", "user.note")]);
  fs.mknodSync("/pipe", 0o010644);
  file.allocateSync({ offset: 30_000, byteLength: 20_000 });
  fs.removeSync("/renamed");
  fs.removeSync("/a/b/link"); // Open still, and without a name from here on.
  file.writeSync(pattern(3000, 9), 20_000);
  seen.push([...file.readAllSync()].reduce((sum, byte) => (sum * 33 + byte) >>> 0, 0));
  file.close();
  assertThrows(() => file.statSync(), OsError, "EBADF");
  fs.mkdirSync("/gone");
  fs.removeSync("/gone");
  fs.writeFileSync("/kept", pattern(100_000, 3));
  // In place, over blocks whose older images still lie in the journal.
  fs.writeFileSync("/kept", pattern(100_000, 4));
  seen.push([...fs.readDirSync("/")].map(({ name }) => name).sort());
  seen.push([...fs.readDirSync("/a/b")].map(({ name }) => name).sort());
  const expected = pattern(100_000, 4);
  seen.push(fs.readFileSync("/kept").every((byte, i) => byte === expected[i]));
  fs.syncSync();
  fs.statfsSync(); // Collects the answers of what was posted: closes.
  return seen;
}

Deno.test("files written are there after a halt, to Hako and to e2fsck", async (t) => {
  using image = temporaryImage();
  {
    const { system, fs } = await bootFiles({ path: image.path, createBytes: 64 * MiB });
    await using _halted = system;
    exercise(fs);
    fs.writeTextFileSync("/motd", "hello");
    fs.statfsSync(); // Collects the answers of what was posted: closes.
    assertEquals((await settledStatus(system)).slotsInUse, 0);
  }
  await judge(t, image.path);
  const { system, fs } = await bootFiles({ path: image.path });
  await using _halted = system;
  assertEquals(fs.readTextFileSync("/motd"), "hello");
  assertEquals(fs.lstatSync("/a/b/symbolic").isSymlink, true);
});

const POINTS = [
  ...STORAGE_POINTS.map((point) => ({ domain: "storage", point })),
  ...FS_POINTS.map((point) => ({ domain: "fs", point })),
];

/**
 * Points that this workload cannot reach; the servers' own tests die there. Records are replayed and
 * orphans freed at a boot after a power cut, and the file server lets freed blocks rest until a
 * flush, so it never writes data over a block that the journal still holds. It writes whole blocks,
 * trims none, and does not fill the journal's log.
 */
const ELSEWHERE = [
  "recover.run-written",
  "fs.orphan.",
  "write.written",
  "write.part-loaded",
  "write.images-",
  "write.absorbed",
  "trim.",
  "tail.compacted",
];

/** Taking over is what a successor does: somebody has to die first, and of the right thing. */
function deathBefore(point: string): PointFault[] {
  if (!point.startsWith("take-over.")) return [];
  const completes = point === "take-over.flushed" || point === "take-over.committed";
  const before = completes ? "commit.header-written" : "transact.published";
  return [{ domain: "storage", point: before, kind: "throw" }];
}

/** Deaths in one boot: each at another point, of whichever incarnation passes it first. */
const DEATHS_PER_BOOT = 8;

/** The points in groups, far from each other in the order of the list. */
function groupsOf<T>(points: readonly T[]): T[][] {
  const count = Math.ceil(points.length / DEATHS_PER_BOOT);
  return Array.from({ length: count }, (_, group) => points.filter((_, i) => i % count === group));
}

const GROUPS = [
  // Each of these needs another death before it, and would take those of others for it.
  ...POINTS.filter(({ point }) => point.startsWith("take-over.")).map((point) => [point]),
  ...groupsOf(POINTS.filter(({ point }) => !point.startsWith("take-over."))),
];

Deno.test("the whole stack answers as if nobody had died, at every point of every server", async (t) => {
  using undisturbed = temporaryImage();
  const { system, fs } = await bootFiles({ path: undisturbed.path, createBytes: 64 * MiB });
  const expected = exercise(fs);
  await system.halt();

  for (const [i, group] of GROUPS.entries()) {
    const kind = (["throw", "exit", "terminate"] as const)[i % 3]!;
    const names = group.map(({ domain, point }) => `${domain} at ${point}`).join(", ");
    await t.step(`deaths by ${kind}: ${names}`, async (step) => {
      using image = temporaryImage();
      const deaths: string[] = [];
      const before = group.flatMap(({ point }) => deathBefore(point));
      const { system, fs } = await bootFiles(
        { path: image.path, createBytes: 64 * MiB },
        [...group.map((one) => ({ ...one, kind })), ...before],
        (event) => void (event.type === "died" && deaths.push(event.domain)),
      );
      const seen = exercise(fs);
      const { slotsInUse } = await settledStatus(system);
      await system.halt();

      assertEquals(seen, expected);
      assertEquals(slotsInUse, 0);
      const passed = group.filter(({ point }) => !ELSEWHERE.some((at) => point.startsWith(at)));
      const due = [...before, ...passed].map(({ domain }) => domain).sort();
      assertEquals(deaths.sort(), due, "every fault took place, once");
      await judge(step, image.path);
    });
  }
});

Deno.test("all servers die together while a file is open, and it is written on", async () => {
  using image = temporaryImage();
  const { system, fs } = await bootFiles({ path: image.path, createBytes: 64 * MiB });
  await using _halted = system;
  const file = fs.openSync("/log", { write: true, read: true, create: true });

  for (let round = 0; round < 5; round++) {
    for (const domain of ["disk", "storage", "fs"]) system.terminate(domain);
    assertEquals(file.writeSync(pattern(10_000, round)), 10_000);
  }

  assertEquals(file.statSync().size, 50_000);
  for (let round = 0; round < 5; round++) {
    const part = new Uint8Array(10_000);
    assertEquals(file.readSync(part, round * 10_000), 10_000);
    assertEquals(part, pattern(10_000, round));
  }
  file.close();
});

Deno.test("a full image says ENOSPC, stays clean, and has room again afterwards", async (t) => {
  using image = temporaryImage();
  {
    const { system, fs } = await bootFiles({ path: image.path, createBytes: 16 * MiB });
    await using _halted = system;
    const chunk = pattern(MiB, 1);
    let written = 0;
    assertThrows(
      () => {
        for (; written < 64; written++) fs.writeFileSync(`/file-${written}`, chunk);
      },
      OsError,
      "ENOSPC",
    );
    assert(written > 4 && written < 16, `${written} files fitted`);
    fs.removeSync("/file-0");
    // What was freed can be used again from the next flush on.
    using file = fs.openSync("/file-1");
    file.syncSync();
    fs.writeFileSync("/again", chunk.subarray(0, MiB / 2));
  }
  await judge(t, image.path);
});

Deno.test("a missing image fails the boot with ENOENT", async () => {
  using image = temporaryImage();
  await assertRejects(() => bootFiles({ path: image.path }), OsError, "ENOENT");
});

Deno.test("an image that is no volume is refused and left alone", async () => {
  using image = temporaryImage();
  const content = pattern(32 * MiB, 5);
  Deno.writeFileSync(image.path, content);
  await assertRejects(() => bootFiles({ path: image.path }), OsError, "EUCLEAN");
  assertEquals(Deno.readFileSync(image.path), content);
});

Deno.test("an image that is too small is refused", async () => {
  using image = temporaryImage();
  await assertRejects(
    () => bootFiles({ path: image.path, createBytes: 256 * 1024 }),
    OsError,
    "blocks are too few",
  );
});

Deno.test("a machine that is stopped without a word loses nothing that was flushed", async (t) => {
  using image = temporaryImage();
  const script = new URL("./programs/flush_and_vanish.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--frozen",
      "--no-prompt",
      "--unstable-worker-options",
      `--allow-read=.,${image.path}`,
      `--allow-write=${image.path}`,
      script,
      image.path,
    ],
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout, stderr } = await child.output();
  assertEquals(
    new TextDecoder().decode(stdout).trim(),
    "flushed",
    new TextDecoder().decode(stderr),
  );

  const { system, fs } = await bootFiles({ path: image.path });
  assertEquals(fs.readFileSync("/flushed"), pattern(50_000, 8));
  await system.halt();
  await judge(t, image.path);
});
