/**
 * Text that others wrote, as part of a page.
 *
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control characters that a page can't hold, and those that turn the order of what is shown. */
// deno-lint-ignore no-control-regex
const UNSHOWN = /[\0-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text as HTML or SVG shows it, in an element or in a quoted attribute. What is no text that can be
 * shown becomes U+FFFD.
 */
export function escapeHtml(text: string): string {
  return text.toWellFormed().replaceAll(UNSHOWN, "\ufffd")
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A value as JSON that ends no script element and begins no comment, whatever is in it. */
export function escapeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
