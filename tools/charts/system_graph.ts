/**
 * A system as a picture: its domains with what they may do, and who calls whom.
 *
 * @module
 */

import type { GraphDomain, SystemGraph } from "../record/record.ts";
import { escapeHtml } from "./escape_html.ts";
import { layOut, type PlacedNode, type PlacedWire, type Point } from "./graph_layout.ts";
import { bytes, type Seat } from "./graph_nodes.ts";

/** How round the corners are: a kind is seen by more than its colour. */
const CORNERS: Readonly<Record<GraphDomain["kind"], number>> = {
  app: 14,
  server: 5,
  driver: 0,
  gateway: 0,
};

const PORT_HEIGHT = 18;

/** What a page may want. */
export interface GraphOptions {
  /** Comes before `domain-NAME` in ids: a page with several graphs tells them apart by it. */
  readonly idPrefix?: string;
  /** Whether the keyboard reaches each domain; as long as nobody says no. */
  readonly isFocusable?: boolean;
}

/**
 * An SVG. Callers stand above those they call; the endpoints are at the upper edges, where the arrows
 * end. Each domain is `<g class="domain kind-KIND" id="domain-NAME" data-domain="NAME">` and holds an
 * empty `<text class="live" data-live="NAME">`. A page that is alive sets `data-state` on it.
 */
export function renderSystemGraph(graph: SystemGraph, options: GraphOptions = {}): string {
  const { width, height, nodes, wires } = layOut(graph);
  const size = `viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${
    round(height)
  }"`;
  const boxes = nodes.map((node) =>
    node.seats.length > 0 ? renderCrowd(node, options) : renderBox(node, options)
  );
  return `<svg class="system-graph" xmlns="http://www.w3.org/2000/svg" ${size} role="group" aria-label="The system: who calls whom">
${wires.map(renderWire).join("\n")}
${boxes.join("\n")}
</svg>`;
}

function renderBox(node: PlacedNode, options: GraphOptions): string {
  const { x, y, width, height, title, lines, ports } = node;
  const domain = node.domains[0]!;
  const { kind, name } = domain;
  const top = ports.length > 0 ? PORT_HEIGHT / 2 : 0;
  const words = lines.map(({ role, text }, index) =>
    `<text class="${role}" x="12" y="${top + 36 + index * 16}">${escapeHtml(text)}</text>`
  );
  const plugs = ports.map(({ x, width, text }) =>
    `<g class="port"><rect x="${round(x)}" y="${-PORT_HEIGHT / 2}" width="${
      round(width)
    }" height="${PORT_HEIGHT}" rx="9"/><text x="${round(x + width / 2)}" y="4">${
      escapeHtml(text)
    }</text></g>`
  );
  return `${openDomain(domain, options)} transform="translate(${round(x)} ${round(y)})">
<title>${escapeHtml(wordsOf(domain))}</title>
<rect class="box" width="${width}" height="${height}" rx="${CORNERS[kind]}"/>
${feetOf(kind, width, height)}<text class="name" x="12" y="${top + 19}">${escapeHtml(title)}</text>
<text class="kind" x="${width - 12}" y="${top + 19}" text-anchor="end">${escapeHtml(kind)}</text>
${words.join("\n")}
${plugs.join("\n")}<text class="live" data-live="${escapeHtml(name)}" x="4" y="${
    height + 15
  }"></text>
</g>`;
}

/** Who touches the host stands on it: drivers with the whole foot, gateways with two. */
function feetOf(kind: GraphDomain["kind"], width: number, height: number): string {
  if (kind === "driver") {
    return `<rect class="foot" y="${height - 4}" width="${width}" height="4"/>\n`;
  }
  if (kind !== "gateway") return "";
  return [8, width - 38].map((x) =>
    `<rect class="foot" x="${x}" y="${height - 4}" width="30" height="4"/>\n`
  ).join("");
}

function renderCrowd(node: PlacedNode, options: GraphOptions): string {
  const { x, y, width, height, title, lines, seats } = node;
  const words = lines.map(({ role, text }, index) =>
    `<text class="${role}" x="12" y="${36 + index * 16}">${escapeHtml(text)}</text>`
  );
  return `<g transform="translate(${round(x)} ${round(y)})">
<g class="crowd"><rect width="${round(width)}" height="${height}" rx="8"/></g>
<text class="name" x="12" y="19">${escapeHtml(title)}</text>
${words.join("\n")}
${seats.map((seat) => renderSeat(seat, options)).join("\n")}
</g>`;
}

function renderSeat(seat: Seat, options: GraphOptions): string {
  const { domain, text, x, y, width, height } = seat;
  return `${openDomain(domain, options)} transform="translate(${round(x)} ${y})"><title>${
    escapeHtml(wordsOf(domain))
  }</title><rect class="box" width="${width}" height="${height}" rx="${
    Math.min(CORNERS[domain.kind], height / 2)
  }"/><text x="${width / 2}" y="17" text-anchor="middle">${
    escapeHtml(text)
  }</text><text class="live" data-live="${escapeHtml(domain.name)}" x="4" y="${
    height + 8
  }"></text></g>`;
}

function openDomain(domain: GraphDomain, { idPrefix = "", isFocusable = true }: GraphOptions) {
  const { name, kind } = domain;
  const safe = escapeHtml(name);
  const focus = isFocusable ? ' tabindex="0"' : "";
  return `<g class="domain kind-${escapeHtml(kind)}" id="${
    escapeHtml(idPrefix)
  }domain-${safe}" data-domain="${safe}"${focus} role="img" aria-label="${
    escapeHtml(wordsOf(domain))
  }"`;
}

/** All that the picture says of a domain, in a line. */
function wordsOf(domain: GraphDomain): string {
  const { name, kind, permissions, serves, uses, keepBytes, windowBytes } = domain;
  return [
    `${name}, ${kind}`,
    permissions.length === 0 ? "no permissions" : permissions.join(", "),
    ...(serves.length === 0 ? [] : [`serves ${serves.join(", ")}`]),
    ...(uses.length === 0 ? [] : [`calls ${uses.join(", ")}`]),
    ...(keepBytes === 0 ? [] : [`keeps ${bytes(keepBytes)} across its lives`]),
    ...(windowBytes === 0 ? [] : [`lends ${bytes(windowBytes)} to servers`]),
  ].join("; ");
}

/** A line that leaves and arrives downwards, and its head. */
function renderWire({ points, caller, callee, endpoint }: PlacedWire): string {
  const head = points.at(-1)!;
  const end = { x: head.x, y: head.y - PORT_HEIGHT / 2 - 6 };
  const all = [...points.slice(0, -1), end];
  let path = `M${at(all[0]!)}`;
  for (let i = 1; i < all.length; i++) {
    // Between the two points of a passage the way is straight.
    path += i % 2 === 0 ? `L${at(all[i]!)}` : curve(all[i - 1]!, all[i]!);
  }
  const tip = `M${at({ x: end.x, y: end.y + 6 })}l-4.5 -8h9z`;
  return `<g><title>${
    escapeHtml(`${caller} calls ${endpoint} of ${callee}`)
  }</title><path class="wire" d="${path}"/><path class="head" d="${tip}"/></g>`;
}

function curve(from: Point, to: Point): string {
  if (from.x === to.x) return `L${at(to)}`;
  const middle = (from.y + to.y) / 2;
  return `C${at({ x: from.x, y: middle })} ${at({ x: to.x, y: middle })} ${at(to)}`;
}

function at({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
