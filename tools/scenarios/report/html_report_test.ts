import { assert, assertEquals, assertFalse, assertLess, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import type { SystemRecord } from "../../record/record.ts";
import type { Result, Run } from "../run_record.ts";
import { chartFigures, fewerIntervals, INTERVALS_MAX } from "./chart_figures.ts";
import { renderHtmlReport } from "./html_report.ts";
import { momentWords, verdict } from "./report_words.ts";
import { sampleRecord, sampleRun } from "./test_run.ts";

const RUN = sampleRun();
const PAGE = renderHtmlReport(RUN);

/** What stands between the tags of the page's elements of one name. */
function contents(page: string, element: string): string[] {
  return [...page.matchAll(new RegExp(`<${element}\\b[^>]*>([^]*?)</${element}>`, "g"))]
    .map(([, content]) => content!);
}

/** The JSON that the script is given. */
function recordedIn(page: string): Record<string, { readonly intervals: readonly unknown[] }> {
  return JSON.parse(contents(page, "script").at(-2)!);
}

Deno.test("a page names no other place, and may run only its own script and style", () => {
  assertFalse(/https?:|src=|url\(|@import/.test(PAGE.replaceAll("http://www.w3.org/2000/svg", "")));
  assertFalse(/<[^>]+ (?:style|on\w+)=/.test(PAGE.replaceAll(/<script>[^]*?<\/script>/g, "")));
  const hash = (text: string) => createHash("sha256").update(text).digest("base64");
  assertStringIncludes(PAGE, `script-src 'sha256-${hash(contents(PAGE, "script").at(-1)!)}'`);
  assertStringIncludes(PAGE, `style-src 'sha256-${hash(contents(PAGE, "style")[0]!)}'`);
  assertStringIncludes(PAGE, `content="default-src 'none'; script-src`);
});

Deno.test("a page leads from the overview to every scenario", () => {
  const links = [...PAGE.matchAll(/<th scope="row"><a href="#([^"]+)">/g)].map(([, id]) => id!);
  assertEquals(links.length, RUN.results.length);
  for (const id of links) assertStringIncludes(PAGE, `<section class="scenario" id="${id}"`);
  const ids = [...PAGE.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("headings stand in order, from one first", () => {
  const levels = [...PAGE.matchAll(/<h([1-6])\b/g)].map(([, level]) => Number(level));
  assertEquals(levels.filter((level) => level === 1).length, 1);
  assertEquals(levels[0], 1);
  levels.reduce((before, level) => {
    assert(level <= before + 1, "no level is left out");
    return level;
  });
});

Deno.test("a page says what was checked, injected and measured, and how to play it again", () => {
  const texts = [
    "1 of 4 failed, 1 not played here",
    "14 March 2026 at 09:26:53 UTC",
    "3, first: EIO: cannot read block 4711: the medium failed",
    "storage:hang@at=4s,for=2s",
    "--fault &#39;storage:terminate@every=250ms&#39;",
    "184,223",
    "read+write disk.img",
    "there is no /dev/fuse",
  ];
  for (const text of texts) assertStringIncludes(PAGE, text);
});

Deno.test("a run of nothing, and a scenario without operations, are pages all the same", () => {
  const nothing = renderHtmlReport({ ...RUN, results: [] });
  assertStringIncludes(nothing, "No scenario was played");
  const record: SystemRecord = {
    graph: [],
    durationMs: 0,
    lives: [],
    strikes: [],
    intervals: [],
    histogram: { buckets: [] },
  };
  const page = renderHtmlReport({ ...RUN, results: [{ ...RUN.results[0]!, record }] });
  assertStringIncludes(page, "No client told how long its operations took.");
  assertFalse(page.includes(`<div data-chart=`));
  assertFalse(/NaN|undefined/.test(page.replaceAll(/<script>[^]*?<\/script>/g, "")));
});

/** Every text of a value becomes a hostile one, numbers stay. */
function poisoned(value: unknown, evil: string): unknown {
  if (typeof value === "string") return evil;
  if (Array.isArray(value)) return value.map((one) => poisoned(one, evil));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, poisoned(one, evil)]),
  );
}

const HOSTILE = [
  `</script><script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  `<!--<script>`,
  `</style></title></svg><iframe srcdoc=x>`,
];

for (const evil of HOSTILE) {
  Deno.test(`a run that says ${evil} everywhere adds no element and no attribute`, () => {
    const wild = poisoned(RUN, evil) as Run;
    const page = renderHtmlReport(wild);
    const tame = renderHtmlReport(poisoned(RUN, "tame") as Run);
    assertEquals(tags(page), tags(tame));
    assertStringIncludes(JSON.stringify(recordedIn(page)), JSON.stringify(evil).slice(1, -1));
  });
}

/** The names of all tags and of their attributes, in order; but not what is in scripts. */
function tags(page: string): string[] {
  const shown = page.replaceAll(/(<script\b[^>]*>)[^]*?<\/script>/g, "$1");
  return [...shown.matchAll(/<!--|<(\/?[a-z]\w*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>?/gi)]
    .map(([, name, attributes = ""]) =>
      `${name} ${attributes.replaceAll(/="[^"]*"/g, "").trim().split(/\s+/).join(" ")}`
    );
}

Deno.test("twenty long scenarios are less than 2 MB", () => {
  const run = sampleRun({ scenarios: 20, durationMs: 30_000, deaths: 100 });
  const page = renderHtmlReport(run);
  assertLess(new TextEncoder().encode(page).byteLength, 2_000_000);
  for (const { intervals } of Object.values(recordedIn(page))) assertEquals(intervals.length, 300);
});

Deno.test("of a long record no operation, error or pause is lost", () => {
  const { intervals } = sampleRecord({ durationMs: 200_000, deaths: 10 }, 3);
  const fewer = fewerIntervals(intervals, INTERVALS_MAX);
  const sum = (all: typeof intervals) => all.reduce((sum, one) => sum + one.operations, 0);
  const longest = (all: typeof intervals) => Math.max(...all.map(({ maxUs }) => maxUs));
  assertLess(fewer.length, INTERVALS_MAX + 1);
  assertEquals(sum(fewer), sum(intervals));
  assertEquals(longest(fewer), longest(intervals));
  assertEquals(fewer.at(-1)!.atMs, intervals.at(-1)!.atMs);
  assertEquals(fewerIntervals(intervals, 2_000), intervals);
});

Deno.test("the script is given what was recorded", () => {
  const record = sampleRecord({ durationMs: 1_000, deaths: 2 }, 1);
  const { intervals, strikes, lives, buckets } = chartFigures(record);
  assertEquals(intervals.map(([atMs]) => atMs), record.intervals.map(({ atMs }) => atMs));
  assertEquals(strikes.map(([, domain]) => domain), record.strikes.map(({ domain }) => domain));
  assertEquals(lives.length, record.lives.length);
  assertEquals(buckets.length, record.histogram.buckets.length);
});

Deno.test("a verdict tells failures first", () => {
  const of = (...outcomes: Result["outcome"][]) =>
    verdict({ ...RUN, results: outcomes.map((outcome) => ({ ...RUN.results[0]!, outcome })) });
  assertEquals(of("passed", "passed"), "All 2 scenarios passed");
  assertEquals(of("passed"), "The scenario passed");
  assertEquals(of("passed", "skipped"), "1 of 2 passed, 1 not played here");
  assertEquals(of("failed", "passed"), "1 of 2 failed");
  assertEquals(of("skipped"), "None of 1 could be played here");
});

Deno.test("what is no time is shown as it is", () => {
  assertEquals(momentWords("soon"), "soon");
});
