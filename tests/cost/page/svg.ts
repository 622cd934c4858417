/**
 * What the pictures of figures have in common: they follow the reader's light or dark, and say in words
 * what they show.
 *
 * @module
 */

import { escapeHtml } from "../../../tools/charts/escape_html.ts";

/** Colours of those who are at work, and of what is beside them: as in the other pictures. */
export const COLOURS = ["client", "life1", "life2", "keep", "dead", "plain"] as const;

/** One of them. */
export type Colour = typeof COLOURS[number];

const STYLE = `
  svg {
    --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --edge: #d1d9e0; --client: #0969da;
    --life1: #bc4c00; --life2: #1a7f37; --keep: #8250df; --dead: #cf222e; --plain: #8c959f;
  }
  @media (prefers-color-scheme: dark) {
    svg {
      --paper: #0d1117; --ink: #f0f6fc; --soft: #9198a1; --edge: #3d444d; --client: #58a6ff;
      --life1: #f0883e; --life2: #56d364; --keep: #bc8cff; --dead: #ff7b72; --plain: #6e7681;
    }
  }
  .paper { fill: var(--paper); stroke: var(--edge); }
  text {
    font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink);
  }
  .soft { fill: var(--soft); }
  .name { font-weight: 600; }
  .end { text-anchor: end; }
  .edge { stroke: var(--edge); }
${COLOURS.map((name) => `  .fill-${name} { fill: var(--${name}); }`).join("\n")}
${
  COLOURS.map((name) => `  .line-${name} { stroke: var(--${name}); fill: none; stroke-width: 2; }`)
    .join("\n")
}
`;

/** A picture. */
export interface Picture {
  /** Its name. */
  readonly title: string;
  /** What it shows, in words, for who cannot see it. */
  readonly description: string;
  /** In units of its own. */
  readonly width: number;
  /** In the same. */
  readonly height: number;
  /** Its shapes. */
  readonly shapes: readonly string[];
}

/** A picture as a file. */
export function svgOf({ title, description, width, height, shapes }: Picture): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img"
  aria-labelledby="title desc">
  <title id="title">${escapeHtml(title)}</title>
  <desc id="desc">${escapeHtml(description)}</desc>
  <style>${STYLE}  </style>
  <rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" />
  ${shapes.join("\n  ")}
</svg>
`;
}

/** A text at a place. */
export function textAt(x: number, y: number, text: string, classes = ""): string {
  const attribute = classes === "" ? "" : ` class="${classes}"`;
  return `<text${attribute} x="${rounded(x)}" y="${rounded(y)}">${escapeHtml(text)}</text>`;
}

/** A filled rectangle, wide enough to be seen. */
export function barAt(
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  colour: Colour,
): string {
  return `<rect class="fill-${colour}" x="${rounded(x)}" y="${rounded(y)}" ` +
    `width="${rounded(Math.max(1, width))}" height="${rounded(height)}" rx="2" />`;
}

/** A number with as many digits as a picture needs. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
