/**
 * Times as people write them on a command line.
 *
 * @module
 */

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };

/** The longest time that means anything to a timer: some 24 days. */
const DURATION_MS_MAX = 0x7fff_ffff;

/** `"500ms"`, `"1.5s"`, `"2min"`, and plain seconds, in milliseconds; `undefined` if it is no time. */
export function readDuration(text: string): number | undefined {
  const [, digits, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|min)?$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const ms = Number(digits) * UNITS_MS[unit]!;
  return ms <= DURATION_MS_MAX ? ms : undefined;
}
