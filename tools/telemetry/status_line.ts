/**
 * The status of a system on its way from the process that hosts it to the one that exports it: a line
 * among others on the host's error stream, marked as RFC 7464 marks a JSON text in a stream.
 *
 * @module
 */

import type { SystemStatus } from "@hako/kernel";

/** Begins a line that is no message for people (RFC 7464, section 2.2). */
const RECORD_SEPARATOR = "\u001e";

/** The line, with its end. */
export function statusLine(status: SystemStatus): string {
  return `${RECORD_SEPARATOR}${JSON.stringify(status)}\n`;
}

/** The status in a line without its end; none in a line for people, or in one that is damaged. */
export function readStatusLine(line: string): SystemStatus | undefined {
  if (!line.startsWith(RECORD_SEPARATOR)) return undefined;
  try {
    return JSON.parse(line.slice(1)) as SystemStatus;
  } catch {
    return undefined; // A domain wrote into the midst of it; the next one is not far.
  }
}
