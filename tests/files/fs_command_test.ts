import { assert, assertEquals, assertMatch } from "@std/assert";
import { commandTest, hako, type Ran, startHako } from "../command_rig.ts";
import { findTool, fsck } from "../host_tool.ts";

const MiB = 1024 * 1024;
const hasMke2fs = findTool("mke2fs") !== undefined;

/** A blank image, which is formatted when it is first used. */
function makeImage(directory: string): void {
  const args = ["-q", "-t", "ext4", `${directory}/disk.img`, "48M"];
  const { success } = new Deno.Command("mke2fs", { args }).outputSync();
  assert(success, "mke2fs makes an image");
}

function makeTree(root: string): void {
  Deno.mkdirSync(`${root}/sub/empty`, { recursive: true });
  Deno.writeTextFileSync(`${root}/text`, "hello\n");
  Deno.chmodSync(`${root}/text`, 0o640);
  Deno.writeFileSync(`${root}/sub/large`, new Uint8Array(3 * MiB).map((_, at) => at * 7));
  new Deno.Command("ln", { args: ["-s", "../text", `${root}/sub/link`] }).outputSync();
  Deno.utimeSync(`${root}/text`, 1_600_000_000, 1_600_000_000);
}

function done({ code, stdout, stderr }: Ran): string {
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

/** All that stands below a directory of the host, one line for each name. */
function seen(root: string, path = ""): string[] {
  return [...Deno.readDirSync(root + path)].map(({ name }) => `${path}/${name}`).sort().flatMap(
    (below) => {
      const { isDirectory, isSymlink, mode, mtime } = Deno.lstatSync(root + below);
      if (isSymlink) return [`${below} -> ${Deno.readLinkSync(root + below)}`];
      if (isDirectory) return [`${below}/ ${mode}`, ...seen(root, below)];
      const sum = Deno.readFileSync(root + below).reduce((all, byte) => (all * 31 + byte) >>> 0, 0);
      return [`${below} ${mode} ${mtime?.getTime()} ${sum}`];
    },
  );
}

commandTest("hako fs changes an image without mounting it", async (directory) => {
  if (!hasMke2fs) return;
  makeImage(directory);
  makeTree(`${directory}/tree`);
  const fs = (...args: string[]) => hako(directory, "fs", "disk.img", ...args);

  done(await fs("cp", "-r", "tree", ":/"));
  assertEquals(
    done(await fs("tree", "/tree")),
    "/tree\n├── sub/\n│   ├── empty/\n│   ├── large\n│   └── link -> ../text\n└── text\n\n2 directories, 3 files\n",
  );
  assertEquals(done(await fs("cat", "/tree/sub/link")), "hello\n");
  assertMatch(
    done(await fs("ls", "-l", "tree")),
    /^drwxr-xr-x +3 +0:0 .* sub\/\n-rw-r----- +1 +0:0 +6 +2020-09-13 12:26:40 +text\n$/,
  );
  assertEquals(JSON.parse(done(await fs("stat", "--json", "/tree/sub/link"))).target, "../text");

  done(await fs("mkdir", "-p", "/x/y"));
  done(await fs("mv", "/tree/text", "/x/y"));
  done(await fs("ln", "/x/y/text", "/hard"));
  done(await fs("ln", "-s", "y", "/x/soft"));
  assertEquals(done(await fs("cat", "/x/soft/text", "/hard")), "hello\nhello\n");
  done(await fs("cp", "-r", ":/tree", ":/copy"));
  done(await fs("mv", "/x/y/text", "/tree/text"));

  done(await fs("cp", "-r", ":/tree", "out"));
  assertEquals(seen(`${directory}/out`), seen(`${directory}/tree`));

  done(await fs("rm", "-r", "/x", "/copy", "/hard"));
  assertEquals(done(await fs("ls")), "lost+found/\ntree/\n");
  assertMatch(done(await fs("df")), /blocks of 1024 .*\ninodes /);
  assertMatch(done(await fs("check")), /disk\.img: sound; \d+ inodes, \d directories\n$/);
  const { clean, text } = fsck(`${directory}/disk.img`);
  assert(clean, text);
});

commandTest("hako fs says what it cannot do, and does the rest", async (directory) => {
  if (!hasMke2fs) return;
  makeImage(directory);
  Deno.writeTextFileSync(`${directory}/a`, "a");
  const fs = (...args: string[]) => hako(directory, "fs", "disk.img", ...args);
  for (
    const [args, code, complaint] of [
      [["ls", "/nope", "/"], 1, /ENOENT: .*'\/nope'/],
      [["cp", "a", "b", ":/"], 1, /\/b: ENOENT/],
      [["cp", "a", ":/nope/a"], 1, /ENOENT/],
      [["cp", "a", ":/a"], 1, /EEXIST: .* without --force/],
      [["rm", "/lost+found"], 1, /EISDIR: .* without --recursive/],
      [["rm", "-r", "/"], 1, /EBUSY: .*the root/],
      [["cp", "-r", ":/", ":/lost+found/x"], 1, /cannot be copied into itself/],
      [["mkdir", "/lost+found"], 1, /EEXIST/],
      [["chmod", "/a"], 2, /no such command/],
    ] as const
  ) {
    const ran = await fs(...args);
    assertEquals(ran.code, code, `${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
    assertMatch(ran.stderr, complaint);
    assert(!ran.stderr.includes("    at "), "no stack is shown");
  }
  assertEquals(done(await fs("ls")), "a\nlost+found/\n");
  const missing = await hako(directory, "fs", "nope.img", "ls");
  assertEquals(missing.code, 1);
  assertMatch(missing.stderr, /ENOENT: .*nope\.img as an image; hako mkfs makes one/);
});

commandTest("hako fs that is interrupted leaves a sound image", async (directory) => {
  if (!hasMke2fs) return;
  makeImage(directory);
  Deno.mkdirSync(`${directory}/many`);
  for (let at = 0; at < 400; at++) {
    Deno.writeFileSync(`${directory}/many/${at}`, new Uint8Array(100_000));
  }
  const running = startHako(directory, "fs", "disk.img", "cp", "-r", "many", ":/");
  const allocated = () => Deno.statSync(`${directory}/disk.img`).blocks ?? 0;
  const before = allocated();
  while (allocated() - before < MiB / 512) await new Promise((resolve) => setTimeout(resolve, 5));
  running.kill("SIGINT");
  const { code } = await running.ended;
  assert(code === 130 || code === 0, `it ended with ${code}`);
  const { clean, text } = fsck(`${directory}/disk.img`);
  assert(clean, text);
});
