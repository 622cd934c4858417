/**
 * Cases as text: a step a line, `operation arguments = answer`. An answer is what the call tells,
 * `0` if it tells nothing, or the name of its error.
 *
 * @module
 */

/** One call and what it must answer. */
export interface Step {
  readonly words: readonly string[];
  readonly expected: string;
}

/** The steps of a case. */
export function stepsOf(text: string): Step[] {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return lines.map((line) => {
    const at = line.lastIndexOf(" = ");
    const words = (at < 0 ? line : line.slice(0, at)).trim().split(/\s+/);
    return { words, expected: at < 0 ? "0" : line.slice(at + 3).trim() };
  });
}
