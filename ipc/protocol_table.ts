/**
 * A protocol as a table for people: what each operation says and answers, and how much of a slot
 * that takes. The text is aligned to be read as it is, and is Markdown too.
 *
 * @module
 */

import type { Field, Fields } from "./field.ts";
import { PAYLOAD_BYTES, REPLY_WORDS, REQUEST_WORDS } from "./limits.ts";
import type { Operation, Operations, Protocol } from "./protocol.ts";

const HEADINGS = ["operation", "code", "request", "reply", "errors", "idempotent", "one-way"];

/** Numbers are read from the right. */
const CODE_COLUMN = 1;

/** Errors are put beside each other up to this width, and one line below the other above. */
const ERRORS_WIDTH_MAX = 24;

/** One cell of the table, line by line. */
type Cell = readonly string[];

/**
 * The table of a protocol: plain text, 100 columns and more, that is a Markdown table as well. An
 * operation takes several rows, one for each field; below its fields stands what they take of a slot.
 *
 * @example
 * ```ts
 * import { defineProtocol, i32, protocolTable } from "@hako/ipc";
 *
 * const Adder = defineProtocol("adder", 1, {
 *   add: { code: 1, request: { a: i32, b: i32 }, errors: [], idempotent: true },
 * });
 * if (!protocolTable(Adder).includes("a: i32 (word 0)")) throw new Error("not in the table");
 * ```
 */
export function protocolTable({ name, version, operations }: Protocol<Operations>): string {
  const cells = Object.entries(operations)
    .sort(([, one], [, other]) => one.code - other.code)
    .map(([name, operation]) => cellsOf(name, operation));
  const widths = HEADINGS.map((heading, column) =>
    Math.max(...[[heading], ...cells.map((row) => row[column]!)].flat().map((line) => line.length))
  );
  const lines = [
    `${name}, version ${version}`,
    "",
    row(HEADINGS, widths),
    `| ${widths.map(rule).join(" | ")} |`,
    ...cells.flatMap((operation) => rowsOf(operation, widths)),
  ];
  return `${lines.join("\n")}\n`;
}

function cellsOf(name: string, operation: Operation): Cell[] {
  const { code, request, reply, errors, idempotent, oneWay } = operation;
  const answer = reply === undefined ? [oneWay ? "none" : "a count"] : message(reply, REPLY_WORDS);
  return [
    [name],
    [String(code)],
    message(request, REQUEST_WORDS),
    answer,
    wrapped(errors),
    [idempotent ? "yes" : "no"],
    [oneWay ? "yes" : "no"],
  ];
}

/** Each field of a message with its place, and what all of them take. */
function message(fields: Fields, wordsMax: number): Cell {
  const lines: string[] = [];
  let words = 0;
  let payload = 0;
  for (const [name, field] of Object.entries(fields)) {
    const places = [wordsAt(words, field.words), bytesOf(field)].filter((place) => place !== "");
    lines.push(`${name}: ${declared(field)} (${places.join(", ")})`);
    words += field.words;
    payload += field.byteLengthMax;
  }
  return [...lines, `${words} of ${wordsMax} words, ${payload} of ${PAYLOAD_BYTES} bytes`];
}

/** A field as its declaration says it. */
function declared({ kind, byteLengthMax, values, access }: Field<unknown>): string {
  switch (kind) {
    case "enum":
      return `oneOf(${values!.map(quoted).join(", ")})`;
    case "bytes":
    case "utf8":
      return `${kind}(${byteLengthMax})`;
    case "fixed":
      return `fixedBytes(${byteLengthMax})`;
    case "window":
      return `window(${JSON.stringify(access)})`;
    default:
      return kind;
  }
}

/** A word of an enum; a bar would end the cell. */
function quoted(value: string): string {
  return JSON.stringify(value).replaceAll("|", "\\|");
}

function wordsAt(first: number, count: number): string {
  if (count === 0) return "";
  return count === 1 ? `word ${first}` : `words ${first}-${first + count - 1}`;
}

function bytesOf({ kind, byteLengthMax }: Field<unknown>): string {
  if (byteLengthMax === 0) return "";
  return kind === "fixed" ? `${byteLengthMax} bytes` : `0 to ${byteLengthMax} bytes`;
}

function wrapped(words: readonly string[]): Cell {
  const lines = [""];
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`.trimStart();
    if (line.length <= ERRORS_WIDTH_MAX) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines;
}

/** The rows of one operation. */
function rowsOf(cells: readonly Cell[], widths: readonly number[]): string[] {
  const height = Math.max(...cells.map((cell) => cell.length));
  const lines = Array.from({ length: height }, (_, line) => cells.map((cell) => cell[line] ?? ""));
  return lines.map((line) => row(line, widths));
}

function row(line: readonly string[], widths: readonly number[]): string {
  const padded = line.map((text, column) =>
    column === CODE_COLUMN ? text.padStart(widths[column]!) : text.padEnd(widths[column]!)
  );
  return `| ${padded.join(" | ")} |`;
}

function rule(width: number, column: number): string {
  return column === CODE_COLUMN ? `${"-".repeat(width - 1)}:` : "-".repeat(width);
}
