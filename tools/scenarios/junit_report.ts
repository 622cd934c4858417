/**
 * A run as JUnit's XML: a suite for each scenario, a case for each check. For whatever collects the
 * results of tests.
 *
 * @module
 */

import type { Result, Run } from "./run_record.ts";
import type { Check } from "./scenario.ts";

/** The document. */
export function renderJunit({ results, seed }: Run): string {
  const suites = results.map((result) => suite(result, seed));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="hako scenarios">\n${
    suites.join("")
  }</testsuites>\n`;
}

function suite({ name, checks, tookMs, replay }: Result, seed: number): string {
  const count = (outcome: Check["outcome"]) =>
    checks.filter((check) => check.outcome === outcome).length;
  const attributes = [
    `name="${escaped(name)}"`,
    `tests="${checks.length}"`,
    `failures="${count("failed")}"`,
    `skipped="${count("skipped")}"`,
    `time="${(tookMs / 1_000).toFixed(3)}"`,
  ].join(" ");
  const properties = [["seed", String(seed)], ["replay", replay]].map(([key, value]) =>
    `      <property name="${key}" value="${escaped(value!)}"/>\n`
  ).join("");
  const cases = checks.map((check) => testcase(name, check)).join("");
  return `  <testsuite ${attributes}>\n    <properties>\n${properties}    </properties>\n${cases}  </testsuite>\n`;
}

function testcase(suite: string, { what, outcome, detail }: Check): string {
  const head = `    <testcase classname="${escaped(suite)}" name="${escaped(what)}"`;
  const said = `message="${escaped(detail)}"`;
  if (outcome === "failed") return `${head}>\n      <failure ${said}/>\n    </testcase>\n`;
  if (outcome === "skipped") return `${head}>\n      <skipped ${said}/>\n    </testcase>\n`;
  return `${head}/>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\t": "&#9;",
};

/** Characters that XML 1.0 can't say at all are shown as question marks. */
function escaped(text: string): string {
  return text.replaceAll(/[&<>"\n\t]|[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (character) => {
    return ENTITIES[character] ?? "?";
  });
}
