import { assert, assertEquals, assertFalse, assertGreaterOrEqual } from "@std/assert";
import { chartScript } from "./chart_script.ts";
import { pageStyle } from "./theme.ts";

Deno.test("script and style stand in a page as they are", () => {
  for (const text of [chartScript, pageStyle]) {
    assertFalse(/<\/(?:script|style)|<!--|\r/i.test(text));
    assertFalse(/https?:|url\(|@import/.test(text.replaceAll("http://www.w3.org/2000/svg", "")));
  }
});

Deno.test("the script parses, and uPlot is in it", () => {
  new Function(chartScript);
  assert(chartScript.includes("uPlot"));
});

/** Colours in which words are set, and the grounds that they stand on. */
const WORDS = ["ink", "soft", "accent", "good", "warn", "bad", "half", "most", "longest"];
const GROUNDS = ["page", "panel"];

for (const [index, theme] of ["light", "dark"].entries()) {
  Deno.test(`words have a contrast of 4.5:1 or more in the ${theme} theme`, () => {
    for (const word of WORDS) {
      for (const ground of GROUNDS) {
        const contrast = contrastOf(colour(word, index), colour(ground, index));
        assertGreaterOrEqual(contrast, 4.5, `--${word} on --${ground}`);
      }
    }
  });
}

Deno.test("the contrast of black and white is 21:1", () => {
  assertEquals(Math.round(contrastOf("#000000", "#ffffff")), 21);
});

function colour(name: string, index: number): string {
  const found = pageStyle.match(new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`));
  return found![index + 1]!;
}

/** As the Web Content Accessibility Guidelines 2.2 define it. */
function contrastOf(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const value = parseInt(hex.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
