import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { displayWidth, makeStyle } from "../terminal/style.ts";
import { renderJunit } from "./junit_report.ts";
import { SCENARIOS } from "./library.ts";
import { type LiveState, renderLive } from "./live_line.ts";
import { replayCommand } from "./replay.ts";
import type { Result, Run } from "./run_record.ts";
import { renderList, renderResult, renderRun, renderShort } from "./summary.ts";

const PLAIN = makeStyle({ coloured: false });

const PASSED: Result = {
  name: "kill-each-server",
  story: "every server, and the kernel, dies in every way while two clients work on their files",
  outcome: "passed",
  tookMs: 13_000,
  faults: ["*:terminate@every=400ms"],
  replay: "deno task scenarios kill-each-server --seed 7",
  checks: [
    { what: "no client saw an error", outcome: "passed", detail: "none" },
    { what: "e2fsck finds nothing", outcome: "skipped", detail: "e2fsck is not installed" },
  ],
  figures: [
    { name: "deaths", value: 1_070, unit: "" },
    { name: "operations of clients", value: 4_408, unit: "" },
    { name: "longest operation", value: 271.6, unit: "ms" },
  ],
};

const FAILED: Result = {
  ...PASSED,
  name: "zombie",
  outcome: "failed",
  checks: [{ what: "files <as> left", outcome: "failed", detail: 'byte 7 & "more" '.repeat(20) }],
};

const RUN: Run = {
  version: 2,
  began: "2026-01-01T00:00:00.000Z",
  seed: 7,
  input: "/tree",
  machine: {
    processor: "a processor",
    cores: 2,
    memoryBytes: 1,
    system: "Linux",
    versions: { hako: "0", deno: "2", v8: "1" },
  },
  results: [PASSED, FAILED],
};

function fits(text: string): void {
  for (const line of text.split("\n")) assert(displayWidth(line) <= 80, line);
}

Deno.test("a scenario in short tells its numbers, and which checks did not pass", () => {
  const text = renderShort(PASSED, PLAIN);
  fits(text);
  assertStringIncludes(
    text,
    "1 of 2 checks  1,070 deaths  4,408 operations  0 errors  longest 272 ms",
  );
  assertStringIncludes(text, "e2fsck is not installed");
  assertFalse(text.includes("no client saw an error"));
});

Deno.test("a whole scenario tells plan, checks and figures", () => {
  for (const result of [PASSED, FAILED]) {
    const text = renderResult(result, PLAIN);
    fits(text);
    for (const { what } of result.checks) assertStringIncludes(text, what);
    for (const { name } of result.figures) assertStringIncludes(text, name);
    assertStringIncludes(text, "--fault '*:terminate@every=400ms'");
  }
});

Deno.test("the end tells the sum, and how to see again what failed", () => {
  const text = renderRun(RUN, 61_000, PLAIN);
  fits(text);
  assertStringIncludes(text, "1 passed, 1 failed in 1 min 1 s: 2,140 deaths, 0 errors at clients");
  assertStringIncludes(text, `To see it again:\n  ${FAILED.replay}`);
  assertFalse(renderRun({ ...RUN, results: [PASSED] }, 1, PLAIN).includes("again"));
});

Deno.test("the list of scenarios fits the terminal, and tells every plan", () => {
  const text = renderList(SCENARIOS, PLAIN);
  for (const { name, story, faults } of SCENARIOS) {
    assertStringIncludes(text, name);
    assert(story.length <= 100 && !story.endsWith("."), story);
    for (const fault of faults) assertStringIncludes(text, `--fault '${fault}'`);
  }
});

Deno.test("a live line is narrower than the terminal, whatever there is to tell", () => {
  const state: LiveState = {
    number: 3,
    count: 18,
    name: "bring-your-own-server",
    label: "booting",
    share: 0.525,
    counts: { perSecond: 1_234_567.8, deaths: 1, errors: 1_000 },
  };
  for (let width = 20; width <= 120; width++) {
    const line = renderLive(state, makeStyle({ coloured: true }), width);
    assert(displayWidth(line) < width, `${width}: ${line}`);
  }
  const line = " 3/18  bring-your-own-server  [########--------]   52%  1,234,568 ops/s" +
    "  1 death  1,000 errors";
  assertEquals(renderLive(state, PLAIN, 120), line);
  const early = { ...state, count: 1, share: undefined, counts: undefined };
  assertEquals(renderLive(early, PLAIN, 80), "bring-your-own-server  booting");
});

Deno.test("JUnit's XML has a suite for each scenario, and says nothing that XML can't", () => {
  const odd: Result = {
    ...FAILED,
    name: 'a"<b',
    checks: [{ ...FAILED.checks[0]!, detail: "\u0000\n" }],
  };
  const xml = renderJunit({ ...RUN, results: [PASSED, odd] });
  assertStringIncludes(
    xml,
    '<testsuite name="kill-each-server" tests="2" failures="0" skipped="1"',
  );
  assertStringIncludes(xml, '<skipped message="e2fsck is not installed"/>');
  assertStringIncludes(xml, 'classname="a&quot;&lt;b" name="files &lt;as&gt; left"');
  assertStringIncludes(xml, '<failure message="?&#10;"/>');
});

Deno.test("a replay is a line for the shell that says all that was chosen", () => {
  const choice = { seed: 7, faults: undefined, durationMs: undefined, input: undefined };
  const name = { name: "zombie" };
  assertEquals(replayCommand(name, choice), "deno task scenarios zombie --seed 7");
  const all = { seed: 7, faults: ["*:kill@at=1s"], durationMs: 5_000, input: "it's here" };
  const line = "deno task scenarios zombie --seed 7 --fault '*:kill@at=1s' --duration 5000ms " +
    "--input 'it'\\''s here'";
  assertEquals(replayCommand(name, all), line);
  const none = { ...choice, faults: [] };
  assertEquals(replayCommand(name, none), "deno task scenarios zombie --seed 7 --fault none");
});
