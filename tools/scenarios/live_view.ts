/**
 * A scenario at work, on the terminal.
 *
 * @module
 */

import { StatusLine, terminalOptions } from "../terminal/progress.ts";
import { makeStyle, type Style, wantsColour } from "../terminal/style.ts";
import { type LiveState, renderLive } from "./live_line.ts";
import type { LiveCounts } from "./play.ts";

/** What the user watches while a scenario is at work. */
export class LiveView implements Disposable {
  readonly #line: StatusLine;
  readonly #style: Style;
  #state: LiveState;

  /**
   * @param name The scenario.
   * @param number Which of how many it is, from 1.
   * @param count How many there are.
   * @param isQuiet Whether nothing is to be shown.
   */
  constructor(name: string, number: number, count: number, isQuiet: boolean) {
    this.#line = new StatusLine(terminalOptions({ quiet: isQuiet }));
    this.#style = makeStyle({ coloured: wantsColour(Deno.stderr) });
    this.#state = { name, number, count, label: "booting", share: undefined, counts: undefined };
    this.#draw();
  }

  /** How far the work is. */
  progress(label: string, done: number, total: number): void {
    this.#state = { ...this.#state, label, share: total > 0 ? done / total : undefined };
    this.#draw();
  }

  /** How it goes. */
  live(counts: LiveCounts): void {
    this.#state = { ...this.#state, counts };
    this.#draw();
  }

  /** Leaves no trace. */
  [Symbol.dispose](): void {
    this.#line.erase();
  }

  #draw(): void {
    this.#line.draw(() => renderLive(this.#state, this.#style, this.#line.width));
  }
}
