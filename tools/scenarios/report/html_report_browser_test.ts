import {
  assert,
  assertEquals,
  assertGreater,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { resolve } from "node:path";
import { denoProgram } from "../../command_line/deno_program.ts";
import { renderHtmlReport } from "./html_report.ts";
import type { Run } from "../run_record.ts";
import type { Seen } from "./test_browser.ts";
import { sampleRun } from "./test_run.ts";

const ROOT = resolve(import.meta.dirname!, "../../..");
const CHROMIUM = "/usr/bin/chromium";

/** Fewer than this are a blank canvas, or one line on it. */
const COLOURS_MIN = 20;

const isBrowserThere = exists(CHROMIUM);
const skipped = isBrowserThere ? "" : ` (skipped: no ${CHROMIUM})`;

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Shows pages to the browser. */
async function see(...pages: readonly string[]): Promise<Seen[]> {
  const directory = Deno.makeTempDirSync({ prefix: "hako-report-" });
  try {
    const paths = pages.map((page, index) => {
      const path = `${directory}/report-${index}.html`;
      Deno.writeTextFileSync(path, page);
      return path;
    });
    const { success, stdout } = await new Deno.Command(denoProgram(), {
      args: [
        ...["run", "--quiet", "--frozen", "--no-prompt", `--config=${ROOT}/deno.json`],
        // Playwright looks around in /proc, for which Deno wants all permissions.
        "--allow-all",
        `${ROOT}/tools/scenarios/report/test_browser.ts`,
        ...paths.map((path) => `file://${path}`),
      ],
      stdin: "null",
      stderr: "inherit",
    }).output();
    assert(success, "the browser's process ends well");
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** A run whose system says in every place what would end a script and load a picture. */
function hostileRun(evil: string): Run {
  const run = sampleRun({ scenarios: 1, deaths: 4 });
  const result = run.results[0]!;
  const record = result.record!;
  const wild = {
    ...result,
    name: evil,
    replay: evil,
    faults: [evil],
    record: {
      ...record,
      graph: record.graph.map((domain) => ({ ...domain, permissions: [evil] })),
      lives: record.lives.map((life) => ({ ...life, why: evil })),
      strikes: record.strikes.map((strike) => ({ ...strike, domain: evil, kind: evil })),
    },
  };
  return { ...run, results: [wild] };
}

Deno.test(
  `a browser draws the report, asks nobody for anything, and obeys the keyboard${skipped}`,
  { ignore: !isBrowserThere },
  async () => {
    const run = sampleRun({ scenarios: 2 });
    const evil = `</script><img src="https://example.com/x" onerror="throw 1">`;
    const [seen, wild] = await see(renderHtmlReport(run), renderHtmlReport(hostileRun(evil)));
    assertDrawn(seen!, run);
    assertEquals([wild!.errors, wild!.requests, wild!.copied], [[], [], [evil, evil]]);
    assertStringIncludes(wild!.readings.join(), "p50");
  },
);

function assertDrawn(seen: Seen, run: Run): void {
  assertEquals(seen.errors, []);
  assertEquals(seen.requests, []);
  assertEquals(seen.colours.length, 2 * run.results.length);
  for (const count of seen.colours) assertGreater(count, COLOURS_MIN);
  const [light, dark] = seen.themes;
  assertNotEquals(light!.ground, dark!.ground);
  assertNotEquals(light!.picture, dark!.picture);
  assertEquals(seen.buttons, ["Dark theme", "Light theme"]);
  assertEquals(seen.reached.slice(0, 2), ["skip", "theme"]);
  assertEquals(seen.reached.at(-1), "chart-stage");
  assertEquals(seen.reached.filter((name) => name.endsWith("without a ring")), []);
  assertStringIncludes(seen.readings[0]!, "at 10.0 s: p50 ");
  assertStringIncludes(seen.readings[1]!, "at 9.9 s: p50 ");
  const { record, replay } = run.results[0]!;
  assertEquals(seen.rows, [record!.intervals.length, record!.lives.length]);
  assertEquals(seen.copied, [replay, replay]);
  assertEquals(seen.isTooWide, false);
}
