/**
 * What an end of a channel says that it speaks, and how that of another is refused.
 *
 * @module
 */

/** A protocol by name and version. */
export interface SpokenProtocol {
  /** The protocol's name. */
  readonly name: string;
  /** Its version, from 1. */
  readonly version: number;
}

/**
 * What is wrong between two ends, for an `EPROTONOSUPPORT` that names both versions; `undefined` if
 * they speak the same.
 *
 * @param mine What this end speaks.
 * @param theirs What the other end speaks.
 * @param where The other end, as `"at volume"`.
 *
 * @example
 * ```ts
 * import { mismatch } from "@hako/ipc";
 *
 * const [old, now] = [{ name: "volume", version: 1 }, { name: "volume", version: 2 }];
 * const wrong = "speak volume version 2 at volume, which speaks volume version 1";
 * if (mismatch(now, old, "at volume") !== wrong) throw new Error("told otherwise");
 * ```
 */
export function mismatch(
  mine: SpokenProtocol,
  theirs: SpokenProtocol,
  where: string,
): string | undefined {
  if (mine.name === theirs.name && mine.version === theirs.version) return undefined;
  return `speak ${mine.name} version ${mine.version} ${where}, ` +
    `which speaks ${theirs.name} version ${theirs.version}`;
}
