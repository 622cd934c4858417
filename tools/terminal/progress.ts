/**
 * One line that shows how far something is, and leaves no trace.
 *
 * ```text
 * copying blocks  [#########---------------]  38%  1,204/s  12 s left
 * ```
 *
 * @module
 */

import { displayWidth } from "./style.ts";
import { TERMINAL_COLUMNS } from "./table.ts";

/** How far something is. */
export interface Step {
  /** What is being done. */
  readonly label: string;
  /** Units done. */
  readonly done: number;
  /** Units in all, or 0 if nobody knows. */
  readonly total: number;
  /** Milliseconds since the beginning. */
  readonly elapsedMs: number;
}

/** Where a progress line is drawn, and when. */
export interface ProgressOptions {
  /** Whether anything is drawn at all: false on what is no terminal, and with `--quiet`. */
  readonly enabled: boolean;
  /** Writes to the terminal. */
  readonly write: (text: string) => void;
  /** The clock, in milliseconds. */
  readonly nowMs: () => number;
  /** Columns of the terminal. */
  readonly width?: number;
}

const BAR_COLUMNS = 24;

/** Shortest time between two drawings: ten a second look smooth and cost nothing. */
const REDRAW_MS_MIN = 100;

/** Less than this has passed: a rate would be a guess. */
const RATE_MS_MIN = 500;

/** The line for one step, at most `width - 1` columns, so that no terminal wraps it. */
export function renderProgress(step: Step, width: number = TERMINAL_COLUMNS): string {
  const parts = [step.label];
  if (step.total > 0) {
    const share = Math.min(1, step.done / step.total);
    parts.push(renderBar(share));
    parts.push(`${Math.floor(share * 100)}%`.padStart(4));
  } else {
    parts.push(step.done.toLocaleString("en-US"));
  }
  if (step.elapsedMs >= RATE_MS_MIN && step.done > 0) parts.push(...rateAndRest(step));
  return [...parts.join("  ")].slice(0, width - 1).join("");
}

/** A duration for people: `"0.4 s"`, `"12 s"`, `"3 min 5 s"`, `"2 h 4 min"`. */
export function renderDuration(durationMs: number): string {
  if (durationMs < 9_950) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** One line of a terminal that is drawn again in its place. Disposing of it erases it. */
export class StatusLine implements Disposable {
  readonly #options: ProgressOptions;
  #drawnMs = -Infinity;
  #drawnColumns = 0;

  /** @param options Where the line is drawn. */
  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Columns of the terminal. */
  get width(): number {
    return this.#options.width ?? TERMINAL_COLUMNS;
  }

  /** Draws what `render` answers, unless the line was drawn a moment ago. */
  draw(render: () => string, isLast = false): void {
    if (!this.#options.enabled) return;
    const nowMs = this.#options.nowMs();
    if (nowMs - this.#drawnMs < REDRAW_MS_MIN && !isLast) return;
    const line = render();
    const rest = " ".repeat(Math.max(0, this.#drawnColumns - displayWidth(line)));
    this.#options.write(`\r${line}${rest}`);
    this.#drawnMs = nowMs;
    this.#drawnColumns = displayWidth(line);
  }

  /** Erases the line, so that what is written next begins on a clean one. May be drawn again. */
  erase(): void {
    if (this.#drawnColumns === 0) return;
    this.#options.write(`\r${" ".repeat(this.#drawnColumns)}\r`);
    this.#drawnColumns = 0;
    this.#drawnMs = -Infinity;
  }

  /** Erases the line. */
  [Symbol.dispose](): void {
    this.erase();
  }
}

/** A progress line on a terminal. Disposing of it erases it. */
export class Progress implements Disposable {
  readonly #line: StatusLine;
  readonly #nowMs: () => number;
  readonly #startMs: number;

  /** @param options Where the line is drawn; see {@linkcode terminalProgress} for the usual place. */
  constructor(options: ProgressOptions) {
    this.#line = new StatusLine(options);
    this.#nowMs = options.nowMs;
    this.#startMs = options.nowMs();
  }

  /** Draws how far it is, unless it was drawn a moment ago. The end is always drawn. */
  update(label: string, done: number, total: number): void {
    const elapsedMs = this.#nowMs() - this.#startMs;
    const render = () => renderProgress({ label, done, total, elapsedMs }, this.#line.width);
    this.#line.draw(render, done === total);
  }

  /** Erases the line, so that what is written next begins on a clean one. May be drawn again. */
  erase(): void {
    this.#line.erase();
  }

  /** Erases the line. */
  [Symbol.dispose](): void {
    this.erase();
  }
}

/** Standard error, if that is a terminal and `quiet` is false. */
export function terminalOptions({ quiet }: { readonly quiet: boolean }): ProgressOptions {
  const enabled = !quiet && Deno.stderr.isTerminal();
  const encoder = new TextEncoder();
  return {
    enabled,
    write: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
    nowMs: () => performance.now(),
    width: enabled ? Math.max(Deno.consoleSize().columns, 20) : TERMINAL_COLUMNS,
  };
}

/** A progress line on standard error, drawn only if that is a terminal and `quiet` is false. */
export function terminalProgress(options: { readonly quiet: boolean }): Progress {
  return new Progress(terminalOptions(options));
}

/** How much of something is done, as a bar: `"[######----]"`. */
export function renderBar(share: number, columns: number = BAR_COLUMNS): string {
  const filled = Math.floor(Math.min(1, Math.max(0, share)) * columns);
  return `[${"#".repeat(filled)}${"-".repeat(columns - filled)}]`;
}

function rateAndRest({ done, total, elapsedMs }: Step): string[] {
  const perSecond = done * 1_000 / elapsedMs;
  const digits = perSecond < 10 ? 1 : 0;
  const rate = perSecond.toLocaleString("en-US", { maximumFractionDigits: digits });
  if (total <= done) return [`${rate}/s`];
  return [`${rate}/s`, `${renderDuration((total - done) * elapsedMs / done)} left`];
}
