/**
 * Colour, where it is wanted: on a terminal whose user has not set `NO_COLOR`
 * (https://no-color.org).
 *
 * @module
 */

/** The styles that Hako uses, with their SGR codes (ECMA-48, 8.3.117): on and off. */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** A style by name. */
export type StyleName = keyof typeof STYLES;

/** Gives text a style, or leaves it as it is. */
export type Style = (name: StyleName, text: string) => string;

// deno-lint-ignore no-control-regex -- ESC is what begins a style.
const SGR = /\u001b\[[\d;]*m/g;

/** A {@linkcode Style} that colours if `coloured`, and else changes nothing. */
export function makeStyle({ coloured }: { readonly coloured: boolean }): Style {
  if (!coloured) return (_name, text) => text;
  return (name, text) => {
    const [on, off] = STYLES[name];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}

/** Whether the user wants colour on a stream: it is a terminal and `NO_COLOR` is unset or empty. */
export function wantsColour(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && !Deno.noColor;
}

/** The text without its styles. */
export function stripStyle(text: string): string {
  return text.replaceAll(SGR, "");
}

/** Columns that text takes on a terminal, its styles not counted. Code points count as one each. */
export function displayWidth(text: string): number {
  return [...stripStyle(text)].length;
}
