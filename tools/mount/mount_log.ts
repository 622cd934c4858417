/**
 * The log of a mount whose process runs in the background: where it is, and how its last line tells
 * how the mount has ended.
 *
 * @module
 */

import { join } from "node:path";
import { UsageError } from "../command_line/command.ts";

/** The environment variables that say where a user's logs go (XDG Base Directory, 0.8). */
export const STATE_VARIABLES = ["XDG_STATE_HOME", "HOME"] as const;

/** What a line of the end has before its exit code. */
const END_MARK = " event=ended code=";

/** The directory of all logs of a user. */
export function logDirectory(environment: { get(name: string): string | undefined }): string {
  const state = environment.get("XDG_STATE_HOME");
  if (state?.startsWith("/")) return join(state, "hako");
  const home = environment.get("HOME");
  if (home?.startsWith("/")) return join(home, ".local/state/hako");
  throw new UsageError("Cannot choose a log: neither XDG_STATE_HOME nor HOME is set; use --log");
}

/**
 * The log of the mount at a directory: one for each, begun anew with each mount.
 *
 * @param directory An absolute path.
 * @param logs The directory of the logs.
 */
export function logPath(directory: string, logs: string): string {
  // A file's name has no slash in it and at most 255 bytes; the end of a path tells most.
  const name = encodeURIComponent(directory.slice(1)).replaceAll("%2F", "-").slice(-200);
  return join(logs, `mount-${name}.log`);
}

/** The last line of a log. */
export function endLine(atMs: number, code: number, why: string | undefined): string {
  const level = code === 0 ? "info" : "error";
  const reason = why === undefined ? "" : ` why=${JSON.stringify(why)}`;
  const time = new Date(atMs).toISOString();
  return `time=${time} level=${level} domain=program${END_MARK}${code}${reason}`;
}

/** How a mount ended. */
export interface MountEnd {
  /** The exit code of its process. */
  readonly code: number;
  /** What went wrong, if something did. */
  readonly why: string | undefined;
}

/** How the mount ended whose log this is; `undefined` if the log does not tell. */
export function readEnd(log: string): MountEnd | undefined {
  const last = log.trimEnd().split("\n").at(-1) ?? "";
  const at = last.indexOf(END_MARK);
  if (at < 0) return undefined;
  const [, code, quoted] = /^(\d+)(?: why=(".*"))?$/.exec(last.slice(at + END_MARK.length)) ?? [];
  if (code === undefined) return undefined;
  return { code: Number(code), why: quoted === undefined ? undefined : textOf(quoted) };
}

function textOf(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted; // Somebody has cut the file.
  }
}
