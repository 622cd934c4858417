/**
 * The page of the live view: one document that holds all it needs, and asks nobody else for anything.
 *
 * @module
 */

import { chartScript } from "../../charts/chart_script.ts";
import { escapeHtml } from "../../charts/escape_html.ts";
import { pageStyle } from "../../charts/theme.ts";
import type { GraphDomain } from "../../record/record.ts";
import type { BeginLine, Deed, Target } from "../lines.ts";
import { layersOf, wiresOf } from "./layers.ts";
import liveScript from "./live.js" with { type: "text" };
import liveStyle from "./live.css" with { type: "text" };

/** The name of the kernel among those that have buttons. */
const KERNEL = "kernel";

/** What a button says, and what it does, for those who ask. */
const BUTTONS: Readonly<Record<Deed, { readonly word: string; readonly title: string }>> = {
  kill: { word: "Kill", title: "ends its worker at once, whatever it is doing" },
  hang: {
    word: "Hang",
    title: "it stops at its next step and answers nobody, until it is found out",
  },
  upgrade: { word: "Upgrade", title: "replaces it by a new one while it works" },
  restart: { word: "Restart", title: "asks the kernel to replace it" },
};

/**
 * The page.
 *
 * @param begin What the system consists of.
 * @param nonce What scripts and styles carry that may run.
 */
export function renderPage(begin: BeginLine, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Hako: live view</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${pageStyle}${liveStyle}</style>
</head>
<body class="dash">
${header()}
<main>
${numbers()}
${system(begin)}
<section class="panel latency" aria-labelledby="latency-title">
<h2 id="latency-title">How long the clients' operations take <small>faults are marked</small></h2>
<p id="no-latency" hidden>These clients do not report how long their operations take.</p>
<div id="latency"></div>
</section>
<section class="panel events" aria-labelledby="events-title">
<h2 id="events-title">What happens</h2>
<ol id="events" role="log" aria-live="polite" aria-relevant="additions" tabindex="0"
 aria-labelledby="events-title"></ol>
</section>
</main>
<script nonce="${nonce}">${chartScript}</script>
<script nonce="${nonce}">const WIRES = ${scriptJson(wiresOf(begin.graph))};
${liveScript}</script>
</body>
</html>
`;
}

function header(): string {
  return `<header>
<h1>Hako <small>live view</small></h1>
<p id="hint">Kill, hang or upgrade any server: its clients wait a little, and see no error.</p>
<p id="told" role="status"></p>
<p id="connection" role="status" data-state="connecting">connecting</p>
</header>`;
}

function numbers(): string {
  const number = (id: string, what: string) =>
    `<div class="number" id="${id}-box"><dt>${what}</dt>
<dd><span id="${id}">–</span><small id="${id}-more">&nbsp;</small></dd></div>`;
  return `<dl class="numbers">
${number("calls", "calls per second")}
${number("deaths", "deaths survived")}
${number("errors", "errors seen by clients")}
${number("longest", "longest operation")}
</dl>`;
}

function system({ graph, targets }: BeginLine): string {
  const deeds = new Map(targets.map((target) => [target.domain, target]));
  const columns = layersOf(graph).map((layer) => {
    const cards = layer.map((domain) => card(domain, deeds.get(domain.name))).join("\n");
    return `<div class="column">${cards}</div>`;
  });
  return `<section class="system" aria-label="The system">
<div class="graph" id="graph"><svg id="wires" aria-hidden="true"></svg>
${columns.join("\n")}
</div>
${kernel(deeds.get(KERNEL))}
</section>`;
}

function card({ name, kind, permissions, uses, serves }: GraphDomain, target?: Target): string {
  const safe = escapeHtml(name);
  const may = permissions.length === 0 ? "no permissions" : permissions.join(", ");
  // Who serves nothing has no calls to answer; if it is a client that tells of its work, that is shown.
  const [rate, unit] = serves.length === 0 ? ["&nbsp;", ""] : ["–", "calls/s"];
  const speaks = [
    ...(serves.length === 0 ? [] : [`serves ${serves.join(", ")}`]),
    ...(uses.length === 0 ? [] : [`calls ${uses.join(", ")}`]),
  ];
  return `<article class="card kind-${kind}" data-domain="${safe}" aria-label="${safe}"
 data-state="starting">
<h2>${safe} <small>${kind}</small><span class="state" data-show="state">starting</span></h2>
<p class="may${permissions.length === 0 ? " none" : ""}" title="${escapeHtml(speaks.join("; "))}"
>${escapeHtml(may)}</p>
<p class="rate"><b data-show="rate">${rate}</b> <span data-show="unit">${unit}</span></p>
<p class="times" data-show="times">&nbsp;</p>
<p class="lives"><span data-show="life">life 1</span><span data-show="why"></span></p>
${buttons(safe, target)}
</article>`;
}

function kernel(target: Target | undefined): string {
  return `<article class="card kernel" data-domain="${KERNEL}" aria-label="${KERNEL}" data-state="ready">
<h2>kernel <span class="state" data-show="state">ready</span></h2>
<p class="may none">no permissions</p>
<p class="lives"><span data-show="life">life 1</span><span data-show="why"></span></p>
<p class="role">names, channels, supervision; not on the way of a request</p>
${buttons(KERNEL, target)}
</article>`;
}

function buttons(safe: string, target: Target | undefined): string {
  if (target === undefined) return "";
  const all = target.deeds.map((deed) => {
    const { word, title } = BUTTONS[deed];
    return `<button type="button" data-deed="${deed}" aria-label="${word} ${safe}" title="${title}"
>${word}</button>`;
  });
  return `<div class="buttons" role="group" aria-label="Buttons of ${safe}">${all.join("")}</div>`;
}

/** JSON that ends no script element, whatever is in it. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
