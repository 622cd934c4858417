import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FAULT_SCENARIO, SCENARIOS } from "../tools/scenarios/library.ts";
import type { Result, Run } from "../tools/scenarios/run_record.ts";
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

scenarioTest("--list tells each scenario and its plan", async (directory) => {
  const { code, stdout } = await hako(directory, "scenarios", "--list");
  assertEquals(code, 0);
  const names = stdout.trim().split("\n").filter((line) => line !== "" && !line.startsWith(" "));
  assertEquals(names, SCENARIOS.map(({ name }) => name));
  assertStringIncludes(stdout, "--fault 'storage:terminate@times=20'");
});

scenarioTest("a tree of one's own is copied, judged, and told as JSON", async (directory) => {
  const args = ["copy-tree", "--input", "tree", "--seed", "7", "--json", "out.json"];
  const { code, stdout } = await hako(directory, "scenarios", ...args, "--junit", "out.xml");

  assertEquals(code, 0, stdout);
  const run = JSON.parse(Deno.readTextFileSync(`${directory}/out.json`)) as Run;
  assertEquals([run.version, run.seed, run.results.length], [2, 7, 1]);
  const { name, outcome, checks, figures, record } = run.results[0]!;
  assertEquals([name, outcome], ["copy-tree", "passed"]);
  assert(checks.every((check) => check.outcome !== "failed"));
  const same = checks.find((check) => check.what.includes("reads back"))!;
  assertStringIncludes(same.detail, "3 files, 6 entries");
  assert(figures.every((figure) => Number.isFinite(figure.value)));
  const domains = record!.graph.map((domain) => domain.name);
  assertEquals(domains, ["disk", "storage", "fs", "importer", "verifier"]);
  assert(record!.intervals.some(({ operations }) => operations > 0));
  const xml = Deno.readTextFileSync(`${directory}/out.xml`);
  assertStringIncludes(xml, `tests="${checks.length}" failures="0"`);
});

scenarioTest("the servers die thirty times and nobody notices", async (directory) => {
  const args = ["copy-tree-under-fire", "--input", "tree", "--seed", "7", "--image", "disk.img"];
  const { code, stdout } = await hako(directory, "scenarios", ...args);

  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, "disk died 5 x, storage died 20 x, fs died 5 x");
  assert(Deno.statSync(`${directory}/disk.img`).size > 0, "an image that was named is kept");
});

scenarioTest("a tree of one file is read again until every death has come", async (directory) => {
  Deno.removeSync(`${directory}/tree`, { recursive: true });
  Deno.mkdirSync(`${directory}/tree`);
  Deno.writeTextFileSync(`${directory}/tree/file`, "content\n");
  const args = ["copy-tree-under-fire", "--input", "tree"];
  const { code, stdout } = await hako(directory, "scenarios", ...args);

  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, "disk died 5 x, storage died 20 x, fs died 5 x");
});

scenarioTest("faults of one's own befall files at work", async (directory) => {
  const faults = ["storage:kill@every=200ms", "disk:slow=2ms@chance=0.5", "fs:throw@at=200ms"];
  const args = faults.flatMap((fault) => ["--fault", fault]);
  args.push("--seed", "7", "--duration", "1s", "--json", "out.json");
  const { code, stdout } = await hako(directory, "scenarios", ...args);

  assertEquals(code, 0, stdout);
  const run = JSON.parse(Deno.readTextFileSync(`${directory}/out.json`)) as Run;
  const [{ name, faults: played, replay, record }] = run.results as [Result];
  assertEquals([name, played], [FAULT_SCENARIO, faults]);
  const line = `${faults.map((fault) => `--fault ${fault}`).join(" ")} --duration 1000ms`;
  assertEquals(replay, `deno task scenarios ${FAULT_SCENARIO} --seed 7 ${line}`);
  assert(record!.graph.some((domain) => domain.name === "faulty-disk"));
  const struck = new Set(record!.strikes.map(({ domain, kind }) => `${domain} ${kind}`));
  assertEquals(struck, new Set(["storage terminate", "fs throw"]));
});

scenarioTest(
  "a plan that can't be carried out fails, and tells how to see it again",
  async (directory) => {
    const args = ["--fault", "fs:throw@point=fs.never", "--seed", "7", "--duration", "100ms"];
    const { code, stdout } = await hako(directory, "scenarios", ...args);
    assertEquals(code, 1);
    assertStringIncludes(stdout, "not seen: fs:throw@point=fs.never");
    const replay = "--seed 7 --fault fs:throw@point=fs.never --duration 100ms";
    assertStringIncludes(stdout, `deno task scenarios ${FAULT_SCENARIO} ${replay}`);
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
  [["scenarios", "--duration", "long"], "TIME is a time, as 500ms, 30s or 2min"],
  [["scenarios", "--fault", "storage:kil@every=1s"], 'there is no "kil"; did you mean "kill"?'],
  [["scenarios", "--fault", "sotrage:kill@every=1s"], 'did you mean "storage"?'],
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
  fn: () => withForeignImage("64M", 0, (stdout) => assertStringIncludes(stdout, "1 passed")),
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
