/**
 * What stands in the picture of a system: a box for each domain, with its words and their room, or a
 * frame for a crowd of domains that are all alike.
 *
 * @module
 */

import type { GraphDomain, SystemGraph } from "../record/record.ts";

/** So many alike domains stand in one frame. */
const CROWD_MIN = 4;

/** Seats beside each other in a crowd, at most. */
const SEATS_PER_ROW_MAX = 8;

/** Room of letters, on average, with some to spare: nobody knows the font. */
const NAME_PX = 8.4;
const WORD_PX = 6.6;
const CODE_PX = 7.4;

/** Permissions stand out, and are wider for it. */
const MAY_PX = 7.6;

/** Heights of lines. */
const NAME_LINE = 26;
const WORD_LINE = 16;

const PADDING = 12;
const BOX_WIDTH_MIN = 150;
const BOX_WIDTH_MAX = 300;
const PORT_HEIGHT = 18;
const SEAT_HEIGHT = 26;
const SEAT_GAP = 8;

/** Permissions that are written out; of more, their number. */
const PERMISSIONS_SHOWN = 4;

/** An endpoint at the upper edge of a node. */
export interface Port {
  /** Its name. */
  readonly name: string;
  /** As much of it as has room. */
  readonly text: string;
  /** Its left edge, from the node's. */
  readonly x: number;
  /** Its width. */
  readonly width: number;
}

/** A line of words in a box. */
export interface WordLine {
  /** What it tells. */
  readonly role: "may" | "none" | "keeps";
  /** The words. */
  readonly text: string;
}

/** A domain's seat in a crowd. */
export interface Seat {
  /** Whose. */
  readonly domain: GraphDomain;
  /** As much of its name as has room. */
  readonly text: string;
  /** From the node's left edge. */
  readonly x: number;
  /** From the node's upper edge. */
  readonly y: number;
  /** Its width. */
  readonly width: number;
  /** Its height. */
  readonly height: number;
}

/** A box or a crowd. */
export interface GraphNode {
  /** Tells it from others. */
  readonly key: string;
  /** The domains that it shows: one, or a crowd of them. */
  readonly domains: readonly GraphDomain[];
  /** Its heading. */
  readonly title: string;
  /** What its domains may do, and keep. */
  readonly lines: readonly WordLine[];
  /** Its endpoints. */
  readonly ports: readonly Port[];
  /** The seats of a crowd; none in a box. */
  readonly seats: readonly Seat[];
  /** Its width. */
  readonly width: number;
  /** Its height. */
  readonly height: number;
}

/** A node calls an endpoint of another. */
export interface Wire {
  /** The key of who calls. */
  readonly caller: string;
  /** The key of who serves. */
  readonly callee: string;
  /** The endpoint. */
  readonly endpoint: string;
}

/** The nodes of a system. */
export function nodesOf(graph: SystemGraph): GraphNode[] {
  const alike = Map.groupBy(graph, likeness);
  return [...alike.values()].flatMap((domains) =>
    domains.length >= CROWD_MIN ? [crowdOf(inOrder(domains))] : domains.map(boxOf)
  );
}

/** Who calls whom. Nobody is drawn to call himself. */
export function wiresOf(nodes: readonly GraphNode[]): Wire[] {
  return nodes.flatMap(({ key: caller, domains }) => {
    const endpoints = [...new Set(domains.flatMap(({ uses }) => uses))];
    return endpoints.flatMap((endpoint) =>
      nodes.filter(({ key, ports }) =>
        key !== caller && ports.some(({ name }) => name === endpoint)
      )
        .map(({ key: callee }) => ({ caller, callee, endpoint }))
    );
  });
}

/** Equal for domains that differ by nothing but their names. Those who serve are never a crowd. */
function likeness({ name, kind, permissions, serves, uses, keepBytes, windowBytes }: GraphDomain) {
  const self = serves.length > 0 ? name : "";
  return JSON.stringify([self, kind, permissions, uses, keepBytes, windowBytes]);
}

function inOrder(domains: readonly GraphDomain[]): GraphDomain[] {
  const collator = new Intl.Collator("en", { numeric: true });
  return domains.toSorted((a, b) => collator.compare(a.name, b.name));
}

function boxOf(domain: GraphDomain): GraphNode {
  const { name, kind, serves } = domain;
  const lines = linesOf(domain);
  const wish = Math.max(
    BOX_WIDTH_MIN,
    name.length * NAME_PX + (kind.length + 3) * WORD_PX + 2 * PADDING,
    ...lines.map(({ role, text }) => text.length * wordPx(role) + 2 * PADDING),
    portsWidth(serves) + 2 * PADDING,
  );
  const width = Math.ceil(Math.min(BOX_WIDTH_MAX, wish));
  const ports = portsOf(serves, width);
  const nameRoom = (width - 2 * PADDING - (kind.length + 2) * WORD_PX) / NAME_PX;
  const height = (ports.length > 0 ? PORT_HEIGHT / 2 : 0) + NAME_LINE +
    lines.length * WORD_LINE + 10;
  return {
    key: name,
    domains: [domain],
    title: shortened(name, nameRoom),
    lines: lines.map((line) => fitted(line, width)),
    ports,
    seats: [],
    width,
    height,
  };
}

function crowdOf(domains: readonly GraphDomain[]): GraphNode {
  const [first] = domains;
  const longest = Math.max(...domains.map(({ name }) => name.length));
  const seatWidth = Math.min(140, Math.max(56, Math.ceil(longest * WORD_PX) + 16));
  const perRow = Math.min(SEATS_PER_ROW_MAX, Math.ceil(Math.sqrt(domains.length * 1.6)));
  const rowCount = Math.ceil(domains.length / perRow);
  const lines = linesOf(first!);
  const title = `${domains.length} × ${first!.kind}`;
  const words = [title, ...lines.map(({ text }) => text)];
  const width = Math.max(
    perRow * (seatWidth + SEAT_GAP) - SEAT_GAP + 2 * PADDING,
    Math.min(BOX_WIDTH_MAX, Math.max(...words.map(({ length }) => length * NAME_PX)) + 2 * PADDING),
  );
  const top = NAME_LINE + lines.length * WORD_LINE + 10;
  return {
    key: `crowd of ${first!.name}`,
    domains,
    title,
    lines: lines.map((line) => fitted(line, width)),
    ports: [],
    seats: domains.map((domain, index) => ({
      domain,
      text: shortened(domain.name, (seatWidth - 10) / WORD_PX),
      x: PADDING + (index % perRow) * (seatWidth + SEAT_GAP),
      y: top + Math.floor(index / perRow) * (SEAT_HEIGHT + SEAT_GAP),
      width: seatWidth,
      height: SEAT_HEIGHT,
    })),
    width,
    height: top + rowCount * (SEAT_HEIGHT + SEAT_GAP) - SEAT_GAP + PADDING,
  };
}

function wordPx(role: WordLine["role"]): number {
  return role === "may" ? MAY_PX : WORD_PX;
}

function fitted({ role, text }: WordLine, width: number): WordLine {
  return { role, text: shortened(text, (width - 2 * PADDING) / wordPx(role)) };
}

/** What a domain may do, and what of it survives its lives. */
function linesOf({ permissions, keepBytes }: GraphDomain): WordLine[] {
  const shown = permissions.length > PERMISSIONS_SHOWN
    ? permissions.slice(0, PERMISSIONS_SHOWN - 1)
    : permissions;
  const left = permissions.length - shown.length;
  return [
    ...shown.map((text) => ({ role: "may", text }) as const),
    ...(left > 0 ? [{ role: "may", text: `and ${left} more` } as const] : []),
    ...(permissions.length === 0 ? [{ role: "none", text: "no permissions" } as const] : []),
    ...(keepBytes > 0 ? [{ role: "keeps", text: `keeps ${bytes(keepBytes)}` } as const] : []),
  ];
}

function portsWidth(serves: readonly string[]): number {
  return serves.reduce((sum, name) => sum + name.length * CODE_PX + 14 + SEAT_GAP, -SEAT_GAP);
}

/** Endpoints side by side in the middle of the upper edge; each gives way if there is no room. */
function portsOf(serves: readonly string[], width: number): Port[] {
  const room = width - 2 * PADDING;
  const scale = Math.min(1, room / Math.max(1, portsWidth(serves)));
  const widths = serves.map((name) => (name.length * CODE_PX + 14) * scale);
  const all = widths.reduce((sum, one) => sum + one, 0) + SEAT_GAP * scale * (serves.length - 1);
  let x = (width - all) / 2;
  return serves.map((name, index) => {
    const port = {
      name,
      text: shortened(name, (widths[index]! - 8) / CODE_PX),
      x,
      width: widths[index]!,
    };
    x += widths[index]! + SEAT_GAP * scale;
    return port;
  });
}

/** At most so many letters. */
function shortened(text: string, room: number): string {
  const letters = [...text];
  if (letters.length <= Math.floor(room)) return text;
  return letters.slice(0, Math.max(0, Math.floor(room) - 1)).join("") + "…";
}

/** A number of bytes, in the unit that suits it. */
export function bytes(count: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let unit = 0;
  let value = count;
  while (value >= 1024 && unit < units.length - 1) value /= 1024, unit++;
  return `${Number(value.toPrecision(3))} ${units[unit]}`;
}
