/**
 * One scenario in the report.
 *
 * @module
 */

import { escapeHtml } from "../../charts/escape_html.ts";
import { duration, renderTimeline } from "../../charts/life_timeline.ts";
import { renderSystemGraph } from "../../charts/system_graph.ts";
import type { SystemRecord } from "../../record/record.ts";
import type { Result } from "../run_record.ts";
import type { Check, Figure } from "../scenario.ts";
import { figureWords, type Outcome, SIGNS } from "./report_words.ts";

/** The section of a result. */
export function renderSection(result: Result, id: string): string {
  const { name, story, outcome, tookMs, checks, figures, record } = result;
  return `<section class="scenario" id="${id}" aria-labelledby="${id}-name">
<header>
<h2 id="${id}-name">${escapeHtml(name)}</h2>
${badge(outcome)}
<p class="took">${duration(tookMs)}</p>
</header>
<p class="story">${escapeHtml(story)}</p>
<div class="halves">
<div>
<h3>Checks</h3>
${renderChecks(checks)}
${renderPlan(result, id)}
</div>
<div>
${record === undefined ? "" : renderSystem(record, id)}
</div>
</div>
${record === undefined ? "" : renderRecord(record, id)}
${figures.length === 0 ? "" : renderFigures(figures)}
<p class="back"><a href="#overview">Back to the overview</a></p>
</section>`;
}

/** A verdict: a sign, a word and a colour. */
export function badge(outcome: Outcome): string {
  return `<span class="badge ${escapeHtml(outcome)}"><span aria-hidden="true">${
    SIGNS[outcome] ?? ""
  } </span>${escapeHtml(outcome)}</span>`;
}

function renderChecks(checks: readonly Check[]): string {
  if (checks.length === 0) return "<p>Nothing was checked.</p>";
  const rank = (outcome: Outcome) => ["failed", "passed", "skipped"].indexOf(outcome);
  const items = checks.toSorted((a, b) => rank(a.outcome) - rank(b.outcome))
    .map(({ what, outcome, detail }) =>
      `<li class="${escapeHtml(outcome)}"><span class="sign" role="img" aria-label="${
        escapeHtml(outcome)
      }">${SIGNS[outcome] ?? ""}</span><div><p>${escapeHtml(what)}</p><p class="detail">${
        escapeHtml(detail)
      }</p></div></li>`
    );
  return `<ul class="checks">\n${items.join("\n")}\n</ul>`;
}

function renderSystem({ graph }: SystemRecord, id: string): string {
  return `<h3>The system</h3>
<div class="sideways" role="region" tabindex="0" aria-label="The system's graph">
${renderSystemGraph(graph, { idPrefix: `${id}-`, isFocusable: false })}
</div>`;
}

function renderPlan({ faults, replay }: Result, id: string): string {
  const plan = faults.length === 0
    ? "<p>No faults were injected.</p>"
    : `<ul class="faults">${
      faults.map((fault) => `<li><code>${escapeHtml(fault)}</code></li>`).join("")
    }</ul>`;
  return `<h3>Fault plan</h3>
${plan}
<h3>Play it again</h3>
<div class="replay"><pre tabindex="0"><code id="${id}-replay">${
    escapeHtml(replay)
  }</code></pre><button type="button" data-copies="${id}-replay" aria-live="polite" hidden>Copy</button></div>`;
}

function renderRecord(record: SystemRecord, id: string): string {
  const operations = record.intervals.reduce((sum, one) => sum + one.operations, 0);
  const latency = operations === 0
    ? "<p>No client told how long its operations took.</p>"
    : `<div data-chart="latency" data-of="${id}"></div>`;
  const histogram = record.histogram.buckets.length === 0 ? "" : `<h3>How long operations took</h3>
<div data-chart="histogram" data-of="${id}"></div>`;
  return `<h3>Lives</h3>
${TIMELINE_KEYS}
<div class="lives">${renderTimeline(record)}</div>
<details class="as-table" data-lives="${id}" hidden><summary>As a table</summary><div tabindex="0" role="region" aria-label="Lives, as a table"></div></details>
<h3>Latency over the same time</h3>
${latency}
${histogram}`;
}

/** What the marks of a timeline mean. */
const TIMELINE_KEYS = `<ul class="life-keys" aria-label="Marks">
<li><svg class="timeline" width="22" height="14"><rect class="served" y="1" width="22" height="12"/></svg>serves</li>
<li><svg class="timeline" width="22" height="14"><rect class="start" y="5.5" width="22" height="3"/></svg>starts, recovers</li>
<li><svg class="timeline" width="14" height="14"><rect class="served" y="2" width="14" height="10"/><rect class="death" x="7" width="2" height="14"/></svg>dies</li>
<li><svg class="timeline" width="10" height="14"><rect class="fence" x="5" y="4" width="2" height="6"/></svg>is fenced</li>
<li><svg class="timeline" width="14" height="14"><circle class="zombie" cx="7" cy="7" r="3"/></svg>is fenced as a zombie</li>
<li><svg class="timeline" width="14" height="14"><path class="strike" d="M3 4h8l-4 7z"/></svg>a fault befalls it</li>
<li><svg class="timeline" width="14" height="14"><path class="strike upgrade" d="M7 3l4 4l-4 4l-4 -4z"/></svg>is upgraded or restarted</li>
</ul>`;

function renderFigures(figures: readonly Figure[]): string {
  const rows = figures.map((figure) =>
    `<div><dt>${escapeHtml(figure.name)}</dt><dd>${escapeHtml(figureWords(figure))}</dd></div>`
  );
  return `<h3>Figures</h3>\n<dl class="figures">\n${rows.join("\n")}\n</dl>`;
}
