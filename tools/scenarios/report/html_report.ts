/**
 * A run of scenarios as one page that needs nothing else: no network, no other file. Its policy lets
 * it run only its own script and style, by their hashes, and load nothing at all.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { chartScript } from "../../charts/chart_script.ts";
import { escapeHtml, escapeJson } from "../../charts/escape_html.ts";
import { duration } from "../../charts/life_timeline.ts";
import { bytes } from "../../charts/graph_nodes.ts";
import { pageStyle } from "../../charts/theme.ts";
import type { Result, Run } from "../run_record.ts";
import type { Figure } from "../scenario.ts";
import { chartFigures } from "./chart_figures.ts";
import reportScript from "./report.js" with { type: "text" };
import reportStyle from "./report.css" with { type: "text" };
import { digest, figureWords, momentWords, runOutcome, SIGNS, verdict } from "./report_words.ts";
import { badge, renderSection } from "./scenario_section.ts";

/** The page of a run. What comes from the run is only ever shown as text. */
export function renderHtmlReport(run: Run): string {
  const style = pageStyle + reportStyle;
  const script = `${chartScript}\n${reportScript}`;
  const ids = run.results.map(idOf);
  const recorded = Object.fromEntries(
    run.results.flatMap(({ record }, index) =>
      record === undefined ? [] : [[ids[index]!, chartFigures(record)]]
    ),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(script, style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Hako scenarios: ${escapeHtml(verdict(run))}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#overview">Skip to the overview</a>
${renderHead(run)}
<main>
<noscript><p>Scripts are off: the charts of latency are not drawn, all else is here.</p></noscript>
${renderOverview(run.results, ids)}
${run.results.map((result, index) => renderSection(result, ids[index]!)).join("\n")}
</main>
<footer><p>Written by <code>hako scenarios --html</code>. This page needs no network.</p></footer>
<script type="application/json" id="recorded">${escapeJson(recorded)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Nothing may be loaded, and nothing run but what we wrote. */
function policyFor(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** Two scenarios of one name have sections of their own. */
function idOf({ name }: Result, index: number): string {
  return `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}-${index + 1}`;
}

function renderHead(run: Run): string {
  const { seed, began, input, machine } = run;
  const { processor, cores, memoryBytes, system, versions } = machine;
  const outcome = runOutcome(run);
  const took = run.results.reduce((sum, { tookMs }) => sum + tookMs, 0);
  const facts: readonly (readonly [string, string])[] = [
    ["Seed", String(seed)],
    ["Began", momentWords(began)],
    ["Took", duration(took)],
    ["Machine", `${processor || "unknown processor"}, ${cores} cores, ${bytes(memoryBytes)}`],
    ["System", system],
    ["Versions", `Hako ${versions.hako}, Deno ${versions.deno}, V8 ${versions.v8}`],
    ["Copied", input],
  ];
  const shown = facts.map(([name, value]) =>
    `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`
  );
  return `<header class="top">
<div class="title"><h1>Hako scenarios</h1><button type="button" id="theme" hidden>Dark theme</button></div>
<p class="verdict ${outcome}"><span aria-hidden="true">${SIGNS[outcome]} </span>${
    escapeHtml(verdict(run))
  }</p>
<dl class="facts">
${shown.join("\n")}
</dl>
</header>`;
}

function renderOverview(results: readonly Result[], ids: readonly string[]): string {
  const rows = results.map((result, index) => {
    const { passed, checked, deaths, errors, pauses } = digest(result);
    const [half, most] = pauses;
    return `<tr>
<th scope="row"><a href="#${ids[index]}">${escapeHtml(result.name)}</a></th>
<td>${badge(result.outcome)}</td>
<td class="number">${checked === 0 ? "–" : `${passed} of ${checked}`}</td>
<td class="number">${numberOr(deaths)}</td>
<td class="number${errors ? " bad" : ""}">${numberOr(errors)}</td>
<td class="number">${figureOr(half)}</td>
<td class="number">${figureOr(most)}</td>
<td class="number">${duration(result.tookMs)}</td>
</tr>`;
  });
  return `<section id="overview" aria-labelledby="overview-name" tabindex="-1">
<h2 id="overview-name">Overview</h2>
<div class="sideways" role="region" tabindex="0" aria-labelledby="overview-name">
<table>
<thead><tr><th scope="col">Scenario</th><th scope="col">Outcome</th><th scope="col" class="number">Checks</th>
<th scope="col" class="number">Deaths survived</th><th scope="col" class="number">Errors</th>
<th scope="col" class="number">Pause, p50</th><th scope="col" class="number">Pause, p99</th>
<th scope="col" class="number">Took</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</div>
<p class="note">A pause is the longest operation of a client that ended within half a second of a death.</p>
</section>`;
}

function numberOr(value: number | undefined): string {
  return value === undefined ? "–" : value.toLocaleString("en-US");
}

function figureOr(figure: Figure | undefined): string {
  return figure === undefined ? "–" : escapeHtml(figureWords(figure));
}
