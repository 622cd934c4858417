/**
 * The host of `hako top`: the process in which the system lives that it shows.
 *
 * @module
 */

import { nowUs } from "../../../kernel/trace/clock.ts";
import { hostInspected } from "../../telemetry/inspected_host.ts";
import { makeStyle, wantsColour } from "../../terminal/style.ts";
import { LivePage } from "../live_page.ts";
import type { TopOrder } from "../order.ts";
import type { Sample } from "../sample.ts";
import { renderSample } from "../view.ts";
import { pause, watch } from "../watch.ts";

await hostInspected<TopOrder>("hako top", async (system, order, signal) => {
  const { intervalMs, samplesMax = Infinity, isJson } = order;
  using page = new LivePage(say);
  // A second Ctrl-C leaves at once, and the cursor must be there again all the same.
  globalThis.addEventListener("unload", () => page[Symbol.dispose]());
  const style = makeStyle({ coloured: wantsColour(Deno.stdout) });
  const show = (sample: Sample): void => {
    if (isJson) return say(JSON.stringify(sample, rounded) + "\n");
    if (!Deno.stdout.isTerminal()) return say(renderSample(sample, style) + "\n\n");
    const { columns, rows } = Deno.consoleSize();
    page.draw(renderSample(sample, style, { columns, rows: rows - 1 }));
  };
  try {
    await watch(system, { intervalMs, samplesMax, signal, nowUs, wait: pause, show });
  } catch (error) {
    // Whoever read it has seen enough, as `head` does after a line.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
});

/** Not `console.log`, which does not say that nobody reads any more. */
function say(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.byteLength;) {
    written += Deno.stdout.writeSync(bytes.subarray(written));
  }
}

/** Thousandths are finer than what was measured. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1_000) / 1_000 : value;
}
