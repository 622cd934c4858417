/**
 * Sizes as people write them: `4096`, `64M`, `1.5G`.
 *
 * @module
 */

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/** The bytes of a size with a unit of 1,024s, or none; `undefined` if it is no size. */
export function readByteSize(text: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([KMGT]?)(?:iB|B)?$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const bytes = Number(digits) * UNITS[unit.toUpperCase()]!;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}
