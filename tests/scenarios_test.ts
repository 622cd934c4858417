import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { commandTest, hako } from "./command_rig.ts";
import { findTool, fsck } from "./host_tool.ts";

const MiB = 1024 * 1024;

/** Runs a test in a directory of its own, with a small tree in it. */
function scenarioTest(name: string, run: (directory: string) => Promise<void>): void {
  commandTest(name, async (directory) => {
    Deno.mkdirSync(`${directory}/tree/empty`, { recursive: true });
    Deno.mkdirSync(`${directory}/tree/ünïcode 箱`);
    Deno.writeTextFileSync(`${directory}/tree/empty file`, "");
    Deno.writeTextFileSync(`${directory}/tree/ünïcode 箱/-rf "quoted"`, "content\n");
    Deno.writeFileSync(`${directory}/tree/large`, new Uint8Array(3 * MiB + 17).fill(7));
    Deno.chmodSync(`${directory}/tree/large`, 0o640);
    // By ln(1), since `Deno.symlinkSync` wants to read and write everything.
    new Deno.Command("ln", { args: ["-s", "large", `${directory}/tree/link`] }).outputSync();
    await run(directory);
  });
}

scenarioTest("--list names the scenarios", async (directory) => {
  const { code, stdout } = await hako(directory, "scenarios", "--list");
  assertEquals(code, 0);
  const names = stdout.trim().split("\n").filter((line) => !line.startsWith(" "))
    .map((line) => line.split(" ")[0]);
  assertEquals(names, ["copy-tree", "copy-tree-under-fire", "escape-attempt"]);
});

scenarioTest("a tree of one's own is copied, judged, and told as JSON", async (directory) => {
  const args = ["copy-tree", "--input", "tree", "--seed", "7", "--json", "out.json"];
  const { code, stdout } = await hako(directory, "scenarios", ...args);

  assertEquals(code, 0, stdout);
  const run = JSON.parse(Deno.readTextFileSync(`${directory}/out.json`));
  assertEquals([run.version, run.seed, run.results.length], [1, 7, 1]);
  const [{ name, passed, checks, figures }] = run.results;
  assertEquals([name, passed], ["copy-tree", true]);
  assert(checks.every((check: { outcome: string }) => check.outcome !== "failed"));
  const same = checks.find((check: { what: string }) => check.what.includes("reads back"));
  assertStringIncludes(same.detail, "3 files, 6 entries");
  assert(figures.every((figure: { value: number }) => Number.isFinite(figure.value)));
});

scenarioTest("the servers die thirty times and nobody notices", async (directory) => {
  const args = ["copy-tree-under-fire", "--input", "tree", "--seed", "7", "--image", "disk.img"];
  const { code, stdout } = await hako(directory, "scenarios", ...args);

  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, "storage 20/20, disk 5/5, fs 5/5");
  assert(Deno.statSync(`${directory}/disk.img`).size > 0, "an image that was named is kept");
});

scenarioTest(
  "work that is over too soon is read again until every death has come",
  async (directory) => {
    Deno.removeSync(`${directory}/tree`, { recursive: true });
    Deno.mkdirSync(`${directory}/tree`);
    Deno.writeTextFileSync(`${directory}/tree/file`, "content\n");
    const { code, stdout } = await hako(
      directory,
      "scenarios",
      "copy-tree-under-fire",
      "--input",
      "tree",
    );

    assertEquals(code, 0, stdout);
    assertStringIncludes(stdout, "storage 20/20, disk 5/5, fs 5/5");
  },
);

scenarioTest("nothing escapes", async (directory) => {
  const { code, stdout } = await hako(directory, "scenarios", "escape-attempt");
  assertEquals(code, 0, stdout);
  assertMatch(stdout, /attempts denied +30 +of 30/);
});

/** Command lines that are wrong, and what is said of each. */
const MISUSES: readonly (readonly [args: string[], message: string])[] = [
  [["scenarios", "copy-three"], 'did you mean "copy-tree"?'],
  [["scenarios", "--sead", "7"], 'did you mean "--seed"?'],
  [["scenarios", "--seed", "seven"], "--seed"],
  [["scenarios", "--seed"], "--seed"],
  [["scenarois"], 'did you mean "scenarios"?'],
];

for (const [args, message] of MISUSES) {
  scenarioTest(`hako ${args.join(" ")} exits with 2 and says why`, async (directory) => {
    const { code, stderr } = await hako(directory, ...args);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trim().split("\n").length, 1, "one line, no stack");
  });
}

/** Inputs and images that are of no use, and the error that tells so. */
const BAD_FILES: readonly {
  readonly what: string;
  prepare(directory: string): void;
  readonly args: string[];
  readonly message: string;
}[] = [
  { what: "a missing input", prepare: () => {}, args: ["--input", "nowhere"], message: "ENOENT" },
  {
    what: "an input that is no directory",
    prepare: (directory) => Deno.writeTextFileSync(`${directory}/file`, "x"),
    args: ["--input", "file"],
    message: "ENOTDIR",
  },
  {
    what: "an image that is no file system",
    prepare: (directory) => {
      const bytes = new Uint8Array(32 * MiB).fill(0xa5);
      Deno.writeFileSync(`${directory}/disk.img`, bytes);
    },
    args: ["--input", "tree", "--image", "disk.img"],
    message: "EUCLEAN",
  },
  {
    what: "an image that is too small",
    prepare: (directory) => Deno.writeFileSync(`${directory}/disk.img`, new Uint8Array(65536)),
    args: ["--input", "tree", "--image", "disk.img"],
    message: "start storage",
  },
  {
    what: "a directory as image",
    prepare: (directory) => Deno.mkdirSync(`${directory}/disk.img`),
    args: ["--input", "tree", "--image", "disk.img"],
    message: "EINVAL",
  },
];

for (const { what, prepare, args, message } of BAD_FILES) {
  scenarioTest(`${what} is told with its errno, and left as it was`, async (directory) => {
    prepare(directory);
    const before = sizeOf(`${directory}/disk.img`);
    const { code, stdout } = await hako(directory, "scenarios", "copy-tree", ...args);
    assertEquals(code, 1);
    assertStringIncludes(stdout.replaceAll(/\s+/g, " "), message);
    assertEquals(sizeOf(`${directory}/disk.img`), before);
  });
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return -1;
  }
}

const hasE2fsprogs = findTool("mke2fs") !== undefined && findTool("e2fsck") !== undefined;

Deno.test({
  name: "an image of mke2fs is used as it is, and stays clean",
  ignore: !hasE2fsprogs,
  fn: () => withForeignImage("64M", 0, (stdout) => assertStringIncludes(stdout, "All 1 passed")),
});

Deno.test({
  name: "a full image of mke2fs says ENOSPC, and stays clean",
  ignore: !hasE2fsprogs,
  fn: () => withForeignImage("2M", 1, (stdout) => assertStringIncludes(stdout, "ENOSPC")),
});

async function withForeignImage(
  size: string,
  expectedCode: number,
  judge: (stdout: string) => void,
): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    const image = `${directory}/disk.img`;
    const args = ["-q", "-F", "-t", "ext2", "-b", "4096", image, size];
    assert(new Deno.Command("mke2fs", { args }).outputSync().success);
    Deno.mkdirSync(`${directory}/tree`);
    Deno.writeFileSync(`${directory}/tree/large`, new Uint8Array(3 * MiB).fill(7));
    const ran = await hako(
      directory,
      "scenarios",
      "copy-tree",
      "--input",
      "tree",
      "--image",
      image,
    );
    assertEquals(ran.code, expectedCode, ran.stdout);
    judge(ran.stdout);
    assert(fsck(image).clean, fsck(image).text);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}
