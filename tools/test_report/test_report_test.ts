import { assert, assertEquals } from "@std/assert";
import { readJunit, type TestResult, type Verdict } from "./junit.ts";
import { partsOf } from "./parts.ts";
import { runnerArguments } from "./runner.ts";
import { summarise } from "./summary.ts";

/** The root of Hako's source. */
const ROOT = new URL("../..", import.meta.url).pathname;

/** As Deno 2.9.6 writes it. */
const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="5" failures="2" errors="0" time="0.028">
  <testsuite name="./a_test.ts" tests="5" disabled="1" errors="0" failures="2">
    <testcase name="adds &lt;1 &amp; 2&gt;" classname="./a_test.ts" time="0.017" line="1" col="6">
    </testcase>
    <testcase name="later" classname="./a_test.ts" time="0.000" line="5" col="6">
      <skipped/>
    </testcase>
    <testcase name="dies" classname="./a_test.ts" time="0.002" line="6" col="6">
      <failure message="1 test step failed">1 test step failed.</failure>
    </testcase>
    <testcase name="dies &gt; first" classname="./a_test.ts" time="0.000" line="6" col="39">
    </testcase>
    <testcase name="dies &gt; second" classname="./a_test.ts" time="0.001" line="6" col="67">
      <failure message="Uncaught Error: y">Error: y</failure>
    </testcase>
  </testsuite>
</testsuites>`;

Deno.test("readJunit() gives each test its name and verdict, steps within their test", () => {
  const results = readJunit(REPORT).map(({ name, verdict }) => [name, verdict]);
  assertEquals(results, [["adds <1 & 2>", "passed"], ["later", "skipped"], ["dies", "failed"]]);
});

Deno.test("summarise() ends with the numbers, after the names of the skipped and failed", () => {
  const { lines, code } = summarise(readJunit(REPORT), { code: 1 });
  assertEquals(lines, [
    "skipped: later (./a_test.ts)",
    "failed: dies (./a_test.ts)",
    "tests: 1 passed, 1 failed, 1 skipped",
  ]);
  assertEquals(code, 1);
});

Deno.test("summarise() says only the numbers when all is well", () => {
  const { lines, code } = summarise(results("passed", "passed"), { code: 0 });
  assertEquals(lines, ["tests: 2 passed, 0 failed"]);
  assertEquals(code, 0);
});

Deno.test("summarise() never tells a runner that failed as a success", () => {
  const last = (found: TestResult[] | undefined, end: { code: number; stopped?: string }) => {
    const { lines, code } = summarise(found, end);
    return [lines.at(-1), code];
  };
  assertEquals(last(undefined, { code: 1 }), ["tests: 0 passed, 1 failed", 1]);
  assertEquals(last(undefined, { code: 0 }), ["tests: 0 passed, 1 failed", 1]);
  assertEquals(last(results("passed"), { code: 1 }), ["tests: 1 passed, 1 failed", 1]);
  assertEquals(last(results("passed"), { code: 0, stopped: "too long" }), [
    "tests: 1 passed, 1 failed",
    1,
  ]);
});

Deno.test("runnerArguments() gives each list of permissions whole", () => {
  const args = runnerArguments({
    permissions: { read: ["."], write: ["/tmp"], run: ["e2fsck"] },
    deno: "/bin/deno",
    temporaryDirectory: "/scratch",
    reportPath: "/report.xml",
    args: ["ipc"],
  });
  assertEquals(args.filter((arg) => arg.startsWith("--allow")), [
    "--allow-read=.,/scratch",
    "--allow-write=/tmp,/scratch",
    "--allow-run=e2fsck,/bin/deno",
  ]);
  assertEquals(args.at(-1), "ipc");
});

Deno.test("partsOf() runs every test in one part, and what the user names in one run", () => {
  const [sideBySide = [], alone = []] = partsOf([], ["scratch"]);
  assertEquals(sideBySide, ["--parallel", `--ignore=scratch,${alone.join(",")}`]);
  for (const path of alone) assert(Deno.statSync(`${ROOT}/${path}`), "what is named is there");
  assertEquals(partsOf(["ipc", "--fail-fast"], ["scratch"]), [["ipc", "--fail-fast"]]);
});

function results(...verdicts: Verdict[]): TestResult[] {
  return verdicts.map((verdict, index) => ({ module: "./a_test.ts", name: `${index}`, verdict }));
}
