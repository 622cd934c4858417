/**
 * A page that is drawn again in its own place, and left standing at the end.
 *
 * @module
 */

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
/** Erases to the end of the line (ECMA-48, 8.3.41), and to the end of the page (8.3.39). */
const ERASE_LINE = "\u001b[K";
const ERASE_PAGE = "\u001b[J";

/** The lines of a terminal from here on. */
export class LivePage implements Disposable {
  readonly #write: (text: string) => void;
  #lines = 0;

  /** @param write Writes to the terminal. */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /**
   * Draws over what was drawn last. A text must be narrower and lower than the terminal, or its
   * beginning has left it and cannot be drawn over.
   */
  draw(text: string): void {
    const lines = text.split("\n");
    const back = this.#lines === 0 ? HIDE_CURSOR : `\u001b[${this.#lines}A`;
    const drawn = lines.map((line) => `\r${line}${ERASE_LINE}\n`).join("");
    this.#write(`${back}${drawn}${ERASE_PAGE}`);
    this.#lines = lines.length;
  }

  /** Gives the cursor back. */
  [Symbol.dispose](): void {
    if (this.#lines > 0) this.#write(SHOW_CURSOR);
    this.#lines = 0;
  }
}
